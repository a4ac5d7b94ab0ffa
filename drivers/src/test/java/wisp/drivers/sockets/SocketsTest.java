package wisp.drivers.sockets;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import wisp.core.Counters;
import wisp.core.stack.ConnectionState;
import wisp.core.stack.Endpoint;

@DisplayName("Sockets in the style of BSD: two contexts over a link in memory, in virtual time")
class SocketsTest extends SocketPair {
  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private String read(Sockets sockets, int handle) {
    byte[] into = new byte[100];
    int n = sockets.read(handle, into, 0, 100, 0);
    return n < 0 ? "error " + -n : new String(into, 0, n, StandardCharsets.US_ASCII);
  }

  @Test
  void givenListener_whenConnected_thenAcceptTellsThePeer() {
    int listener = listener();
    assertEquals(-Errno.EAGAIN, server.accept(listener));
    assertEquals(0, server.ready(listener));
    int socket = client.socket(Sockets.STREAM);
    client.connect(socket, SERVER);
    assertEquals(-Errno.EALREADY, client.connect(socket, SERVER));
    run(1);
    assertEquals(Ready.IN, server.ready(listener));
    int accepted = server.accept(listener);
    assertEquals(client.local(socket), server.remote(accepted));
    assertEquals("ESTABLISHED", client.state(socket));
    assertEquals(0, client.connect(socket, SERVER));
    assertEquals(-Errno.EISCONN, client.connect(socket, SERVER));
  }

  @Test
  void givenNobodyListens_whenConnecting_thenRefused() {
    int socket = client.socket(Sockets.STREAM);
    client.connect(socket, SERVER);
    run(1);
    assertTrue((client.ready(socket) & Ready.ERR) != 0);
    assertEquals(-Errno.ECONNREFUSED, client.connectResult(socket));
  }

  @Test
  void givenConnection_whenWritten_thenReadInOrderUntilTheEnd() {
    int[] pair = pair();
    assertEquals(-Errno.EAGAIN, server.read(pair[1], new byte[1], 0, 1, 0));
    client.write(pair[0], bytes("hello"), 0, 5);
    client.shutdown(pair[0], false, true);
    assertEquals(-Errno.EPIPE, client.write(pair[0], bytes("x"), 0, 1));
    run(1);
    assertEquals(5, server.unreadBytes(pair[1]));
    assertEquals("hello", read(server, pair[1]));
    assertEquals("", read(server, pair[1]));
    assertTrue((server.ready(pair[1]) & Ready.RDHUP) != 0);
    server.close(pair[1]);
    run(100);
    assertEquals("", read(client, pair[0]));
    assertEquals(0, b.connections());
  }

  @Test
  void givenNoMemoryForTheFin_whenShutDown_thenSaidAndItCanBeTriedAgain() {
    int[] pair = pair();
    run(5_000); // until it sleeps, and has no block any more
    clientMemory.blockRequests.most = 0;
    assertEquals(-Errno.ENOBUFS, client.shutdown(pair[0], true, true));
    assertEquals(-Errno.EAGAIN, client.read(pair[0], new byte[1], 0, 1, 0));
    clientMemory.blockRequests.most = Integer.MAX_VALUE;
    assertEquals(0, client.shutdown(pair[0], false, true));
    run(1);
    assertEquals("", read(server, pair[1]));
  }

  @Test
  void givenUnread_whenClosed_thenThePeerIsReset() {
    int[] pair = pair();
    client.write(pair[0], bytes("unread"), 0, 6);
    run(1);
    server.close(pair[1]);
    run(1);
    assertEquals("error " + Errno.ECONNRESET, read(client, pair[0]));
    assertEquals(-Errno.EPIPE, client.write(pair[0], bytes("x"), 0, 1));
  }

