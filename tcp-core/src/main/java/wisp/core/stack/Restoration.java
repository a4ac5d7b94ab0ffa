package wisp.core.stack;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import wisp.core.Counters.Event;
import wisp.core.ip.IpAddress;
import wisp.core.spi.CongestionControl;
import wisp.core.spi.Durability;
import wisp.core.tcp.Agenda;
import wisp.core.tcp.EndCause;
import wisp.core.tcp.Ending;
import wisp.core.tcp.Revival;
import wisp.core.tcp.Tcb;
import wisp.core.tcp.TcpEnvironment;
import wisp.core.tcp.TcpOutput;
import wisp.core.tcp.congestion.CongestionControls;

/**
 * Takes over the connections of a former process, before the first packet is received:
 *
 * <ol>
 *   <li>bindings from their notes, each with the handler that has the same name now;
 *   <li>the index, from a walk over the records;
 *   <li>who was awake claims blocks and frames, and has its timer set;
 *   <li>who can't go on is reset: its handler is gone, or it was in hand at the end.
 * </ol>
 *
 * The handlers hear of it later, some connections at each poll, but always before anything else is
 * told of a connection. Connections in TIME-WAIT are forgotten: their numbers can't be used again,
 * since the clocks of sequence numbers and timestamps go on. So are half-open ones that were in
 * hand: their peers send SYN again, or learn by RST.
 */
final class Restoration {
  private static final int TOLD_A_POLL = 1_024;

  /** Stands in for a handler that is not there any more. */
  private static final ConnectionHandler NOBODY =
      (context, connection, memory, offset, length) -> {};

  private static final int UNTRUSTED = RecordFlags.IN_WORK | RecordFlags.IN_DOUBT;

  private final TcpEnvironment env;
  private final Durability durability;
  private final Records records;
  private final Bindings bindings;
  private final BindingNotes notes;
  private final TcbDesk desk;
  private final Revival revival;
  private final TcpOutput output;
  private final Ending ending;
  private final Agenda agenda;
  private final Listeners listeners;
  private final CongestionControls controls;
  private final WaitQueues waits;
  private final SlotDeadlines silences;

  private final Map<String, ConnectionHandler> handlers = new HashMap<>();
  private final SlotList awake = new SlotList();
  private final SlotList acks = new SlotList();
  private final SlotList resets = new SlotList();
  private final BitSet untoldIpv4 = new BitSet();
  private final BitSet untoldIpv6 = new BitSet();
  private final Tcb scratch = new Tcb();
  private int untold;

  /** Nobody below is untold. */
  private int ipv4Cursor;

  private int ipv6Cursor;
  private boolean pending;

  Restoration(
      TcpEnvironment env,
      Durability durability,
      Records records,
      Bindings bindings,
      BindingNotes notes,
      TcbDesk desk,
      Revival revival,
      TcpOutput output,
      Ending ending,
      Agenda agenda,
      Listeners listeners,
      CongestionControls controls,
      WaitQueues waits,
      SlotDeadlines silences) {
    this.env = env;
    this.durability = durability;
    this.records = records;
    this.bindings = bindings;
    this.notes = notes;
    this.desk = desk;
    this.revival = revival;
    this.output = output;
    this.ending = ending;
    this.agenda = agenda;
    this.listeners = listeners;
    this.controls = controls;
    this.waits = waits;
    this.silences = silences;
    this.pending = durability.isFormer();
    if (!pending) {
      keepMss();
    }
  }

  /** A handler of connections that were opened from here, by its name. */
  void offer(ConnectionHandler handler) {
    handlers.put(handler.name(), handler);
  }

  /** Whether connections of a former process wait to be taken over. */
  boolean isPending() {
    return pending;
  }

  /** Takes them over. */
  void run() {
    pending = false;
    desk.mss().restore(notes.mssValues());
    boolean withIpv6 = restoreBindings();
    records.restore(withIpv6, this::keeps);
    int bound = records.bound();
    for (int i = 0; i < bound; i++) {
      int slot = records.at(i);
      if (records.isLive(slot)) {
        take(slot);
      }
    }
    for (int i = 0; i < resets.size(); i++) {
      hold(resets.get(i));
    }
    revival.claimed();
    for (int i = 0; i < awake.size(); i++) {
      revive(awake.get(i));
    }
    for (int i = 0; i < acks.size(); i++) {
      acknowledge(acks.get(i));
    }
    for (int i = 0; i < resets.size(); i++) {
      reset(resets.get(i));
    }
    revival.releaseStrays();
    desk.removeEnded();
    bindings.dropUnused();
    keepMss();
    awake.removeFirst(awake.size());
    acks.removeFirst(acks.size());
    resets.removeFirst(resets.size());
  }

  private void keepMss() {
    notes.keepMss(desk.mss().values());
    desk.mss().onNew(() -> notes.keepMss(desk.mss().values()));
  }

