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

@DisplayName("RFC 9438, RFC 9406: CUBIC and HyStart++ as arithmetic")
class CubicTest {
  private static final int MSS = 1_000;
  private static final long MS = 1_000_000;

  private final Cubic cubic = new Cubic();
  private final CongestionState s = new CongestionState();
  private final AckSample ack = new AckSample();
  private long now = 5_000 * MS;

  CubicTest() {
    s.mss = MSS;
    s.cwndBytes = 10 * MSS;
    s.reset();
  }

  /** One round: every segment of cwnd is acknowledged, cwnd being what limits. */
  private void round(int rttMillis) {
    now += rttMillis * MS;
    int flight = s.cwndBytes;
    for (int i = 0; i * MSS < flight; i++) {
      acknowledge(rttMillis, flight, i == 0);
    }
  }

  private void acknowledge(int rttMillis, int flight, boolean roundOver) {
    ack.nowNanos = now;
    ack.ackedBytes = MSS;
    ack.flightBytes = flight;
    ack.limited = true;
    ack.rttMicros = rttMillis * 1_000;
    ack.srttMicros = rttMillis * 1_000;
    ack.roundOver = roundOver;
    cubic.onAck(s, ack);
  }

  private void lossAt(int segments) {
    s.cwndBytes = segments * MSS;
    cubic.onLoss(s, s.cwndBytes, now);
    s.cwndBytes = s.ssthreshBytes;
  }

  private int roundsUntil(int bytes, int rttMillis) {
    for (int rounds = 0; rounds < 10_000; rounds++) {
      if (s.cwndBytes >= bytes) {
        return rounds;
      }
      round(rttMillis);
    }
    throw new AssertionError("never reached");
  }

  @Test
  @Tag("rfc9438-a")
  @Tag("rfc8511-b")
  void givenALoss_thenSevenTenthsStay() {
    s.cwndBytes = 100 * MSS;
    cubic.onLoss(s, 100 * MSS, now);
    assertEquals(70 * MSS, s.ssthreshBytes);
  }

  @Test
  void givenATinyFlight_whenLost_thenSsthreshIsTwoSegments() {
    cubic.onLoss(s, MSS, now);
    assertEquals(2 * MSS, s.ssthreshBytes);
  }

  @Test
  @Tag("rfc9438-b")
  void givenALoss_thenTheWindowReturnsSteeplyThenFlatThenSteeplyAgain() {
    lossAt(2_000); // large, so that Reno's estimate does not rule
    int[] after = new int[80];
    for (int i = 0; i < after.length; i++) {
      round(200);
      after[i] = s.cwndBytes;
    }
    double k = Math.cbrt(600 / 0.4); // seconds
    int plateau = (int) (k / 0.2);
    int early = after[5] - after[0];
    int flat = after[plateau + 2] - after[plateau - 3];
    int late = after[plateau + 17] - after[plateau + 12];
    assertTrue(early > 3 * flat, early + " against " + flat);
    assertTrue(late > 3 * flat, late + " against " + flat);
    assertEquals(2_000 * MSS, after[plateau], 40 * MSS);
  }

  @Test
  @Tag("rfc9438-b")
  void givenTwoRoundTripTimes_thenTheTimeToReturnIsTheSame() {
    lossAt(2_000);
    long slow = roundsUntil(1_950 * MSS, 200) * 200L;
    s.reset();
    lossAt(2_000);
    long fast = roundsUntil(1_950 * MSS, 100) * 100L;
    assertEquals(slow, fast, 0.1 * slow);
  }

  @Test
  @Tag("rfc9438-c")
  void givenAShortRoundTrip_thenItIsNotSlowerThanReno() {
    lossAt(20);
    int rounds = 40;
    for (int i = 0; i < rounds; i++) {
      round(5);
    }
    double reno = 14 + 3 * 0.3 / 1.7 * rounds; // segments, RFC 9438 §4.3 until cwnd_prior
    assertTrue(s.cwndBytes >= (Math.min(reno, 20) - 0.5) * MSS, s.cwndBytes + " of " + reno);
    assertTrue(s.cwndBytes <= (14 + rounds + 1) * MSS, "nor faster than one segment a round");
  }

  @Test
  @Tag("rfc9438-d")
  void givenALossBelowTheFormerMaximum_thenTheNewMaximumIsLowerThanTheWindowWas() {
    lossAt(1_000);
    s.cwndBytes = 800 * MSS;
    cubic.onLoss(s, s.cwndBytes, now);
    s.cwndBytes = s.ssthreshBytes;
    int before = s.cwndBytes;
    double k = Math.cbrt((800 * 0.85 - before / (double) MSS) / 0.4);
    for (int i = 0; i < k / 0.1; i++) {
      round(100);
    }
    assertEquals(680 * MSS, s.cwndBytes, 15 * MSS);
  }

