package wisp.drivers.sockets;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import wisp.core.Counters.Event;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.FastOpenCookies;
import wisp.core.spi.FastOpenMode;
import wisp.core.spi.TestMemory;
import wisp.core.stack.Context;
import wisp.core.stack.ContextConfig;
import wisp.core.stack.Endpoint;
import wisp.drivers.inmemory.InMemoryPipe;

@DisplayName("Sockets and RFC 7413: options and flags by Linux's names, in virtual time")
class FastOpenSocketsTest {
  private static final Endpoint SERVER = Endpoint.of("10.0.0.2", 80);
  private static final long MS = 1_000_000;

  private final InMemoryPipe pipe = new InMemoryPipe();
  private final Context a = context("10.0.0.1/32", pipe.a(), 1);
  private final Context b = context("10.0.0.2/32", pipe.b(), 2);
  private final Sockets client = new Sockets(a);
  private final Sockets server = new Sockets(b);
  private long now = MS;

  private static Context context(String own, wisp.core.spi.Link link, long seed) {
    var config = ContextConfig.of(IpPrefix.parse(own));
    return new Context(config, new TestMemory(), link, new SplittableRandom(seed)::nextLong);
  }

  private void run(int millis) {
    for (int i = 0; i <= millis; i++, now += MS) {
      while (a.poll(now) + b.poll(now) > 0) {
        // packets go to and fro
      }
    }
  }

  @AfterEach
  void close() {
    a.close();
    b.close();
    pipe.close();
  }

  private int listener(int fastOpens) {
    server.fastOpen(new FastOpenSettings(FastOpenMode.ON, true, false, null));
    int listener = server.socket(Sockets.STREAM);
    server.bind(listener, Endpoint.any(80));
    server.setOption(listener, Option.TCP_FASTOPEN, fastOpens);
    server.listen(listener, 8);
    return listener;
  }

  private int socket() {
    int socket = client.socket(Sockets.STREAM);
    client.setBlocking(socket, false);
    return socket;
  }

  private int writeFast(int socket, int bytes) {
    return client.write(socket, new byte[bytes], 0, bytes, SERVER, Message.FAST_OPEN);
  }

  /** A connection that brings a cookie. */
  private void fetchCookie(int listener) {
    int socket = socket();
    assertEquals(-Errno.EINPROGRESS, writeFast(socket, 100));
    run(1);
    assertEquals(0, client.connectResult(socket));
    server.close(server.accept(listener));
    client.close(socket);
    run(100);
  }

  @Test
  @Tag("rfc7413-a")
  void givenACookie_whenWrittenFast_thenTheServerReadsItBeforeTheHandshakeIsOver() {
    int listener = listener(5);
    fetchCookie(listener);
    int socket = socket();
    assertEquals(100, writeFast(socket, 100));
    assertEquals(-Errno.EALREADY, writeFast(socket, 1));
    assertEquals(-Errno.EAGAIN, client.write(socket, new byte[1], 0, 1));
    assertEquals(100, client.unacknowledgedBytes(socket));
    b.poll(now); // the SYN is there, and nothing has gone back
    int accepted = server.accept(listener);
    assertEquals("SYN_RECEIVED", server.state(accepted));
    assertEquals(100, server.read(accepted, new byte[200], 0, 200, 0));
    assertEquals(7, server.write(accepted, new byte[7], 0, 7));
    run(50);
    assertEquals(0, client.connectResult(socket));
    assertEquals(7, client.unreadBytes(socket));
    assertEquals(0, client.unacknowledgedBytes(socket));
    assertEquals(30, writeFast(socket, 30)); // a flag without meaning by now
    run(1);
    assertEquals(30, server.unreadBytes(accepted));
  }