  // ---- Bindings --------------------------------------------------------------------------------

  /** Whether one of them is of IPv6. */
  private boolean restoreBindings() {
    boolean withIpv6 = false;
    for (int number = 1; number <= Durability.LAST_NOTE; number++) {
      BindingNotes.Kept kept = notes.kept(number);
      if (kept != null) {
        restore(number, kept);
        withIpv6 |= !IpAddress.isIpv4(kept.high(), kept.low());
      }
    }
    return withIpv6;
  }

  private void restore(int number, BindingNotes.Kept kept) {
    Listeners.Listener listener =
        kept.activeRole() ? null : listeners.find(kept.high(), kept.low(), kept.port());
    boolean fits = listener != null && listener.handler().name().equals(kept.handler());
    ConnectionHandler handler = listener != null && fits ? listener.handler() : named(kept);
    bindings.restore(
        number, kept, handler, control(kept), listener == null ? null : listener.backlog());
  }

  private ConnectionHandler named(BindingNotes.Kept kept) {
    ConnectionHandler offered = kept.handler().isEmpty() ? null : handlers.get(kept.handler());
    return offered == null ? NOBODY : offered;
  }

  private CongestionControl control(BindingNotes.Kept kept) {
    String name = kept.profile().congestionControl();
    return controls.find(controls.has(name) ? name : ConnectionProfile.DEFAULT.congestionControl());
  }

  // ---- Records ---------------------------------------------------------------------------------

  private boolean keeps(int slot) {
    int state = RecordFlags.state(records.get(slot, RecordFlags.FLAGS));
    boolean isOver =
        state == RecordFlags.FREE
            || state == RecordFlags.TIME_WAIT
            || !bindings.isKnown(Bindings.tailBinding(records.tail(slot)));
    if (isOver && state != RecordFlags.FREE) {
      env.counters.add(Event.RECORDS_FORGOTTEN);
    }
    if (isOver) {
      records.set(slot, RecordFlags.FLAGS, RecordFlags.FREE);
    }
    return !isOver;
  }

  @SuppressWarnings("ReferenceEquality") // the very one that stands in
  private boolean isOrphan(int slot) {
    return bindings.handler(Bindings.tailBinding(records.tail(slot))) == NOBODY;
  }

  private void take(int slot) {
    int flags = records.get(slot, RecordFlags.FLAGS);
    bindings.connectionAdded(Bindings.tailBinding(records.tail(slot)));
    desk.countedAgain(slot);
    if (RecordFlags.has(flags, RecordFlags.WAITING)) {
      desk.waitingAgain();
    }
    if (RecordFlags.state(flags) == RecordFlags.HALF_OPEN) {
      takeHalfOpen(slot, flags);
      return;
    }
    boolean isAwake = RecordFlags.state(flags) == RecordFlags.AWAKE;
    if ((isAwake && !isTrusted(slot, flags)) || isOrphan(slot)) {
      resets.add(slot);
      return;
    }
    env.counters.add(Event.RECORDS_RESTORED);
    tellLater(slot);
    if (isAwake) {
      awake.add(slot);
    } else {
      takeAsleep(slot, flags);
    }
  }

  /** Nobody but us has to know of one that came from LISTEN. */
  private void takeHalfOpen(int slot, int flags) {
    int binding = Bindings.tailBinding(records.tail(slot));
    int block = records.get(slot, RecordFlags.SND_NXT);
    desk.identify(scratch, slot);
    boolean isWhole = !RecordFlags.has(flags, RecordFlags.IN_WORK) && !isOrphan(slot);
    if (isWhole && bindings.isActive(binding)) {
      isWhole = revival.claim(scratch, block);
    } else if (isWhole) {
      isWhole = bindings.backlog(binding) != null && revival.claimHalfOpen(scratch, block);
    }
    if (!isWhole) {
      env.counters.add(Event.RECORDS_FORGOTTEN);
      desk.drop(slot);
      return;
    }
    env.counters.add(Event.RECORDS_RESTORED);
    awake.add(slot);
    if (bindings.isActive(binding)) {
      tellLater(slot);
    }
  }

  private void tellLater(int slot) {
    untold(slot).set(slot & ~Records.IPV6);
    untold++;
  }

  /** Whether all that an awake connection has is there, and claimed. */
  private boolean isTrusted(int slot, int flags) {
    int block = records.get(slot, RecordFlags.SND_NXT);
    desk.identify(scratch, slot);
    if (RecordFlags.has(flags, UNTRUSTED)) {
      return false;
    }
    if (!revival.claim(scratch, block)) {
      records.set(slot, RecordFlags.FLAGS, flags | RecordFlags.IN_WORK);
      return false;
    }
    return true;
  }

