package wisp.core.stack;

import wisp.core.ip.IpAddress;
import wisp.core.ip.IpPacket;
import wisp.core.ip.SourceRoute;
import wisp.core.memory.Payer;
import wisp.core.spi.BlockPool;
import wisp.core.spi.KeyedHash;
import wisp.core.tcp.Activity;
import wisp.core.tcp.HalfOpen;
import wisp.core.tcp.ReceiveWindow;
import wisp.core.tcp.State;
import wisp.core.tcp.Tcb;
import wisp.core.tcp.TcpConfig;
import wisp.core.tcp.TcpOutput;

/**
 * Between a record of 24 bytes (20 without timestamps) and a {@link Tcb}: what is stored, and from
 * what the rest follows while a connection sleeps (table in {@code docs/architecture.md}).
 */
final class RecordCodec {
  private final Records records;
  private final Bindings bindings;
  private final Activity activity;
  private final HalfOpen halfOpen;
  private final ReceiveWindow window;
  private final TcpOutput output;
  private final KeyedHash identities;

  private final Deviations deviations = new Deviations();
  private final SourceRoutes routes = new SourceRoutes();
  private final MssTable mss = new MssTable();

  RecordCodec(
      Records records,
      Bindings bindings,
      Activity activity,
      HalfOpen halfOpen,
      ReceiveWindow window,
      TcpOutput output,
      KeyedHash identities) {
    this.records = records;
    this.bindings = bindings;
    this.activity = activity;
    this.halfOpen = halfOpen;
    this.window = window;
    this.output = output;
    this.identities = identities;
  }

  /** What the application holds: slot and 31 bits of the identity. Never negative. */
  long handle(int slot) {
    return handle(
        identityOf(records.addressHigh(slot), records.addressLow(slot), records.tail(slot)), slot);
  }

  private static long handle(long identity, int slot) {
    return (identity * 0x9E37_79B9_7F4A_7C15L) >>> 33 << 32 | slot;
  }

  /** The key of a record in 64 bits. */
  private long identityOf(long high, long low, int tail) {
    return IpAddress.isIpv4(high, low)
        ? low << 32 | (tail & 0xFFFF_FFFFL)
        : identities.hash(high, low, tail);
  }

  /** Another DSCP than the profile's, from the next segment on. */
  void changeDscp(Tcb tcb, int dscp) {
    deviations.dscp(tcb.slot, dscp);
    tcb.dscp = dscp;
  }

  /** Nagle's rule otherwise than the profile says, from now on. */
  void changeNagle(Tcb tcb, boolean on) {
    deviations.nagle(tcb.slot, on);
    tcb.nagle = on;
  }

  /** Other keep-alive settings than the profile's. */
  void changeKeepAlive(Tcb tcb, KeepAlive settings) {
    deviations.keepAlive(tcb.slot, settings);
    tcb.keepAliveNanos = idleNanos(tcb, settings);
  }

  KeepAlive keepAlive(Tcb tcb) {
    return deviations.keepAlive(tcb.slot, bindings.profile(tcb.binding));
  }

  /** With the user timeout option keep-alive must not be the more impatient one (RFC 5482 §4.2). */
  private static long idleNanos(Tcb tcb, KeepAlive settings) {
    if (!settings.on()) {
      return 0;
    }
    long least = tcb.userTimeoutOption ? tcb.retransmissionLimitNanos : 0;
    return Math.min(Math.max(settings.idleNanos(), least), KeepAlive.LONGEST_NANOS);
  }

  /** Another user timeout than the profile's: what the peer advises counts no more. */
  void changeUserTimeout(Tcb tcb, long nanos) {
    deviations.userTimeout(tcb.slot, nanos);
    identifyTimeouts(tcb);
  }

  /** Gives up on an open after that time. */
  void limitOpen(Tcb tcb, long nanos) {
    deviations.openLimit(tcb.slot, nanos);
    identifyTimeouts(tcb);
  }

