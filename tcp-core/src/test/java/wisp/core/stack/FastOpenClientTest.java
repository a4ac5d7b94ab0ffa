package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.ACK;
import static wisp.core.stack.Seg.FIN;
import static wisp.core.stack.Seg.RST;
import static wisp.core.stack.Seg.SYN;
import static wisp.core.stack.Seg.experimental;
import static wisp.core.stack.Seg.fastOpen;
import static wisp.core.stack.Seg.fastOpenBytes;
import static wisp.core.stack.Seg.mss;
import static wisp.core.tcp.State.FIN_WAIT_1;
import static wisp.core.tcp.State.SYN_RECEIVED;
import static wisp.core.tcp.State.SYN_SENT;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;
import wisp.core.spi.FastOpenMode;
import wisp.core.spi.TestMemory;

@DisplayName("RFC 7413: Fast Open, the client's side")
class FastOpenClientTest {
  private static final long COOKIE = 0x0123_4567_89AB_CDEFL;

  /** Options that a SYN with text leaves room for, whatever ours are. */
  private static final int MOST_OPTIONS = 40;

  private static TcpFixture.Setup with(FastOpenMode mode) {
    return TcpFixture.with().profile(ConnectionProfile.NO_DELAY.with(b -> b.fastOpen = mode));
  }

  private static TcpFixture client(boolean ipv6) {
    return with(FastOpenMode.ON).ipv6(ipv6).actively().closed();
  }

  private static TcpFixture client() {
    return client(false);
  }

  private static Seg synAck(int ack, byte[]... options) {
    return Seg.flags(SYN | ACK).seq(0).ack(ack).options(options);
  }

  /** The next connection, after another one has brought a cookie and this MSS. */
  private static TcpFixture givenCookie(TcpFixture first, int mss) {
    first.connect();
    Sent syn = first.sends(SYN).length(0);
    assertTrue(syn.hasFastOpen);
    assertEquals(0, syn.cookie.length);
    first.receives(synAck(1, mss(mss), fastOpen(COOKIE)));
    first.sends(ACK).length(0);
    return first.another(5_001);
  }

  private static TcpFixture givenCookie() {
    return givenCookie(client(), 1_460);
  }

  // ---- Cookies ---------------------------------------------------------------------------------

  @ParameterizedTest(name = "IPv6 {0}")
  @ValueSource(booleans = {false, true})
  @Tag("rfc7413-a")
  void givenNoCookie_thenOneIsAskedFor_andTheNextSynBringsItAndText(boolean ipv6) {
    var tcp = givenCookie(client(ipv6), 1_200).connect(500);
    Sent syn = tcp.sends(SYN).length(500);
    assertEquals(COOKIE, syn.fastOpen);
    tcp.receives(synAck(501, mss(1_200))).isEstablished();
    tcp.sends(ACK).seq(501).ack(1).length(0);
    tcp.heard("open", "acked 500", "released 500/500");
    tcp.advance(5_000).sendsNothing();
    assertEquals(1, tcp.counted(Event.FAST_OPENS_SENT));
    assertEquals(1, tcp.counted(Event.FAST_OPENS_CONFIRMED));
    assertEquals(1, tcp.counted(Event.FAST_OPEN_COOKIES_RECEIVED));
    assertEquals(0, tcp.counted(Event.SEGMENTS_RETRANSMITTED));
    tcp.allReturns();
  }

  @Test
  @DisplayName("without a cookie the frame waits for the handshake")
  void givenNoCookie_whenThereIsAFrame_thenItFollowsTheHandshake() {
    var tcp = client().connect(500);
    assertTrue(tcp.sends(SYN).length(0).hasFastOpen);
    tcp.receives(synAck(1, mss(1_460), fastOpen(COOKIE)));
    tcp.sends(ACK).seq(1).length(500);
    tcp.heard("open").receives(Seg.ack().ack(501)).heard("acked 500", "released 500/500");
  }

  @Test
  void givenItIsOff_thenThereIsNoOptionAndTheFrameFollowsTheHandshake() {
    var tcp = TcpFixture.with().actively().closed().connect(500);
    assertFalse(tcp.sends(SYN).length(0).hasFastOpen);
    tcp.receives(synAck(1, mss(1_460), fastOpen(COOKIE)));
    tcp.sends(ACK).seq(1).length(500);
    var next = tcp.another(5_001).connect(500);
    assertFalse(next.sends(SYN).length(0).hasFastOpen);
    assertEquals(0, tcp.counted(Event.FAST_OPEN_COOKIES_RECEIVED));
  }

