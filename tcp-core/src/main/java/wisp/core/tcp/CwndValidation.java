package wisp.core.tcp;

import wisp.core.spi.CongestionState;

/**
 * A window that nobody has used for five minutes says nothing of the path any more (RFC 7661 §4.3,
 * §4.4.3): it is halved, and again after as long. Used is a window when cwnd held the sender back,
 * or half of it was in flight.
 */
final class CwndValidation {
  /** The non-validated period. */
  private static final int MOST_UNUSED_SECONDS = 300;

  private CwndValidation() {}

  static int seconds(long nanos) {
    return (int) (nanos / 1_000_000_000L);
  }

  /** Something was acknowledged, outside loss recovery. */
  static void acknowledged(Tcb tcb, boolean limited, int flightBytes, long nowNanos) {
    CongestionState c = tcb.congestion;
    int now = seconds(nowNanos);
    if (limited || flightBytes >= c.cwndBytes / 2) {
      tcb.validatedSeconds = now;
    } else if (now - tcb.validatedSeconds >= MOST_UNUSED_SECONDS) {
      tcb.validatedSeconds = now;
      int least = CongestionState.initialWindow(c.mss);
      if (c.cwndBytes > least) {
        c.ssthreshBytes = Math.max(c.ssthreshBytes, c.cwndBytes / 4 * 3);
        c.cwndBytes = Math.max(c.cwndBytes / 2, least);
      }
    }
  }
}