  @Test
  void givenSlowReader_whenMuchIsWritten_thenBothBuffersBoundItAndAllArrives() {
    int[] pair = pair();
    server.setOption(pair[1], Option.SO_RCVBUF, 32 << 10);
    client.setOption(pair[0], Option.SO_SNDBUF, 64 << 10);
    byte[] all = new byte[1 << 20];
    new java.util.Random(7).nextBytes(all);
    byte[] got = new byte[all.length];
    int written = 0;
    int read = 0;
    for (int i = 0; read < all.length && i < 20_000; i++) {
      int n = client.write(pair[0], all, written, Math.min(50_000, all.length - written));
      written += Math.max(0, n);
      assertTrue(client.unacknowledgedBytes(pair[0]) <= (2 * 64 << 10) + (64 << 10));
      assertTrue(server.unreadBytes(pair[1]) <= (32 << 10) + (64 << 10));
      run(1);
      if (i % 4 == 0) {
        read += Math.max(0, server.read(pair[1], got, read, 20_000, 0));
      }
    }
    assertArrayEquals(all, Arrays.copyOf(got, read));
  }

  @Test
  void givenBlockingCalls_whenEventsCome_thenTheyAreAnsweredInTurn() {
    int[] pair = pair();
    List<String> answers = new ArrayList<>();
    byte[] into = new byte[3];
    calls.call(
        () -> server.read(pair[1], into, 0, 3, 0), Long.MAX_VALUE, n -> answers.add("first " + n));
    calls.call(
        () -> server.read(pair[1], into, 0, 3, 0), Long.MAX_VALUE, n -> answers.add("second " + n));
    calls.call(() -> -Errno.EAGAIN, now + 5 * MS, n -> answers.add("late " + n));
    run(2);
    assertEquals(List.of(), answers);
    client.write(pair[0], bytes("abcde"), 0, 5);
    run(10);
    assertEquals(List.of("first 3", "second 2", "late 0"), answers);
  }

  @Test
  void givenABlockingCall_whenTheHandleIsClosedAndItsNumberUsedAgain_thenItDoesNotSpeakOfTheNext() {
    int from = client.socket(Sockets.DATAGRAM);
    int old = server.socket(Sockets.DATAGRAM);
    server.bind(old, Endpoint.any(53));
    List<Integer> answers = new ArrayList<>();
    byte[] into = new byte[3];
    IntSupplier attempt = () -> server.read(old, into, 0, 3, 0);
    calls.call(server.whileOpen(old, attempt), Long.MAX_VALUE, answers::add);
    server.close(old);
    int next = server.socket(Sockets.DATAGRAM);
    assertEquals(old, next);
    server.bind(next, Endpoint.any(54));
    client.write(from, bytes("new"), 0, 3, Endpoint.of("10.0.0.2", 54));
    run(1);
    assertEquals(List.of(-Errno.EBADF), answers);
    assertEquals("new", read(server, next));
  }

  @Test
  void givenEpoll_whenLevelEdgeOrOnce_thenToldAsOftenAsAskedFor() {
    int[] pair = pair();
    int[] bits = new int[4];
    long[] data = new long[4];
    int level = server.epoll();
    int edge = server.epoll();
    int once = server.epoll();
    server.epollControl(level, 1, pair[1], Ready.IN | Ready.EXCLUSIVE, 1);
    server.epollControl(edge, 1, pair[1], Ready.IN | Ready.EDGE, 2);
    server.epollControl(once, 1, pair[1], Ready.IN | Ready.ONESHOT, 3);
    assertEquals(-Errno.EEXIST, server.epollControl(level, 1, pair[1], Ready.IN, 1));
    assertEquals(-Errno.EAGAIN, server.epollTake(edge, bits, data, 4));
    for (int i = 0; i < 2; i++) {
      client.write(pair[0], bytes("x"), 0, 1);
      run(50);
      assertEquals(1, server.epollTake(level, bits, data, 4));
      assertEquals(1, server.epollTake(level, bits, data, 4));
      assertEquals(1, server.epollTake(edge, bits, data, 4));
      assertEquals(2, data[0]);
      assertEquals(-Errno.EAGAIN, server.epollTake(edge, bits, data, 4));
      assertEquals(i == 0 ? 1 : -Errno.EAGAIN, server.epollTake(once, bits, data, 4));
    }
    server.epollControl(once, 3, pair[1], Ready.IN | Ready.ONESHOT, 4);
    assertEquals(1, server.epollTake(once, bits, data, 4));
    assertEquals(4, data[0]);
  }