  @Test
  void givenACookieAndNothingToSay_thenTheSynBringsItAlone() {
    var tcp = givenCookie().connect();
    assertEquals(COOKIE, tcp.sends(SYN).length(0).fastOpen);
  }

  @ParameterizedTest(name = "of {0} bytes")
  @ValueSource(ints = {4, 6, 8, 14, 16})
  void givenACookieOfAnySize_thenItComesBackAsItIs(int bytes) {
    byte[] cookie = new byte[bytes];
    for (int i = 0; i < bytes; i++) {
      cookie[i] = (byte) (i * 17 + 1);
    }
    var tcp = client().connect();
    tcp.receives(synAck(1, mss(1_460), fastOpenBytes(cookie)));
    Sent syn = tcp.another(5_001).connect(10).sends(SYN).length(10);
    assertArrayEquals(cookie, syn.cookie);
    assertTrue(syn.hasTimestamp && syn.sackPermitted);
  }

  @Test
  void givenTooManyOptionsForTheCookie_thenItIsLeftOffAndSoIsTheText() {
    var profile =
        ConnectionProfile.DEFAULT.with(
            b -> {
              b.fastOpen = FastOpenMode.ON;
              b.userTimeoutOption = true;
            });
    var tcp = TcpFixture.with().profile(profile).actively().closed().connect();
    tcp.receives(synAck(1, mss(1_460), fastOpenBytes(new byte[16])));
    assertFalse(tcp.another(5_001).connect(10).sends(SYN).length(0).hasFastOpen);
  }

  @ParameterizedTest(name = "of {0} bytes")
  @ValueSource(ints = {0, 2, 3, 5, 18, 20})
  void givenACookieOfNoSizeThatMayBe_thenTheOldOneIsKept(int bytes) {
    var tcp = givenCookie().connect(10);
    tcp.sends(SYN).length(10);
    tcp.receives(synAck(11, mss(1_460), fastOpenBytes(new byte[bytes])));
    assertEquals(COOKIE, tcp.another(5_002).connect(10).sends(SYN).fastOpen);
  }

  @Test
  void givenANewCookieAndMss_thenTheyReplaceTheOldOnes() {
    var tcp = givenCookie(client(), 1_460).connect(2_000);
    tcp.sends(SYN).length(1_460 - MOST_OPTIONS);
    tcp.receives(synAck(1_421, mss(940), fastOpen(~COOKIE)));
    var next = tcp.another(5_002).connect(2_000);
    assertEquals(~COOKIE, next.sends(SYN).length(940 - MOST_OPTIONS).fastOpen);
  }

  @Test
  @DisplayName("an option of the time before RFC 7413 is answered by one")
  @Tag("rfc6994-b")
  void givenAnExperimentalCookie_thenItGoesBackAsOne() {
    var tcp = client().connect();
    tcp.receives(synAck(1, mss(1_460), experimental(fastOpen(COOKIE))));
    Sent syn = tcp.another(5_001).connect(10).sends(SYN).length(10);
    assertTrue(syn.fastOpenExperimental);
    assertEquals(COOKIE, syn.fastOpen);
  }

  @Test
  void givenServersWithoutCookies_thenTextGoesWithoutAnOption() {
    var tcp = with(FastOpenMode.WITHOUT_COOKIE).actively().closed().connect(1_000);
    assertFalse(tcp.sends(SYN).length(1_000).hasFastOpen);
    tcp.receives(synAck(1_001, mss(940), fastOpen(COOKIE)))
        .heard("open", "acked 1000", "released 1000/1000");
    var next = tcp.another(5_001).connect(2_000);
    assertFalse(next.sends(SYN).length(940 - MOST_OPTIONS).hasFastOpen);
  }

  // ---- What the SYN-ACK confirms ---------------------------------------------------------------

