package wisp.core.spi;

import java.util.Arrays;

/**
 * What a congestion control knows of one connection while it is awake. Public fields: a workbench,
 * loaded from and saved to a block.
 */
public final class CongestionState {
  /** No loss seen yet. */
  public static final int UNLIMITED = Integer.MAX_VALUE;

  /** Words of 32 bits that an algorithm has for itself, for each awake connection. */
  public static final int WORDS = 7;

  /** SMSS: payload bytes of a full segment. */
  public int mss;

  /** Bytes that may be in flight. */
  public int cwndBytes;

  /** Below it slow start, above it avoidance. */
  public int ssthreshBytes;

  /** The algorithm's own, 0 at the start. */
  public final int[] words = new int[WORDS];

  /** The initial window of RFC 6928 for this segment size. */
  public static int initialWindow(int mss) {
    return Math.min(10 * mss, Math.max(2 * mss, 14_600));
  }

  /** At rest: no loss seen, nothing known. The caller sets cwnd. */
  public void reset() {
    ssthreshBytes = UNLIMITED;
    Arrays.fill(words, 0);
  }
}
