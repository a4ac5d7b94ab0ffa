package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.mss;
import static wisp.core.stack.Seg.sackPermitted;
import static wisp.core.stack.Seg.timestamp;
import static wisp.core.stack.TcpFixture.with;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import wisp.core.Counters.Event;

@DisplayName("RFC 2018, 6675, 9937, 3522: recovery by selective acknowledgments")
class SackRecoveryTest {
  /** Ten full segments in flight, and more to send. */
  private static TcpFixture tenInFlight() {
    var tcp = with().options(mss(1_460), sackPermitted()).established();
    tcp.send(14_600).send(14_600).send(14_600);
    assertEquals(10, tcp.sent().size());
    return tcp;
  }

  private static int at(int segment) {
    return 1 + 1_460 * segment;
  }

  /** An ACK of segment {@code una} with SACK blocks, each [from, to) in segments. */
  private static Seg sack(TcpFixture tcp, int una, int... edges) {
    int[] absolute = new int[edges.length];
    for (int i = 0; i < edges.length; i++) {
      absolute[i] = tcp.iss + at(edges[i]);
    }
    return Seg.ack().ack(at(una)).options(Seg.sack(absolute));
  }

  private static List<Integer> resent(TcpFixture tcp, int below) {
    List<Integer> segments = new ArrayList<>();
    for (Sent s : tcp.sent()) {
      int segment = (s.seq - 1) / 1_460;
      if (s.payload.length > 0 && segment < below) {
        segments.add(segment);
      }
    }
    return segments;
  }

  @Test
  void givenThreeSackedSegments_whenOneAckSaysSo_thenTheHoleIsResentAtOnce() {
    var tcp = tenInFlight();
    tcp.receives(sack(tcp, 0, 1, 4));
    assertEquals(List.of(0), resent(tcp, 10));
    assertEquals(1, tcp.host.counted(Event.FAST_RETRANSMITS));
  }

  @Test
  void givenTwoSackedSegments_thenNothingIsResent() {
    var tcp = tenInFlight();
    tcp.receives(sack(tcp, 0, 1, 3));
    assertEquals(List.of(), resent(tcp, 10));
  }

  @Test
  void givenTwoHoles_thenEachIsResentOnceAndNothingElse() {
    var tcp = tenInFlight();
    tcp.receives(sack(tcp, 0, 1, 4));
    tcp.receives(sack(tcp, 0, 5, 8, 1, 4));
    tcp.receives(sack(tcp, 0, 5, 10, 1, 4));
    assertEquals(List.of(0, 4), resent(tcp, 10));
    tcp.receives(sack(tcp, 4, 5, 10));
    assertEquals(List.of(), resent(tcp, 10));
    assertEquals(1, tcp.host.counted(Event.FAST_RETRANSMITS));
  }

  @Test
  void givenALargeFlight_thenLessIsSentThanArrived() {
    var tcp = tenInFlight();
    int sent = 0;
    for (int i = 2; i <= 10; i++) {
      tcp.receives(sack(tcp, 0, 1, i));
      sent += tcp.sent().size();
    }
    assertTrue(sent >= 5 && sent <= 8, () -> "nine arrived, seven tenths may go");
  }

  @Test
  void givenRecovery_whenAllThatWasInFlightIsAcknowledged_thenItEndsAtSsthresh() {
    var tcp = tenInFlight();
    tcp.receives(sack(tcp, 0, 1, 10));
    tcp.sent();
    tcp.receives(Seg.ack().ack(at(10)));
    tcp.sent();
    int flight = tcp.ourNxt - at(10);
    assertTrue(flight <= 7 * 1_460 && flight >= 5 * 1_460, () -> flight + " bytes");
  }

  @Test
  void givenASmallSsthresh_thenTheFirstRetransmissionLeavesAllTheSame() {
    var tcp = tenInFlight();
    tcp.receives(sack(tcp, 0, 7, 10));
    assertEquals(0, resent(tcp, 10).getFirst());
  }

