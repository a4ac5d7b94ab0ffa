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
  private final TcpOutput output;
  private final ConnectionTimers timers;
  private final DrowsyList drowsy;
  private final WaitQueues waits;
  private final @Nullable SocketBuffers buffers;
  private final MssTable mss = new MssTable();
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
    this.output = output;
    this.timers = timers;
    this.drowsy = drowsy;
    this.waits = waits;
    this.buffers = buffers;
  }

  // ---- Handles ---------------------------------------------------------------------------------

  /** What the application holds: slot and 31 bits of the identity. Never negative. */
  static long handle(long key, int slot) {
    return key * 0x9E37_79B9_7F4A_7C15L >>> 33 << 32 | slot;
  }

  /**
   * The slot of a handle whose record lives and has that identity, else {@link RecordStore#NONE}.
   */
  int slotOf(long handle) {
    int slot = (int) handle;
    if (slot < 0 || !records.isLive(slot) || handle(records.key(slot), slot) != handle) {
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
      load(tcb, slot);
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
    identify(tcb, slot, key);
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
    boolean wasHalfOpen = recordState == RecordFlags.FREE || recordState == HALF_OPEN;
    boolean isHalfOpen = tcb.state == State.SYN_SENT || tcb.state == State.SYN_RECEIVED;
    if (wasHalfOpen && !isHalfOpen) {
      halfOpen--;
    }
  }

  /** Record state of an awake connection in SYN-SENT or SYN-RECEIVED. */
  private static final int HALF_OPEN = 6;

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

  // ---- From the record -------------------------------------------------------------------------

  private void identify(Tcb tcb, int slot, long key) {
    tcb.slot = slot;
    tcb.key = key;
    tcb.handle = handle(key, slot);
    int binding = Bindings.keyBinding(key);
    tcb.binding = binding;
    boolean active = bindings.isActive(binding);
    tcb.localAddress = active ? Bindings.keyAddress(key) : bindings.address(binding);
    tcb.localPort = active ? Bindings.keyPort(key) : bindings.port(binding);
    tcb.remoteAddress = active ? bindings.address(binding) : Bindings.keyAddress(key);
    tcb.remotePort = active ? bindings.port(binding) : Bindings.keyPort(key);
    tcb.passive = !active;
    ConnectionProfile profile = bindings.profile(binding);
    tcb.nagle = profile.nagle();
    tcb.ttl = profile.ttl();
    tcb.dscp = profile.dscp();
    tcb.retransmissionLimitNanos = profile.retransmissionLimitNanos();
    tcb.timeWaitRestart = false;
  }

  private void load(Tcb tcb, int slot) {
    identify(tcb, slot, records.key(slot));
    int flags = records.get(slot, RecordFlags.FLAGS);
    int state = RecordFlags.state(flags);
    if (state == RecordFlags.AWAKE || state == HALF_OPEN) {
      activity.load(tcb, records.get(slot, RecordFlags.SND_NXT));
      tcb.congestion.mss = output.effectiveMss(tcb.peerMss, tcb.timestamps);
      return;
    }
    tcb.block = BlockPool.NONE;
    tcb.resetActivity();
    tcb.state = stateOf(state);
    tcb.sndNxt = records.get(slot, RecordFlags.SND_NXT);
    tcb.sndUna = tcb.sndNxt;
    tcb.rcvNxt = records.get(slot, RecordFlags.RCV_NXT);
    tcb.tsRecent = records.get(slot, RecordFlags.TS_RECENT);
    tcb.tsRecentAge = RecordFlags.age(flags);
    tcb.timestamps = RecordFlags.has(flags, RecordFlags.TIMESTAMPS);
    tcb.sackPermitted = RecordFlags.has(flags, RecordFlags.SACK);
    int scale = RecordFlags.scale(flags);
    tcb.windowScaling = scale != RecordFlags.NO_SCALE;
    tcb.sndScale = tcb.windowScaling ? scale : 0;
    tcb.rcvScale = tcb.windowScaling ? env.config.windowShift() : 0;
    tcb.paused = RecordFlags.has(flags, RecordFlags.SHUT);
    tcb.applicationClosed = RecordFlags.has(flags, RecordFlags.APPLICATION_CLOSED);
    tcb.ackOwed = RecordFlags.has(flags, RecordFlags.ACK_OWED);
    tcb.flushListed = RecordFlags.has(flags, RecordFlags.FLUSH_LISTED);
    tcb.ackNow = tcb.flushListed;
    tcb.waiting = RecordFlags.has(flags, RecordFlags.WAITING);
    tcb.peerMss = mss.mss(RecordFlags.mssClass(flags), TcpConfig.DEFAULT_MSS_IPV4);
    tcb.congestion.mss = output.effectiveMss(tcb.peerMss, tcb.timestamps);
    tcb.sndWnd = RecordFlags.window(flags);
    tcb.maxSndWnd = 65_535 << tcb.sndScale;
    tcb.sndWl1 = tcb.rcvNxt;
    tcb.sndWl2 = tcb.sndUna;
    tcb.lastAckSent = tcb.ackOwed ? tcb.rcvNxt - 1 : tcb.rcvNxt;
    window.restoreEdge(tcb);
  }

  private static State stateOf(int recordState) {
    return switch (recordState) {
      case RecordFlags.FREE -> State.CLOSED;
      case RecordFlags.ESTABLISHED -> State.ESTABLISHED;
      case RecordFlags.FIN_WAIT_2 -> State.FIN_WAIT_2;
      case RecordFlags.CLOSE_WAIT -> State.CLOSE_WAIT;
      case RecordFlags.TIME_WAIT -> State.TIME_WAIT;
      default -> throw new IllegalStateException("record state " + recordState);
    };
  }

  // ---- Into the record -------------------------------------------------------------------------

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
        writeAsleep(tcb);
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
    boolean half = tcb.state == State.SYN_SENT || tcb.state == State.SYN_RECEIVED;
    records.set(tcb.slot, RecordFlags.SND_NXT, tcb.block);
    records.set(tcb.slot, RecordFlags.FLAGS, half ? HALF_OPEN : RecordFlags.AWAKE);
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
        isAsleep(RecordFlags.state(flagsBefore))
            && RecordFlags.has(flagsBefore, RecordFlags.WAITING);
    waiting += (now ? 1 : 0) - (before ? 1 : 0);
  }

  private static boolean isAsleep(int recordState) {
    return recordState == RecordFlags.ESTABLISHED
        || recordState == RecordFlags.FIN_WAIT_2
        || recordState == RecordFlags.CLOSE_WAIT;
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
    int flags = RecordFlags.withStamp(flagsOf(tcb, RecordFlags.TIME_WAIT), stamp);
    writeWords(tcb, flags);
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

  private void writeAsleep(Tcb tcb) {
    int state =
        switch (tcb.state) {
          case ESTABLISHED -> RecordFlags.ESTABLISHED;
          case FIN_WAIT_2 -> RecordFlags.FIN_WAIT_2;
          case CLOSE_WAIT -> RecordFlags.CLOSE_WAIT;
          case CLOSED, LISTEN, SYN_SENT, SYN_RECEIVED, FIN_WAIT_1, CLOSING, LAST_ACK, TIME_WAIT ->
              throw new IllegalStateException("asleep in " + tcb.state);
        };
    writeWords(tcb, flagsOf(tcb, state) | RecordFlags.windowBits(tcb.sndWnd));
  }

  private int flagsOf(Tcb tcb, int state) {
    int scale = tcb.windowScaling ? tcb.sndScale : RecordFlags.NO_SCALE;
    return RecordFlags.of(state, scale, mss.classOf(tcb.peerMss), tcb.tsRecentAge)
        | (tcb.sackPermitted ? RecordFlags.SACK : 0)
        | (tcb.timestamps ? RecordFlags.TIMESTAMPS : 0)
        | (tcb.paused ? RecordFlags.SHUT : 0)
        | (tcb.applicationClosed ? RecordFlags.APPLICATION_CLOSED : 0)
        | (tcb.ackOwed ? RecordFlags.ACK_OWED : 0)
        | (tcb.flushListed ? RecordFlags.FLUSH_LISTED : 0)
        | (tcb.waiting ? RecordFlags.WAITING : 0);
  }

  private void writeWords(Tcb tcb, int flags) {
    records.set(tcb.slot, RecordFlags.SND_NXT, tcb.sndNxt);
    records.set(tcb.slot, RecordFlags.RCV_NXT, tcb.rcvNxt);
    records.set(tcb.slot, RecordFlags.TS_RECENT, tcb.tsRecent);
    records.set(tcb.slot, RecordFlags.FLAGS, flags);
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
