package wisp.core.stack;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import wisp.core.Counters;
import wisp.core.spi.BlockPool;
import wisp.core.spi.RecordStore;
import wisp.core.spi.SocketBuffers;
import wisp.core.tcp.Activity;
import wisp.core.tcp.Blocks;
import wisp.core.tcp.ConnectionTimers;
import wisp.core.tcp.DrowsyList;
import wisp.core.tcp.ReceiveWindow;
import wisp.core.tcp.Retransmission;
import wisp.core.tcp.State;
import wisp.core.tcp.Tcb;
import wisp.core.tcp.TcpConfig;
import wisp.core.tcp.TcpEnvironment;
import wisp.core.tcp.TcpOutput;
import wisp.core.tcp.TimerKind;
import wisp.core.tcp.congestion.CongestionState;

/**
 * Lays connections out on {@link Tcb}s and puts them away again: into the record when they are
 * quiet, into their activity block when not. Calls nest, since a callback may use any connection;
 * the same connection is never laid out twice.
 */
final class TcbDesk {
  private final TcpEnvironment env;
  private final RecordStore records;
  private final Bindings bindings;
  private final Activity activity;
  private final ReceiveWindow window;
  private final ConnectionTimers timers;
  private final DrowsyList drowsy;
  private final WaitQueues waits;
  private final @Nullable SocketBuffers buffers;
  private final RecordCodec codec;
  private final SlotList removals = new SlotList();

  private Tcb[] tcbs = {new Tcb()};
  private int[] users = new int[1];
  private int depth;
  private int halfOpen;
  private int timeWait;
  private int waiting;

  TcbDesk(
      TcpEnvironment env,
      RecordStore records,
      Bindings bindings,
      Activity activity,
      ReceiveWindow window,
      TcpOutput output,
      ConnectionTimers timers,
      DrowsyList drowsy,
      WaitQueues waits,
      @Nullable SocketBuffers buffers) {
    this.env = env;
    this.records = records;
    this.bindings = bindings;
    this.activity = activity;
    this.window = window;
    this.codec = new RecordCodec(env, records, bindings, activity, window, output);
    this.timers = timers;
    this.drowsy = drowsy;
    this.waits = waits;
    this.buffers = buffers;
  }

  // ---- Handles ---------------------------------------------------------------------------------

  /**
   * The slot of a handle whose record lives and has that identity, else {@link RecordStore#NONE}.
   */
  int slotOf(long handle) {
    int slot = (int) handle;
    if (slot < 0
        || !records.isLive(slot)
        || RecordCodec.handle(records.key(slot), slot) != handle) {
      return RecordStore.NONE;
    }
    return slot;
  }

  /** As {@link #slotOf}, and the connection has not ended for the application. */
  int openSlotOf(long handle) {
    int slot = slotOf(handle);
    if (slot == RecordStore.NONE) {
      return RecordStore.NONE;
    }
    for (int i = 0; i < depth; i++) {
      if (tcbs[i].slot == slot) {
        return isOver(tcbs[i].state) ? RecordStore.NONE : slot;
      }
    }
    int state = RecordFlags.state(records.get(slot, RecordFlags.FLAGS));
    return state == RecordFlags.FREE || state == RecordFlags.TIME_WAIT ? RecordStore.NONE : slot;
  }

  private static boolean isOver(State state) {
    return state == State.CLOSED || state == State.TIME_WAIT;
  }

  // ---- Open and close --------------------------------------------------------------------------

  /**
   * Lays out the connection in a live slot. Every open is followed by one {@link #close}, in
   * reverse order.
   */
  Tcb open(int slot) {
    for (int i = depth - 1; i >= 0; i--) {
      if (tcbs[i].slot == slot) {
        users[i]++;
        return tcbs[i];
      }
    }
    Tcb tcb = take();
    if (tcb.slot != slot) {
      codec.load(tcb, slot);
    }
    return tcb;
  }

  private Tcb take() {
    if (depth == tcbs.length) {
      tcbs = Arrays.copyOf(tcbs, depth + 1);
      users = Arrays.copyOf(users, depth + 1);
      tcbs[depth] = new Tcb();
    }
    if (depth > 0) {
      tcbs[depth].slot = RecordStore.NONE; // only the first place may have kept its connection
    }
    users[depth] = 1;
    return tcbs[depth++];
  }

  /** Puts a connection away, when its last user does. */
  void close(Tcb tcb) {
    int i = depth - 1;
    while (tcbs[i] != tcb) {
      i--;
    }
    if (--users[i] == 0) {
      assert i == depth - 1 : "closed out of order";
      settle(tcb);
      depth--;
    }
  }

  /** Whether any connection is laid out. */
  boolean isBusy() {
    return depth > 0;
  }

