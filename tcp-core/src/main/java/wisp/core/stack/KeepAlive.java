package wisp.core.stack;

/**
 * Whether and how a silent peer is asked if it is still there (RFC 9293 §3.8.4). Nothing is asked
 * while something of ours is unacknowledged: resending asks already.
 *
 * @param on whether at all
 * @param idleNanos how long nothing must have come from the peer before the first probe
 * @param intervalNanos from an unanswered probe to the next
 * @param probes so many unanswered in a row, 2 … 60, end the connection; a single one may be lost
 *     like any ACK (MUST-29)
 * @param garbageOctet whether probes carry an octet that the peer has already: some very old hosts
 *     answer no others
 */
public record KeepAlive(
    boolean on, long idleNanos, long intervalNanos, int probes, boolean garbageOctet) {
  private static final long SECOND = 1_000_000_000L;
  static final long LONGEST_NANOS = 30L * 24 * 3_600 * SECOND;
  private static final int MOST_PROBES = 60;

  /** Two hours of silence, then up to nine probes, 75 seconds apart. */
  public static final KeepAlive USUAL = every(7_200 * SECOND, 75 * SECOND, 9);

  /** None. */
  public static final KeepAlive OFF =
      new KeepAlive(false, USUAL.idleNanos, USUAL.intervalNanos, USUAL.probes, false);

  /** Checks ranges. */
  public KeepAlive {
    if (idleNanos < 1
        || intervalNanos < 1
        || idleNanos > LONGEST_NANOS
        || intervalNanos > LONGEST_NANOS) {
      throw new IllegalArgumentException(
          "keep-alive after " + idleNanos + " ns, every " + intervalNanos + " ns: 1 ns … 30 days");
    }
    if (probes < 2 || probes > MOST_PROBES) {
      throw new IllegalArgumentException(
          probes + " keep-alive probes are outside 2 … " + MOST_PROBES);
    }
  }

  /** On, with probes that carry no data (SHLD-12). */
  public static KeepAlive every(long idleNanos, long intervalNanos, int probes) {
    return new KeepAlive(true, idleNanos, intervalNanos, probes, false);
  }
}
