package wisp.core.stack;

import wisp.core.Counters;

/**
 * What waits for a constant time and needs no timer of its own: acknowledgments, TIME-WAIT,
 * FIN-WAIT-2. An entry is a hint: when it is due the connection's own record says whether it still
 * holds.
 */
final class WaitQueues {
  private static final int MOST_DELAYED_ACKS = 1 << 16;
  private static final int MOST_FIN_WAITS = 1 << 24;

  private final HandleQueue delayedAcks = new HandleQueue(MOST_DELAYED_ACKS);
  private final HandleQueue finWaits = new HandleQueue(MOST_FIN_WAITS);
  private final HandleQueue timeWaits;
  private final ContextConfig config;
  private final Counters counters;

  WaitQueues(ContextConfig config, Counters counters) {
    this.config = config;
    this.counters = counters;
    this.timeWaits = new HandleQueue(Math.max(64, config.timeWaitLimit()));
  }

  /** false: no room, the ACK goes now. */
  boolean delayAck(long handle, long nowNanos) {
    return delayedAcks.add(handle, nowNanos + config.delayedAckNanos());
  }

  /** Unit of the stamps in the records: fine enough to tell, coarse enough for 2 MSL to fit. */
  long stampNanos() {
    return Math.max(250_000_000L, timeWaitNanos() / 2_048 + 1);
  }

  /** 2 MSL. */
  long timeWaitNanos() {
    return 2 * config.maxSegmentLifetimeNanos();
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

  HandleQueue timeWaits() {
    return timeWaits;
  }

  long nextDeadlineNanos() {
    return Math.min(
        delayedAcks.headDeadlineNanos(),
        Math.min(finWaits.headDeadlineNanos(), timeWaits.headDeadlineNanos()));
  }

  long reservedBytes() {
    return delayedAcks.reservedBytes() + finWaits.reservedBytes() + timeWaits.reservedBytes();
  }
}
