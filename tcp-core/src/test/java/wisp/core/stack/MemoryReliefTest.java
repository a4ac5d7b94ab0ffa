package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.ACK;
import static wisp.core.stack.Seg.RST;
import static wisp.core.stack.TcpFixture.MS;
import static wisp.core.stack.TcpFixture.with;
import static wisp.core.tcp.State.CLOSE_WAIT;
import static wisp.core.tcp.State.ESTABLISHED;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;
import wisp.core.spi.TestMemory;

@DisplayName("RFC 6429: shut windows and the want of memory")
class MemoryReliefTest {
  private static final long MINUTE = 60_000;
  private static final long LIMIT = 5 * MINUTE;
  private static final long DAY = 24 * 60 * MINUTE;

  private final TestMemory memory = new TestMemory();

  private TcpFixture.Setup setup(boolean ipv6) {
    return with().memory(memory).ipv6(ipv6).window(0);
  }

  /** All connections are one peer's, which must not be what limits them. */
  private static TcpFixture.Setup oneForAll(TcpFixture.Setup setup) {
    return setup.config(setup.config.withPeerLimits(PeerLimits.NONE));
  }

  /** In persist from now on. */
  private static TcpFixture stuck(TcpFixture tcp) {
    return tcp.send(100);
  }

  private static TcpFixture healthy(TcpFixture tcp, int port) {
    TcpFixture other = tcp.another(port);
    other.peerWindow = 60_000;
    return other.handshake();
  }

  /** Time passes, and the peers answer each probe, their windows shut as before. */
  private static void probes(long millis, TcpFixture... all) {
    long end = all[0].host.now + millis * MS;
    while (all[0].host.now < end) {
      all[0].advance(Math.min(1_000, (end - all[0].host.now) / MS));
      for (TcpFixture tcp : all) {
        if (!tcp.sent().isEmpty() && tcp.reason == null) {
          tcp.receives(Seg.ack().ack(1));
        }
      }
    }
  }

  /** Nobody gets another block. */
  private void blocksRunOut() {
    memory.blockRequests.most = memory.blocks().inUse();
  }

  private void isEnded(TcpFixture tcp) {
    assertInstanceOf(CloseReason.MemoryShort.class, tcp.reason);
    tcp.isGone();
    assertEquals("closed MemoryShort", tcp.events.getLast());
  }

  @ParameterizedTest(name = "IPv6: {0}")
  @ValueSource(booleans = {false, true})
  @Tag("rfc6429-c")
  void givenShutForLongerThanTheLimit_whenAnotherIsRefusedABlock_thenItIsResetAndTheOtherGoesOn(
      boolean ipv6) {
    var tcp = stuck(setup(ipv6).established());
    var other = healthy(tcp, 6_000);
    probes(LIMIT + MINUTE, tcp);
    blocksRunOut();
    tcp.isIn(ESTABLISHED).events.clear();
    assertFalse(other.trySend(10));
    tcp.sendsNothing().heardNothing(); // not in the midst of the other's call

    other.on("writable", c -> other.send(10));
    tcp.advance(2).sends(RST | ACK).seq(1).ack(1);
    tcp.sendsNothing();
    isEnded(tcp);
    assertTrue(tcp.events.contains("released 0/100"), tcp.events::toString);
    assertEquals(1, tcp.host.counted(Event.PERSISTS_ENDED));
    other.sends(ACK).seq(1).length(10);
    other.receives(Seg.ack().ack(11)).isIn(ESTABLISHED).abort();
    other.allReturns();
  }

