package wisp.drivers.sockets;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.Link;
import wisp.core.spi.TestMemory;
import wisp.core.stack.Context;
import wisp.core.stack.ContextConfig;
import wisp.core.stack.Endpoint;
import wisp.drivers.inmemory.InMemoryPipe;

/** Sockets of two contexts over a link in memory, in virtual time. */
abstract class SocketPair {
  static final Endpoint SERVER = Endpoint.of("10.0.0.2", 80);
  static final long MS = 1_000_000;

  private final InMemoryPipe pipe = new InMemoryPipe();
  final TestMemory clientMemory = new TestMemory();
  final Context a = context("10.0.0.1/32", clientMemory, pipe.a(), 1);
  final Link serverLink;
  final Context b;
  final Sockets client = new Sockets(a);
  final Sockets server;
  final Calls calls = new Calls();
  long now = MS;

  SocketPair() {
    this(link -> link);
  }

  /** With something between the server and its end of the link. */
  SocketPair(UnaryOperator<Link> between) {
    serverLink = between.apply(pipe.b());
    b = context("10.0.0.2/32", new TestMemory(), serverLink, 2);
    server = new Sockets(b);
    var limits = new ReceiveLimits(128 << 10, 64 << 10);
    client.receiveLimits(limits);
    server.receiveLimits(limits);
  }

  private static Context context(String own, TestMemory memory, Link link, long seed) {
    var config = ContextConfig.of(IpPrefix.parse(own));
    return new Context(config, memory, link, new SplittableRandom(seed)::nextLong);
  }

  /** So many milliseconds pass. */
  final void run(int millis) {
    for (int i = 0; i <= millis; i++, now += MS) {
      while (a.poll(now) + b.poll(now) > 0) {
        // packets go to and fro
      }
      calls.expire(now);
      calls.progress();
    }
  }

  final int listener() {
    int listener = server.socket(Sockets.STREAM);
    assertEquals(0, server.bind(listener, Endpoint.any(80)));
    assertEquals(0, server.listen(listener, 8));
    return listener;
  }

  /** Handles of both ends. */
  final int[] pair() {
    int listener = listener();
    int socket = client.socket(Sockets.STREAM);
    assertEquals(-Errno.EINPROGRESS, client.connect(socket, SERVER));
    run(1);
    assertEquals(0, client.connectResult(socket));
    return new int[] {socket, server.accept(listener)};
  }

  /** The client writes so many bytes, all at once. */
  final void write(int handle, int bytes, int flags) {
    assertEquals(bytes, client.write(handle, new byte[bytes], 0, bytes, null, flags));
  }

  @AfterEach
  void close() {
    a.close();
    b.close();
    pipe.close();
  }
}
