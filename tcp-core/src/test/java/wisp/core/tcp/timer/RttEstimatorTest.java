package wisp.core.tcp.timer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@DisplayName("RFC 6298: the retransmission time-out")
@Tag("rfc6298")
class RttEstimatorTest {
  private static final long MILLI = 1_000_000L;
  private static final long SECOND = 1_000 * MILLI;
  private static final long NO_MINIMUM = 1;

  private int srtt;
  private int rttvar;

  @Test
  @DisplayName("§2.1: one second before the first sample")
  @Tag("rfc6298-a")
  void initialRto() {
    assertEquals(SECOND, RttEstimator.rtoNanos(0, 0, 200 * MILLI, MILLI));
    assertEquals(3 * SECOND, RttEstimator.rtoNanos(0, 0, 3 * SECOND, MILLI));
  }

  @Test
  @DisplayName("§2.2: the first sample R gives SRTT = R, RTTVAR = R/2, RTO = R + 4 · R/2")
  @Tag("MUST-18")
  @Tag("rfc6298-a")
  void firstSample() {
    sample(100_000);
    assertEquals(100_000, srtt);
    assertEquals(50_000, rttvar);
    assertEquals(300 * MILLI, RttEstimator.rtoNanos(srtt, rttvar, NO_MINIMUM, MILLI));
  }

  @Test
  @DisplayName("§2.3: later samples weigh 1/8 and 1/4, RTTVAR against the SRTT before the sample")
  @Tag("MUST-18")
  void laterSamples() {
    sample(100_000);
    sample(200_000);
    assertEquals(62_500, rttvar); // 3/4 · 50 ms + 1/4 · |100 − 200| ms
    assertEquals(112_500, srtt); // 7/8 · 100 ms + 1/8 · 200 ms
    assertEquals(362_500_000, RttEstimator.rtoNanos(srtt, rttvar, NO_MINIMUM, MILLI));
    sample(100_000);
    assertEquals(50_000, rttvar); // 3/4 · 62.5 + 1/4 · 12.5
    assertEquals(110_938, srtt); // 110,937.5 rounded
  }

  @Test
  @DisplayName("RFC 8961: never below the delay that is measured and four times its variation")
  @Tag("rfc9743-b")
  void coversTheVariation() {
    var random = new SplittableRandom(7);
    for (int i = 0; i < 10_000; i++) {
      sample(1 + random.nextInt(i % 100 == 0 ? 2_000_000 : 50_000));
      long measured = 1_000L * (srtt + 4L * rttvar);
      long rto = RttEstimator.rtoNanos(srtt, rttvar, NO_MINIMUM, MILLI);
      assertTrue(rto >= Math.min(measured, RttEstimator.MAX_RTO_NANOS));
    }
  }

  @Test
  @DisplayName("§2.3: G counts when the variance is smaller")
  void granularity() {
    assertEquals(10 * MILLI + 1_000, RttEstimator.rtoNanos(10_000, 0, NO_MINIMUM, 1_000));
    assertEquals(10 * MILLI + MILLI, RttEstimator.rtoNanos(10_000, 249, NO_MINIMUM, MILLI));
    assertEquals(10 * MILLI + 1_004_000, RttEstimator.rtoNanos(10_000, 251, NO_MINIMUM, MILLI));
  }

  @Test
  @DisplayName("§2.4, §2.5: lower and upper bound")
  @Tag("rfc6298-b")
  void bounds() {
    assertEquals(200 * MILLI, RttEstimator.rtoNanos(1, 1, 200 * MILLI, MILLI));
    assertEquals(SECOND, RttEstimator.rtoNanos(100, 100, SECOND, MILLI));
    assertEquals(60 * SECOND, RttEstimator.rtoNanos(50_000_000, 20_000_000, SECOND, MILLI));
    int most = Integer.MAX_VALUE;
    assertEquals(60 * SECOND, RttEstimator.rtoNanos(most, most, SECOND, MILLI));
  }

  @Test
  @DisplayName("§5.5: doubled at each time-out, up to 60 s")
  @Tag("rfc6298-b")
  void backOff() {
    long rto = SECOND;
    for (long expected : new long[] {2, 4, 8, 16, 32, 60, 60}) {
      rto = RttEstimator.backOff(rto);
      assertEquals(expected * SECOND, rto);
    }
  }

  @Test
  void steadySamplesSettle() {
    for (int rtt : new int[] {1, 7, 150, 40_000, 2_000_000}) {
      srtt = 0;
      sample(rtt * 2);
      for (int i = 0; i < 300; i++) {
        sample(rtt);
      }
      assertTrue(Math.abs(srtt - rtt) <= 4, rtt + " gave SRTT " + srtt);
      assertTrue(rttvar <= 6, rtt + " gave RTTVAR " + rttvar);
    }
  }

  @Test
  void neitherOverflowsNorFallsBackToNoSample() {
    var random = new SplittableRandom(6298);
    sample(1);
    for (int i = 0; i < 200_000; i++) {
      sample(
          random.nextBoolean()
              ? 1
              : 1 + (random.nextInt() >>> (1 + random.nextInt(31))) % Integer.MAX_VALUE);
      assertTrue(srtt > 0 && rttvar >= 0, "sample " + i + ": " + srtt + ", " + rttvar);
      long rto = RttEstimator.rtoNanos(srtt, rttvar, 200 * MILLI, MILLI);
      assertTrue(rto >= 200 * MILLI && rto <= 60 * SECOND);
    }
    for (int i = 0; i < 100; i++) {
      sample(Integer.MAX_VALUE);
    }
    assertTrue(srtt > 0 && rttvar >= 0);
  }

  @Test
  void samplesAreWithinTheRangeOfAnInt() {
    assertEquals(1, RttEstimator.sampleMicros(5, 5));
    assertEquals(1, RttEstimator.sampleMicros(0, 1_999));
    assertEquals(2, RttEstimator.sampleMicros(0, 2_000));
    assertEquals(1, RttEstimator.sampleMicros(10_000, 0));
    assertEquals(Integer.MAX_VALUE, RttEstimator.sampleMicros(0, Long.MAX_VALUE));
  }

  private void sample(int micros) {
    rttvar = RttEstimator.rttvarAfter(srtt, rttvar, micros);
    srtt = RttEstimator.srttAfter(srtt, rttvar, micros);
  }
}
