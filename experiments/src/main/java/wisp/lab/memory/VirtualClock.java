package wisp.lab.memory;

import wisp.core.stack.Context;

/** Time that passes as fast as there is nothing to do in it. */
final class VirtualClock {
  private static final long POLL_NANOS = 1_000;
  private long nowNanos;

  long nowNanos() {
    return nowNanos;
  }

  /** One poll takes a microsecond. */
  void tick() {
    nowNanos += POLL_NANOS;
  }

  /** Goes to the next deadline of either context, unless that lies beyond {@code limitNanos}. */
  boolean skip(long limitNanos, Context... contexts) {
    long next = Long.MAX_VALUE;
    for (Context context : contexts) {
      next = Math.min(next, context.nextDeadlineNanos());
    }
    if (next > limitNanos) {
      return false;
    }
    nowNanos = Math.max(nowNanos, next);
    return true;
  }
}