  /**
   * A new connection with a fresh record and an activity block, laid out.
   *
   * @return null: no memory (counted by the caller); nothing has changed
   */
  @Nullable Tcb create(long key, int binding) {
    int slot = records.insert(key);
    if (slot == RecordStore.NONE) {
      return null;
    }
    if (buffers != null && !buffers.open(slot)) {
      records.remove(slot);
      return null;
    }
    forget(slot);
    Tcb tcb = take();
    codec.identify(tcb, slot, key);
    tcb.block = Blocks.NONE;
    tcb.state = State.CLOSED;
    tcb.srttMicros = 0;
    tcb.congestion.mss = TcpConfig.DEFAULT_MSS_IPV4;
    if (!activity.wake(tcb, Blocks.Purpose.ORDINARY)) {
      depth--;
      tcb.slot = RecordStore.NONE;
      if (buffers != null) {
        buffers.close(slot);
      }
      records.remove(slot);
      return null;
    }
    bindings.connectionAdded(binding);
    halfOpen++;
    return tcb;
  }

  /** A connection left SYN-SENT or SYN-RECEIVED, for ESTABLISHED or the end. */
  private void countHalfOpen(Tcb tcb, int recordState) {
    boolean wasHalfOpen = recordState == RecordFlags.FREE || recordState == RecordFlags.HALF_OPEN;
    boolean isHalfOpen = tcb.state == State.SYN_SENT || tcb.state == State.SYN_RECEIVED;
    if (wasHalfOpen && !isHalfOpen) {
      halfOpen--;
    }
  }

  int halfOpen() {
    return halfOpen;
  }

  int timeWait() {
    return timeWait;
  }

  /** Connections that wait for memory. */
  int waiting() {
    return waiting;
  }

  private void forget(int slot) {
    if (tcbs[0].slot == slot && depth == 0) {
      tcbs[0].slot = RecordStore.NONE;
    }
  }

  // ---- Putting away ----------------------------------------------------------------------------

  private void settle(Tcb tcb) {
    int recordFlags = records.get(tcb.slot, RecordFlags.FLAGS);
    int before = RecordFlags.state(recordFlags);
    if (tcb.state == State.CLOSED) {
      settleClosed(tcb, recordFlags);
      return;
    }
    countHalfOpen(tcb, before);
    countWaiting(recordFlags, false);
    if (tcb.state == State.TIME_WAIT) {
      settleTimeWait(tcb, recordFlags);
      return;
    }
    if (tcb.isQuiet() && window.edgeFollowsFromRecord(tcb)) {
      if (tcb.block == BlockPool.NONE || !becomesDrowsy(tcb)) {
        activity.release(tcb);
        codec.writeAsleep(tcb);
        countWaiting(RecordFlags.FREE, tcb.waiting);
        awaitPeersFin(tcb, recordFlags);
        return;
      }
    } else {
      drowsy.remove(tcb.block);
      if (tcb.timer == TimerKind.DROWSY) {
        timers.disarm(tcb);
      }
    }
    activity.save(tcb);
    codec.writeAwake(tcb);
  }

  private void settleClosed(Tcb tcb, int recordFlags) {
    int before = RecordFlags.state(recordFlags);
    if (before == RecordFlags.FREE && tcb.block == Blocks.NONE) {
      tcb.slot = RecordStore.NONE; // ended earlier in this burst
      return;
    }
    countHalfOpen(tcb, before);
    countWaiting(recordFlags, false);
    if (before == RecordFlags.TIME_WAIT) {
      timeWait--;
    }
    activity.release(tcb);
    records.set(tcb.slot, RecordFlags.FLAGS, RecordFlags.FREE);
    removals.add(tcb.slot);
    tcb.slot = RecordStore.NONE;
  }

  /**
   * Sleeping connections that wait for memory are found by a sweep; those awake hear of it with the
   * next ACK.
   */
  private void countWaiting(int flagsBefore, boolean now) {
    boolean before =
        RecordFlags.isAsleep(flagsBefore) && RecordFlags.has(flagsBefore, RecordFlags.WAITING);
    waiting += (now ? 1 : 0) - (before ? 1 : 0);
  }

  private void settleTimeWait(Tcb tcb, int recordFlags) {
    boolean isNew = RecordFlags.state(recordFlags) != RecordFlags.TIME_WAIT;
    activity.release(tcb);
    int stamp = RecordFlags.stampOf(recordFlags);
    if (isNew) {
      timeWait++;
    }
    if (isNew || tcb.timeWaitRestart) {
      int fresh = RecordFlags.stamp(waits.timeWaitDeadline(env.nowNanos));
      if (isNew || fresh != stamp) {
        stamp = fresh;
        while (waits.timeWaits().isFull()) {
          env.counters.add(Counters.Event.TIME_WAIT_EVICTED);
          endTimeWait(waits.timeWaits().pop(), NO_STAMP);
        }
        waits.timeWait(tcb.handle, env.nowNanos);
      }
    }
    tcb.timeWaitRestart = false;
    codec.writeTimeWait(tcb, stamp);
  }

