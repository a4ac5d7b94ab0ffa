package wisp.core.ip;

import wisp.core.spi.KeyedHash;

/**
 * How many answers to strangers may leave in a second. How many fewer than the most is drawn for
 * each second: who knows the limit can count what others used of it.
 */
public final class DrawnLimit {
  private static final long SECOND = 1_000_000_000L;

  private final KeyedHash hash;
  private final int most;
  private final int spread;
  private long second = -1;
  private int inSecond;
  private int mostInSecond;

  /**
   * All quiet.
   *
   * @param hash draws; with a key of its own
   * @param most in a second; at least half of them are always permitted
   */
  public DrawnLimit(KeyedHash hash, int most) {
    this.hash = hash;
    this.most = most;
    this.spread = Integer.highestOneBit(Math.max(1, most / 2)) - 1;
  }

  /** Whether one more may leave now; counts it if so. */
  public boolean permits(long nowNanos) {
    long now = nowNanos / SECOND;
    if (now != second) {
      second = now;
      inSecond = 0;
      mostInSecond = most - (int) (hash.hash(now) & spread);
    }
    if (inSecond >= mostInSecond) {
      return false;
    }
    inSecond++;
    return true;
  }
}