  @Test
  void givenDatagrams_whenSent_thenReadWholeWithTheirSource() {
    int to = server.socket(Sockets.DATAGRAM);
    server.bind(to, Endpoint.any(53));
    int from = client.socket(Sockets.DATAGRAM);
    assertEquals(3, client.write(from, bytes("abc"), 0, 3, Endpoint.of("10.0.0.2", 53)));
    run(1);
    assertEquals("abc", read(server, to));
    assertEquals(client.local(from).port(), server.source(to).port());
    assertEquals(0, client.connect(from, Endpoint.of("10.0.0.2", 54)));
    client.write(from, bytes("x"), 0, 1);
    run(1);
    assertEquals("error " + Errno.ECONNREFUSED, read(client, from));
  }

  @Test
  void givenOptions_whenSetBeforeOrAfter_thenTheyHold() {
    int listener = listener();
    server.setOption(listener, Option.TCP_NODELAY, 1);
    assertEquals(1, server.option(listener, Option.TCP_NODELAY));
    int[] pair;
    int socket = client.socket(Sockets.STREAM);
    client.connect(socket, SERVER);
    run(1);
    pair = new int[] {socket, server.accept(listener)};
    assertEquals(1, server.option(pair[1], Option.TCP_NODELAY));
    assertEquals(1_448, client.option(pair[0], Option.TCP_MAXSEG));
    client.write(pair[0], bytes("a"), 0, 1);
    client.write(pair[0], bytes("b"), 0, 1);
    assertEquals(1, client.info(pair[0]).flightBytes());
    client.setOption(pair[0], Option.TCP_NODELAY, 1);
    assertEquals(2, client.info(pair[0]).flightBytes());
    client.setOption(pair[0], Option.SO_LINGER, 0);
    client.close(pair[0]);
    run(1);
    assertEquals("ab", read(server, pair[1]));
    assertEquals("error " + Errno.ECONNRESET, read(server, pair[1]));
    assertEquals(-Errno.EBADF, client.ready(pair[0]));
  }

  @Test
  void givenMoreIsToCome_whenItComesOrThePeerConfirms_thenTheRestGoes() {
    int[] pair = pair();
    client.setOption(pair[0], Option.TCP_NODELAY, 1);
    write(pair[0], 40, Message.MORE);
    assertEquals(0, client.info(pair[0]).flightBytes());
    write(pair[0], 60, 0);
    assertEquals(100, client.info(pair[0]).flightBytes());
    write(pair[0], 7, Message.MORE);
    assertEquals(7, client.info(pair[0]).unsentBytes());
    run(50); // the delayed ACK of the first 100 lets it go
    assertEquals(107, server.unreadBytes(pair[1]));
  }

  @Test
  void givenMoreNeverComes_whenOneTimeOutIsOver_thenTheRestGoes() {
    int[] pair = pair();
    write(pair[0], 40, Message.MORE);
    run(150);
    assertEquals(0, server.unreadBytes(pair[1]));
    run(100);
    assertEquals(40, server.unreadBytes(pair[1]));
  }

