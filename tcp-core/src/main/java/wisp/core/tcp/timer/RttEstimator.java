package wisp.core.tcp.timer;

/**
 * The retransmission time-out from measured round trips (RFC 6298, Jacobson 1988): pure functions,
 * the two variables SRTT and RTTVAR lie with the connection, in microseconds.
 *
 * <p>An SRTT of 0 means that nothing has been measured yet; a measured one is never 0. Feed at most
 * one sample per round trip, or timestamps on every segment make the averages forget too fast (RFC
 * 7323 §4.2); never one of a segment that was sent twice, unless a timestamp tells which copy was
 * acknowledged (Karn, RFC 6298 §3).
 */
public final class RttEstimator {
  /** SRTT before the first sample. */
  public static final int NO_SAMPLE = 0;

  /** RTO before the first sample (RFC 6298 §2.1). */
  public static final long INITIAL_RTO_NANOS = 1_000_000_000L;

  /** Upper bound of every RTO, at least 60 s (RFC 6298 §2.5). */
  public static final long MAX_RTO_NANOS = 60_000_000_000L;

  private RttEstimator() {}

  /** A round trip as a sample: microseconds, at least 1, at most {@link Integer#MAX_VALUE}. */
  public static int sampleMicros(long sentNanos, long nowNanos) {
    return (int) Math.clamp((nowNanos - sentNanos) / 1_000, 1L, Integer.MAX_VALUE);
  }

  /**
   * SRTT after a sample (RFC 6298 §2.2, §2.3 with alpha = 1/8), rounded to the nearest. RTTVAR
   * comes first: {@link #rttvarAfter} needs the SRTT before the sample.
   *
   * @param srttMicros the present SRTT, or {@link #NO_SAMPLE}
   * @param sampleMicros the sample, at least 1
   */
  public static int srttAfter(int srttMicros, int rttvarMicros, int sampleMicros) {
    assert srttMicros >= 0 && rttvarMicros >= 0 && sampleMicros >= 1;
    if (srttMicros == NO_SAMPLE) {
      return sampleMicros;
    }
    return (int) ((7L * srttMicros + sampleMicros + 4) / 8);
  }

  /**
   * RTTVAR after a sample (RFC 6298 §2.2, §2.3 with beta = 1/4), rounded to the nearest.
   *
   * @param srttMicros the SRTT <em>before</em> the sample, or {@link #NO_SAMPLE}
   * @param sampleMicros the sample, at least 1
   */
  public static int rttvarAfter(int srttMicros, int rttvarMicros, int sampleMicros) {
    assert srttMicros >= 0 && rttvarMicros >= 0 && sampleMicros >= 1;
    if (srttMicros == NO_SAMPLE) {
      return sampleMicros / 2;
    }
    long deviation = Math.abs((long) srttMicros - sampleMicros);
    return (int) ((3L * rttvarMicros + deviation + 2) / 4);
  }

  /**
   * RTO = SRTT + max(G, 4 · RTTVAR), within its bounds; 1 s before the first sample (RFC 6298 §2).
   *
   * @param minNanos lower bound: 1 s by RFC 6298 §2.4, 200 ms in Linux; at most {@link
   *     #MAX_RTO_NANOS}
   * @param clockGranularityNanos G
   */
  public static long rtoNanos(
      int srttMicros, int rttvarMicros, long minNanos, long clockGranularityNanos) {
    assert srttMicros >= 0 && rttvarMicros >= 0;
    long rto =
        srttMicros == NO_SAMPLE
            ? INITIAL_RTO_NANOS
            : srttMicros * 1_000L + Math.max(clockGranularityNanos, rttvarMicros * 4_000L);
    return Math.min(Math.max(rto, minNanos), MAX_RTO_NANOS);
  }

  /** The RTO after a time-out: doubled, within its bound (RFC 6298 §5.5). */
  public static long backOff(long rtoNanos) {
    assert rtoNanos > 0 && rtoNanos <= MAX_RTO_NANOS : rtoNanos;
    return Math.min(2 * rtoNanos, MAX_RTO_NANOS);
  }
}