  /** The peer's user timeout, within limits, unless the application has chosen its own. */
  void adviseUserTimeout(Tcb tcb, long nanos) {
    if (deviations.hasUserTimeout(tcb.slot)) {
      return;
    }
    long own = bindings.profile(tcb.binding).retransmissionLimitNanos();
    long most = Math.max(own, TcpConfig.MOST_ADVISED_TIMEOUT_NANOS);
    long wanted = Math.max(Math.max(own, nanos), TcpConfig.LEAST_ADVISED_TIMEOUT_NANOS);
    deviations.advisedTimeout(tcb.slot, Math.min(wanted, most));
    identifyTimeouts(tcb);
  }

  MssTable mss() {
    return mss;
  }

  /** The connection in this slot is no more. */
  void forget(int slot) {
    deviations.forget(slot);
    routes.forget(slot);
  }

  /** The connection in one slot is in another one from now on. */
  void move(int from, int to) {
    deviations.move(from, to);
    routes.move(from, to);
  }

  long reservedBytes() {
    return deviations.reservedBytes() + routes.reservedBytes();
  }

  // ---- From the record -------------------------------------------------------------------------

  void identify(Tcb tcb, int slot) {
    long high = records.addressHigh(slot);
    long low = records.addressLow(slot);
    int tail = records.tail(slot);
    int port = Bindings.tailPort(tail);
    int binding = Bindings.tailBinding(tail);
    boolean active = bindings.isActive(binding);
    tcb.slot = slot;
    tcb.identity = identityOf(high, low, tail);
    tcb.handle = handle(tcb.identity, slot);
    tcb.binding = binding;
    tcb.localHigh = active ? high : bindings.high(binding);
    tcb.localLow = active ? low : bindings.low(binding);
    tcb.localPort = active ? port : bindings.port(binding);
    tcb.remoteHigh = active ? bindings.high(binding) : high;
    tcb.remoteLow = active ? bindings.low(binding) : low;
    tcb.remotePort = active ? bindings.port(binding) : port;
    peer(tcb.payer, tcb.remoteHigh, tcb.remoteLow);
    tcb.passive = !active;
    tcb.halfOpen = false;
    tcb.fastOpened = false;
    tcb.offersCookie = false;
    tcb.cookieIsExperimental = false;
    tcb.askedFast = false;
    tcb.backlog = bindings.backlog(binding);
    ConnectionProfile profile = bindings.profile(binding);
    tcb.nagle = deviations.nagle(slot, profile);
    offer(tcb, profile);
    tcb.windowLimit = profile.receiveWindowBytes();
    tcb.leastWindowShift = profile.leastWindowShift();
    tcb.control = bindings.control(binding);
    tcb.ttl = profile.ttl();
    tcb.ecnMode = profile.ecn();
    tcb.dscp = deviations.dscp(slot, profile);
    identifyTimeouts(tcb);
    tcb.route = routes.get(slot);
    tcb.timeWaitRestart = false;
  }

  /** Whose record it is, as far as memory is concerned. */
  void identifyPeer(Payer payer, int slot) {
    int binding = Bindings.tailBinding(records.tail(slot));
    boolean active = bindings.isActive(binding);
    peer(
        payer,
        active ? bindings.high(binding) : records.addressHigh(slot),
        active ? bindings.low(binding) : records.addressLow(slot));
  }

  /** A peer is an IPv4 address, or an IPv6 /64: a host has as many of those as it likes. */
  static void peer(Payer payer, long high, long low) {
    payer.is(high, IpAddress.isIpv4(high, low) ? low : 0);
  }

  /** What a profile has to do with the options of our SYN, and so with its room for text. */
  void offer(Tcb tcb, ConnectionProfile profile) {
    tcb.offerScale = profile.windowScaling();
    tcb.offerSack = profile.sackPermitted();
    tcb.offerTimestamps = profile.timestamps() && records.keepTimestamps();
    tcb.mssLimit = profile.mssLimit();
    tcb.fastOpenMode = profile.fastOpen();
  }

  /** The application's route for all its packets; false: too many connections have one. */
  boolean chooseRoute(Tcb tcb, SourceRoute route) {
    boolean kept = routes.choose(tcb.slot, route);
    tcb.route = routes.get(tcb.slot);
    output.updateMss(tcb);
    return kept;
  }

  /** The way back along the route of this packet. */
  void routeReceived(Tcb tcb, IpPacket packet) {
    routes.received(tcb.slot, packet);
    tcb.route = routes.get(tcb.slot);
    output.updateMss(tcb);
  }

