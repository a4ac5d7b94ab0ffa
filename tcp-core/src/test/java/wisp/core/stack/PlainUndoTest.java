package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.ACK;
import static wisp.core.stack.Seg.mss;
import static wisp.core.stack.Seg.timestamp;
import static wisp.core.stack.TcpFixture.with;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;

@DisplayName("RFC 3522, 4015, 5682 §2: without SACK too a reduction that was for nothing is undone")
class PlainUndoTest {
  private static final int FULL = 1_400;

  private static final ConnectionProfile NEW_RENO =
      ConnectionProfile.DEFAULT.with(
          b -> {
            b.congestionControl = "newreno";
            b.sackPermitted = false;
          });

  /** Ten segments in flight, and more behind them. */
  private static TcpFixture tenInFlight(boolean timestamps) {
    byte[] mss = mss(timestamps ? FULL + 12 : FULL);
    var tcp =
        timestamps
            ? with().options(mss, timestamp(5_000, 0)).profile(NEW_RENO).established()
            : with().options(mss).profile(NEW_RENO).established();
    for (int i = 0; i < 6; i++) {
      tcp.send(10 * FULL);
    }
    assertEquals(10, tcp.sent().size());
    return tcp;
  }

  private static int at(int segment) {
    return 1 + FULL * segment;
  }

  private static int cwnd(TcpFixture tcp) {
    return tcp.number(t -> t.congestion.cwndBytes);
  }

  private static int threshold(TcpFixture tcp) {
    return tcp.number(t -> t.congestion.ssthreshBytes);
  }

  // ---- By timestamps ---------------------------------------------------------------------------

  @ParameterizedTest(name = "the echo is the {0}")
  @ValueSource(strings = {"original''s", "copy''s"})
  @DisplayName("Eifel: a recovery whose first advance echoes the original is undone, else not")
  void givenReordering_whenTheEchoIsTheOriginals_thenTheRecoveryIsUndone(String whose) {
    boolean original = whose.startsWith("original");
    var tcp = tenInFlight(true);
    int before = cwnd(tcp);
    int echo = tcp.lastTsVal;
    tcp.advance(50);
    for (int i = 0; i < 3; i++) {
      tcp.receives(Seg.ack().ack(1).ts(6_000, echo));
    }
    Sent copy = tcp.sent().stream().filter(s -> s.seq == 1).findAny().orElseThrow();
    assertTrue(threshold(tcp) < before);
    tcp.advance(50).receives(Seg.ack().ack(at(10)).ts(6_100, original ? echo : copy.tsVal));
    assertEquals(original ? 1 : 0, tcp.counted(Event.RECOVERIES_UNDONE));
    assertEquals(original, threshold(tcp) == Integer.MAX_VALUE);
    assertEquals(original, cwnd(tcp) == before);
  }

  @Test
  @DisplayName("Eifel: what duplicates have added to cwnd meanwhile is not kept")
  void givenManyDuplicates_whenTheRecoveryIsUndone_thenCwndIsWhatItWas() {
    var tcp = tenInFlight(true);
    int before = cwnd(tcp);
    int echo = tcp.lastTsVal;
    tcp.advance(50);
    for (int i = 0; i < 9; i++) {
      tcp.receives(Seg.ack().ack(1).ts(6_000, echo));
    }
    assertTrue(cwnd(tcp) > before, "inflated");
    tcp.advance(50).receives(Seg.ack().ack(at(1)).ts(6_100, echo));
    assertEquals(1, tcp.counted(Event.RECOVERIES_UNDONE));
    assertEquals(before, cwnd(tcp));
  }

  @Test
  @DisplayName("Eifel: a time-out whose first answer echoes the original is undone")
  void givenALateAck_whenItEchoesTheOriginal_thenTheTimeOutIsUndone() {
    var tcp = tenInFlight(true);
    int before = cwnd(tcp);
    int echo = tcp.lastTsVal;
    tcp.untilSends(3_000);
    tcp.sends(ACK).seq(1);
    assertEquals(FULL, cwnd(tcp));
    tcp.advance(30).receives(Seg.ack().ack(at(2)).ts(6_000, echo));
    assertEquals(1, tcp.counted(Event.TIMEOUTS_UNDONE));
    assertTrue(cwnd(tcp) >= before);
    for (Sent s : tcp.sent()) {
      assertTrue(s.seq >= at(10), () -> "new text only: " + s);
    }
  }

  // ---- By what arrives -------------------------------------------------------------------------

