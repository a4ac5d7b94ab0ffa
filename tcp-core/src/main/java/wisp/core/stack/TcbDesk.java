package wisp.core.stack;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import wisp.core.ip.IpPacket;
import wisp.core.ip.SourceRoute;
import wisp.core.memory.Blocks;
import wisp.core.memory.Payer;
import wisp.core.spi.BlockPool;
import wisp.core.spi.CongestionState;
import wisp.core.tcp.Activity;
import wisp.core.tcp.ConnectionTimers;
import wisp.core.tcp.HalfOpen;
import wisp.core.tcp.ReceiveWindow;
import wisp.core.tcp.ReclaimLists;
import wisp.core.tcp.Retransmission;
import wisp.core.tcp.State;
import wisp.core.tcp.Tcb;
import wisp.core.tcp.TcpConfig;
import wisp.core.tcp.TcpEnvironment;
import wisp.core.tcp.TcpOutput;
import wisp.core.tcp.TimerKind;

/**
 * Lays connections out on {@link Tcb}s and puts them away again: into the record when they are
 * quiet, into their activity block when not. Calls nest, since a callback may use any connection;
 * the same connection is never laid out twice.
 */
final class TcbDesk {
  private final TcpEnvironment env;
  private final Records records;
  private final Bindings bindings;
  private final Activity activity;
  private final HalfOpen halfOpen;
  private final ReceiveWindow window;
  private final TcpOutput output;
  private final ConnectionTimers timers;
  private final ReclaimLists lists;
  private final WaitQueues waits;
  private final SlotDeadlines silences;
  private final SlotDeadlines patience;
  private final SlotDeadlines persists;
  private final RecordCodec codec;
  private final TimeWaits timeWaits;
  private final SlotList removals = new SlotList();
  private final Payer leaving = new Payer();

  /** Records in TIME-WAIT, until the end of the burst. */
  private final SlotList entering = new SlotList();

  /** Only with a memory that outlives its process. */
  private @Nullable Journal journal;

  private Tcb[] tcbs = {new Tcb()};
  private int[] users = new int[1];
  private int depth;
  private int inTimeWait;
  private boolean recordRefused;
  private int waiting;

  TcbDesk(
      TcpEnvironment env,
      Records records,
      Bindings bindings,
      RecordCodec codec,
      TimeWaits timeWaits,
      Activity activity,
      HalfOpen halfOpen,
      ReceiveWindow window,
      TcpOutput output,
      ConnectionTimers timers,
      ReclaimLists lists,
      WaitQueues waits,
      SlotDeadlines silences,
      SlotDeadlines patience,
      SlotDeadlines persists) {
    this.env = env;
    this.records = records;
    this.bindings = bindings;
    this.activity = activity;
    this.halfOpen = halfOpen;
    this.window = window;
    this.output = output;
    this.codec = codec;
    this.timeWaits = timeWaits;
    this.timers = timers;
    this.lists = lists;
    this.waits = waits;
    this.silences = silences;
    this.patience = patience;
    this.persists = persists;
  }

  /** See {@link RecordCodec#offer}. */
  void offer(Tcb tcb, ConnectionProfile profile) {
    codec.offer(tcb, profile);
  }

  // ---- Handles ---------------------------------------------------------------------------------

  /** The slot of a handle whose record lives and has that identity, else {@link Records#NONE}. */
  int slotOf(long handle) {
    int slot = (int) handle;
    if (slot < 0 || !records.isLive(slot) || codec.handle(slot) != handle) {
      return Records.NONE;
    }
    return slot;
  }

  /** The handle of a connection in a live slot. */
  long handle(int slot) {
    return codec.handle(slot);
  }

  /**
   * As {@link #slotOf}, and the connection has begun and not ended for the application: one from
   * LISTEN is its own before ESTABLISHED, even if an old handle happens to fit.
   */
  int openSlotOf(long handle) {
    int slot = slotOf(handle);
    if (slot == Records.NONE) {
      return Records.NONE;
    }
    for (int i = 0; i < depth; i++) {
      if (tcbs[i].slot == slot) {
        return isUnknown(tcbs[i]) ? Records.NONE : slot;
      }
    }
    int state = RecordFlags.state(records.get(slot, RecordFlags.FLAGS));
    boolean isUnknown =
        state == RecordFlags.FREE
            || state == RecordFlags.TIME_WAIT
            || (state == RecordFlags.HALF_OPEN
                && !bindings.isActive(Bindings.tailBinding(records.tail(slot))));
    return isUnknown ? Records.NONE : slot;
  }