  private void identifyTimeouts(Tcb tcb) {
    ConnectionProfile profile = bindings.profile(tcb.binding);
    tcb.retransmissionLimitNanos = deviations.userTimeoutNanos(tcb.slot, profile);
    tcb.openLimitNanos = deviations.openLimitNanos(tcb.slot);
    tcb.userTimeoutOption = profile.userTimeoutOption();
    tcb.keepAliveNanos = idleNanos(tcb, deviations.keepAlive(tcb.slot, profile));
  }

  /** What may have changed since a connection was put away, though it is still laid out. */
  void refresh(Tcb tcb) {
    output.updateMss(tcb);
  }

  void load(Tcb tcb, int slot) {
    identify(tcb, slot);
    int flags = records.get(slot, RecordFlags.FLAGS);
    int state = RecordFlags.state(flags);
    if (state == RecordFlags.HALF_OPEN && tcb.passive) {
      halfOpen.load(tcb, records.get(slot, RecordFlags.SND_NXT));
      output.updateMss(tcb);
      return;
    }
    if (state == RecordFlags.AWAKE || state == RecordFlags.HALF_OPEN) {
      activity.load(tcb, records.get(slot, RecordFlags.SND_NXT));
      deviations.recallMarkedBytes(tcb);
      output.updateMss(tcb);
      return;
    }
    tcb.block = BlockPool.NONE;
    tcb.state = stateOf(state);
    tcb.sndNxt = records.get(slot, RecordFlags.SND_NXT);
    tcb.sndUna = tcb.sndNxt;
    tcb.resetActivity();
    tcb.rcvNxt = records.get(slot, RecordFlags.RCV_NXT);
    tcb.tsRecent = records.keepTimestamps() ? records.get(slot, RecordFlags.TS_RECENT) : 0;
    tcb.tsRecentAge = RecordFlags.age(flags);
    tcb.timestamps = RecordFlags.has(flags, RecordFlags.TIMESTAMPS);
    tcb.sackPermitted = RecordFlags.has(flags, RecordFlags.SACK);
    int scale = RecordFlags.scale(flags);
    tcb.windowScaling = scale != RecordFlags.NO_SCALE;
    tcb.sndScale = tcb.windowScaling ? scale : 0;
    tcb.rcvScale = window.shift(tcb);
    tcb.paused = RecordFlags.has(flags, RecordFlags.SHUT);
    tcb.applicationClosed = state == RecordFlags.FIN_WAIT_2_CLOSED;
    boolean classic = RecordFlags.has(flags, RecordFlags.ECN);
    boolean owed = RecordFlags.has(flags, RecordFlags.ECE_OWED);
    tcb.accurateEcn = owed && !classic;
    tcb.ecn = owed || classic;
    tcb.eceOwed = owed && classic;
    deviations.recallAccurateEcn(tcb);
    deviations.recallMarkedBytes(tcb);
    tcb.ackOwed = RecordFlags.has(flags, RecordFlags.ACK_OWED);
    tcb.ackNow = state != RecordFlags.TIME_WAIT && RecordFlags.has(flags, RecordFlags.ACK_NOW);
    tcb.flushListed = tcb.ackNow; // asleep, there is nothing else to do at the end of a burst
    tcb.delaysAck =
        state != RecordFlags.TIME_WAIT && RecordFlags.has(flags, RecordFlags.DELAYS_ACK);
    tcb.waiting = RecordFlags.has(flags, RecordFlags.WAITING);
    tcb.peerMss = mss.mss(RecordFlags.mssClass(flags));
    output.updateMss(tcb);
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
      case RecordFlags.FIN_WAIT_2, RecordFlags.FIN_WAIT_2_CLOSED -> State.FIN_WAIT_2;
      case RecordFlags.CLOSE_WAIT -> State.CLOSE_WAIT;
      case RecordFlags.TIME_WAIT -> State.TIME_WAIT;
      default -> throw new IllegalStateException("record state " + recordState);
    };
  }

  // ---- Into the record -------------------------------------------------------------------------

  /** The record of a connection whose variables lie in its block. */
  void writeAwake(Tcb tcb) {
    boolean isOpening = tcb.state == State.SYN_SENT || tcb.state == State.SYN_RECEIVED;
    boolean half = tcb.halfOpen || (isOpening && !tcb.passive);
    if (!tcb.halfOpen) {
      deviations.keepMarkedBytes(tcb);
    }
    records.begin(tcb.slot);
    records.set(tcb.slot, RecordFlags.SND_NXT, tcb.block);
    // Whoever has something queued hears of memory with the next ACK; the others are found by a
    // sweep.
    boolean sweep = tcb.waiting && tcb.queue.isEmpty();
    records.set(
        tcb.slot,
        RecordFlags.FLAGS,
        (half ? RecordFlags.HALF_OPEN : RecordFlags.AWAKE) | (sweep ? RecordFlags.WAITING : 0));
    records.commit(tcb.slot);
  }

  /** The record of a connection that has come into TIME-WAIT, until the end of the burst. */
  void writeTimeWait(Tcb tcb) {
    keepAccurateEcn(tcb);
    tcb.waiting = false;
    tcb.ackOwed = false;
    writeWords(tcb, flagsOf(tcb, RecordFlags.TIME_WAIT));
  }

  /** The record of a quiet connection. */
  void writeAsleep(Tcb tcb) {
    int state =
        switch (tcb.state) {
          case ESTABLISHED -> RecordFlags.ESTABLISHED;
          case FIN_WAIT_2 ->
              tcb.applicationClosed ? RecordFlags.FIN_WAIT_2_CLOSED : RecordFlags.FIN_WAIT_2;
          case CLOSE_WAIT -> RecordFlags.CLOSE_WAIT;
          case CLOSED, LISTEN, SYN_SENT, SYN_RECEIVED, FIN_WAIT_1, CLOSING, LAST_ACK, TIME_WAIT ->
              throw new IllegalStateException("asleep in " + tcb.state);
        };
    keepAccurateEcn(tcb);
    assert !tcb.ackNow || tcb.flushListed : "an ACK that nobody sends: " + tcb;
    assert !tcb.applicationClosed || tcb.state == State.FIN_WAIT_2 : tcb;
    writeWords(
        tcb,
        flagsOf(tcb, state)
            | RecordFlags.windowBits(tcb.sndWnd)
            | (tcb.delaysAck ? RecordFlags.DELAYS_ACK : 0)
            | (tcb.ackNow ? RecordFlags.ACK_NOW : 0));
  }

  private void keepAccurateEcn(Tcb tcb) {
    if (tcb.accurateEcn) {
      deviations.accurateEcn(tcb);
      deviations.keepMarkedBytes(tcb);
    }
  }

  private int flagsOf(Tcb tcb, int state) {
    int scale = tcb.windowScaling ? tcb.sndScale : RecordFlags.NO_SCALE;
    return RecordFlags.of(state, scale, mss.classOf(tcb.peerMss), tcb.tsRecentAge)
        | (tcb.sackPermitted ? RecordFlags.SACK : 0)
        | (tcb.timestamps ? RecordFlags.TIMESTAMPS : 0)
        | (tcb.paused ? RecordFlags.SHUT : 0)
        | (tcb.ecn && !tcb.accurateEcn ? RecordFlags.ECN : 0)
        | (tcb.eceOwed || tcb.accurateEcn ? RecordFlags.ECE_OWED : 0)
        | (tcb.ackOwed ? RecordFlags.ACK_OWED : 0)
        | (tcb.waiting ? RecordFlags.WAITING : 0);
  }

  private void writeWords(Tcb tcb, int flags) {
    records.begin(tcb.slot);
    records.set(tcb.slot, RecordFlags.SND_NXT, tcb.sndNxt);
    records.set(tcb.slot, RecordFlags.RCV_NXT, tcb.rcvNxt);
    records.set(tcb.slot, RecordFlags.FLAGS, flags);
    if (records.keepTimestamps()) {
      records.set(tcb.slot, RecordFlags.TS_RECENT, tcb.tsRecent);
    } else {
      assert !tcb.timestamps : "timestamps, and no word for TS.Recent: " + tcb;
    }
    records.commit(tcb.slot);
  }
}
