package wisp.core.stack;

import wisp.core.Counters;

/**
 * What waits for a constant time and needs no timer of its own: acknowledgments and FIN-WAIT-2. An
 * entry is a hint: when it is due the connection's own record says whether it still holds.
 */
final class WaitQueues {
  private static final int MOST_DELAYED_ACKS = 1 << 16;

  /**
   * For each place in TIME-WAIT that is allowed: an entry is no connection but 16 bytes beside one
   * that has a record anyway, and stays for its time even if that goes.
   */
  private static final int FIN_WAITS_A_TIME_WAIT = 64;

  private final HandleQueue delayedAcks = new HandleQueue(MOST_DELAYED_ACKS);
  private final HandleQueue finWaits = new HandleQueue(Integer.MAX_VALUE);
  private final int mostFinWaits;
  private final ContextConfig config;
  private final Counters counters;

  WaitQueues(ContextConfig config, Counters counters) {
    this.config = config;
    this.counters = counters;
    long most = (long) Math.max(1, config.timeWaitLimit()) * FIN_WAITS_A_TIME_WAIT;
    this.mostFinWaits = (int) Math.min(most, 1 << 30);
  }

  /** false: no room, the ACK goes now. */
  boolean delayAck(long handle, long nowNanos) {
    return delayedAcks.add(handle, nowNanos + config.delayedAckNanos());
  }

  /** FIN-WAIT-2 with the application gone begins; without memory on the heap it has no end. */
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

  /** Whether there are more in FIN-WAIT-2 than may be: the oldest ends before its time. */
  boolean isFinWaitEarly() {
    return finWaits.size() > mostFinWaits;
  }

  /** When the oldest FIN-WAIT-2 is over; 0: now, since there are too many. */
  long finWaitDeadlineNanos() {
    return isFinWaitEarly() ? 0 : finWaits.headDeadlineNanos();
  }

  long nextDeadlineNanos() {
    return Math.min(delayedAcks.headDeadlineNanos(), finWaitDeadlineNanos());
  }

  long reservedBytes() {
    return delayedAcks.reservedBytes() + finWaits.reservedBytes();
  }
}
