package wisp.core.stack;

import wisp.core.Counters;
import wisp.core.Counters.Event;

/**
 * Connections in TIME-WAIT (RFC 9293 §3.6.1), from the end of the burst in which they entered it:
 * the application has heard the last of them, so nobody needs the slot of their record, and what
 * answers for them is a smaller thing in the {@link TimeWaitTable}. Each keeps its binding.
 *
 * <p>They stay for 2 MSL after the last FIN, a quarter of a second more at most. When there are too
 * many, or when there is no memory for another one, the oldest leaves early, which is counted.
 */
final class TimeWaits {
  /** So many leave for one at most when memory is short: with them a page comes free. */
  private static final int MOST_FOR_ONE = 128;

  private final ContextConfig config;
  private final Counters counters;
  private final TimeWaitTable table;
  private final Records records;
  private final Bindings bindings;
  private final RecordCodec codec;

  TimeWaits(
      ContextConfig config,
      Counters counters,
      TimeWaitTable table,
      Records records,
      Bindings bindings,
      RecordCodec codec) {
    this.config = config;
    this.counters = counters;
    this.table = table;
    this.records = records;
    this.bindings = bindings;
    this.codec = codec;
  }

  /** Takes a connection over from its record, which the caller then removes. */
  void enter(int record, long nowNanos) {
    int slot =
        insert(
            records.addressHigh(record),
            records.addressLow(record),
            records.tail(record),
            nowNanos);
    if (slot != Records.NONE) {
      for (int word = 0; word < records.words(); word++) {
        table.set(slot, word, records.get(record, word));
      }
      codec.move(record, slot);
      bindings.connectionAdded(Bindings.tailBinding(records.tail(record)));
    }
  }

  /**
   * The peer's FIN came again: 2 MSL begin anew (RFC 9293 §3.10.7.4, eighth check). Since the old
   * place stays for a while, that is so only as long as it takes no room from others: an eighth of
   * all places is theirs alone. Else a few peers who repeat their FINs would drive all others out.
   */
  void restart(int slot, long nowNanos) {
    int most = config.timeWaitLimit() - config.timeWaitLimit() / 8;
    if (table.deadline(slot) == deadline(nowNanos) || table.places() > most) {
      return;
    }
    long high = records.addressHigh(slot);
    long low = records.addressLow(slot);
    int tail = records.tail(slot);
    int sndNxt = table.get(slot, RecordFlags.SND_NXT);
    int rcvNxt = table.get(slot, RecordFlags.RCV_NXT);
    int tsRecent = table.get(slot, RecordFlags.TS_RECENT);
    int flags = table.get(slot, RecordFlags.FLAGS);
    table.remove(slot);
    int last = insert(high, low, tail, nowNanos);
    if (last == Records.NONE) {
      codec.forget(slot);
      bindings.connectionRemoved(Bindings.tailBinding(tail));
      return;
    }
    table.set(last, RecordFlags.SND_NXT, sndNxt);
    table.set(last, RecordFlags.RCV_NXT, rcvNxt);
    table.set(last, RecordFlags.TS_RECENT, tsRecent);
    table.set(last, RecordFlags.FLAGS, flags);
    codec.move(slot, last);
  }

  /** A place at the end; {@link Records#NONE}: that connection is the one that leaves early. */
  private int insert(long high, long low, int tail, long nowNanos) {
    while (table.places() > 0 && table.places() >= config.timeWaitLimit()) {
      leaveEarly();
    }
    int slot =
        config.timeWaitLimit() == 0
            ? Records.NONE
            : table.insert(high, low, tail, deadline(nowNanos));
    for (int i = 0; i < MOST_FOR_ONE && slot == Records.NONE && table.places() > 0; i++) {
      leaveEarly();
      slot = table.insert(high, low, tail, deadline(nowNanos));
    }
    if (slot == Records.NONE) {
      counters.add(Event.TIME_WAIT_EVICTED);
    }
    return slot;
  }

  private void leaveEarly() {
    if (leaveOldest()) {
      counters.add(Event.TIME_WAIT_EVICTED);
    }
  }

  /** Ends those whose time is over, {@code most} at once; returns how many places it left. */
  int expire(long nowNanos, int most) {
    int done = 0;
    while (done < most && nextDeadlineNanos() <= nowNanos) {
      leaveOldest();
      done++;
    }
    return done;
  }

  /** Leaves the oldest place; true: somebody was there. */
  private boolean leaveOldest() {
    int slot = table.oldest();
    boolean isLive = table.isLive(slot);
    if (isLive) {
      end(slot);
    }
    table.leaveOldest();
    return isLive;
  }

  /** This connection is no more; its place is left when its turn comes. */
  void end(int slot) {
    int binding = Bindings.tailBinding(records.tail(slot));
    codec.forget(slot);
    table.remove(slot);
    bindings.connectionRemoved(binding);
  }

  /** All of them. */
  void endAll() {
    while (table.places() > 0) {
      leaveOldest();
    }
  }

  /** When the first one is over; {@link Long#MAX_VALUE}: there is none. */
  long nextDeadlineNanos() {
    long units = table.headDeadline();
    return units == Long.MAX_VALUE ? units : units * TimeWaitRing.UNIT_NANOS;
  }

  /** 2 MSL from now, rounded up: nobody leaves too soon. */
  private long deadline(long nowNanos) {
    return Math.ceilDiv(nowNanos + 2 * config.maxSegmentLifetimeNanos(), TimeWaitRing.UNIT_NANOS);
  }

  /** How many there are. */
  int size() {
    return table.size();
  }

  /** Bound of a walk over all of them: {@link #at} of 0 … bound − 1. */
  int bound() {
    return table.bound();
  }

  /** The {@code i}-th slot of a walk, or {@link Records#NONE}: nobody is there. */
  int at(int i) {
    int slot = table.at(i);
    return table.isLive(slot) ? slot : Records.NONE;
  }

  long reservedBytes() {
    return table.reservedBytes();
  }
}