  @ParameterizedTest(name = "IPv6 {0}")
  @ValueSource(booleans = {false, true})
  @Tag("rfc7413-c")
  void givenOnlyTheSynIsConfirmed_thenTheTextGoesAgainAtOnce(boolean ipv6) {
    var tcp = givenCookie(client(ipv6), 1_400).connect(700);
    tcp.sends(SYN).length(700);
    tcp.receives(synAck(1, mss(1_400))).isEstablished();
    tcp.sends(ACK).seq(1).ack(1).length(700);
    tcp.sendsNothing().heard("open");
    tcp.receives(Seg.ack().ack(701)).heard("acked 700", "released 700/700");
    assertEquals(0, tcp.counted(Event.FAST_OPENS_CONFIRMED));
    assertEquals(0, tcp.counted(Event.TIMEOUTS));
    tcp.allReturns();
  }

  @ParameterizedTest(name = "{0} bytes of it")
  @ValueSource(ints = {1, 100, 699})
  @Tag("rfc7413-c")
  void givenSomeOfTheTextIsConfirmed_thenTheRestGoesAgainAtOnce(int bytes) {
    var tcp = givenCookie().connect(700);
    tcp.sends(SYN).length(700);
    tcp.receives(synAck(1 + bytes, mss(1_460)));
    tcp.sends(ACK).seq(1 + bytes).length(700 - bytes);
    tcp.heard("open", "acked " + bytes).receives(Seg.ack().ack(701));
    tcp.heard("acked " + (700 - bytes), "released 700/700");
  }

  @Test
  void givenMoreThanTheSynHoldsWasQueued_thenTheRestFollowsTheHandshake() {
    var tcp = givenCookie().connect(3_000);
    tcp.sends(SYN).length(1_420);
    tcp.send(500);
    tcp.sendsNothing();
    tcp.receives(synAck(1_421, mss(1_460)));
    tcp.sends(ACK).seq(1_421).length(1_460);
    tcp.sends(ACK).seq(2_881).length(620);
    tcp.heard("open", "acked 1420").receives(Seg.ack().ack(3_501));
    tcp.heard("acked 2080", "released 3000/3000", "released 500/500");
    tcp.allReturns();
  }

  @ParameterizedTest(name = "ACK {0}")
  @ValueSource(ints = {-1, 0, 702, 100_000, Integer.MIN_VALUE})
  void givenASynAckOfSomethingElse_thenReset(int ack) {
    var tcp = givenCookie().connect(700);
    tcp.sends(SYN);
    tcp.receives(synAck(ack, mss(1_460))).isIn(SYN_SENT).heardNothing();
    assertEquals(ack, tcp.sends(RST).seq);
    tcp.receives(synAck(701, mss(1_460))).isEstablished();
  }

  @Test
  void givenAnAnswerOnTheSynAck_thenItIsDeliveredAfterTheOpen() {
    var tcp = givenCookie().connect(700);
    tcp.sends(SYN);
    tcp.receives(synAck(701, mss(1_460)).length(300));
    tcp.peerNxt = 301;
    tcp.delivered(300).heard("open", "acked 700", "released 700/700", "data 300");
    tcp.sends(ACK).seq(701).ack(301);
  }

  @Test
  void givenClosedAtOnce_thenFinFollowsTheHandshake() {
    var tcp = givenCookie().connect(700);
    tcp.sends(SYN);
    tcp.close();
    tcp.sendsNothing().receives(synAck(701, mss(1_460))).isIn(FIN_WAIT_1);
    tcp.sends(ACK | FIN).seq(701).length(0);
  }

  @Test
  void givenTheHandlerAbortsWhenItIsOpen_thenTheFrameComesBack() {
    var tcp = givenCookie().connect(700);
    tcp.sends(SYN);
    tcp.on("open", c -> tcp.context.abort(c));
    tcp.receives(synAck(401, mss(1_460))).isGone();
    tcp.heard("open", "released 400/700", "closed Aborted");
    tcp.sends(RST | ACK);
    tcp.allReturns();
  }

  // ---- What goes wrong -------------------------------------------------------------------------

  @ParameterizedTest(name = "IPv6 {0}")
  @ValueSource(booleans = {false, true})
  @Tag("rfc7413-d")
  void givenTheSynVanishes_thenItGoesAgainWithoutOptionAndText(boolean ipv6) {
    var tcp = givenCookie(client(ipv6), 1_400).connect(700);
    tcp.sends(SYN).length(700);
    tcp.advance(1_100);
    assertFalse(tcp.sends(SYN).seq(0).length(0).hasFastOpen);
    tcp.receives(synAck(1, mss(1_400))).heard("open");
    tcp.sends(ACK).seq(1).length(700);
    tcp.receives(Seg.ack().ack(701)).heard("acked 700", "released 700/700");
    tcp.allReturns();
  }