  /** The block of one that was in hand, after all others have claimed theirs. */
  private void hold(int slot) {
    int flags = records.get(slot, RecordFlags.FLAGS);
    if (RecordFlags.state(flags) == RecordFlags.AWAKE
        && RecordFlags.has(flags, RecordFlags.IN_WORK)) {
      revival.hold(records.get(slot, RecordFlags.SND_NXT));
    }
  }

  private void takeAsleep(int slot, int flags) {
    if (RecordFlags.has(flags, RecordFlags.ACK_OWED | RecordFlags.ACK_NOW)) {
      acks.add(slot);
    }
    if (RecordFlags.state(flags) == RecordFlags.FIN_WAIT_2_CLOSED) {
      waits.finWait2(desk.handle(slot), env.nowNanos);
    }
    awaitAnswers(slot);
  }

  /** The silence counts from now on. */
  private void awaitAnswers(int slot) {
    KeepAlive settings = bindings.profile(Bindings.tailBinding(records.tail(slot))).keepAlive();
    if (settings.on()) {
      silences.set(slot, env.nowNanos + settings.idleNanos(), 0);
    }
  }

  private void revive(int slot) {
    Tcb tcb = desk.open(slot);
    revival.revive(tcb);
    tcb.flushListed = false;
    if (!tcb.halfOpen) {
      agenda.atEndOfBurst(tcb);
      awaitAnswers(slot);
    }
    desk.close(tcb);
  }

  /** An acknowledgment was owed; nobody remembers since when. */
  private void acknowledge(int slot) {
    Tcb tcb = desk.open(slot);
    tcb.ackNow = true;
    tcb.flushListed = false;
    agenda.atEndOfBurst(tcb);
    desk.close(tcb);
  }

  // ---- Resets ----------------------------------------------------------------------------------

  /**
   * RST with the number that the peer expects, if that is known. If it is only half known, a
   * keep-alive follows: the peer answers with the number that it wants, and there is no such
   * connection any more.
   */
  private void reset(int slot) {
    env.counters.add(Event.RECORDS_RESET);
    int flags = records.get(slot, RecordFlags.FLAGS);
    boolean isAwake = RecordFlags.state(flags) == RecordFlags.AWAKE;
    if (!isAwake || !RecordFlags.has(flags, UNTRUSTED)) {
      Tcb tcb = desk.open(slot);
      if (isAwake) {
        revival.revive(tcb);
      }
      output.sendReset(tcb);
      ending.end(tcb, EndCause.ABORTED);
      desk.close(tcb);
      return;
    }
    desk.identify(scratch, slot);
    int first = records.get(slot, RecordFlags.SND_NXT);
    boolean slept = RecordFlags.has(flags, RecordFlags.IN_DOUBT);
    if (slept || !revival.glance(scratch, first)) {
      scratch.sndNxt = first;
      scratch.rcvNxt = records.get(slot, RecordFlags.RCV_NXT);
      scratch.tsRecent = records.keepTimestamps() ? records.get(slot, RecordFlags.TS_RECENT) : 0;
      scratch.timestamps = RecordFlags.has(flags, RecordFlags.TIMESTAMPS);
    }
    scratch.sndUna = scratch.sndNxt;
    scratch.rcvAdv = scratch.rcvNxt;
    output.sendReset(scratch);
    output.sendKeepAlive(scratch, false);
    desk.drop(slot);
  }

  // ---- Telling ---------------------------------------------------------------------------------

  private BitSet untold(int slot) {
    return (slot & Records.IPV6) == 0 ? untoldIpv4 : untoldIpv6;
  }

  /** Whether some have not been told yet. */
  boolean hasUntold() {
    return untold > 0;
  }

  /** Whether this one's handler has not been told yet; it is from now on. */
  boolean tells(int slot) {
    BitSet bits = untold(slot);
    int place = slot & ~Records.IPV6;
    if (untold == 0 || !bits.get(place)) {
      return false;
    }
    bits.clear(place);
    untold--;
    return true;
  }

  /** Tells of some more. */
  void step(HandlerUpcalls upcalls) {
    for (int told = 0; told < TOLD_A_POLL && untold > 0; told++) {
      int slot = nextUntold();
      Tcb tcb = desk.open(slot);
      upcalls.restored(tcb);
      desk.close(tcb);
    }
  }

  private int nextUntold() {
    int place = untoldIpv4.nextSetBit(ipv4Cursor);
    if (place >= 0) {
      ipv4Cursor = place;
      return place;
    }
    ipv6Cursor = untoldIpv6.nextSetBit(ipv6Cursor);
    return ipv6Cursor | Records.IPV6;
  }

  long reservedBytes() {
    return (untoldIpv4.size() + untoldIpv6.size()) / 8
        + awake.reservedBytes()
        + acks.reservedBytes()
        + resets.reservedBytes();
  }
}
