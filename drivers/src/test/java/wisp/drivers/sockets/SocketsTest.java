package wisp.drivers.sockets;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.TestMemory;
import wisp.core.stack.Context;
import wisp.core.stack.ContextConfig;
import wisp.core.stack.Endpoint;
import wisp.drivers.inmemory.InMemoryPipe;

@DisplayName("Sockets in the style of BSD: two contexts over a link in memory, in virtual time")
class SocketsTest {
  private static final Endpoint SERVER = Endpoint.of("10.0.0.2", 80);
  private static final long MS = 1_000_000;

  private final InMemoryPipe pipe = new InMemoryPipe();
  private final Context a = context("10.0.0.1/32", pipe.a(), 1);
  private final Context b = context("10.0.0.2/32", pipe.b(), 2);
  private final Sockets client = new Sockets(a);
  private final Sockets server = new Sockets(b);
  private final Calls calls = new Calls();
  private long now = MS;

  private static Context context(String own, wisp.core.spi.Link link, long seed) {
    var config = ContextConfig.of(IpPrefix.parse(own)).withReceiveWindow(64 << 10);
    return new Context(config, new TestMemory(), link, new SplittableRandom(seed)::nextLong);
  }

  /** So many milliseconds pass. */
  private void run(int millis) {
    for (int i = 0; i <= millis; i++, now += MS) {
      while (a.poll(now) + b.poll(now) > 0) {
        // packets go to and fro
      }
      calls.expire(now);
      calls.progress();
    }
  }

  private int listener() {
    int listener = server.socket(Sockets.STREAM);
    assertEquals(0, server.bind(listener, Endpoint.any(80)));
    assertEquals(0, server.listen(listener, 8));
    return listener;
  }

  /** Handles of both ends. */
  private int[] pair() {
    int listener = listener();
    int socket = client.socket(Sockets.STREAM);
    assertEquals(-Errno.EINPROGRESS, client.connect(socket, SERVER));
    run(1);
    assertEquals(0, client.connectResult(socket));
    return new int[] {socket, server.accept(listener)};
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private String read(Sockets sockets, int handle) {
    byte[] into = new byte[100];
    int n = sockets.read(handle, into, 0, 100, 0);
    return n < 0 ? "error " + -n : new String(into, 0, n, StandardCharsets.US_ASCII);
  }

  @AfterEach
  void close() {
    a.close();
    b.close();
    pipe.close();
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
      assertTrue(client.unacknowledgedBytes(pair[0]) <= 64 << 10);
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
  void givenEpoll_whenLevelEdgeOrOnce_thenToldAsOftenAsAskedFor() {
    int[] pair = pair();
    int[] bits = new int[4];
    long[] data = new long[4];
    int level = server.epoll();
    int edge = server.epoll();
    int once = server.epoll();
    server.epollControl(level, 1, pair[1], Ready.IN, 1);
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
}