  @ParameterizedTest(name = "IPv6: {0}")
  @ValueSource(booleans = {false, true})
  @Tag("rfc6429-c")
  void givenShutForLongerThanTheLimit_whenAFrameIsRefused_thenOneConnectionGoesForIt(boolean ipv6) {
    var tcp = stuck(setup(ipv6).established());
    var second = stuck(tcp.another(6_000).handshake());
    probes(LIMIT + MINUTE, tcp, second);
    memory.frameRequests.most = 2;
    assertEquals(Context.NO_FRAME, tcp.context.frame(10));
    assertEquals(Context.NO_FRAME, tcp.context.frame(10));
    assertEquals(tcp.host.now, tcp.context.nextDeadlineNanos(), "a poll is due");
    tcp.advance(2);
    isEnded(tcp);
    second.isIn(ESTABLISHED).advance(LIMIT).isIn(ESTABLISHED);
    int frame = tcp.context.frame(10);
    assertEquals(Context.NO_FRAME, tcp.context.frame(10));
    tcp.advance(2);
    isEnded(second);
    tcp.context.release(frame);
    second.allReturns();
  }

  @ParameterizedTest(name = "IPv6: {0}")
  @ValueSource(booleans = {false, true})
  void givenShutForADay_whenThereIsMemory_thenNothingEndsIt(boolean ipv6) {
    var tcp = stuck(setup(ipv6).established());
    var other = healthy(tcp, 6_000);
    probes(DAY, tcp);
    other.send(10).receives(Seg.ack().ack(11));
    tcp.advance(MINUTE).isIn(ESTABLISHED);
    assertEquals(0, tcp.host.counted(Event.PERSISTS_ENDED));
    tcp.abort().allReturns();
  }

  @Test
  @Tag("rfc6429-c")
  void givenShutForLess_whenMemoryIsShort_thenItLivesUntilTheLimitAndNoLonger() {
    var tcp = stuck(setup(false).established());
    var other = healthy(tcp, 6_000);
    long begin = tcp.host.now;
    probes(MINUTE, tcp);
    blocksRunOut();
    assertFalse(other.trySend(10));
    probes(3 * MINUTE, tcp);
    tcp.isIn(ESTABLISHED);
    while (tcp.reason == null) {
      tcp.advance(100);
    }
    isEnded(tcp);
    assertEquals(LIMIT, (tcp.host.now - begin) / MS, 300);
  }

  @Test
  void givenItIsSwitchedOff_whenMemoryIsShort_thenItLives() {
    var setup = setup(false);
    var tcp =
        stuck(
            setup
                .config(setup.config.with(b -> b.persistLimitNanos = ContextConfig.NEVER))
                .established());
    var other = healthy(tcp, 6_000);
    probes(LIMIT + MINUTE, tcp);
    blocksRunOut();
    assertFalse(other.trySend(10));
    probes(60 * MINUTE, tcp);
    tcp.isIn(ESTABLISHED).abort();
    other.abort().allReturns();
  }

  @Test
  void givenAShortage_whenItIsOverBeforeTheLimit_thenNobodyIsEndedLater() {
    var tcp = stuck(setup(false).established());
    var other = healthy(tcp, 6_000);
    probes(MINUTE, tcp);
    blocksRunOut();
    assertFalse(other.trySend(10));
    tcp.advance(1_000);
    memory.blockRequests.most = Integer.MAX_VALUE;
    other.on("writable", c -> {});
    probes(2 * LIMIT, tcp);
    tcp.isIn(ESTABLISHED).abort();
    other.abort().allReturns();
  }

  @Test
  @DisplayName("a peer that takes a whole frame is waited for anew")
  void givenAFrameWasTaken_whenMemoryIsShort_thenTheTimeCountsFromThere() {
    var tcp = stuck(setup(false).established()).send(100);
    var other = healthy(tcp, 6_000);
    probes(LIMIT, tcp);
    tcp.untilSends(100_000);
    tcp.sent();
    tcp.receives(Seg.ack().ack(2).window(150)).sent();
    tcp.receives(Seg.ack().ack(152).window(0));
    tcp.advance(MINUTE).sent();
    blocksRunOut();
    assertFalse(other.trySend(10));
    tcp.advance(2 * MINUTE).isIn(ESTABLISHED);
    tcp.advance(3 * MINUTE);
    isEnded(tcp);
  }

