package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.ACK;
import static wisp.core.stack.Seg.FIN;
import static wisp.core.stack.Seg.RST;
import static wisp.core.stack.Seg.SYN;
import static wisp.core.stack.Seg.experimental;
import static wisp.core.stack.Seg.fastOpen;
import static wisp.core.stack.Seg.mss;
import static wisp.core.stack.Seg.sackPermitted;
import static wisp.core.stack.Seg.scale;
import static wisp.core.stack.Seg.timestamp;
import static wisp.core.stack.TcpFixture.with;
import static wisp.core.tcp.State.SYN_RECEIVED;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;
import wisp.core.spi.FastOpenCookies;

@DisplayName("RFC 7413: Fast Open, the server's side")
class FastOpenServerTest {
  private static TcpFixture listening(int most) {
    return with().window(60_000).listen(b -> b.fastOpens = most).listening();
  }

  private static Seg syn(byte[]... options) {
    return Seg.flags(SYN).seq(0).options(options);
  }

  /** What the peer's address is given. */
  private static long cookie(TcpFixture tcp) {
    var first = tcp.another(4_000);
    first.receives(syn(mss(1_460), fastOpen()));
    Sent synAck = first.sends(SYN | ACK).ack(1);
    assertTrue(synAck.hasFastOpen);
    first.receives(Seg.rst().seq(1));
    return synAck.fastOpen;
  }

  /** After a SYN with so many bytes, the SYN-ACK not looked at. */
  private static TcpFixture opened(int bytes) {
    var tcp = listening(10);
    long cookie = cookie(tcp);
    tcp.receives(syn(mss(1_460), fastOpen(cookie)).length(bytes));
    tcp.peerNxt = 1 + bytes;
    return tcp;
  }

  @Test
  @Tag("rfc7413-a")
  void givenAGoodCookie_whenTheSynBringsData_thenItIsDeliveredBeforeTheHandshakeIsOver() {
    var tcp = opened(100);
    tcp.isIn(SYN_RECEIVED).delivered(100).heard("open", "data 100");
    assertFalse(tcp.sends(SYN | ACK).ack(101).hasFastOpen);
    tcp.sendsNothing();
    tcp.receives(Seg.ack()).isEstablished().heardNothing();
    assertEquals(1, tcp.counted(Event.ACCEPTED));
    assertEquals(1, tcp.counted(Event.FAST_OPENS_ACCEPTED));
    tcp.receives(Seg.data(10)).delivered(110);
  }

  @Test
  @Tag("rfc7413-a")
  @DisplayName("an answer leaves before the handshake is over")
  void givenDataOnTheSyn_whenTheHandlerAnswers_thenItFollowsTheSynAck() {
    var tcp = listening(10);
    long cookie = cookie(tcp);
    tcp.on("data", c -> tcp.trySend(2_920));
    tcp.receives(syn(mss(1_460), fastOpen(cookie)).length(100));
    tcp.peerNxt = 101;
    tcp.sends(SYN | ACK).ack(101);
    tcp.sends(ACK).seq(1).length(1_460);
    tcp.sends(ACK).seq(1_461).length(1_460);
    tcp.events.clear();
    tcp.receives(Seg.ack().ack(1)).isEstablished();
    tcp.receives(Seg.ack().ack(2_921));
    tcp.heard("acked 2920", "released 2920/2920");
    tcp.advance(5_000).sendsNothing();
  }

  @Test
  @Tag("rfc6928-a")
  @DisplayName("the SYN in flight takes nothing from the initial window")
  void givenALongAnswer_whenTheHandshakeIsNotOver_thenTenWholeSegmentsLeave() {
    var tcp = opened(100);
    tcp.sends(SYN | ACK);
    tcp.send(16_000);
    for (int i = 0; i < 10; i++) {
      tcp.sends(ACK).seq(1 + 1_460 * i).length(1_460);
    }
    tcp.sendsNothing();
  }