  /** After a time-out, and the first acknowledgment that follows: two new segments have left. */
  private static TcpFixture tried() {
    var tcp = tenInFlight(false);
    tcp.untilSends(3_000);
    tcp.sends(ACK).seq(1);
    tcp.sendsNothing().receives(Seg.ack().ack(at(1)));
    tcp.sends(ACK).seq(at(10)).length(FULL);
    tcp.sends(ACK).seq(at(11)).length(FULL);
    tcp.sendsNothing();
    return tcp;
  }

  @Test
  @DisplayName("F-RTO: two advances after a single copy, and nothing had been lost")
  void givenLateAcks_whenASecondOneAdvances_thenTheTimeOutIsUndone() {
    var tcp = tried();
    tcp.receives(Seg.ack().ack(at(2)));
    assertEquals(1, tcp.counted(Event.TIMEOUTS_UNDONE));
    assertTrue(cwnd(tcp) >= 10 * FULL);
    assertEquals(Integer.MAX_VALUE, threshold(tcp));
    for (Sent s : tcp.sent()) {
      assertTrue(s.seq >= at(12), () -> "new text only: " + s);
    }
    assertEquals(1, tcp.counted(Event.SEGMENTS_RETRANSMITTED));
  }

  @Test
  @DisplayName("F-RTO, step 3a: a duplicate instead, and all of it goes again")
  void givenALoss_whenADuplicateFollows_thenSlowStartResends() {
    var tcp = tried();
    tcp.receives(Seg.ack().ack(at(1)));
    tcp.sends(ACK).seq(at(1)).length(FULL);
    assertTrue(cwnd(tcp) <= 3 * FULL);
    tcp.sent();
    tcp.receives(Seg.ack().ack(at(4)));
    assertEquals(0, tcp.counted(Event.TIMEOUTS_UNDONE));
    assertEquals(at(4), tcp.sent().getFirst().seq);
    assertEquals(5 * FULL, threshold(tcp));
  }

  @Test
  @DisplayName("F-RTO, step 2a: a duplicate at once, and all of it goes again")
  void givenADuplicateFirst_thenNothingNewIsTried() {
    var tcp = tenInFlight(false);
    tcp.untilSends(3_000);
    tcp.sends(ACK).seq(1);
    tcp.receives(Seg.ack().ack(1)).receives(Seg.ack().ack(at(1)));
    assertEquals(at(1), tcp.sent().getFirst().seq);
    tcp.receives(Seg.ack().ack(at(2)));
    assertEquals(0, tcp.counted(Event.TIMEOUTS_UNDONE));
  }

  @Test
  @DisplayName("F-RTO, step 2: the first one must cover all of the copy, else nothing new is tried")
  void givenAnAckOfHalfTheCopy_thenNothingNewIsTried() {
    var tcp = tenInFlight(false);
    tcp.untilSends(3_000);
    tcp.sends(ACK).seq(1);
    tcp.receives(Seg.ack().ack(1 + FULL / 2));
    for (Sent s : tcp.sent()) {
      assertTrue(s.seq < at(10), () -> "copies only: " + s);
    }
    tcp.receives(Seg.ack().ack(at(1))); // the other half of the copy
    assertEquals(0, tcp.counted(Event.TIMEOUTS_UNDONE));
    assertEquals(5 * FULL, threshold(tcp));
    tcp.receives(Seg.ack().ack(at(10)));
    tcp.sent();
    assertEquals(0, tcp.counted(Event.TIMEOUTS_UNDONE));
  }

  @Test
  @DisplayName("F-RTO: without new text to try, all of it goes again")
  void givenNothingNew_thenTheRestGoesAgain() {
    var tcp = with().options(mss(FULL)).profile(NEW_RENO).established().send(5 * FULL);
    tcp.sent();
    tcp.untilSends(3_000);
    tcp.sends(ACK).seq(1);
    tcp.receives(Seg.ack().ack(at(1)));
    tcp.sends(ACK).seq(at(1));
    tcp.sends(ACK).seq(at(2));
    tcp.receives(Seg.ack().ack(at(3)));
    assertEquals(0, tcp.counted(Event.TIMEOUTS_UNDONE));
    tcp.receives(Seg.ack().ack(at(5)));
    assertEquals(0, tcp.number(t -> t.flightBytes()));
    tcp.allReturns();
  }

  @Test
  @DisplayName("F-RTO: not after a second time-out in a row")
  void givenASecondTimeOut_whenNewTextHadBeenTried_thenAllOfItGoesAgain() {
    var tcp = tried();
    tcp.untilSends(10_000);
    tcp.sends(ACK).seq(at(1));
    tcp.receives(Seg.ack().ack(at(2)));
    assertEquals(at(2), tcp.sent().getFirst().seq);
    tcp.receives(Seg.ack().ack(at(4)));
    assertEquals(0, tcp.counted(Event.TIMEOUTS_UNDONE));
  }
}