  @Test
  void givenCork_whenItIsPulledOrNoDelaySet_thenAllGoesAtOnce() {
    int[] pair = pair();
    client.setOption(pair[0], Option.TCP_CORK, 1);
    write(pair[0], 40, 0);
    write(pair[0], 40, 0);
    assertEquals(0, client.info(pair[0]).flightBytes());
    client.setOption(pair[0], Option.TCP_CORK, 0);
    assertEquals(80, client.info(pair[0]).flightBytes());
    run(50);
    client.setOption(pair[0], Option.TCP_CORK, 1);
    write(pair[0], 40, 0);
    run(10);
    assertEquals(40, client.info(pair[0]).unsentBytes());
    client.setOption(pair[0], Option.TCP_NODELAY, 1);
    assertEquals(0, client.info(pair[0]).unsentBytes());
  }

  @Test
  void givenRecords_whenWritten_thenNoneSharesASegmentWithTheNext() {
    int[] pair = pair();
    client.setOption(pair[0], Option.TCP_CORK, 1);
    write(pair[0], 100, 0);
    write(pair[0], 100, Message.END_OF_RECORD);
    client.setOption(pair[0], Option.TCP_CORK, 0);
    long before = a.counters().get(Counters.Event.SEGMENTS_SENT);
    write(pair[0], 100, Message.END_OF_RECORD);
    write(pair[0], 100, 0);
    run(100);
    assertEquals(400, server.unreadBytes(pair[1]));
    assertEquals(2, a.counters().get(Counters.Event.SEGMENTS_SENT) - before);
  }

  @Test
  void givenAPeerThatDoesNotRead_whenWritten_thenTheLimitIsPassedByLessThanAPiece() {
    int[] pair = pair();
    client.setOption(pair[0], Option.SO_SNDBUF, 100_000);
    assertEquals(200_000, client.option(pair[0], Option.SO_SNDBUF));
    server.setOption(pair[1], Option.SO_RCVBUF, 1);
    int total = 0;
    for (int i = 0; i < 10; i++) {
      total += Math.max(0, client.write(pair[0], new byte[1 << 20], 0, 1 << 20));
      run(100);
    }
    int waiting = client.unacknowledgedBytes(pair[0]);
    assertEquals(total - server.unreadBytes(pair[1]), waiting);
    assertTrue(waiting > 190_000 && waiting < 200_000 + (32 << 10), "waiting: " + waiting);
    assertEquals(0, client.ready(pair[0]) & Ready.OUT);
  }

  @Test
  void givenALowWaterMark_whenWritten_thenLittleWaitsUnsent() {
    client.sendLimits(new SendLimits(256 << 10, 4 << 20, 8_000));
    int[] pair = pair();
    assertEquals(0, client.option(pair[0], Option.TCP_NOTSENT_LOWAT));
    int epoll = client.epoll();
    int[] bits = new int[1];
    client.epollControl(epoll, 1, pair[0], Ready.OUT | Ready.EDGE, 0);
    assertEquals(1, client.epollTake(epoll, bits, new long[1], 1));
    int n = client.write(pair[0], new byte[200_000], 0, 200_000);
    int unsent = client.info(pair[0]).unsentBytes();
    assertTrue(n < 100_000 && unsent >= 8_000 && unsent < 8_000 + (32 << 10), n + ", " + unsent);
    assertEquals(-Errno.EAGAIN, client.epollTake(epoll, bits, new long[1], 1));
    run(10);
    assertEquals(1, client.epollTake(epoll, bits, new long[1], 1));
    assertEquals(-Errno.EAGAIN, client.epollTake(epoll, bits, new long[1], 1));
    client.setOption(pair[0], Option.TCP_NOTSENT_LOWAT, -1);
    assertTrue(client.write(pair[0], new byte[200_000], 0, 200_000) > 100_000);
  }

  @Test
  void givenAGrowingWindow_whenWrittenAgainAndAgain_thenTheBufferGrowsWithIt() {
    client.sendLimits(new SendLimits(50_000, 500_000, -1));
    int[] pair = pair();
    int before = client.option(pair[0], Option.SO_SNDBUF);
    for (int i = 0; i < 40; i++) {
      client.write(pair[0], new byte[1 << 20], 0, 1 << 20);
      run(1);
      server.read(pair[1], new byte[1 << 20], 0, 1 << 20, 0);
      client.ready(pair[0]);
    }
    int after = client.option(pair[0], Option.SO_SNDBUF);
    assertTrue(before < 100_000 && after > 2 * before && after <= 500_000, before + ", " + after);
  }

