package wisp.core.ip.ndp;

/**
 * Asks for routers when the link comes up: three times, four seconds apart, the first after a
 * random delay of up to a second; until a router answers (RFC 4861 §6.3.7).
 */
final class RouterSolicitations {
  private static final int MOST = 3;
  private static final long INTERVAL_NANOS = 4 * Lifetimes.SECOND;
  private static final long MAX_DELAY_NANOS = Lifetimes.SECOND;

  private final Lifetimes times;
  private int sent;
  private long due = Lifetimes.NEVER;

  RouterSolicitations(Lifetimes times) {
    this.times = times;
  }

  void start(long nowNanos) {
    sent = 0;
    due = nowNanos + times.random(MAX_DELAY_NANOS);
  }

  /** Whether one is to be sent now. */
  boolean isDue(long nowNanos) {
    if (nowNanos < due) {
      return false;
    }
    due = ++sent < MOST ? nowNanos + INTERVAL_NANOS : Lifetimes.NEVER;
    return true;
  }

  /** A router has answered. One that came unasked doesn't count: others may be there. */
  void answered() {
    if (sent > 0) {
      due = Lifetimes.NEVER;
    }
  }

  long nextDeadlineNanos() {
    return due;
  }
}