  @Test
  void givenACookie_whenMoreIsWrittenThanTheSynTakes_thenTheAnswerSaysHowMuch() {
    fetchCookie(listener(5));
    assertEquals(1_460 - 40, writeFast(socket(), 5_000));
    int blocking = client.socket(Sockets.STREAM);
    assertEquals(5_000, writeFast(blocking, 5_000));
    run(50);
    assertEquals(0, client.connectResult(blocking));
    assertEquals(0, client.unacknowledgedBytes(blocking));
    assertEquals(2, b.counters().get(Event.FAST_OPENS_ACCEPTED));
  }

  @Test
  void givenConnectIsToWait_whenThereIsACookie_thenTheFirstWriteConnects() {
    int listener = listener(5);
    int first = socket();
    assertEquals(0, client.setOption(first, Option.TCP_FASTOPEN_CONNECT, 1));
    assertEquals(-Errno.EINPROGRESS, client.connect(first, SERVER)); // no cookie yet
    run(1);
    assertEquals(0, client.connect(first, SERVER));
    server.accept(listener);

    int second = socket();
    client.setOption(second, Option.TCP_FASTOPEN_CONNECT, 1);
    assertEquals(0, client.connect(second, SERVER));
    assertEquals(-Errno.EISCONN, client.connect(second, SERVER));
    assertEquals(Ready.OUT, client.ready(second));
    assertEquals("CLOSED", client.state(second));
    assertEquals(-Errno.EAGAIN, server.accept(listener));
    assertEquals(10, client.write(second, new byte[10], 0, 10));
    assertTrue(client.isConnecting(second));
    run(1);
    assertEquals(10, server.unreadBytes(server.accept(listener)));
    assertEquals(1, b.counters().get(Event.FAST_OPENS_ACCEPTED));
  }

  @Test
  void givenItIsOff_thenNeitherFlagNorOptionIsTaken() {
    client.fastOpen(new FastOpenSettings(FastOpenMode.OFF, false, false, null));
    int socket = socket();
    client.setOption(socket, Option.TCP_FASTOPEN_NO_COOKIE, 1);
    assertEquals(-Errno.EOPNOTSUPP, writeFast(socket, 10));
    assertEquals(-Errno.EOPNOTSUPP, client.setOption(socket, Option.TCP_FASTOPEN_CONNECT, 1));
  }

  @Test
  @Tag("rfc7413-c")
  void givenAListenerWithoutTheOption_thenTheTextComesAfterTheHandshake() {
    int listener = listener(0);
    int socket = client.socket(Sockets.STREAM);
    assertEquals(300, writeFast(socket, 300));
    run(50);
    assertEquals(300, server.unreadBytes(server.accept(listener)));
    assertEquals(0, b.counters().get(Event.FAST_OPENS_ACCEPTED));
    assertEquals(0, b.counters().get(Event.FAST_OPEN_COOKIES_SENT));
  }

  @Test
  void givenNoCookieIsWanted_thenTheFirstSynBringsTextAndTheListenerTakesIt() {
    int listener = listener(5);
    assertEquals(0, server.setOption(listener, Option.TCP_FASTOPEN_NO_COOKIE, 1));
    int socket = socket();
    assertEquals(0, client.setOption(socket, Option.TCP_FASTOPEN_NO_COOKIE, 1));
    assertEquals(1, client.option(socket, Option.TCP_FASTOPEN_NO_COOKIE));
    assertEquals(100, writeFast(socket, 100));
    b.poll(now); // the SYN is there, and nothing has gone back
    int accepted = server.accept(listener);
    assertEquals("SYN_RECEIVED", server.state(accepted));
    assertEquals(100, server.unreadBytes(accepted));
    run(1);
    assertEquals(0, client.connectResult(socket));
    assertEquals(0, client.unacknowledgedBytes(socket));
    assertEquals(0, b.counters().get(Event.FAST_OPEN_COOKIES_SENT));
    assertEquals(-Errno.EINVAL, client.setOption(socket, Option.TCP_FASTOPEN_NO_COOKIE, 0));
    assertEquals(-Errno.EINVAL, client.setOption(socket(), Option.TCP_FASTOPEN_NO_COOKIE, 2));
  }

