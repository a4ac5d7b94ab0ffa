package wisp.drivers.faults;

/**
 * How to be on time: sleep until shortly before, then spin, for a sleeping thread wakes up tens of
 * microseconds late.
 */
public final class Punctuality {
  /** So long before something is due, sleeping is too coarse. */
  private static final long SPIN_NANOS = 80_000;

  private Punctuality() {}

  /**
   * How long to sleep.
   *
   * @param nanosLeft until something is due; {@link Long#MAX_VALUE}: nothing is
   * @param most at most so long
   * @return 0: don't, look again at once
   */
  public static long sleepNanos(long nanosLeft, long most) {
    return nanosLeft > SPIN_NANOS ? Math.max(0, Math.min(nanosLeft - SPIN_NANOS, most)) : 0;
  }
}