  @Test
  @Tag("rfc7413-d")
  @DisplayName("the SYN-ACK was lost: that of the second SYN confirms what the first one brought")
  void givenOnlyTheSynAckWasLost_thenNothingGoesTwice() {
    var tcp = givenCookie().connect(700);
    tcp.sends(SYN);
    tcp.advance(1_100).sends(SYN).length(0);
    tcp.receives(synAck(701, mss(1_460)));
    tcp.sends(ACK).seq(701).length(0);
    tcp.heard("open", "acked 700", "released 700/700");
  }

  @Test
  @Tag("rfc7413-d")
  @DisplayName("however near the server was, a SYN of Fast Open has a second to be answered")
  void givenAShortRoundTrip_whenTheSynVanishes_thenItGoesAgainAfterASecond() {
    var tcp = givenCookie().connect(700);
    tcp.sends(SYN).length(700);
    tcp.receives(synAck(701, mss(1_460)));
    var next = tcp.another(5_002).connect(700);
    next.sends(SYN).length(700);
    next.advance(990).sendsNothing();
    next.advance(20).sends(SYN).length(0);
    next.advance(1_990).sendsNothing();
    next.advance(20).sends(SYN);
  }

  @Test
  @DisplayName("an end of what is said follows the SYN: the answer's ACK may wait for more")
  void givenMoreThanTheSynTakes_whenTheAnswerComes_thenItsAckIsDelayed() {
    var tcp = givenCookie().connect(2_000);
    tcp.sends(SYN).length(1_420);
    tcp.receives(synAck(1_421, mss(1_460)));
    tcp.sends(ACK).seq(1_421).length(580);
    tcp.receives(Seg.data(500).ack(2_001)).sendsNothing();
    tcp.advance(50).sends(ACK).ack(501);
  }

  /** A SYN that vanishes; the plain one that follows does not. */
  private static TcpFixture vanishes(TcpFixture tcp, int port) {
    var next = tcp.another(port).connect(100);
    assertTrue(next.sends(SYN).length(100).hasFastOpen, "not asked");
    next.advance(1_100).sends(SYN).length(0);
    next.receives(synAck(1, mss(1_460)));
    next.sends(ACK).length(100);
    next.receives(Seg.ack().ack(101));
    return next;
  }

  private static void isPlain(TcpFixture tcp, int port) {
    var next = tcp.another(port).connect(100);
    assertFalse(next.sends(SYN).length(0).hasFastOpen);
    next.abort();
  }

  @Test
  @Tag("rfc7413-d")
  void givenTheyVanishAgainAndAgain_thenItIsLeftOffForATimeThatGrows() {
    var tcp = givenCookie();
    vanishes(tcp, 6_000);
    vanishes(tcp, 6_001);
    isPlain(tcp, 6_002);
    tcp.advance(58_000);
    isPlain(tcp, 6_003);
    tcp.advance(3_000);
    vanishes(tcp, 6_004);
    tcp.advance(118_000);
    isPlain(tcp, 6_005);
    tcp.advance(3_000);
    var good = tcp.another(6_006).connect(100);
    good.sends(SYN).length(100);
    good.receives(synAck(101, mss(1_460)));
    vanishes(tcp, 6_007); // the first one again
    assertTrue(tcp.another(6_008).connect(100).sends(SYN).length(100).hasFastOpen);
  }

  @Test
  @Tag("rfc7413-d")
  @DisplayName("nor are cookies asked for where asking is answered by silence")
  void givenRequestsVanish_thenTheyAreLeftOff() {
    var tcp = client();
    for (int i = 0; i < 2; i++) {
      var next = tcp.another(6_000 + i).connect(100);
      assertTrue(next.sends(SYN).hasFastOpen);
      next.advance(1_100);
      assertFalse(next.sends(SYN).hasFastOpen);
      next.receives(synAck(1, mss(1_460)));
    }
    isPlain(tcp, 6_005);
  }

  @Test
  void givenACookieInAnswerToThePlainSyn_thenItIsKept() {
    var tcp = client().connect();
    tcp.advance(1_100);
    tcp.receives(synAck(1, mss(1_240), fastOpen(COOKIE)));
    assertEquals(COOKIE, tcp.another(5_001).connect(2_000).sends(SYN).length(1_200).fastOpen);
  }