  /** Whether the connection of a live slot has not ended; its record is freed after the burst. */
  boolean isAlive(int slot) {
    return isLaidOut(slot)
        || RecordFlags.state(records.get(slot, RecordFlags.FLAGS)) != RecordFlags.FREE;
  }

  private static boolean isUnknown(Tcb tcb) {
    return tcb.state == State.CLOSED || tcb.state == State.TIME_WAIT || tcb.halfOpen;
  }

  // ---- Connections of a former process ---------------------------------------------------------

  /** From now on this one marks what is laid out. */
  void journal(Journal keeper) {
    journal = keeper;
  }

  /** See {@link RecordCodec#identify}. */
  void identify(Tcb tcb, int slot) {
    codec.identify(tcb, slot);
  }

  MssTable mss() {
    return codec.mss();
  }

  /** A record that was found is its peer's. */
  void countedAgain(int slot) {
    if (env.peers.countsConnections()) {
      codec.identifyPeer(leaving, slot);
      env.peers.connections(leaving, 1);
    }
  }

  /** A record that was found waits for memory. */
  void waitingAgain() {
    waiting++;
  }

  /** Ends a connection without a word to anybody; its record goes with {@link #removeEnded}. */
  void drop(int slot) {
    leave(records.get(slot, RecordFlags.FLAGS));
    records.set(slot, RecordFlags.FLAGS, RecordFlags.FREE);
    forget(slot);
    removals.add(slot);
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
    if (journal != null) {
      for (int i = 0; i < depth; i++) {
        journal.reachedBeyond(tcbs[i]);
      }
      journal.opened(slot);
    }
    Tcb tcb = take();
    if (tcb.slot != slot) {
      codec.load(tcb, slot);
    } else {
      codec.refresh(tcb);
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
      tcbs[depth].slot = Records.NONE; // only the first place may have kept its connection
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

  /** See {@link Context#changeDscp}. */
  void changeDscp(Tcb tcb, int dscp) {
    codec.changeDscp(tcb, dscp);
  }

  /** See {@link Context#changeNagle}. */
  void changeNagle(Tcb tcb, boolean on) {
    codec.changeNagle(tcb, on);
  }

  /** See {@link RecordCodec#chooseRoute}. */
  boolean chooseRoute(Tcb tcb, SourceRoute route) {
    return codec.chooseRoute(tcb, route);
  }

  /** See {@link RecordCodec#routeReceived}. */
  void routeReceived(Tcb tcb, IpPacket packet) {
    codec.routeReceived(tcb, packet);
  }

  /** See {@link Context#changeUserTimeout}. */
  void changeUserTimeout(Tcb tcb, long nanos) {
    codec.changeUserTimeout(tcb, nanos);
  }

  /** See {@link Context#limitOpen}. */
  void limitOpen(Tcb tcb, long nanos) {
    codec.limitOpen(tcb, nanos);
  }

  /** The peer advises a user timeout (RFC 5482). */
  void adviseUserTimeout(Tcb tcb, long nanos) {
    codec.adviseUserTimeout(tcb, nanos);
  }

  /** See {@link Context#changeKeepAlive}: the silence counts from now on. */
  void changeKeepAlive(Tcb tcb, KeepAlive settings) {
    codec.changeKeepAlive(tcb, settings);
    if (settings.on()) {
      silences.set(tcb.slot, env.nowNanos + settings.idleNanos(), 0);
    } else {
      silences.clear(tcb.slot);
    }
  }

  /** The connection's keep-alive settings: its own or its profile's. */
  KeepAlive keepAlive(Tcb tcb) {
    return codec.keepAlive(tcb);
  }

  /** Whether any connection is laid out. */
  boolean isBusy() {
    return depth > 0;
  }

  /** What a new connection begins with. */
  enum Beginning {
    /** An activity block. */
    AWAKE,
    /** A small block: a SYN came. */
    HALF_OPEN,
    /** No block: a cookie came back. */
    BARE
  }

  /**
   * A new connection with a fresh record, laid out.
   *
   * @param high the address that the binding does not hold, upper half
   * @param low lower half
   * @param port the port that goes with it
   * @return null: no memory (counted by the caller); nothing has changed
   */
  @Nullable Tcb create(long high, long low, int port, int binding, Beginning beginning) {
    int slot = records.insert(high, low, Bindings.tail(port, binding));
    recordRefused = slot == Records.NONE;
    if (recordRefused) {
      return null;
    }
    forget(slot);
    Tcb tcb = take();
    codec.identify(tcb, slot);
    tcb.block = Blocks.NONE;
    tcb.state = State.CLOSED;
    tcb.srttMicros = 0;
    tcb.congestion.mss = TcpConfig.defaultMss(tcb.isIpv6());
    boolean hasBlock =
        switch (beginning) {
          case AWAKE -> activity.wake(tcb, Blocks.Purpose.NEW);
          case HALF_OPEN -> halfOpen.begin(tcb);
          case BARE -> {
            tcb.resetActivity();
            // Until it is put away; there is no block.
            records.set(slot, RecordFlags.FLAGS, RecordFlags.AWAKE | RecordFlags.IN_DOUBT);
            yield true;
          }
        };
    if (!hasBlock) {
      depth--;
      tcb.slot = Records.NONE;
      records.remove(slot);
      return null;
    }
    bindings.connectionAdded(binding);
    env.peers.connections(tcb.payer, 1);
    return tcb;
  }

  /** Whether the last {@link #create} had no record; else it had no block. */
  boolean recordRefused() {
    return recordRefused;
  }

  /** Records that are in TIME-WAIT, for the rest of the burst. */
  int inTimeWait() {
    return inTimeWait;
  }

  /** Connections that wait for memory. */
  int waiting() {
    return waiting;
  }

  private void forget(int slot) {
    if (tcbs[0].slot == slot && depth == 0) {
      tcbs[0].slot = Records.NONE;
    }
  }

  // ---- Putting away ----------------------------------------------------------------------------

  /** How a connection rests between two events. */
  private enum Rest {
    ENDED,
    TIME_WAIT,
    ASLEEP,
    AWAKE
  }

  private void settle(Tcb tcb) {
    if (Records.isTimeWait(tcb.slot)) {
      settleWithoutRecord(tcb);
      return;
    }
    int before = records.get(tcb.slot, RecordFlags.FLAGS);
    switch (restOf(tcb)) {
      case ENDED -> settleEnded(tcb, before);
      case TIME_WAIT -> {
        leave(before);
        settleTimeWait(tcb, before);
      }
      case ASLEEP -> {
        leave(before);
        activity.release(tcb);
        codec.writeAsleep(tcb);
        countWaiting(tcb);
        awaitPeersFin(tcb, before);
      }
      case AWAKE -> {
        leave(before);
        if (tcb.halfOpen) {
          halfOpen.save(tcb);
        } else {
          activity.save(tcb);
        }
        codec.writeAwake(tcb);
        countWaiting(tcb);
      }
    }
  }

  private Rest restOf(Tcb tcb) {
    if (tcb.state == State.CLOSED) {
      return Rest.ENDED;
    }
    if (tcb.state == State.TIME_WAIT) {
      return Rest.TIME_WAIT;
    }
    if (tcb.isQuiet() && window.edgeFollowsFromRecord(tcb)) {
      return tcb.block == BlockPool.NONE || !becomesDrowsy(tcb) ? Rest.ASLEEP : Rest.AWAKE;
    }
    assert tcb.block != BlockPool.NONE : "without a block, but not quiet: " + tcb;
    lists.awake(tcb.block, !tcb.held.isEmpty());
    if (tcb.timer == TimerKind.DROWSY) {
      timers.disarm(tcb);
    }
    limitHolding(tcb);
    return Rest.AWAKE;
  }

  /**
   * Text beyond a hole, or an urgent pointer, must not keep a block for ever when the peer falls
   * silent.
   */
  private void limitHolding(Tcb tcb) {
    boolean holds = !tcb.held.isEmpty() || tcb.peerFinHeld || tcb.urgentPending;
    if (holds && tcb.timer == TimerKind.NONE) {
      timers.arm(tcb, TimerKind.HOLDING, env.nowNanos + TcpConfig.HOLDING_LIMIT_NANOS);
    }
  }

  /** Takes a connection out of the count that its record stands for. */
  private void leave(int before) {
    if (RecordFlags.has(before, RecordFlags.WAITING)) {
      waiting--;
    }
  }

  private void countWaiting(Tcb tcb) {
    if (RecordFlags.has(records.get(tcb.slot, RecordFlags.FLAGS), RecordFlags.WAITING)) {
      waiting++;
    }
  }

  private void settleEnded(Tcb tcb, int before) {
    int state = RecordFlags.state(before);
    if (state != RecordFlags.FREE
        || tcb.block != Blocks.NONE) { // else it ended before in this burst
      leave(before);
      inTimeWait -= state == RecordFlags.TIME_WAIT ? 1 : 0;
      activity.release(tcb);
      records.set(tcb.slot, RecordFlags.FLAGS, RecordFlags.FREE);
      removals.add(tcb.slot);
    }
    tcb.slot = Records.NONE;
  }

  /** The record answers for it until the end of the burst, as that of one that has ended. */
  private void settleTimeWait(Tcb tcb, int before) {
    activity.release(tcb);
    if (RecordFlags.state(before) != RecordFlags.TIME_WAIT) {
      inTimeWait++;
      entering.add(tcb.slot);
    }
    codec.writeTimeWait(tcb);
  }

  /** What came for a connection in TIME-WAIT can end it or begin the time anew, nothing else. */
  private void settleWithoutRecord(Tcb tcb) {
    if (tcb.state == State.CLOSED) {
      timeWaits.end(tcb.slot);
    } else if (tcb.timeWaitRestart) {
      timeWaits.restart(tcb.slot, env.nowNanos);
    }
    tcb.slot = Records.NONE;
  }

  /** FIN-WAIT-2 with the application gone has a deadline: the peer may never send its FIN. */
  private void awaitPeersFin(Tcb tcb, int flagsBefore) {
    boolean waitsAlready = RecordFlags.state(flagsBefore) == RecordFlags.FIN_WAIT_2_CLOSED;
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
    if (!hasLearnt || lists.drowsy.contains(tcb.block)) {
      return false;
    }
    timers.arm(tcb, TimerKind.DROWSY, env.nowNanos + Retransmission.rtoNanos(env, tcb));
    lists.holding.remove(tcb.block);
    lists.drowsy.add(tcb.block);
    return true;
  }

  /** Whether a connection is in use right now. */
  boolean isLaidOut(int slot) {
    for (int i = 0; i < depth; i++) {
      if (tcbs[i].slot == slot) {
        return true;
      }
    }
    return false;
  }

  /** The drowsy time is over: the record carries it from now on. */
  void wakeNoMore(Tcb tcb) {
    timers.disarm(tcb);
    if (tcb.isQuiet() && window.edgeFollowsFromRecord(tcb)) {
      activity.release(tcb);
    }
  }

  // ---- Waits that are over ---------------------------------------------------------------------

  /** Whether a connection still waits in FIN-WAIT-2 with the application gone. */
  boolean waitsForPeersFin(int slot) {
    int flags = records.get(slot, RecordFlags.FLAGS);
    return RecordFlags.state(flags) == RecordFlags.FIN_WAIT_2_CLOSED;
  }

  // ---- Removal ---------------------------------------------------------------------------------

  /**
   * Frees the records of connections that ended, and of those in TIME-WAIT: after the burst, so
   * that none of its packets meets a new one in the old slot.
   */
  void removeEnded() {
    while (removals.size() > 0) {
      remove(removals.removeLast());
    }
    while (entering.size() > 0) {
      enterTimeWait(entering.removeLast());
    }
    bindings.reuseFreed();
  }

  /** Unless it has been opened anew meanwhile. */
  private void enterTimeWait(int slot) {
    boolean isStillThere =
        records.isLive(slot)
            && RecordFlags.state(records.get(slot, RecordFlags.FLAGS)) == RecordFlags.TIME_WAIT;
    if (isStillThere) {
      inTimeWait--;
      timeWaits.enter(slot, env.nowNanos);
      remove(slot);
    }
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
    output.forgetReports(codec.handle(slot));
    if (env.peers.countsConnections()) {
      codec.identifyPeer(leaving, slot);
      env.peers.connections(leaving, -1);
    }
    bindings.connectionRemoved(Bindings.tailBinding(records.tail(slot)));
    forget(slot);
    codec.forget(slot);
    silences.clear(slot);
    patience.clear(slot);
    persists.clear(slot);
    records.remove(slot);
  }

  long reservedBytes() {
    return removals.reservedBytes() + entering.reservedBytes() + codec.reservedBytes();
  }
}