  @Test
  @Tag("rfc8511-b")
  void givenATimeOut_thenOneSegmentAndSevenTenthsOfTheFlightAsThreshold() {
    s.cwndBytes = 100 * MSS;
    cubic.onTimeout(s, 80 * MSS, true, now);
    assertEquals(MSS, s.cwndBytes);
    assertEquals(56 * MSS, s.ssthreshBytes);
    cubic.onTimeout(s, MSS, false, now);
    assertEquals(56 * MSS, s.ssthreshBytes, "only the first time-out of a segment counts");
  }

  @Test
  void givenAnEcnEcho_thenTheCutIsSmallerThanForALoss() {
    s.cwndBytes = 100 * MSS;
    cubic.onEcnEcho(s, 100 * MSS, now);
    assertEquals(85 * MSS, s.cwndBytes);
    cubic.onLoss(s, 100 * MSS, now);
    assertEquals(70 * MSS, s.ssthreshBytes);
  }

  @Test
  void givenAnApplicationThatRests_thenTheWindowDoesNotGrow() {
    lossAt(100);
    int before = s.cwndBytes;
    now += 10_000 * MS;
    ack.limited = false;
    ack.flightBytes = MSS;
    ack.ackedBytes = MSS;
    ack.nowNanos = now;
    cubic.onAck(s, ack);
    assertEquals(before, s.cwndBytes);
    round(100);
    assertTrue(s.cwndBytes < before + 10 * MSS, "nor does it jump afterwards");
  }

  @Test
  @Tag("rfc9406-c")
  void givenShortSteadyRoundTrips_thenSlowStartGoesOnToTheFirstLoss() {
    for (int i = 0; i < 6; i++) {
      round(1);
    }
    assertEquals(10 * 64 * MSS, s.cwndBytes);
    assertEquals(CongestionState.UNLIMITED, s.ssthreshBytes);
  }

  @Test
  void givenOneAckForARound_thenItAddsEightSegmentsUnlessSomethingPaces() {
    now += 40 * MS;
    ack.nowNanos = now;
    ack.limited = true;
    ack.ackedBytes = 30 * MSS;
    cubic.onAck(s, ack);
    assertEquals(18 * MSS, s.cwndBytes);
    new Cubic.PacedProvider().create().onAck(s, ack);
    assertEquals(48 * MSS, s.cwndBytes);
  }

  @ParameterizedTest(name = "at {0} s")
  @ValueSource(ints = {5, 30, 60, 1_000})
  @Tag("rfc9406-a")
  void givenRoundTripsThatGrow_thenSlowStartSlowsDownAndEndsWithoutALoss(int seconds) {
    now = seconds * 1_000 * MS;
    for (int i = 0; i < 3; i++) {
      round(40);
    }
    int at = s.cwndBytes;
    round(60);
    assertTrue(s.cwndBytes < at * 3 / 2, "a quarter of the growth: " + s.cwndBytes);
    for (int i = 0; i < 5; i++) {
      round(60);
    }
    assertTrue(s.ssthreshBytes < CongestionState.UNLIMITED);
    assertTrue(s.cwndBytes < 4 * at);
    int end = s.cwndBytes;
    for (int i = 1; i <= 10; i++) {
      round(60);
      int most = end + 2 * i * MSS;
      assertTrue(s.cwndBytes >= end + i * MSS / 2 && s.cwndBytes <= most, "then CUBIC avoids");
    }
  }

  @Test
  @Tag("rfc9406-b")
  void givenAFalseAlarm_thenSlowStartGoesOn() {
    for (int i = 0; i < 3; i++) {
      round(40);
    }
    round(60);
    round(40);
    round(40);
    int at = s.cwndBytes;
    round(40);
    assertEquals(2 * at, s.cwndBytes);
    assertEquals(CongestionState.UNLIMITED, s.ssthreshBytes);
  }

  @Test
  void givenALossThatWasNone_whenUndone_thenTheFirstSlowStartGoesOn() {
    round(40);
    int cwnd = s.cwndBytes;
    cubic.onLoss(s, cwnd, now);
    s.cwndBytes = cwnd;
    s.ssthreshBytes = CongestionState.UNLIMITED;
    cubic.onUndo(s, now);
    round(40);
    assertEquals(2 * cwnd, s.cwndBytes);
  }
}