  @Test
  @DisplayName("the ACK that ends the handshake may say what was lost of the answer")
  void givenALongAnswer_whenTheFirstAckHasSackBlocks_thenTheHoleIsFilledAtOnce() {
    var tcp = listening(10);
    long cookie = cookie(tcp);
    tcp.receives(syn(mss(1_460), sackPermitted(), fastOpen(cookie)).length(100));
    tcp.peerNxt = 101;
    tcp.sends(SYN | ACK);
    tcp.send(14_600).sent();
    int left = tcp.iss + 2_921;
    tcp.receives(Seg.ack().ack(1).options(Seg.sack(left, left + 4_380))).isEstablished();
    tcp.sends(ACK).seq(1).length(1_460);
    tcp.sends(ACK).seq(1_461).length(1_460);
    assertEquals(0, tcp.counted(Event.TIMEOUTS));
  }

  @Test
  @DisplayName("nor does the SYN take anything from the peer's window")
  void givenAWindowOfTenSegments_whenTheHandshakeIsNotOver_thenAllOfItIsUsed() {
    var tcp = listening(10);
    long cookie = cookie(tcp);
    tcp.receives(syn(mss(1_000), fastOpen(cookie)).length(100).window(3_000));
    tcp.peerNxt = 101;
    tcp.sends(SYN | ACK);
    tcp.send(5_000);
    assertEquals(3_000, tcp.sent().stream().mapToInt(s -> s.payload.length).sum());
  }

  @Test
  void givenDataOnTheSyn_whenMoreComes_thenItIsTheFirstThatIsAcknowledgedByItself() {
    var tcp = opened(100);
    tcp.sends(SYN | ACK).ack(101);
    tcp.receives(Seg.data(300)).sends(ACK).ack(401);
    tcp.receives(Seg.data(300)).sendsNothing();
  }

  @Test
  void givenAnAnswer_whenTheFirstAckConfirmsAllOfIt_thenItIsReleased() {
    var tcp = opened(100);
    tcp.send(300);
    tcp.sends(SYN | ACK);
    tcp.sends(ACK).length(300);
    tcp.events.clear();
    tcp.receives(Seg.ack().ack(301)).isEstablished().heard("acked 300", "released 300/300");
    tcp.advance(5_000).sendsNothing();
    assertEquals(0, tcp.blocksInUse());
  }

  @Test
  void givenAnAnswer_whenAllIsLost_thenTheSynAckGoesAgainAndThenTheData() {
    var tcp = opened(100);
    tcp.send(300).sent();
    tcp.advance(1_100);
    tcp.sends(SYN | ACK).seq(0).ack(101);
    tcp.sendsNothing().receives(Seg.ack().ack(1)).isEstablished();
    tcp.advance(3_100);
    tcp.sends(ACK).seq(1).length(300);
    tcp.receives(Seg.ack().ack(301));
  }

