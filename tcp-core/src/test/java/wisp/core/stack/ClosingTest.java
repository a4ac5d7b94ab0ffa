package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.ACK;
import static wisp.core.stack.Seg.FIN;
import static wisp.core.stack.Seg.RST;
import static wisp.core.stack.Seg.SYN;
import static wisp.core.stack.Seg.mss;
import static wisp.core.stack.Seg.timestamp;
import static wisp.core.stack.TcpFixture.with;
import static wisp.core.tcp.State.CLOSE_WAIT;
import static wisp.core.tcp.State.CLOSING;
import static wisp.core.tcp.State.FIN_WAIT_1;
import static wisp.core.tcp.State.FIN_WAIT_2;
import static wisp.core.tcp.State.LAST_ACK;
import static wisp.core.tcp.State.SYN_RECEIVED;
import static wisp.core.tcp.State.TIME_WAIT;

import java.util.ArrayList;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;
import wisp.core.ip.IpPrefix;

@DisplayName("RFC 9293 §3.6: closing a connection")
@Tag("rfc9293-3.6")
class ClosingTest {
  private static final long TWO_MSL = 60_000;

  // ---- In order --------------------------------------------------------------------------------

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void givenEstablished_whenWeCloseFirst_thenFinWait1And2AndTimeWait(boolean active) {
    var tcp = with().actively(active).established().shutdown();
    tcp.sends(FIN | ACK).seq(1).ack(1);
    tcp.isIn(FIN_WAIT_1).receives(Seg.ack()).sendsNothing().isIn(FIN_WAIT_2).heardNothing();
    tcp.receives(Seg.data(10)).heard("data 10");
    tcp.receives(Seg.fin());
    tcp.sends(ACK).seq(2).ack(12);
    tcp.isIn(TIME_WAIT).heard("peerClosed", "closed Closed");
    tcp.advance(TWO_MSL - 1_000).isIn(TIME_WAIT);
    tcp.advance(2_000).isGone();
    tcp.allReturns();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void givenEstablished_whenThePeerClosesFirst_thenCloseWaitAndLastAck(boolean active) {
    var tcp = with().actively(active).established().receives(Seg.fin());
    tcp.sends(ACK).ack(2);
    tcp.isIn(CLOSE_WAIT).heard("peerClosed");
    tcp.send(100);
    tcp.sends(ACK).length(100);
    tcp.receives(Seg.ack()).shutdown();
    tcp.sends(FIN | ACK).seq(101).ack(2);
    tcp.isIn(LAST_ACK).receives(Seg.ack()).sendsNothing().isGone();
    tcp.heard("acked 100", "released 100/100", "closed Closed");
    tcp.allReturns();
  }

  @Test
  void givenDataQueued_whenWeClose_thenTheFinRidesOnTheLastSegment() {
    var tcp = TcpFixture.established().send(500).send(1_500).shutdown();
    tcp.sends(ACK).seq(1).length(500);
    tcp.sends(ACK).seq(501).length(1_460);
    tcp.sends(FIN | ACK).seq(1_961).length(40);
    tcp.sendsNothing();
  }

  @Test
  void givenFinWait1_whenFinAcknowledgesOurs_thenTimeWaitAtOnce() {
    var tcp = TcpFixture.established().shutdown();
    tcp.sends(FIN | ACK);
    tcp.receives(Seg.fin());
    tcp.sends(ACK).ack(2);
    tcp.sendsNothing().isIn(TIME_WAIT).heard("peerClosed", "closed Closed");
  }

  @Test
  void givenSimultaneousClose_whenTheFinsCross_thenClosingAndTimeWait() {
    var tcp = TcpFixture.established().shutdown();
    tcp.sends(FIN | ACK);
    tcp.receives(Seg.fin().ack(1));
    tcp.sends(ACK).seq(2).ack(2);
    tcp.isIn(CLOSING).heard("peerClosed");
    tcp.receives(Seg.ack()).sendsNothing().isIn(TIME_WAIT).heard("closed Closed");
  }

  @Test
  @DisplayName("both segments of a simultaneous close in one burst: the peer's FIN is acknowledged")
  void givenSimultaneousClose_whenFinAndAckComeTogether_thenTheFinIsAcknowledged() {
    var tcp = TcpFixture.established().shutdown();
    tcp.sends(FIN | ACK);
    tcp.receives(Seg.fin().ack(1), Seg.ack().ack(2)).isIn(TIME_WAIT);
    tcp.sends(ACK).ack(2);
  }

  @Test
  @DisplayName("D12: FINs lost")
  void givenSimultaneousClose_whenOurFinIsLost_thenItIsResentWithBackOff() {
    var tcp = TcpFixture.established().shutdown();
    tcp.sends(FIN | ACK).seq(1);
    tcp.receives(Seg.fin().ack(1)).sends(ACK);
    assertEquals(1_000, tcp.untilSends(5_000), 20);
    tcp.sends(FIN | ACK).seq(1).ack(2);
    assertEquals(2_000, tcp.untilSends(5_000), 20);
    tcp.sends(FIN | ACK).seq(1).ack(2);
    tcp.isIn(CLOSING).receives(Seg.ack().ack(2)).isIn(TIME_WAIT);
  }

  @Test
  void givenCloseWait_whenTheFinComesAgain_thenItIsAcknowledgedAgain() {
    var tcp = TcpFixture.in(CLOSE_WAIT);
    tcp.receives(Seg.fin().seq(1));
    tcp.sends(ACK).ack(2);
    tcp.isIn(CLOSE_WAIT).heardNothing();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  @DisplayName("D13: FIN before its data")
  void givenAHole_whenTheFinIsBeyondIt_thenItWaits(boolean shutdownFirst) {
    var tcp = TcpFixture.established();
    if (shutdownFirst) {
      tcp.shutdown().receives(Seg.ack().ack(2));
      tcp.sent();
    }
    tcp.receives(Seg.flags(FIN | ACK).seq(11).length(10));
    tcp.sends(ACK).ack(1);
    tcp.heardNothing();
    tcp.receives(Seg.data(10)).delivered(20);
    tcp.sends(ACK).ack(22);
    tcp.isIn(shutdownFirst ? TIME_WAIT : CLOSE_WAIT);
    assertEquals(0, tcp.blocksInUse());
  }

  @Test
  void givenABareFinBeyondAHole_whenFilled_thenOneAck() {
    var tcp = TcpFixture.established().receives(Seg.fin().seq(101));
    tcp.sends(ACK).ack(1);
    tcp.receives(Seg.data(100));
    tcp.sends(ACK).ack(102);
    tcp.sendsNothing().isIn(CLOSE_WAIT);
  }

  @Test
  @DisplayName("threats 5.6: bytes beyond the FIN are ignored")
  void givenAFin_whenBytesLieBeyondIt_thenTheyAreNotDelivered() {
    var tcp = TcpFixture.established().receives(Seg.fin().seq(51));
    tcp.receives(Seg.data(100).seq(1)).delivered(50).isIn(CLOSE_WAIT);
    tcp = TcpFixture.established().receives(Seg.data(100).seq(51));
    tcp.receives(Seg.flags(FIN | ACK).seq(1).length(50)).delivered(50).isIn(CLOSE_WAIT);
    tcp.allReturns();
  }

  @Test
  @DisplayName("D16: half-close, then megabytes")
  void givenHalfClose_whenThePeerKeepsSending_thenAllIsDelivered() {
    var tcp = TcpFixture.established().shutdown();
    tcp.receives(Seg.ack());
    for (int i = 0; i < 2_000; i++) {
      tcp.receives(Seg.data(1_460));
    }
    tcp.delivered(2_000 * 1_460).isIn(FIN_WAIT_2);
    for (Sent s : tcp.sent()) {
      assertEquals(65_535, s.window);
    }
    tcp.receives(Seg.fin()).isIn(TIME_WAIT);
  }

  @Test
  void givenHalfClosed_whenSending_thenRefused() {
    var tcp = TcpFixture.established().shutdown();
    assertFalse(tcp.trySend(10));
    assertTrue(tcp.context.shutdown(tcp.connection));
    tcp.sends(FIN | ACK);
    tcp.sendsNothing();
  }

  // ---- Full close, abort -----------------------------------------------------------------------

  @Test
  @Tag("SHLD-3")
  @Tag("MAY-1")
  @Tag("rfc2525-d")
  void givenFullClose_whenDataArrives_thenReset() {
    for (boolean finAcknowledged : new boolean[] {false, true}) {
      var tcp = TcpFixture.established().close();
      tcp.sends(FIN | ACK);
      if (finAcknowledged) {
        tcp.receives(Seg.ack().ack(2));
      }
      tcp.receives(Seg.data(10).ack(finAcknowledged ? 2 : 1));
      tcp.sends(RST).seq(finAcknowledged ? 2 : 1); // what the peer waits for
      tcp.sendsNothing().isGone().delivered(0).heard("closed Aborted");
      tcp.allReturns();
    }
  }

  @Test
  @Tag("SHLD-3")
  @Tag("rfc2525-d")
  void givenTextHeld_whenClosed_thenReset() {
    var tcp = TcpFixture.established().receives(Seg.data(10).seq(100));
    tcp.sends(ACK);
    tcp.close();
    tcp.sends(RST | ACK);
    tcp.isGone().heard("closed Aborted");
    tcp.allReturns();
  }

  @Test
  @Tag("MUST-12")
  void givenFullClose_whenOnlyFinArrives_thenOrderly() {
    var tcp = TcpFixture.established().close();
    tcp.receives(Seg.fin()).isIn(TIME_WAIT).heard("closed Closed");
  }

  @Test
  @DisplayName("threats 5.11: FIN-WAIT-2 with the application gone has a deadline")
  void givenFinWait2AfterClose_whenThePeerNeverCloses_thenItEnds() {
    var tcp = TcpFixture.established().close();
    tcp.receives(Seg.ack()).isIn(FIN_WAIT_2);
    tcp.advance(59_000).isIn(FIN_WAIT_2).advance(2_000).isGone().heard("closed TimedOut");
    tcp.allReturns();
  }

  @Test
  @DisplayName("threats 5.11: likewise when its window's edge was made to stand still before")
  void givenPausedBefore_whenClosedAndThePeerNeverCloses_thenItEnds() {
    var tcp = TcpFixture.established().pause().close();
    tcp.receives(Seg.ack()).isIn(FIN_WAIT_2);
    tcp.advance(59_000).isIn(FIN_WAIT_2).advance(2_000).isGone().heard("closed TimedOut");
    tcp.allReturns();
  }

  @Test
  @DisplayName("threats 5.11: however many there are, each has a deadline; the oldest end early")
  void givenMoreInFinWait2ThanAreKept_thenTheOldestEndAndTheOthersInTime() {
    var config = ContextConfig.of(IpPrefix.parse("10.0.0.1/32")).with(b -> b.timeWaitLimit = 1);
    int most = 64;
    var all = new ArrayList<TcpFixture>();
    var first = TcpFixture.with().config(config).established();
    for (int i = 0; i < most + 10; i++) {
      var tcp = i == 0 ? first : first.another(6_000 + i).handshake();
      tcp.close().receives(Seg.ack());
      all.add(tcp);
    }
    first.advance(10);
    for (int i = 0; i < all.size(); i++) {
      if (i < 10) {
        all.get(i).isGone();
      } else {
        all.get(i).isIn(FIN_WAIT_2);
      }
    }
    assertEquals(10, first.counted(Event.TIME_WAIT_EVICTED));
    first.advance(61_000);
    all.forEach(TcpFixture::isGone);
    assertEquals(10, first.counted(Event.TIME_WAIT_EVICTED));
    first.allReturns();
  }

  @Test
  void givenFinWait2AfterHalfClose_whenThePeerNeverCloses_thenItStays() {
    TcpFixture.in(FIN_WAIT_2).advance(3_600_000).isIn(FIN_WAIT_2).heardNothing();
  }

  @Test
  void givenFinWait2AfterHalfClose_whenClosedLater_thenTheDeadlineRuns() {
    var tcp = TcpFixture.in(FIN_WAIT_2).advance(100_000).close();
    tcp.advance(61_000).isGone().heard("closed TimedOut");
  }

  @Test
  void givenLastAck_whenThePeerIsGone_thenItEnds() {
    var tcp =
        with().profile(new ConnectionProfile(true, 100_000 * TcpFixture.MS, 64, 0)).in(LAST_ACK);
    tcp.advance(250_000).isGone().heard("trouble 3", "closed TimedOut");
    tcp.allReturns();
  }

  @Test
  void givenAnyState_whenAborted_thenResetWhereThePeerKnowsOfUs() {
    for (var state : wisp.core.tcp.State.values()) {
      switch (state) {
        case ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT -> {
          var tcp = TcpFixture.in(state).abort();
          tcp.sends(RST | ACK).seq(tcp.ourNxt);
          tcp.isGone().heard("closed Aborted").allReturns();
        }
        case CLOSING, LAST_ACK ->
            TcpFixture.in(state).abort().sendsNothing().isGone().heard("closed Aborted");
        case SYN_SENT -> with().synSent().abort().sendsNothing().isGone().heard("closed Aborted");
        case CLOSED, LISTEN, SYN_RECEIVED, TIME_WAIT -> {}
      }
    }
  }

  @Test
  void givenSynSent_whenClosed_thenItIsOver() {
    with().synSent().close().sendsNothing().isGone().heard("closed Aborted").allReturns();
  }

  @Test
  void givenSynSentWithData_whenClosed_thenDataAndFinFollowTheHandshake() {
    var tcp = with().synSent().send(10).close();
    tcp.receives(Seg.synAck());
    tcp.sends(FIN | ACK).seq(1).length(10);
    tcp.isIn(FIN_WAIT_1);
  }

  @Test
  void givenCrossingSyns_whenClosedBeforeTheEnd_thenFinFollows() {
    var tcp = with().actively().in(SYN_RECEIVED).close();
    tcp.sendsNothing().receives(Seg.ack().ack(1));
    tcp.sends(FIN | ACK).seq(1);
    tcp.isIn(FIN_WAIT_1);
  }

  // ---- TIME-WAIT -------------------------------------------------------------------------------

  @Nested
  @DisplayName("TIME-WAIT: RFC 1337, RFC 6191, D14")
  class TimeWait {
    private final TcpFixture tcp = TcpFixture.in(TIME_WAIT);

    @Test
    @Tag("rfc1337-a")
    void aResetIsIgnored() {
      tcp.receives(Seg.rst()).sendsNothing().isIn(TIME_WAIT);
    }

    @Test
    @Tag("rfc1337-b")
    void oldDataIsAcknowledged() {
      tcp.receives(Seg.data(1).seq(1));
      tcp.sends(ACK).seq(2).ack(2);
      tcp.isIn(TIME_WAIT).heardNothing();
    }

    @Test
    void oldDataWithAnOldTimestampIsAcknowledgedToo() {
      var t = with().options(mss(1_460), timestamp(5_000, 0)).in(TIME_WAIT);
      t.receives(Seg.data(1).seq(1).ts(1, 0));
      t.sends(ACK).ack(2);
    }

    @Test
    @Tag("MUST-13")
    void theFinAgainIsAcknowledgedAndStartsTheTimeAnew() {
      tcp.advance(TWO_MSL - 5_000).receives(Seg.fin().seq(1));
      tcp.sends(ACK).ack(2);
      tcp.advance(TWO_MSL - 1_000).isIn(TIME_WAIT).advance(2_000).isGone();
    }

    @Test
    @Tag("rfc1337-b")
    void anOldBareAckIsAnsweredButNotForEver_andOneInLineIsNot() {
      tcp.receives(Seg.ack()).sendsNothing().isIn(TIME_WAIT);
      tcp.advance(TWO_MSL - 1_000).receives(Seg.ack().seq(1));
      tcp.sends(ACK).seq(2).ack(2);
      for (int i = 0; i < 100; i++) {
        tcp.receives(Seg.ack().seq(1));
      }
      assertTrue(tcp.sent().size() <= 10);
      tcp.isIn(TIME_WAIT).advance(2_000).isGone();
    }

    @Test
    @Tag("MAY-2")
    void aSynBeyondTheOldNumbersOpensAnew() {
      tcp.receives(Seg.syn().seq(100_000));
      tcp.sends(SYN | ACK).ack(100_001);
      tcp.isIn(SYN_RECEIVED);
      assertEquals(0, tcp.context.timeWaits());
    }

    @Test
    @DisplayName("a record that comes back in the same slot with the same key has one TIME-WAIT")
    void openedAnewAndClosedAgainItEndsAllTheSame() {
      for (int again = 1; again < 4; again++) {
        int irs = 100_000 * again;
        tcp.advance(7_300).receives(Seg.syn().seq(irs)).isIn(SYN_RECEIVED);
        tcp.receives(Seg.ack().seq(irs + 1).ack(1)).isEstablished();
        tcp.context.shutdown(tcp.connection);
        tcp.host.collect();
        tcp.receives(Seg.fin().seq(irs + 1).ack(2)).isIn(TIME_WAIT);
      }
      tcp.advance(TWO_MSL - 1_000).isIn(TIME_WAIT).advance(2_000).isGone();
      assertEquals(0, tcp.context.timeWaits());
    }

    @Test
    @DisplayName("its predecessor's wait does not end a connection that came back in the same slot")
    void openedAnewItOutlivesTheEntryOfItsPredecessor() {
      tcp.advance(7_300).receives(Seg.syn().seq(100_000)).isIn(SYN_RECEIVED);
      tcp.receives(Seg.ack().seq(100_001).ack(1)).isEstablished();
      tcp.advance(2 * TWO_MSL).isEstablished();
      tcp.receives(Seg.data(100).seq(100_001).ack(1)).isEstablished();
    }

    @Test
    @Tag("MAY-2")
    @Tag("rfc1337-c")
    void anOlderSynDoesNot() {
      tcp.receives(Seg.syn().seq(-100));
      tcp.sends(ACK).seq(2).ack(2);
      tcp.isIn(TIME_WAIT);
    }

    @Test
    @Tag("SHLD-4")
    @Tag("rfc6191-a")
    void aNewerTimestampOpensAnewWhateverTheNumber() {
      var t = with().options(mss(1_460), timestamp(5_000, 0)).in(TIME_WAIT);
      t.receives(Seg.flags(SYN).seq(-100).options(mss(1_460), timestamp(4_000, 0)));
      t.sends(ACK).ack(2);
      t.isIn(TIME_WAIT);
      t.receives(Seg.flags(SYN).seq(-100).options(mss(1_460), timestamp(9_000, 0)));
      t.sends(SYN | ACK).ack(-99);
      t.isIn(SYN_RECEIVED);
    }

    @Test
    void withoutAListenerASynDoesNotEndIt() {
      tcp.context.unlisten(Endpoint.any(TcpFixture.SERVICE));
      tcp.receives(Seg.syn().seq(100_000));
      tcp.sends(ACK).ack(2);
      tcp.isIn(TIME_WAIT);
    }

    @Test
    void aSynAckIsAnsweredAndNoMore() {
      tcp.receives(Seg.flags(SYN | ACK).seq(100_000));
      tcp.sends(ACK).ack(2);
      tcp.isIn(TIME_WAIT);
    }

    @Test
    void itsHandleIsRefused() {
      int frame = tcp.frame(10);
      assertFalse(tcp.context.isOpen(tcp.connection));
      assertFalse(tcp.context.send(tcp.connection, frame));
      assertFalse(tcp.context.close(tcp.connection));
      assertFalse(tcp.context.abort(tcp.connection));
      tcp.context.release(frame);
      tcp.isIn(TIME_WAIT);
    }

    @Test
    @DisplayName("a half-open successor with the same slot and key is nobody's yet")
    void itsHandleIsRefusedWhenAHalfOpenConnectionHasItNow() {
      long handle = tcp.connection;
      tcp.receives(Seg.syn().seq(100_000)).isIn(SYN_RECEIVED);
      assertFalse(tcp.context.isOpen(handle));
      assertFalse(tcp.context.abort(handle));
      tcp.isIn(SYN_RECEIVED).receives(Seg.ack().seq(100_001).ack(1)).isEstablished();
    }

    @Test
    void itHoldsNoBlock() {
      assertEquals(0, tcp.blocksInUse());
      assertEquals(1, tcp.context.timeWaits());
      assertEquals(0, tcp.context.connections());
    }

    @Test
    void pastTheLimitTheOldestLeavesEarly() {
      var t =
          with()
              .config(
                  ContextConfig.of(wisp.core.ip.IpPrefix.parse("10.0.0.1/32"))
                      .withLimits(1_000, 64, 65_536))
              .in(TIME_WAIT);
      for (int port = 6_000; port < 6_064; port++) {
        var other = t.another(port).handshake();
        other.shutdown().receives(Seg.fin()).isIn(TIME_WAIT);
      }
      t.isGone();
      assertEquals(64, t.context.timeWaits());
      assertEquals(1, t.counted(Event.TIME_WAIT_EVICTED));
      t.advance(70_000);
      assertEquals(0, t.context.timeWaits());
      t.allReturns();
    }

    @Test
    @DisplayName("a connection whose FIN comes again does not evict itself")
    void pastTheLimitARestartKeepsIt() {
      var t =
          with()
              .config(
                  ContextConfig.of(wisp.core.ip.IpPrefix.parse("10.0.0.1/32"))
                      .withLimits(1_000, 64, 65_536))
              .in(TIME_WAIT);
      for (int port = 6_000; port < 6_063; port++) {
        t.another(port).handshake().shutdown().receives(Seg.fin()).isIn(TIME_WAIT);
      }
      t.advance(1_000).receives(Seg.fin().seq(1)).isIn(TIME_WAIT);
      t.receives(Seg.fin().seq(1), Seg.syn().seq(100_000)).isIn(SYN_RECEIVED);
      t.advance(200_000);
      assertEquals(0, t.context.timeWaits());
      assertEquals(0, t.context.connections());
      t.allReturns();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 10, 240, 511, 513, 1_000, 3_000})
    @DisplayName("whatever MSL is, it lasts two of them from the last FIN on")
    @Tag("MUST-13")
    void anyMslHolds(long seconds) {
      var t =
          with()
              .config(
                  ContextConfig.of(wisp.core.ip.IpPrefix.parse("10.0.0.1/32"))
                      .withMaxSegmentLifetime(seconds * 1_000 * TcpFixture.MS))
              .in(TIME_WAIT);
      t.advance(1_500 * seconds).isIn(TIME_WAIT).receives(Seg.fin().seq(1));
      t.sends(ACK).ack(2);
      t.advance(2_000 * seconds - 500).isIn(TIME_WAIT).advance(1_500 + 2 * seconds).isGone();
      t.allReturns();
      var plain =
          with()
              .config(
                  ContextConfig.of(wisp.core.ip.IpPrefix.parse("10.0.0.1/32"))
                      .withMaxSegmentLifetime(seconds * 1_000 * TcpFixture.MS))
              .in(TIME_WAIT);
      plain.advance(2_000 * seconds - 500).isIn(TIME_WAIT).advance(1_500).isGone();
    }

    @Test
    void manyFinsMakeNoManyEntries() {
      for (int i = 0; i < 1_000; i++) {
        tcp.advance(1_000).receives(Seg.fin().seq(1));
      }
      tcp.sent();
      tcp.isIn(TIME_WAIT).advance(61_000).isGone();
      assertEquals(0, tcp.counted(Event.TIME_WAIT_EVICTED));
    }
  }
}