  @Test
  void givenOnlyTheClientWantsNoCookie_thenItsTextGoesAgain() {
    int listener = listener(5);
    int socket = socket();
    client.setOption(socket, Option.TCP_FASTOPEN_NO_COOKIE, 1);
    assertEquals(100, writeFast(socket, 100));
    run(1);
    assertEquals(100, server.unreadBytes(server.accept(listener)));
    assertEquals(0, b.counters().get(Event.FAST_OPENS_ACCEPTED));
  }

  @Test
  void givenOnlyTheListenerWantsNoCookie_thenACookieIsGivenAllTheSame() {
    int listener = listener(5);
    server.setOption(listener, Option.TCP_FASTOPEN_NO_COOKIE, 1);
    fetchCookie(listener);
    assertEquals(10, writeFast(socket(), 10));
    run(1);
    assertEquals(10, server.unreadBytes(server.accept(listener)));
    assertEquals(1, b.counters().get(Event.FAST_OPEN_COOKIES_SENT));
  }

  @Test
  void givenEveryListener_whenTheSettingsSaySo_thenNoOptionIsNeeded() {
    server.fastOpen(new FastOpenSettings(FastOpenMode.OFF, true, true, null));
    int listener = server.socket(Sockets.STREAM);
    server.bind(listener, Endpoint.any(80));
    server.listen(listener, 8);
    fetchCookie(listener);
    assertEquals(10, writeFast(socket(), 10));
    run(1);
    assertEquals(10, server.unreadBytes(server.accept(listener)));
  }

  /** Whoever asks is given the same one. */
  private record OneCookie(long cookie) implements FastOpenCookies {
    @Override
    public long make(long ch, long cl, long sh, long sl, long nowNanos) {
      return cookie;
    }

    @Override
    public Verdict check(long ch, long cl, long sh, long sl, long brought, long nowNanos) {
      return brought == cookie ? Verdict.VALID : Verdict.INVALID;
    }
  }

  @Test
  void givenAListenersOwnCookies_whenChanged_thenOldOnesAreReplacedAndTheTextGoesAgain() {
    int listener = listener(5);
    assertEquals(0, server.fastOpenCookies(listener, new OneCookie(11)));
    fetchCookie(listener);
    assertEquals(0, server.fastOpenCookies(listener, new OneCookie(12)));
    int refused = socket();
    assertEquals(10, writeFast(refused, 10));
    run(1);
    assertEquals(1, b.counters().get(Event.FAST_OPENS_REFUSED));
    assertEquals(10, server.unreadBytes(server.accept(listener)));
    assertEquals(20, writeFast(socket(), 20));
    run(1);
    assertEquals(20, server.unreadBytes(server.accept(listener)));
    assertEquals(1, b.counters().get(Event.FAST_OPENS_ACCEPTED));
    assertNotEquals(0, server.fastOpenCookies(99, new OneCookie(1)));
  }

  @Test
  void givenAFullAcceptQueue_thenTheTextOfFurtherSynsIsLeftToBeSentAgain() {
    int listener = listener(5);
    fetchCookie(listener);
    server.listen(listener, 0); // one may wait
    assertEquals(10, writeFast(socket(), 10));
    assertEquals(10, writeFast(socket(), 10));
    b.poll(now);
    assertEquals(1, b.counters().get(Event.FAST_OPENS_ACCEPTED));
    assertTrue(server.accept(listener) >= 0);
    assertEquals(-Errno.EAGAIN, server.accept(listener));
  }

  @Test
  void givenItWasResetBeforeItWasAccepted_thenItsTextCanBeReadAndThenTheError() {
    int listener = listener(5);
    fetchCookie(listener);
    int socket = socket();
    writeFast(socket, 10);
    b.poll(now);
    client.disconnect(socket); // so the SYN-ACK is answered by RST
    run(1);
    int accepted = server.accept(listener);
    assertEquals(10, server.read(accepted, new byte[20], 0, 20, 0));
    assertEquals(-Errno.ECONNRESET, server.read(accepted, new byte[20], 0, 20, 0));
  }
}
