package wisp.core.tcp.congestion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.spi.AckSample;
import wisp.core.spi.CongestionState;

@DisplayName("RFC 5681, 3465, 9406: NewReno as arithmetic")
class NewRenoTest {
  private static final int MSS = 1_000;
  private static final int ROUNDS = 20;

  private static CongestionState state(int cwnd) {
    var s = new CongestionState();
    s.mss = MSS;
    s.reset();
    s.cwndBytes = cwnd;
    return s;
  }

  private static AckSample ack(int bytes, int flight) {
    var ack = new AckSample();
    ack.limited = true;
    ack.ackedBytes = bytes;
    ack.flightBytes = flight;
    return ack;
  }

  /** Peers that merge what arrives (GRO) acknowledge many segments at once. */
  @Test
  @Tag("rfc3465-a")
  void givenTheFirstSlowStart_whenAnAckConfirmsMuch_thenItAddsThatAndEightSegmentsAtMost() {
    for (int segments = 1; segments <= 12; segments++) {
      CongestionState s = state(20 * MSS);
      new NewReno().onAck(s, ack(segments * MSS, 20 * MSS));
      assertEquals((20 + Math.min(segments, 8)) * MSS, s.cwndBytes);
    }
  }

  @Test
  @Tag("rfc3465-a")
  void givenSlowStartAfterATimeOut_whenAnAckConfirmsMuch_thenItAddsTwoSegmentsAtMost() {
    var newReno = new NewReno();
    CongestionState s = state(20 * MSS);
    newReno.onTimeout(s, 20 * MSS, true, 0);
    assertEquals(MSS, s.cwndBytes);
    newReno.onAck(s, ack(5 * MSS, 5 * MSS));
    assertEquals(3 * MSS, s.cwndBytes);
  }

  @Test
  @Tag("rfc9406-a")
  void givenRoundTripsThatGrow_thenTheFirstSlowStartSlowsDownAndEnds() {
    var newReno = new NewReno();
    CongestionState s = state(10 * MSS);
    int rounds = 0;
    while (s.ssthreshBytes == CongestionState.UNLIMITED && rounds < ROUNDS) {
      rounds++;
      int flight = s.cwndBytes;
      for (int i = 0; i * MSS < flight; i++) {
        AckSample ack = ack(MSS, flight);
        ack.roundOver = i == 0;
        ack.rttMicros = rounds < 3 ? 40_000 : 40_000 + 10_000 * rounds;
        newReno.onAck(s, ack);
      }
    }
    assertTrue(rounds < ROUNDS, "it ends");
    int end = s.cwndBytes;
    assertTrue(end < 150 * MSS, () -> "no doubling since the third round: " + end);
    for (int i = 0; i < end / MSS; i++) {
      newReno.onAck(s, ack(MSS, end));
    }
    assertEquals(end + MSS, s.cwndBytes, "congestion avoidance: one more a round");
  }

  @Test
  void givenALossThatWasNone_whenUndone_thenTheFirstSlowStartGoesOnAsIfNew() {
    var newReno = new NewReno();
    CongestionState s = state(20 * MSS);
    newReno.onLoss(s, 20 * MSS, 0);
    s.cwndBytes = s.ssthreshBytes;
    newReno.onAck(s, ack(5 * MSS, 10 * MSS));
    s.ssthreshBytes = CongestionState.UNLIMITED;
    s.cwndBytes = 20 * MSS;
    newReno.onUndo(s, 0);
    for (int word : s.words) {
      assertEquals(0, word);
    }
    newReno.onAck(s, ack(4 * MSS, 20 * MSS));
    assertEquals(24 * MSS, s.cwndBytes);
  }

  /** Only full segments are sent: a rest of a segment in cwnd is acknowledged by nobody. */
  @ParameterizedTest
  @ValueSource(ints = {8_000, 8_001, 8_500, 8_999})
  void givenAWindowThatIsNotWholeSegments_whenAllOfARoundIsAcknowledged_thenItGrowsByOne(int cwnd) {
    CongestionState s = state(cwnd);
    s.ssthreshBytes = cwnd;
    AckSample ack = ack(MSS, cwnd);
    var newReno = new NewReno();
    for (int round = 1; round <= ROUNDS; round++) {
      int flight = s.cwndBytes / MSS;
      for (int i = 0; i < flight; i++) {
        newReno.onAck(s, ack);
      }
      assertEquals(cwnd + round * MSS, s.cwndBytes);
    }
  }
}