  /** FIN-WAIT-2 with the application gone has a deadline: the peer may never send its FIN. */
  private void awaitPeersFin(Tcb tcb, int flagsBefore) {
    boolean waitsAlready =
        RecordFlags.state(flagsBefore) == RecordFlags.FIN_WAIT_2
            && RecordFlags.has(flagsBefore, RecordFlags.APPLICATION_CLOSED);
    if (tcb.state == State.FIN_WAIT_2 && tcb.applicationClosed && !waitsAlready) {
      waits.finWait2(tcb.handle, env.nowNanos);
    }
  }

  // ---- Drowsy ----------------------------------------------------------------------------------

  /** A quiet connection that has learnt something about its path keeps its block for one RTO. */
  private boolean becomesDrowsy(Tcb tcb) {
    if (tcb.timer == TimerKind.DROWSY) {
      return true;
    }
    CongestionState c = tcb.congestion;
    boolean hasLearnt =
        c.cwndBytes != CongestionState.initialWindow(c.mss)
            || c.ssthreshBytes != CongestionState.UNLIMITED;
    if (!hasLearnt || drowsy.contains(tcb.block)) {
      return false;
    }
    timers.arm(tcb, TimerKind.DROWSY, env.nowNanos + Retransmission.rtoNanos(env, tcb));
    drowsy.add(tcb.block);
    return true;
  }

  /**
   * Takes the block of the connection that has been drowsy longest, if it is not in use right now.
   */
  void reclaim() {
    int block = drowsy.oldest();
    if (block == Blocks.NONE) {
      return;
    }
    int slot = activity.slotOf(block);
    for (int i = 0; i < depth; i++) {
      if (tcbs[i].slot == slot) {
        return;
      }
    }
    Tcb tcb = open(slot);
    wakeNoMore(tcb);
    close(tcb);
  }

  /** The drowsy time is over: the record carries it from now on. */
  void wakeNoMore(Tcb tcb) {
    timers.disarm(tcb);
    if (tcb.isQuiet() && window.edgeFollowsFromRecord(tcb)) {
      activity.release(tcb);
    }
  }

  // ---- Waits that are over ---------------------------------------------------------------------

  /** The stamp that fits every entry. */
  private static final int NO_STAMP = -1;

  /** 2 MSL are over, if this entry is the connection's latest. */
  void timeWaitOver(long handle, long deadlineNanos) {
    endTimeWait(handle, RecordFlags.stamp(deadlineNanos));
  }

  private void endTimeWait(long handle, int stamp) {
    int slot = slotOf(handle);
    if (slot == RecordStore.NONE) {
      return;
    }
    int flags = records.get(slot, RecordFlags.FLAGS);
    boolean latest = stamp == NO_STAMP || RecordFlags.stampOf(flags) == stamp;
    if (RecordFlags.state(flags) == RecordFlags.TIME_WAIT && latest) {
      timeWait--;
      records.set(slot, RecordFlags.FLAGS, RecordFlags.FREE);
      forget(slot);
      removals.add(slot);
    }
  }

  /** Whether a connection still waits in FIN-WAIT-2 with the application gone. */
  boolean waitsForPeersFin(int slot) {
    int flags = records.get(slot, RecordFlags.FLAGS);
    return RecordFlags.state(flags) == RecordFlags.FIN_WAIT_2
        && RecordFlags.has(flags, RecordFlags.APPLICATION_CLOSED);
  }

  // ---- Removal ---------------------------------------------------------------------------------

  /**
   * Frees the records of connections that ended: after the burst, so that none of its packets meets
   * a new one in the old slot.
   */
  void removeEnded() {
    int n = removals.size();
    for (int i = 0; i < n; i++) {
      remove(removals.get(i));
    }
    removals.removeFirst(n);
  }

  /** Frees the record of a connection that ended while its successor is at the door. */
  void removeNow(int slot) {
    for (int i = 0; i < removals.size(); i++) {
      if (removals.get(i) == slot) {
        removals.removeAt(i);
        remove(slot);
        return;
      }
    }
  }

  private void remove(int slot) {
    bindings.connectionRemoved(Bindings.keyBinding(records.key(slot)));
    if (buffers != null) {
      buffers.close(slot);
    }
    forget(slot);
    records.remove(slot);
  }

  long reservedBytes() {
    return removals.reservedBytes();
  }
}
