package wisp.core.stack;

import wisp.core.Counters;

/**
 * What waits for a constant time and needs no timer of its own: acknowledgments and FIN-WAIT-2. An
 * entry is a hint: when it is due the connection's own record says whether it still holds.
 */
final class WaitQueues {
  private static final int MOST_DELAYED_ACKS = 1 << 16;
  private static final int MOST_FIN_WAITS = 1 << 24;

  private final HandleQueue delayedAcks = new HandleQueue(MOST_DELAYED_ACKS);
  private final HandleQueue finWaits = new HandleQueue(MOST_FIN_WAITS);
  private final ContextConfig config;
  private final Counters counters;

  WaitQueues(ContextConfig config, Counters counters) {
    this.config = config;
    this.counters = counters;
  }

  /** false: no room, the ACK goes now. */
  boolean delayAck(long handle, long nowNanos) {
    return delayedAcks.add(handle, nowNanos + config.delayedAckNanos());
  }

  void finWait2(long handle, long nowNanos) {
    if (!finWaits.add(handle, nowNanos + config.finWait2Nanos())) {
      counters.add(Counters.Event.TIME_WAIT_EVICTED);
    }
  }

  HandleQueue delayedAcks() {
    return delayedAcks;
  }

  HandleQueue finWaits() {
    return finWaits;
  }

  long nextDeadlineNanos() {
    return Math.min(delayedAcks.headDeadlineNanos(), finWaits.headDeadlineNanos());
  }

  long reservedBytes() {
    return delayedAcks.reservedBytes() + finWaits.reservedBytes();
  }
}
