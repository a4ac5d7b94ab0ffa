package wisp.lab.script;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import wisp.core.ip.IpAddress;
import wisp.core.stack.Endpoint;
import wisp.drivers.sockets.Errno;
import wisp.lab.script.ScriptClient.Reply;

@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@DisplayName("The script port: short scripts through the protocol, in virtual time")
class ScriptPortTest {
  private static final int OWN = 0xC0A8_0001;
  private static final int PEER = 0xC000_0201;
  private static final int FIN = 1;
  private static final int SYN = 2;
  private static final int RST = 4;
  private static final int PSH = 8;
  private static final int ACK = 16;
  private static final Endpoint LOCAL = new Endpoint(IpAddress.ofIpv4(OWN), 8_080);

  @TempDir private Path folder;
  private ScriptServer server;
  private Thread thread;
  private ScriptClient script;

  @BeforeEach
  void begin() throws IOException {
    Path sock = folder.resolve("s");
    server = new ScriptServer(sock, false);
    thread =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    server.run();
                  } catch (IOException e) {
                    throw new IllegalStateException(e);
                  }
                });
    script = new ScriptClient(sock, "local=192.168.0.1,mtu=1500,time=virtual");
  }

  @AfterEach
  void end() throws IOException, InterruptedException {
    script.close();
    server.stop();
    thread.join();
    server.close();
  }

  // ---- Packets ---------------------------------------------------------------------------------

  private void in(int flags, int seq, int ack, int length) throws IOException {
    ByteBuffer p = ByteBuffer.allocate(40 + length);
    p.put(0, (byte) 0x45).putShort(2, (short) p.capacity()).put(8, (byte) 64).put(9, (byte) 6);
    p.putInt(12, PEER).putInt(16, OWN).putShort(20, (short) 40_000).putShort(22, (short) 8_080);
    p.putInt(24, seq).putInt(28, ack).put(32, (byte) 0x50).put(33, (byte) flags);
    p.putShort(34, (short) 30_000);
    p.putShort(10, (short) ~sum(p, 0, 20, 0));
    p.putShort(36, (short) ~sum(p, 20, 20 + length, sum(p, 12, 8, 6 + 20 + length)));
    assertEquals(0, script.call(Verb.PKT_IN, new Body().put(p.array())).result());
  }

  private static int sum(ByteBuffer p, int from, int length, int initial) {
    int sum = initial;
    for (int i = 0; i < length; i++) {
      sum += (p.get(from + i) & 0xFF) << ((i & 1) == 0 ? 8 : 0);
    }
    while (sum >>> 16 != 0) {
      sum = (sum & 0xFFFF) + (sum >>> 16);
    }
    return sum;
  }

  /** The next packet that leaves, at most so long from now: time, then the packet. */
  private ByteBuffer out(long micros) throws IOException {
    Reply reply = script.call(Verb.PKT_OUT, new Body().putLong(micros));
    assertTrue(reply.result() > 0, "no packet left");
    return reply.body();
  }

  private ByteBuffer out(long micros, int flags) throws IOException {
    ByteBuffer packet = out(micros);
    assertEquals(flags, packet.get(8 + 33) & 0xFF & ~PSH);
    return packet;
  }

  private static int seq(ByteBuffer packet) {
    return packet.getInt(8 + 24);
  }

  // ---- Calls -----------------------------------------------------------------------------------

  private int socket(int type) throws IOException {
    return script.call(Verb.SOCKET, new Body().putInt(2).putInt(type).putInt(0)).result();
  }

  private static Body handle(int handle) {
    return new Body().putInt(handle);
  }

  private int listen() throws IOException {
    int listener = socket(1);
    assertEquals(0, script.call(Verb.BIND, handle(listener).putAddress(LOCAL, false)).result());
    assertEquals(0, script.call(Verb.LISTEN, handle(listener).putInt(5)).result());
    return listener;
  }

  /** A connection that a listener accepted; our ISN. */
  private int[] accepted() throws IOException {
    int listener = listen();
    in(SYN, 0, 0, 0);
    int iss = seq(out(0, SYN | ACK));
    in(ACK, 1, iss + 1, 0);
    return new int[] {script.call(Verb.ACCEPT, handle(listener)).result(), iss};
  }

  private Reply read(int handle) throws IOException {
    return script.call(Verb.READ, handle(handle).putInt(100).putInt(0));
  }

  private static Body write(int handle, int bytes) {
    return handle(handle).putInt(0).putByte(0).putInt(0).put(new byte[bytes]);
  }

  private Reply advance(long micros) throws IOException {
    return script.call(Verb.ADVANCE, new Body().putLong(micros));
  }

  // ---- Scripts ---------------------------------------------------------------------------------

  @Test
  void synAckBacksOffAtItsOwnTimes() throws IOException {
    listen();
    in(SYN, 0, 0, 0);
    long begin = out(0, SYN | ACK).getLong(0);
    assertEquals(1_000_000, out(10_000_000, SYN | ACK).getLong(0) - begin, 3_000);
    assertEquals(3_000_000, out(10_000_000, SYN | ACK).getLong(0) - begin, 5_000);
    assertEquals(7_000_000, out(10_000_000, SYN | ACK).getLong(0) - begin, 9_000);
  }

  @Test
  void acceptAndReadOfAnotherThreadAreAnsweredBeforeWhatCompletesThem() throws IOException {
    int listener = listen();
    int accept = script.send(Verb.ACCEPT, false, handle(listener));
    in(SYN, 0, 0, 0);
    int iss = seq(out(0, SYN | ACK));
    advance(500_000);
    assertFalse(script.hasReply(accept));
    in(ACK, 1, iss + 1, 0);
    assertTrue(script.hasReply(accept));
    Reply accepted = script.await(accept);
    assertEquals(500_000, accepted.micros(), 100);
    int read = script.send(Verb.READ, false, handle(accepted.result()).putInt(100).putInt(0));
    advance(100_000);
    in(ACK | PSH, 1, iss + 1, 10);
    assertEquals(10, script.await(read).result());
  }

  @Test
  void aReadThatNothingCanEndIsADeadlock() throws IOException {
    int connection = accepted()[0];
    Reply reply = read(connection);
    assertEquals(-1, reply.result());
    assertEquals(Errno.EDEADLK, reply.errno());
  }

  @Test
  void nonBlockingCallsDoNotWait() throws IOException {
    int connection = accepted()[0];
    script.call(Verb.FCNTL, handle(connection).putInt(4).putInt(0x802));
    assertEquals(0x802, script.call(Verb.FCNTL, handle(connection).putInt(3).putInt(0)).result());
    assertEquals(Errno.EAGAIN, read(connection).errno());
    int socket = socket(1 | 0x800);
    var to = new Endpoint(IpAddress.ofIpv4(PEER), 80);
    Reply connect = script.call(Verb.CONNECT, handle(socket).putAddress(to, false));
    assertEquals(Errno.EINPROGRESS, connect.errno());
    out(0, SYN);
  }

  @Test
  void aCountThatTheBodyDoesNotHoldIsRefusedAndTheServerGoesOn() throws IOException {
    int connection = accepted()[0];
    for (int n : new int[] {-1, 1, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
      Body poll = new Body().putInt(n).putInt(0).putShort(0);
      assertEquals(Errno.EINVAL, script.call(Verb.POLL, poll).errno());
      Body write = handle(connection).putInt(0).putByte(0).putInt(n);
      assertEquals(Errno.EINVAL, script.call(Verb.WRITE, write).errno());
    }
    assertEquals(0, script.call(Verb.POLL, new Body().putInt(0).putInt(0)).result());
    assertEquals(3, script.call(Verb.WRITE, write(connection, 3)).result());
  }

  @Test
  void pollAndEpollWaitUntilTheirTimeIsOver() throws IOException {
    int[] connection = accepted();
    int epoll = script.call(Verb.EPOLL_CREATE, new Body()).result();
    var add = handle(epoll).putInt(1).putInt(connection[0]).putInt(1 | 1 << 31).putLong(77);
    assertEquals(0, script.call(Verb.EPOLL_CTL, add).result());
    long begin = script.micros;
    var wait = handle(epoll).putInt(4).putInt(250);
    assertEquals(0, script.call(Verb.EPOLL_WAIT, wait).result());
    assertEquals(250_000, script.micros - begin, 100);
    in(ACK | PSH, 1, connection[1] + 1, 10);
    Reply told = script.call(Verb.EPOLL_WAIT, handle(epoll).putInt(4).putInt(250));
    assertEquals(1, told.result());
    assertEquals(1, told.body().getInt());
    assertEquals(77, told.body().getLong());
    assertEquals(0, script.call(Verb.EPOLL_WAIT, handle(epoll).putInt(4).putInt(0)).result());
    var poll = new Body().putInt(1).putInt(0).putInt(connection[0]).putShort(5);
    Reply polled = script.call(Verb.POLL, poll);
    assertEquals(1, polled.result());
    assertEquals(5, polled.body().getShort());
  }

  @Test
  void tcpInfoHasLinuxsLayout() throws IOException {
    int connection = accepted()[0];
    assertEquals(3_000, script.call(Verb.WRITE, write(connection, 3_000)).result());
    Reply reply = script.call(Verb.GETSOCKOPT, handle(connection).putInt(6).putInt(11).putInt(232));
    ByteBuffer info = reply.body().order(ByteOrder.LITTLE_ENDIAN);
    assertTrue(info.remaining() >= 232);
    assertEquals(1, info.get(0));
    assertEquals(536, info.getInt(16));
    assertEquals(6, info.getInt(24)); // five full ones, and the rest
    assertEquals(10, info.getInt(80));
    assertEquals(1_460, info.getInt(84));
    assertEquals(3, info.getInt(88));
  }

  @Test
  void datagramsOfASocketGoThroughTheSamePort() throws IOException {
    int socket = socket(2);
    var to = new Endpoint(IpAddress.ofIpv4(PEER), 53);
    var send = handle(socket).putInt(0).putAddress(to, false).putInt(0).put("abc");
    assertEquals(3, script.call(Verb.WRITE, send).result());
    ByteBuffer packet = out(0);
    assertEquals(17, packet.get(8 + 9));
    assertEquals(31, packet.getShort(8 + 2));
  }

  @Test
  void controlSessionsSetAndAsk() throws IOException {
    try (var control = new ScriptClient(folder.resolve("s"), "role=control")) {
      Reply set = control.call(Verb.SYSCTL, new Body().put("net.ipv4.tcp_timestamps=0"));
      assertEquals(0, set.result());
      var to = new Endpoint(IpAddress.ofIpv4(PEER), 80);
      script.call(Verb.CONNECT, handle(socket(1 | 0x800)).putAddress(to, false));
      ByteBuffer syn = out(0, SYN);
      assertEquals(52, syn.getShort(8 + 2), "header without timestamps");
      Reply list = control.call(Verb.CONNS, new Body());
      String line = StandardCharsets.US_ASCII.decode(list.body()).toString();
      assertTrue(line.startsWith("SYN_SENT 4 "), line);
      assertTrue(line.endsWith(" 80\n"), line);
    }
  }

  @Test
  void closeWithUnreadDataResets() throws IOException {
    int[] connection = accepted();
    in(ACK | PSH, 1, connection[1] + 1, 10);
    out(0, ACK);
    assertEquals(0, script.call(Verb.CLOSE, handle(connection[0])).result());
    out(0, RST | ACK);
  }

  @Test
  void whatIsNoVerbIsAnsweredSo() throws IOException {
    assertEquals(Errno.EINVAL, script.call(Verb.BIND, new Body()).errno());
    assertEquals(Errno.EBADF, script.call(Verb.CLOSE, handle(99)).errno());
    in(FIN | ACK, 5, 5, 0);
    out(0, RST);
  }

  private Reply setting(String text) throws IOException {
    try (var control = new ScriptClient(folder.resolve("s"), "role=control")) {
      return control.call(Verb.SYSCTL, new Body().put(text));
    }
  }

  @Test
  void settingsOfBuffersAndMarksReachTheStack() throws IOException {
    setting("net.ipv4.tcp_wmem=4096 50000 4194304");
    setting("/proc/sys/net/ipv4/tcp_notsent_lowat=3000");
    setting("net.ipv4.tcp_ecn=1");
    setting("net.ipv4.tcp_congestion_control=nonsuch");
    var to = new Endpoint(IpAddress.ofIpv4(PEER), 80);
    int socket = socket(1 | 0x800);
    script.call(Verb.CONNECT, handle(socket).putAddress(to, false));
    out(0, SYN | 0xC0);
    Reply buffer = script.call(Verb.GETSOCKOPT, handle(socket).putInt(1).putInt(7).putInt(4));
    assertEquals(50_000, buffer.body().order(ByteOrder.LITTLE_ENDIAN).getInt());
    int connection = accepted()[0];
    script.call(Verb.FCNTL, handle(connection).putInt(4).putInt(0x802));
    int written = script.call(Verb.WRITE, write(connection, 60_000)).result();
    assertTrue(written > 5_360 + 3_000 && written < 30_000, "written " + written);
  }

  @Test
  void aBlockingWriteGoesOnWhenAThirdOfTheBufferIsFree() throws IOException {
    int[] connection = accepted();
    var size = new byte[] {0x10, 0x27, 0, 0}; // 10,000, counted twice
    script.call(Verb.SETSOCKOPT, handle(connection[0]).putInt(1).putInt(7).put(size));
    int write = script.send(Verb.WRITE, false, write(connection[0], 60_000));
    int una = connection[1] + 1;
    int acks = 0;
    for (int i = 0; i < 200 && !script.hasReply(write); i++, acks++) {
      una += 1_072;
      in(ACK, 1, una, 0);
    }
    assertEquals(60_000, script.await(write).result());
    assertTrue(acks > 20 && acks < 60, "acks " + acks);
  }

  @Test
  void readsTellHowMuchIsLeft() throws IOException {
    int[] connection = accepted();
    var on = new byte[] {1, 0, 0, 0};
    script.call(Verb.SETSOCKOPT, handle(connection[0]).putInt(6).putInt(36).put(on));
    in(ACK | PSH, 1, connection[1] + 1, 150);
    Reply read = read(connection[0]);
    assertEquals(100, read.result());
    ByteBuffer body = read.body().order(ByteOrder.LITTLE_ENDIAN);
    assertEquals(24, Integer.reverseBytes(body.getInt(5)));
    assertEquals(20, body.getLong(9));
    assertEquals(6, body.getInt(17));
    assertEquals(36, body.getInt(21));
    assertEquals(50, body.getInt(25));
  }

  private void set(int handle, int level, int name, int value) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(0, value);
    Body body = handle(handle).putInt(level).putInt(name).put(bytes.array());
    assertEquals(0, script.call(Verb.SETSOCKOPT, body).result());
  }

  /** The error queue's head: the control messages, in Linux's layout. */
  private ByteBuffer notice(int handle, int flags) throws IOException {
    Reply reply = script.call(Verb.READ, handle(handle).putInt(0).putInt(0x2000));
    assertEquals(0, reply.result());
    ByteBuffer body = reply.body();
    assertEquals(flags, body.getInt());
    assertEquals(0, body.get(), "no address");
    assertEquals(body.remaining() - 4, body.getInt());
    return body.slice().order(ByteOrder.LITTLE_ENDIAN);
  }

  @Test
  void theErrorQueueTellsOfMemoryThatIsFreeAgain() throws IOException {
    int[] connection = accepted();
    set(connection[0], 1, 60, 1);
    var write = handle(connection[0]).putInt(0x400_0000).putByte(0).putInt(0).put(new byte[100]);
    assertEquals(100, script.call(Verb.WRITE, write).result());
    Reply empty = script.call(Verb.READ, handle(connection[0]).putInt(0).putInt(0x2000));
    assertEquals(Errno.EAGAIN, empty.errno());
    in(ACK, 1, connection[1] + 101, 0);
    ByteBuffer notice = notice(connection[0], 0x2000);
    assertEquals(48, notice.remaining());
    assertEquals(48, notice.getLong(0));
    assertEquals(0, notice.getInt(8)); // IPPROTO_IP
    assertEquals(11, notice.getInt(12)); // IP_RECVERR
    assertEquals(0, notice.getInt(16)); // no error
    assertEquals(5, notice.get(20)); // SO_EE_ORIGIN_ZEROCOPY
    assertEquals(1, notice.get(22)); // copied
    assertEquals(0, notice.getLong(24)); // the first write, and the last
  }

  @Test
  void theErrorQueueTellsWhenAByteWasConfirmed() throws IOException {
    int[] connection = accepted();
    set(connection[0], 1, 37, 1 << 9 | 1 << 7);
    assertEquals(100, script.call(Verb.WRITE, write(connection[0], 100)).result());
    advance(2_500_000);
    in(ACK, 1, connection[1] + 101, 0);
    ByteBuffer notice = notice(connection[0], 0x2000 | 0x20);
    assertEquals(64, notice.getLong(0));
    assertEquals(37, notice.getInt(12)); // SCM_TIMESTAMPING
    long micros = notice.getLong(16) * 1_000_000 + notice.getLong(24) / 1_000;
    assertEquals(script.micros, micros, 100);
    assertEquals(48, notice.getLong(64));
    assertEquals(42, notice.getInt(80)); // ENOMSG
    assertEquals(4, notice.get(84)); // SO_EE_ORIGIN_TIMESTAMPING
    assertEquals(2, notice.getInt(88)); // SCM_TSTAMP_ACK
    assertEquals(99, notice.getInt(92));
  }

  @Test
  void aReceiveBufferSetsTheScaleOfTheWindow() throws IOException {
    setting("net.ipv4.tcp_timestamps=0");
    setting("net.ipv4.tcp_rmem=4096 540000 15728640");
    var to = new Endpoint(IpAddress.ofIpv4(PEER), 80);
    int socket = socket(1 | 0x800);
    script.call(Verb.CONNECT, handle(socket).putAddress(to, false));
    ByteBuffer syn = out(0, SYN);
    var options = new byte[syn.remaining() - 8 - 40];
    syn.get(8 + 40, options);
    assertTrue(hasScale(options, 8), "window scale 8");
    Reply buffer = script.call(Verb.GETSOCKOPT, handle(socket).putInt(1).putInt(8).putInt(4));
    assertEquals(540_000, buffer.body().order(ByteOrder.LITTLE_ENDIAN).getInt());
  }

  private static boolean hasScale(byte[] options, int shift) {
    for (int i = 0; i + 2 < options.length; i++) {
      if (options[i] == 3 && options[i + 1] == 3) {
        return options[i + 2] == shift;
      }
    }
    return false;
  }
}