  @ParameterizedTest(name = "of {0} bytes")
  @ValueSource(ints = {0, 100})
  void givenTheSynComesAgain_thenTheSynAckDoesAndTheDataDoesNot(int bytes) {
    var tcp = opened(100);
    tcp.sends(SYN | ACK).ack(101);
    tcp.events.clear();
    tcp.receives(syn(mss(1_460)).length(bytes)).heardNothing();
    tcp.sends(SYN | ACK).seq(0).ack(101);
    tcp.receives(Seg.ack()).isEstablished();
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, -1})
  @Tag("rfc7413-b")
  void givenABadCookie_thenTheDataIsIgnoredAndAGoodOneGiven(long wrong) {
    var tcp = listening(10);
    long cookie = cookie(tcp);
    tcp.receives(syn(mss(1_460), fastOpen(cookie ^ wrong - 2)).length(100));
    Sent synAck = tcp.sends(SYN | ACK).ack(1);
    assertTrue(synAck.hasFastOpen);
    assertEquals(cookie, synAck.fastOpen);
    tcp.heardNothing();
    assertEquals(1, tcp.counted(Event.FAST_OPENS_REFUSED));
    tcp.receives(Seg.data(100)).isEstablished().delivered(100);
  }

  @Test
  void givenAnOldCookie_thenItIsGoodAndANewOneGiven() {
    var tcp = listening(10);
    long cookie = cookie(tcp);
    tcp.advance(3_600_000);
    tcp.receives(syn(mss(1_460), fastOpen(cookie)).length(100)).delivered(100);
    Sent synAck = tcp.sends(SYN | ACK).ack(101);
    assertTrue(synAck.hasFastOpen);
    assertNotEquals(cookie, synAck.fastOpen);
    tcp.advance(2 * 3_600_000L);
    var late = tcp.another(6_000);
    late.receives(syn(mss(1_460), fastOpen(cookie)).length(100)).delivered(0);
    late.sends(SYN | ACK).ack(1);
  }

  @Test
  void givenFastOpenOff_thenTheOptionIsNotAnswered() {
    var tcp = listening(0).receives(syn(mss(1_460), fastOpen()));
    assertFalse(tcp.sends(SYN | ACK).hasFastOpen);
  }

  @Test
  void givenACookieToGive_whenTheSynAckIsResent_thenItIsInThereToo() {
    var tcp = listening(10).receives(syn(mss(1_460), fastOpen()));
    assertTrue(tcp.sends(SYN | ACK).hasFastOpen);
    assertTrue(tcp.advance(1_100).sends(SYN | ACK).hasFastOpen);
  }

  @Test
  void givenAllOptions_thenTheyFit() {
    var tcp =
        listening(10)
            .receives(syn(mss(1_460), sackPermitted(), timestamp(1, 0), scale(7), fastOpen()));
    Sent synAck = tcp.sends(SYN | ACK);
    assertTrue(synAck.hasFastOpen && synAck.sackPermitted && synAck.hasTimestamp);
  }

  @Test
  @Tag("rfc7413-d")
  void givenTooManyPending_thenTheNextOneShakesHandsFirst() {
    var tcp = listening(2);
    long cookie = cookie(tcp);
    for (int port = 6_000; port < 6_002; port++) {
      tcp.another(port).receives(syn(mss(1_460), fastOpen(cookie)).length(10)).delivered(10);
    }
    tcp.receives(syn(mss(1_460), fastOpen(cookie)).length(10)).heardNothing();
    assertFalse(tcp.sends(SYN | ACK).ack(1).hasFastOpen);
    tcp.receives(Seg.data(10)).isEstablished().delivered(10);
  }

  @Test
  @DisplayName("§5.1: one that is reset counts on for a while")
  void givenAReset_thenItsPlaceIsFreeAMinuteLater() {
    var tcp = listening(1);
    long cookie = cookie(tcp);
    tcp.receives(syn(mss(1_460), fastOpen(cookie)).length(10));
    tcp.sends(SYN | ACK);
    tcp.receives(Seg.rst().seq(11)).isGone().heard("open", "data 10", "closed ResetByPeer");
    var second = tcp.another(6_000);
    second.receives(syn(mss(1_460), fastOpen(cookie)).length(10)).delivered(0);
    second.receives(Seg.ack().seq(1));
    tcp.advance(61_000);
    tcp.another(6_001).receives(syn(mss(1_460), fastOpen(cookie)).length(10)).delivered(10);
  }

  @Test
  void givenNobodyAnswers_thenItEndsAndThePlaceIsFree() {
    var tcp = listening(1);
    long cookie = cookie(tcp);
    tcp.receives(syn(mss(1_460), fastOpen(cookie)).length(10));
    tcp.advance(300_000).isGone();
    assertEquals(6, tcp.sent().size());
    assertEquals("closed TimedOut", tcp.events.getLast());
    tcp.another(6_001).receives(syn(mss(1_460), fastOpen(cookie)).length(10)).delivered(10);
  }

  @Test
  void givenTheHandlerClosesAtOnce_thenFinFollowsTheAnswer() {
    var tcp = listening(1);
    long cookie = cookie(tcp);
    tcp.on(
        "data",
        c -> {
          tcp.trySend(50);
          tcp.context.close(c);
        });
    tcp.receives(syn(mss(1_460), fastOpen(cookie)).length(10));
    tcp.peerNxt = 11;
    tcp.sends(SYN | ACK).ack(11);
    tcp.sends(ACK | FIN).seq(1).length(50);
    tcp.receives(Seg.fin().ack(52));
    tcp.sends(ACK).ack(12);
    assertEquals("closed Closed", tcp.events.getLast());
    tcp.another(6_001).receives(syn(mss(1_460), fastOpen(cookie)).length(10)).delivered(10);
    tcp.allReturns();
  }

  @Test
  void givenTheHandlerAborts_thenResetAndNothingIsLeft() {
    for (String when : new String[] {"open", "data"}) {
      var tcp = listening(1);
      long cookie = cookie(tcp);
      tcp.on(when, c -> tcp.context.abort(c));
      tcp.receives(syn(mss(1_460), fastOpen(cookie)).length(10));
      tcp.sends(RST | ACK);
      tcp.isGone().sendsNothing();
      tcp.hooks.clear();
      tcp.another(6_001).receives(syn(mss(1_460), fastOpen(cookie)).length(10)).delivered(10);
      tcp.allReturns();
    }
  }

  @Test
  void givenACookieWithoutData_thenItOpensAtOnceTooAndMaySpeakFirst() {
    var tcp = listening(1);
    long cookie = cookie(tcp);
    tcp.on("open", c -> tcp.trySend(20));
    tcp.receives(syn(mss(1_460), fastOpen(cookie)));
    tcp.sends(SYN | ACK).ack(1);
    tcp.sends(ACK).seq(1).length(20);
  }

  @Test
  void givenNoBlock_thenTheSynIsAnsweredByACookieAsAnyOther() {
    var memory = new wisp.core.spi.TestMemory();
    var tcp = with().memory(memory).listen(b -> b.fastOpens = 5).listening();
    long cookie = cookie(tcp);
    memory.blockRequests.most = 0;
    tcp.receives(syn(mss(1_460), fastOpen(cookie)).length(10)).delivered(0);
    memory.blockRequests.most = 10;
    tcp.sends(SYN | ACK);
    tcp.receives(Seg.data(10)).delivered(10);
  }

  @Test
  @DisplayName("an option of the time before RFC 7413 is answered by one, cookie and all")
  @Tag("rfc6994-b")
  void givenAnExperimentalOption_thenTheAnswerIsOneToo() {
    var tcp = listening(10);
    tcp.receives(syn(mss(1_460), experimental(fastOpen())));
    Sent synAck = tcp.sends(SYN | ACK).ack(1);
    assertTrue(synAck.fastOpenExperimental);
    assertTrue(tcp.advance(1_100).sends(SYN | ACK).fastOpenExperimental);
    var next = tcp.another(6_000);
    next.receives(syn(mss(1_460), experimental(fastOpen(synAck.fastOpen))).length(10));
    next.delivered(10).sends(SYN | ACK).ack(11);
  }

  @Test
  void givenCookiesAreNotRequired_thenAnySynMayBringText() {
    FastOpenCookies none =
        new FastOpenCookies() {
          @Override
          public long make(long ch, long cl, long sh, long sl, long nowNanos) {
            return 1;
          }

          @Override
          public Verdict check(long ch, long cl, long sh, long sl, long cookie, long nowNanos) {
            return Verdict.INVALID;
          }

          @Override
          public boolean areRequired() {
            return false;
          }
        };
    var tcp =
        with()
            .listen(
                b -> {
                  b.fastOpens = 1;
                  b.fastOpenCookies = none;
                })
            .listening();
    tcp.receives(syn(mss(1_460)).length(10)).delivered(10);
    tcp.sends(SYN | ACK).ack(11);
    var second = tcp.another(6_000); // no room
    second.receives(syn(mss(1_460)).length(10)).delivered(0);
    second.sends(SYN | ACK).ack(1);
  }

  @Test
  void givenAListenerWithoutCookies_thenTheContextsOwnAreNotAskedFor() {
    var tcp =
        with()
            .listen(
                b -> {
                  b.fastOpens = 1;
                  b.fastOpenWithoutCookie = true;
                })
            .listening();
    tcp.receives(syn(mss(1_460)).length(10)).delivered(10);
    tcp.sends(SYN | ACK).ack(11);
  }

  @Test
  void givenIpv6_thenTheSame() {
    var tcp = with().ipv6().listen(b -> b.fastOpens = 5).listening();
    long cookie = cookie(tcp);
    tcp.receives(syn(mss(1_440), fastOpen(cookie)).length(10)).delivered(10);
    tcp.sends(SYN | ACK).ack(11);
  }
}