  @Test
  @Tag("D17")
  void givenAFullBacklog_whenOneIsAccepted_thenTheNextHandshakeIsOverAndItsDataAreThere() {
    int listener = server.socket(Sockets.STREAM);
    server.bind(listener, Endpoint.any(80));
    server.listen(listener, 0);
    int[] sockets = new int[2];
    for (int i = 0; i < 2; i++) {
      sockets[i] = client.socket(Sockets.STREAM);
      client.connect(sockets[i], SERVER);
      run(1);
      write(sockets[i], 10 + i, 0);
      run(10);
    }
    assertEquals(1, b.connections() - halfOpen());
    assertEquals(10, server.unreadBytes(server.accept(listener)));
    assertEquals(-Errno.EAGAIN, server.accept(listener));
    run(3_000);
    assertEquals(11, server.unreadBytes(server.accept(listener)));
    assertEquals("ESTABLISHED", client.state(sockets[1]));
  }

  private int halfOpen() {
    int[] count = {0};
    b.inspect(info -> count[0] += info.state() == ConnectionState.SYN_RECEIVED ? 1 : 0);
    return count[0];
  }

  @Test
  void givenALargestSegment_whenConnected_thenBothEndsKeepToIt() {
    int listener = listener();
    int socket = client.socket(Sockets.STREAM);
    assertEquals(536, client.option(socket, Option.TCP_MAXSEG));
    assertEquals(-Errno.EINVAL, client.setOption(socket, Option.TCP_MAXSEG, 87));
    assertEquals(0, client.setOption(socket, Option.TCP_MAXSEG, 1_000));
    assertEquals(1_000, client.option(socket, Option.TCP_MAXSEG));
    client.connect(socket, SERVER);
    run(1);
    assertEquals(988, client.option(socket, Option.TCP_MAXSEG)); // less the timestamps
    int accepted = server.accept(listener);
    assertEquals(988, server.option(accepted, Option.TCP_MAXSEG));
    assertEquals(1_000, client.info(socket).advertisedMssBytes());
    assertEquals(1_460, server.info(accepted).advertisedMssBytes());
  }

  @Test
  void givenTheEndBehindData_whenAsked_thenTheHintTellsOfIt() {
    int[] pair = pair();
    client.write(pair[0], bytes("abc"), 0, 3);
    client.shutdown(pair[0], false, true);
    run(1);
    assertEquals(3, server.readableHint(pair[1]));
    assertEquals("abc", read(server, pair[1]));
    assertEquals(1, server.readableHint(pair[1]));
    assertEquals(0, server.unreadBytes(pair[1]));
  }

  @Test
  void givenACongestionControlThatIsNotThere_whenChosen_thenRefused() {
    int socket = client.socket(Sockets.STREAM);
    assertEquals(-Errno.ENOENT, client.setCongestionControl(socket, "nonsuch"));
    assertEquals(0, client.setCongestionControl(socket, "newreno"));
    assertEquals("newreno", client.congestionControl(socket));
  }

  @Test
  void givenAListener_whenOptionsAreSet_thenConnectionsThatBeginLaterHaveThem() {
    int listener = listener();
    server.setOption(listener, Option.TCP_MAXSEG, 700);
    server.setOption(listener, Option.TCP_NODELAY, 1);
    int socket = client.socket(Sockets.STREAM);
    client.connect(socket, SERVER);
    run(1);
    int accepted = server.accept(listener);
    assertEquals(688, client.option(socket, Option.TCP_MAXSEG));
    server.write(accepted, bytes("a"), 0, 1);
    server.write(accepted, bytes("b"), 0, 1);
    assertEquals(2, server.info(accepted).flightBytes());
  }
}