  @Test
  void givenResets_thenRefused_andLeftOffAfterTwo() {
    var tcp = givenCookie();
    for (int i = 0; i < 2; i++) {
      var next = tcp.another(6_000 + i).connect(100);
      next.sends(SYN).length(100);
      next.receives(Seg.rst().seq(0).flags(RST | ACK).ack(i == 0 ? 1 : 101)).isGone();
      next.heard("released 0/100", "closed Refused");
    }
    isPlain(tcp, 6_005);
    tcp.allReturns();
  }

  @Test
  void givenNobodyThere_thenItEndsAndTheFrameComesBack() {
    var tcp = givenCookie().connect(100);
    tcp.advance(1_000_000).isGone();
    assertEquals("closed TimedOut", tcp.events.getLast());
    assertTrue(tcp.events.contains("released 0/100"));
    tcp.allReturns();
  }

  @ParameterizedTest(name = "IPv6 {0}")
  @ValueSource(booleans = {false, true})
  @DisplayName("a path too narrow for the SYN: it goes again at once, without text")
  void givenTooBig_thenThePlainSynGoesAtOnce(boolean ipv6) {
    var tcp = givenCookie(client(ipv6), 1_440).connect(3_000);
    byte[] syn = tcp.sends(SYN).length(1_400).packet;
    tcp.host.link.incoming.add(IcmpTest.tooBig(tcp, syn, 1_300));
    tcp.host.poll();
    assertFalse(tcp.sends(SYN).length(0).hasFastOpen);
    tcp.sendsNothing().receives(synAck(1, mss(1_440)));
    for (Sent s : tcp.sent()) {
      assertTrue(s.packet.length <= 1_300);
    }
    tcp.receives(Seg.ack().ack(3_001)).heard("open", "acked 3000", "released 3000/3000");
    assertEquals(0, tcp.counted(Event.TIMEOUTS));
  }

  @Test
  void givenUnreachable_thenItEnds() {
    var tcp = givenCookie().connect(100);
    byte[] syn = tcp.sends(SYN).packet;
    tcp.host.link.incoming.add(IcmpTest.error(tcp, 3, 3, 0, syn));
    tcp.host.poll();
    tcp.isGone().heard("released 0/100", "closed Unreachable");
  }

  @Test
  void givenASimultaneousOpen_thenTheSynAckIsPlainAndTheTextCounts() {
    var tcp = givenCookie().connect(700);
    tcp.sends(SYN).length(700);
    tcp.receives(Seg.flags(SYN).seq(0).options(mss(1_460), fastOpen(1)).length(50));
    assertFalse(tcp.isIn(SYN_RECEIVED).sends(SYN | ACK).seq(0).ack(1).length(0).hasFastOpen);
    tcp.receives(synAck(701, mss(1_460))).isEstablished();
    tcp.sends(ACK).seq(701).ack(1).length(0);
    tcp.heard("open", "acked 700", "released 700/700");
  }

  @Test
  void givenASimultaneousOpen_whenOnlyTheSynIsConfirmed_thenTheTextGoesAgain() {
    var tcp = givenCookie().connect(700);
    tcp.sends(SYN).length(700);
    tcp.receives(Seg.flags(SYN).seq(0).options(mss(1_460)));
    tcp.sends(SYN | ACK);
    tcp.receives(Seg.ack().seq(1).ack(1)).isEstablished();
    tcp.sends(ACK).seq(1).length(700);
  }

  @Test
  void givenNoBlockForTheQueue_thenNoMemoryAndNothingIsLeft() {
    var memory = new TestMemory();
    var tcp = with(FastOpenMode.ON).memory(memory).actively().closed();
    memory.blockRequests.most = 1; // the connection's own
    assertFalse(tcp.tryConnect(100));
    memory.blockRequests.most = 10;
    tcp.sendsNothing().heardNothing();
    assertEquals(0, tcp.blocksInUse());
    tcp.allReturns();
  }

  @Test
  void givenTheServerWantsNoFastOpen_thenItIsAskedEachTime() {
    var tcp = client();
    for (int i = 0; i < 4; i++) {
      var next = tcp.another(6_000 + i).connect();
      assertTrue(next.sends(SYN).hasFastOpen);
      next.receives(synAck(1, mss(1_460))).isEstablished();
    }
  }
}
