package wisp.drivers.sockets;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.Burst;
import wisp.core.spi.TestMemory;
import wisp.core.spi.TransmitPacket;
import wisp.core.stack.ConnectionInfo;
import wisp.core.stack.Context;
import wisp.core.stack.ContextConfig;
import wisp.core.stack.Endpoint;
import wisp.drivers.inmemory.InMemoryPipe;

@DisplayName("When there is room again depends on what each ACK confirms: the peer is written here")
class SendRoomTest {
  private static final long MS = 1_000_000;
  private static final int OWN = 0x0A00_0001;
  private static final int PEER = 0x0A00_0002;
  private static final int SYN_ACK = 0x12;
  private static final int ACK = 0x10;
  private static final int MSS = 1_000;
  private static final int WINDOW = 257 << 7;

  private final InMemoryPipe pipe = new InMemoryPipe();
  private final Context context =
      new Context(
          ContextConfig.of(IpPrefix.parse("10.0.0.1/32")),
          new TestMemory(),
          pipe.a(),
          new SplittableRandom(1)::nextLong);
  private final Sockets sockets = new Sockets(context);
  private final Burst burst = new Burst();
  private long now = MS;
  private int socket;
  private int iss;
  private short port;
  private int arrived;

  @AfterEach
  void close() {
    context.close();
    pipe.close();
  }

  // ---- The peer --------------------------------------------------------------------------------

  private void poll() {
    while (context.poll(now) > 0) {
      // until it is quiet
    }
    do {
      burst.clear();
      pipe.b().receive(burst);
      for (int i = 0; i < burst.size(); i++) {
        arrived(
            burst
                .memory(i)
                .asSlice(burst.start(i), burst.length(i))
                .toArray(ValueLayout.JAVA_BYTE));
      }
    } while (burst.size() > 0);
  }

  private void arrived(byte[] packet) {
    ByteBuffer p = ByteBuffer.wrap(packet);
    int headers = 20 + (p.get(32) >>> 4 & 0xF) * 4;
    if ((p.get(33) & 2) != 0) {
      port = p.getShort(20);
      iss = p.getInt(24);
    } else {
      arrived = Math.max(arrived, p.getInt(24) - iss - 1 + packet.length - headers);
    }
  }

  private void send(int flags, int seq, int confirmed, int window, byte... options) {
    ByteBuffer p = ByteBuffer.allocate(40 + options.length);
    p.put(0, (byte) 0x45).putShort(2, (short) p.capacity()).put(8, (byte) 64).put(9, (byte) 6);
    p.putInt(12, PEER).putInt(16, OWN).putShort(20, (short) 80).putShort(22, port);
    p.putInt(24, seq).putInt(28, iss + 1 + confirmed);
    p.put(32, (byte) ((5 + options.length / 4) << 4)).put(33, (byte) flags);
    p.putShort(34, (short) window).put(40, options);
    p.putShort(10, (short) ~sum(p, 0, 20, 0));
    int pseudo = sum(p, 12, 20, 6 + p.capacity() - 20);
    p.putShort(36, (short) ~sum(p, 20, p.capacity(), pseudo));
    var packet = new TransmitPacket();
    assertTrue(pipe.b().claim(p.capacity(), packet));
    packet.memory.asSlice(packet.start, p.capacity()).copyFrom(MemorySegment.ofArray(p.array()));
    packet.length = p.capacity();
    pipe.b().commit(packet);
    pipe.b().flush();
    poll();
  }

  private static int sum(ByteBuffer p, int from, int to, int initial) {
    int sum = initial;
    for (int i = from; i < to; i += 2) {
      sum += p.getShort(i) & 0xFFFF;
    }
    while (sum >>> 16 != 0) {
      sum = (sum & 0xFFFF) + (sum >>> 16);
    }
    return sum;
  }

  private void connect() {
    sockets.sendLimits(new SendLimits(50_000, 4 << 20, -1));
    socket = sockets.socket(Sockets.STREAM);
    sockets.connect(socket, Endpoint.of("10.0.0.2", 80));
    poll();
    now += 20 * MS;
    byte[] options = {2, 4, MSS >>> 8, (byte) MSS, 4, 2, 1, 1, 1, 3, 3, 7};
    send(SYN_ACK, 0, 0, 32_792, options);
    send(ACK, 1, 0, WINDOW >> 7);
  }

  private void confirm(int segments) {
    now += 20 * MS;
    send(ACK, 1, segments * MSS, WINDOW >> 7);
  }

  private boolean isWritable() {
    return (sockets.ready(socket) & Ready.OUT) != 0;
  }

  // ---- Room ------------------------------------------------------------------------------------

  @Test
  void givenAFullBuffer_whenTheWindowOpensBitByBit_thenItGrowsAndThereIsRoom() {
    connect();
    assertEquals(58_000, sockets.write(socket, new byte[59_000], 0, 59_000));
    int limit = sockets.option(socket, Option.SO_SNDBUF);
    poll();
    assertEquals(10 * MSS, arrived);
    assertFalse(isWritable());
    confirm(10); // all that was on its way: the window is filled anew
    assertTrue(arrived > 17 * MSS, "arrived: " + arrived);
    ConnectionInfo info = sockets.info(socket);
    assertEquals(info.cwndBytes(), info.flightBytes());
    assertFalse(isWritable());
    assertEquals(limit, sockets.option(socket, Option.SO_SNDBUF));
    confirm(17); // the rest is still on its way
    assertTrue(isWritable());
    assertTrue(sockets.option(socket, Option.SO_SNDBUF) > limit);
  }
}