  @Test
  @DisplayName("a peer that takes a byte now and then keeps its frames as long as others need none")
  void givenAByteIsTakenEveryFourMinutes_whenMemoryIsShort_thenItIsEnded() {
    var tcp = stuck(setup(false).established());
    var other = healthy(tcp, 6_000);
    int taken = 0;
    for (int i = 0; i < 5; i++) {
      probes(4 * MINUTE, tcp);
      taken++;
      tcp.receives(Seg.ack().ack(taken).window(1)).sent();
      tcp.receives(Seg.ack().ack(taken + 1).window(0));
    }
    tcp.isIn(ESTABLISHED);
    blocksRunOut();
    assertFalse(other.trySend(10));
    tcp.advance(1_000);
    isEnded(tcp);
  }

  @Test
  void givenAllWasTaken_whenMemoryIsShort_thenASleepingConnectionIsLeftAlone() {
    var tcp = stuck(setup(false).established());
    var other = healthy(tcp, 6_000);
    probes(LIMIT + MINUTE, tcp);
    tcp.receives(Seg.ack().window(1_000)).sent();
    tcp.receives(Seg.ack().ack(101).window(0)).advance(10_000);
    blocksRunOut();
    assertFalse(other.trySend(10));
    tcp.advance(60 * MINUTE).isIn(ESTABLISHED);
  }

  @Test
  @DisplayName("the peer is told also where an application's abort sends no RST")
  void givenTheApplicationHasClosed_whenMemoryIsShort_thenRstAllTheSame() {
    var tcp = setup(false).in(CLOSE_WAIT).send(100).shutdown();
    var other = healthy(tcp, 6_000);
    probes(LIMIT + MINUTE, tcp);
    blocksRunOut();
    assertFalse(other.trySend(10));
    tcp.advance(2).sends(RST | ACK).seq(1).ack(2);
    isEnded(tcp);
  }

  @Test
  void givenTextBeyondAHole_whenThereIsNoRoomForIt_thenNobodyIsEnded() {
    var scarce = new TestMemory(16_384);
    var tcp = stuck(oneForAll(setup(false).memory(scarce)).established());
    var other = healthy(tcp, 6_000);
    probes(LIMIT + MINUTE, tcp);
    for (int i = 1; i < 20; i++) {
      other.receives(Seg.data(1).seq(1 + 3_000 * i));
    }
    assertTrue(tcp.host.counted(Event.DROP_NO_BLOCK) > 0);
    tcp.advance(MINUTE).isIn(ESTABLISHED);
  }

  @Test
  @DisplayName("Sockstress: a pool full of shut windows, and no more of them go than it takes")
  void givenShutWindowsHoldAllThatMayBeHeld_whenOneComesToSend_thenThereIsRoomForIt() {
    var scarce = new TestMemory(65_536);
    var tcp = stuck(oneForAll(setup(false).memory(scarce)).established());
    List<TcpFixture> all = new ArrayList<>();
    TcpFixture other = tcp;
    int port = 10_000;
    do {
      all.add(other);
      other = tcp.another(port++).handshake();
    } while (other.trySend(100));
    TcpFixture refused = other;
    refused.on("writable", c -> refused.send(10));
    probes(LIMIT - 10_000, all.toArray(TcpFixture[]::new));
    assertEquals(0, tcp.host.counted(Event.PERSISTS_ENDED));
    refused.sendsNothing();
    probes(20_000, all.toArray(TcpFixture[]::new));
    refused.sends(ACK).seq(1).length(1); // its window is shut, too
    long ended = all.stream().filter(t -> t.reason != null).count();
    assertEquals(tcp.host.counted(Event.PERSISTS_ENDED), ended);
    assertTrue(ended > 0 && ended < all.size() / 5, ended + " of " + all.size());
    for (TcpFixture t : all) {
      if (t.reason == null) {
        t.abort();
      }
    }
  }

  @Test
  void givenALimitThatMeansNothing_whenSet_thenRefused() {
    ContextConfig config = with().config;
    for (long nanos : new long[] {-1, 31 * DAY * MS, Long.MAX_VALUE - 1}) {
      assertThrows(
          IllegalArgumentException.class, () -> config.with(b -> b.persistLimitNanos = nanos));
    }
  }
}
