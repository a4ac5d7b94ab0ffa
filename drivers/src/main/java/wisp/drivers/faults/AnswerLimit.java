package wisp.drivers.faults;

/**
 * How often a router answers with ICMP errors (RFC 1812 §4.3.2.8, RFC 4443 §2.4 (f)): a bucket of
 * ten, filled by a hundred a second.
 */
final class AnswerLimit {
  private static final int MOST = 10;
  private static final long REFILL_NANOS = 10_000_000;

  private int left = MOST;
  private long filledNanos = Long.MIN_VALUE;

  /** Whether one more may be sent now. */
  boolean take(long nowNanos) {
    if (filledNanos == Long.MIN_VALUE) {
      filledNanos = nowNanos;
    }
    long refills = (nowNanos - filledNanos) / REFILL_NANOS;
    filledNanos += refills * REFILL_NANOS;
    left = (int) Math.min(MOST, left + refills);
    if (left == 0) {
      return false;
    }
    left--;
    return true;
  }
}