  @Test
  void givenALostRetransmission_whenWhatWasSentAfterItArrives_thenItGoesAgainWithoutATimeOut() {
    var tcp = tenInFlight();
    tcp.receives(sack(tcp, 0, 1, 10));
    assertEquals(List.of(0), resent(tcp, 10));
    for (int i = 11; i < 17; i++) {
      tcp.receives(sack(tcp, 0, 1, i));
    }
    assertTrue(resent(tcp, 10).contains(0));
    assertEquals(0, tcp.host.counted(Event.TIMEOUTS));
  }

  @Test
  void givenATimeOut_thenWhatWasSackedIsNotResent_andASecondTimeOutBelievesNothing() {
    var tcp = tenInFlight();
    tcp.receives(sack(tcp, 0, 2, 4));
    tcp.sent();
    tcp.untilSends(10_000);
    tcp.sent();
    tcp.receives(Seg.ack().ack(at(1)));
    List<Integer> after = resent(tcp, 10);
    assertTrue(after.contains(1) && !after.contains(2) && !after.contains(3), after::toString);
    tcp.untilSends(20_000);
    tcp.sent();
    tcp.untilSends(40_000);
    tcp.sent();
    tcp.receives(Seg.ack().ack(at(2)));
    assertEquals(2, resent(tcp, 10).getFirst(), "reneged: it has to go again");
  }

  @Test
  void givenAPeerThatReneges_thenAllArrivesInTheEnd() {
    var tcp = tenInFlight();
    tcp.receives(sack(tcp, 0, 1, 4));
    tcp.sent();
    tcp.receives(Seg.ack().ack(at(1))); // and not at(4): it threw 1 to 3 away
    tcp.untilSends(10_000);
    assertTrue(resent(tcp, 10).contains(1));
  }

  @Test
  @DisplayName(
      "SACK blocks at or below the acknowledgment, empty, or beyond what was sent say nothing")
  void givenSenselessBlocks_thenNothingIsResent() {
    var tcp = tenInFlight();
    tcp.receives(sack(tcp, 1, 0, 1), sack(tcp, 1, 3, 3), sack(tcp, 1, 2, 400));
    assertEquals(List.of(), resent(tcp, 10));
    assertEquals(0, tcp.host.counted(Event.FAST_RETRANSMITS));
  }

  @Test
  @DisplayName("RFC 3522, 4015: the original arrives after all, the window goes back")
  void givenReordering_whenTheEchoIsOlderThanTheRetransmission_thenTheRecoveryIsUndone() {
    var tcp = with().options(mss(1_460), sackPermitted(), timestamp(1, 0)).established();
    tcp.send(14_600).send(14_600).send(14_600);
    int original = tcp.sent().getFirst().tsVal;
    tcp.advance(50).receives(sack(tcp, 0, 1, 5).ts(1_000_000, original));
    tcp.sent();
    assertEquals(1, tcp.host.counted(Event.FAST_RETRANSMITS));
    tcp.receives(Seg.ack().ack(at(5)).ts(1_000_001, original));
    assertEquals(1, tcp.host.counted(Event.RECOVERIES_UNDONE));
    tcp.sent();
    int flight = tcp.ourNxt - at(5);
    assertTrue(flight >= 10 * 1_400, () -> "cwnd is what it was: " + flight);
  }

  @Test
  void givenMoreIslandsThanOneBlockHolds_thenAllHolesAreRepairedAndMemoryComesBack() {
    var tcp = with().options(mss(100), sackPermitted()).established();
    int segments = 60;
    tcp.send(6_000);
    int seen = tcp.sent().size();
    for (int rtt = 0; seen < segments && rtt < 20; rtt++) {
      tcp.receives(Seg.ack());
      seen += tcp.sent().size();
    }
    tcp.send(6_000);
    int una = tcp.ourNxt;
    int n = tcp.sent().size();
    for (int i = 1; i < n; i += 2) {
      int left = tcp.iss + una - 100 * (n - i);
      tcp.receives(Seg.ack().ack(una - 100 * n).options(Seg.sack(left, left + 100)));
      tcp.sent();
    }
    tcp.receives(Seg.ack());
    tcp.advance(100_000);
    tcp.receives(Seg.ack());
    tcp.allReturns();
  }
}
