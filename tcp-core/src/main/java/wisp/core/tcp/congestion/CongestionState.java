package wisp.core.tcp.congestion;

/**
 * What a congestion control knows of one connection while it is awake. Public fields: a workbench,
 * loaded from and saved to a block.
 */
public final class CongestionState {
  /** No loss seen yet. */
  public static final int UNLIMITED = Integer.MAX_VALUE;

  /** SMSS: payload bytes of a full segment. */
  public int mss;

  /** Bytes that may be in flight. */
  public int cwndBytes;

  /** Below it slow start, above it avoidance. */
  public int ssthreshBytes;

  /** For the algorithm: bytes acknowledged in congestion avoidance since cwnd grew last. */
  public int ackedBytes;

  /** The initial window of RFC 6928 for this segment size. */
  public static int initialWindow(int mss) {
    return Math.min(10 * mss, Math.max(2 * mss, 14_600));
  }
}
