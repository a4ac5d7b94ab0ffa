package wisp.core.stack;

import org.jspecify.annotations.Nullable;
import wisp.core.Counters;
import wisp.core.Counters.Event;
import wisp.core.ip.DrawnLimit;
import wisp.core.ip.PathMtus;
import wisp.core.memory.Blocks;
import wisp.core.memory.Peers;
import wisp.core.spi.Burst;
import wisp.core.spi.Durability;
import wisp.core.spi.Durability.Secret;
import wisp.core.spi.Entropy;
import wisp.core.spi.FastOpenCookies;
import wisp.core.spi.FrameAllocator;
import wisp.core.spi.IndexPages;
import wisp.core.spi.KeyedHash;
import wisp.core.spi.Link;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.SocketBuffers;
import wisp.core.tcp.AckLimiter;
import wisp.core.tcp.Acknowledgment;
import wisp.core.tcp.Activity;
import wisp.core.tcp.Backlog;
import wisp.core.tcp.ConnectionTimers;
import wisp.core.tcp.DestinationCache;
import wisp.core.tcp.EndCause;
import wisp.core.tcp.Ending;
import wisp.core.tcp.FastOpenCache;
import wisp.core.tcp.FastOpens;
import wisp.core.tcp.FrameSums;
import wisp.core.tcp.HalfOpen;
import wisp.core.tcp.Handshake;
import wisp.core.tcp.IcmpReaction;
import wisp.core.tcp.KeyedFastOpenCookies;
import wisp.core.tcp.LentFrames;
import wisp.core.tcp.MtuDiscovery;
import wisp.core.tcp.Reassembly;
import wisp.core.tcp.ReceiveWindow;
import wisp.core.tcp.Receiver;
import wisp.core.tcp.ReclaimLists;
import wisp.core.tcp.Retransmission;
import wisp.core.tcp.Revival;
import wisp.core.tcp.Scoreboard;
import wisp.core.tcp.SegmentArrives;
import wisp.core.tcp.SendQueue;
import wisp.core.tcp.SendText;
import wisp.core.tcp.Sender;
import wisp.core.tcp.State;
import wisp.core.tcp.SynCookies;
import wisp.core.tcp.Tcb;
import wisp.core.tcp.TcpConfig;
import wisp.core.tcp.TcpEnvironment;
import wisp.core.tcp.TcpOutput;
import wisp.core.tcp.UserCalls;
import wisp.core.tcp.congestion.CongestionControls;
import wisp.core.tcp.timer.TimerWheel;

/** A context's parts, made and joined here and nowhere else, and the time that passes over them. */
final class Machinery {
  /** A timer that is handled later than this shows that nobody drove us. */
  private static final long PAUSE_NANOS = 500_000_000;

  /** How far below the mark that a next process begins at the clock must stay. */
  private static final long CLOCK_MARGIN_NANOS = 1_000_000_000;

  final Counters counters = new Counters();
  final CongestionControls controls = new CongestionControls();
  final Listeners listeners = new Listeners();
  final TcpEnvironment env;
  final HandlerUpcalls upcalls;
  final TcbDesk desk;
  final Demultiplexer demultiplexer;
  final ActiveOpens activeOpens;
  final UserCalls calls;
  final Lingers lingers;
  final MemoryRelief relief;
  final BurstEnd burstEnd;
  final Inspection inspection;
  final DatagramPorts datagrams;
  final LentFrames lentFrames;

  private final Records records;
  final Network network;
  private final WaitQueues waits;
  private final TimeWaits timeWaits;
  private final SlotDeadlines silences = new SlotDeadlines();
  private final SlotDeadlines patience = new SlotDeadlines();
  private final SlotDeadlines persists = new SlotDeadlines();
  private final Bindings bindings;
  private final Peers peers;
  private final Blocks blocks;
  private final BlockRelief blockRelief;
  private final ConnectionTimers timers;
  private final Activity activity;
  private final Retransmission retransmission;
  private final Acknowledgment acknowledgment;
  private final Sender sender;
  private final Scoreboard board;
  private final Ending ending;
  private final Sweeps sweeps;
  private final KeepAlives keepAlives;
  private final DestinationCache destinations;
  private final AckLimiter limiter;
  private final EphemeralPorts ports;
  private final PassiveOpens passiveOpens;
  private final FastOpenCookies fastOpenCookies;
  private final FastOpenCache fastOpens;
  private final SlotList outsidePoll = new SlotList();
  private final @Nullable Durability durability;

  /** Only with a memory that outlives its process. */
  final @Nullable Restoration restoration;

  private long origin;
  private long clockMarkNanos;

  /** The clock goes on from that of a former process, whatever the first poll calls its time. */
  private boolean clockContinues;

  /** Made once: a method reference in {@link #expire} would be garbage at every poll. */
  private final TimerWheel.Expiry onTimer = this::timerExpired;

  Machinery(
      Context context, ContextConfig config, MemoryStrategy memory, Link link, Entropy entropy) {
    FrameAllocator frames = memory.frames();
    SocketBuffers buffers = BothBuffers.of(memory);
    TcpConfig tcp = tcpConfig(config, buffers);

    waits = new WaitQueues(config, counters);
    KeyedHash endpoints = KeyedHash.random(entropy);
    TimeWaitTable timeWaitTable = new TimeWaitTable(endpoints, IndexPages::onHeap);
    this.records = new Records(memory, buffers, timeWaitTable);
    durability = memory.durability();
    BindingNotes notes =
        durability == null ? null : new BindingNotes(durability, tcp.receiveWindowBytes());
    bindings = new Bindings(endpoints, controls, notes);
    upcalls = new HandlerUpcalls(context, bindings, counters);
    PeerLimits limits = config.peerLimits();
    long share = Blocks.shareBytes(memory.blocks(), limits.share());
    peers = new Peers(KeyedHash.random(entropy), share, limits.halfOpen(), limits.connections());
    env = new TcpEnvironment(tcp, counters, upcalls, peers, secret(Secret.TIMESTAMPS, entropy));
    if (durability != null) {
      env.nowNanos = durability.clockNanos();
      clockContinues = durability.isFormer();
    }
    blocks = new Blocks(memory.blocks(), peers, this::relieve, counters);
    timers = new ConnectionTimers(blocks);
    destinations = new DestinationCache(KeyedHash.random(entropy));
    fastOpens = new FastOpenCache(KeyedHash.random(entropy));
    limiter = new AckLimiter(KeyedHash.random(entropy));
    ReclaimLists lists = new ReclaimLists(blocks);
    activity = new Activity(env, blocks, timers, destinations, lists);

    FrameSums sums = new FrameSums(frames, !link.offloads().transmitChecksum());
    SendQueue queue = new SendQueue(blocks, frames, sums);
    Reassembly reassembly = new Reassembly(blocks, tcp.heldTextBytes());
    ReceiveWindow window = new ReceiveWindow(tcp, buffers);
    SendText text = new SendText(queue, frames, buffers);
    network = new Network(config, link, blocks, entropy, counters);
    datagrams = new DatagramPorts(context, upcalls, network);
    PathMtus paths = network.paths;
    EthernetStation station = network.ethernet;
    if (station != null) {
      env.reachability = new NextHops(station);
    }
    lentFrames = new LentFrames(link, frames);
    TcpOutput output =
        new TcpOutput(env, network.output, paths, window, reassembly, text, lentFrames, fastOpens);
    MtuDiscovery mtu = new MtuDiscovery(env, paths, output);
    board = new Scoreboard(blocks);
    ending = new Ending(env, queue, reassembly, frames, board, fastOpens);
    sender = new Sender(env, output, timers, mtu, board);
    Receiver receiver =
        new Receiver(env, reassembly, blocks, activity, window, output, ending, buffers);
    retransmission = new Retransmission(env, timers, sender, ending, mtu, board);
    acknowledgment =
        new Acknowledgment(env, queue, frames, retransmission, timers, sender, mtu, board);
    HalfOpen halfOpen = new HalfOpen(env, blocks, timers, lists, activity, window);
    RecordCodec codec =
        new RecordCodec(
            records, bindings, activity, halfOpen, window, output, secret(Secret.HANDLES, entropy));
    timeWaits = new TimeWaits(config, counters, timeWaitTable, records, bindings, codec);
    desk =
        new TcbDesk(
            env, records, bindings, codec, timeWaits, activity, halfOpen, window, output, timers,
            lists, waits, silences, patience, persists);
    blockRelief = new BlockRelief(peers, lists, activity, reassembly, desk, counters);
    env.userTimeouts = desk::adviseUserTimeout;
    ShutWindows shutWindows = new ShutWindows(env, persists);
    env.persistTimes = shutWindows;
    inspection =
        new Inspection(env, records, timeWaits, desk, activity, window, board, output, shutWindows);
    relief =
        new MemoryRelief(
            env, config.persistLimitNanos(), shutWindows, blocks, desk, output, ending);
    burstEnd = new BurstEnd(env, records, waits, silences, sender, output);
    SynCookies cookies = new SynCookies(secret(Secret.SYN_COOKIES, entropy));
    Handshake handshake =
        new Handshake(
            env,
            output,
            sender,
            timers,
            window,
            ending,
            receiver,
            burstEnd,
            halfOpen,
            cookies,
            text,
            fastOpens,
            acknowledgment);
    SegmentArrives segmentArrives =
        new SegmentArrives(
            env,
            handshake,
            acknowledgment,
            receiver,
            output,
            ending,
            activity,
            limiter,
            burstEnd,
            this::mayReopen);
    calls =
        new UserCalls(activity, text, receiver, output, ending, retransmission, counters, buffers);
    lingers = new Lingers(env, patience, desk, calls);
    upcalls.onFailure(tcb -> calls.abort(tcb, EndCause.HANDLER_FAILED));

    InitialSequenceNumbers isn =
        new InitialSequenceNumbers(secret(Secret.INITIAL_SEQUENCE_NUMBERS, entropy));
    ports = new EphemeralPorts(KeyedHash.random(entropy), KeyedHash.random(entropy));
    fastOpenCookies = new KeyedFastOpenCookies(secret(Secret.FAST_OPEN_COOKIES, entropy));
    Acceptances acceptances = new Acceptances(bindings, desk, blocks);
    CookieOpens cookieOpens =
        new CookieOpens(env, listeners, acceptances, desk, handshake, segmentArrives);
    passiveOpens =
        new PassiveOpens(env, config, listeners, acceptances, cookieOpens, desk, handshake, isn);
    DrawnLimit strayResets = new DrawnLimit(KeyedHash.random(entropy), config.strayResetLimit());
    demultiplexer =
        new Demultiplexer(
            env,
            records,
            bindings,
            desk,
            network,
            segmentArrives,
            output,
            passiveOpens,
            cookieOpens,
            strayResets);
    IcmpReaction reaction = new IcmpReaction(env, mtu, ending, burstEnd, handshake);
    network.errorsGoTo(new ConnectionErrors(demultiplexer, desk, reaction, counters));
    activeOpens =
        new ActiveOpens(
            env, network, listeners, bindings, desk, demultiplexer, handshake, isn, ports);
    keepAlives = new KeepAlives(env, silences, desk, output, ending);
    sweeps = new Sweeps(records, desk, blocks, upcalls, burstEnd, env.nowNanos);
    if (durability == null || notes == null) {
      restoration = null;
      return;
    }
    Journal journal = new Journal(records);
    desk.journal(journal);
    env.departures = journal;
    restoration =
        new Restoration(
            env,
            durability,
            records,
            bindings,
            notes,
            desk,
            new Revival(
                env, durability, blocks, frames, activity, timers, lists, queue, reassembly),
            output,
            ending,
            burstEnd,
            listeners,
            controls,
            waits,
            silences);
    upcalls.restoredBy(restoration);
  }

  /** A secret that connections depend on: as a former process had it, if there was one. */
  private KeyedHash secret(Secret secret, Entropy entropy) {
    return durability == null ? KeyedHash.random(entropy) : durability.secret(secret, entropy);
  }

  private static TcpConfig tcpConfig(ContextConfig config, @Nullable SocketBuffers buffers) {
    int window = buffers == null ? config.receiveWindowBytes() : buffers.receiveBytes();
    return new TcpConfig(
        window, config.minRtoNanos(), config.delayedAckNanos(), config.heldTextLimit());
  }

  @SuppressWarnings("NullAway") // called when the pool runs short: all parts have been made by then
  private boolean relieve(Blocks.Purpose purpose, boolean fromGreedy) {
    return blockRelief.relieve(purpose, fromGreedy);
  }

  @SuppressWarnings("NullAway") // called when segments arrive: all parts have been made by then
  private boolean mayReopen(Tcb tcb) {
    return passiveOpens.wouldTake(tcb);
  }

  /** What a new listener may have half open. */
  Backlog backlog(ListenConfig config) {
    FastOpenCookies own = config.fastOpenCookies();
    var backlog =
        new Backlog(
            config.backlog(),
            new FastOpens(
                config.fastOpens(),
                own == null ? fastOpenCookies : own,
                config.fastOpenWithoutCookie()),
            config.mayOpen(),
            config.cookiePeriodNanos());
    if (durability != null && durability.isFormer()) {
      backlog.mayHaveSentCookies(env.nowNanos);
    }
    return backlog;
  }

  // ---- Time ------------------------------------------------------------------------------------

  void advance(long nowNanos) {
    if (clockContinues) {
      clockContinues = false;
      origin = nowNanos - env.nowNanos;
    } else if (env.nowNanos == 0 && nowNanos < 0) {
      origin = nowNanos; // System.nanoTime may begin anywhere
    }
    long passed = Math.max(0, nowNanos - origin - env.nowNanos);
    env.nowNanos += passed;
    if (passed > PAUSE_NANOS && timers.wheel().nextDeadlineNanos() < env.nowNanos - PAUSE_NANOS) {
      env.resumedNanos = env.nowNanos;
    }
    if (durability != null && env.nowNanos + CLOCK_MARGIN_NANOS >= clockMarkNanos) {
      clockMarkNanos = env.nowNanos + 2 * CLOCK_MARGIN_NANOS;
      durability.clockIsBelow(clockMarkNanos);
    }
    network.tick(env.nowNanos);
    for (int i = 0; i < outsidePoll.size(); i++) {
      if (records.isLive(outsidePoll.get(i))) {
        Tcb tcb = desk.open(outsidePoll.get(i));
        timers.postpone(tcb, passed);
        board.times().postpone(tcb, env.nowNanos - passed, env.nowNanos);
        desk.close(tcb);
      }
    }
    outsidePoll.removeFirst(outsidePoll.size());
  }

  /**
   * Something was called on this connection between two polls, at a time that only the next one
   * tells.
   */
  void outsidePoll(int slot) {
    if (slot >= 0) {
      outsidePoll.add(slot);
    }
  }

  /**
   * Everything whose time has come, {@code most} of each kind; the rest comes with the next poll.
   */
  int expire(int most) {
    long now = env.nowNanos;
    int done = timers.wheel().expire(now, most, onTimer);
    for (int i = 0; i < most && waits.delayedAcks().headDeadlineNanos() <= now; i++, done++) {
      ackIsDue(waits.delayedAcks().pop());
    }
    for (int i = 0; i < most && waits.finWaitDeadlineNanos() <= now; i++, done++) {
      boolean isEarly = waits.isFinWaitEarly();
      if (finWaitIsOver(waits.finWaits().pop()) && isEarly) {
        counters.add(Event.TIME_WAIT_EVICTED);
      }
    }
    done += timeWaits.expire(now, most);
    done += keepAlives.step();
    done += lingers.step(most);
    done += relief.step();
    sweeps.step(now);
    if (restoration != null && restoration.hasUntold()) {
      restoration.step(upcalls);
      done++;
    }
    return done;
  }

  private void timerExpired(int block, long nowNanos) {
    Tcb tcb = desk.open(activity.slotOf(block));
    try {
      if (timers.isDue(tcb, nowNanos)) {
        switch (tcb.timer) {
          case RETRANSMISSION -> retransmission.onTimeout(tcb);
          case PROBE -> retransmission.onProbe(tcb);
          case REORDERING -> acknowledgment.onReorderingTimer(tcb);
          case PACING -> acknowledgment.onPacingTimer(tcb);
          case PERSIST -> sender.onPersist(tcb);
          case DROWSY -> desk.wakeNoMore(tcb);
          case HOLDING -> ending.forgetHeld(tcb);
          case NONE -> throw new IllegalStateException("no timer runs");
        }
      }
    } finally {
      desk.close(tcb);
    }
  }

  private void ackIsDue(long handle) {
    int slot = desk.openSlotOf(handle);
    if (slot != Records.NONE) {
      Tcb tcb = desk.open(slot);
      if (tcb.ackOwed) {
        tcb.ackNow = true;
        tcb.delaysAck = false; // nothing came to keep it company
        burstEnd.atEndOfBurst(tcb);
      }
      desk.close(tcb);
    }
  }

  /** Ends the connection if it waits still; whether it did. */
  private boolean finWaitIsOver(long handle) {
    int slot = desk.openSlotOf(handle);
    if (slot == Records.NONE || !desk.waitsForPeersFin(slot)) {
      return false;
    }
    Tcb tcb = desk.open(slot);
    ending.end(tcb, EndCause.TIMED_OUT);
    desk.close(tcb);
    return true;
  }

  long nextDeadlineNanos() {
    long next =
        burstEnd.isEmpty() && outsidePoll.size() == 0 && network.loopback.isEmpty()
            ? Math.min(
                Math.min(
                    Math.min(timers.wheel().nextDeadlineNanos(), network.nextDeadlineNanos()),
                    Math.min(
                        Math.min(
                            Math.min(waits.nextDeadlineNanos(), timeWaits.nextDeadlineNanos()),
                            relief.nextDeadlineNanos()),
                        Math.min(silences.nextDeadlineNanos(), patience.nextDeadlineNanos()))),
                sweeps.nextDeadlineNanos(env.nowNanos))
            : env.nowNanos;
    return next == Long.MAX_VALUE ? next : next + origin;
  }

  // ---- Packets from ourselves ------------------------------------------------------------------

  /** Packets that we sent to addresses of our own. */
  int receiveLooped(Burst burst) {
    if (network.loopback.isEmpty()) {
      return 0;
    }
    burst.clear();
    int n = network.loopback.receive(burst);
    try {
      demultiplexer.process(burst);
    } finally {
      network.loopback.takeBack();
    }
    return n;
  }

  /** A walk over the connections of a handler. */
  ConnectionWalk walk(ConnectionHandler handler) {
    return new ConnectionWalk(records, desk, bindings, handler);
  }

  /** Connections in all states but TIME-WAIT. */
  int connections() {
    return records.size() - desk.inTimeWait();
  }

  /** Connections in TIME-WAIT. */
  int timeWaits() {
    return desk.inTimeWait() + timeWaits.size();
  }

  /** Connections of a former process are taken over before anything else happens. */
  void restore() {
    if (restoration != null && restoration.isPending()) {
      restoration.run();
    }
  }

  /** Leaves everything to the next process; false: this memory does not outlive its process. */
  boolean handOver() {
    if (durability == null) {
      return false;
    }
    durability.handOver();
    return true;
  }

  // ---- The end ---------------------------------------------------------------------------------

  void endAll() {
    int bound = records.bound();
    for (int i = 0; i < bound; i++) {
      int slot = records.at(i);
      if (records.isLive(slot)) {
        Tcb tcb = desk.open(slot);
        ending.end(tcb, EndCause.CONTEXT_CLOSED);
        assert tcb.state == State.CLOSED;
        desk.close(tcb);
      }
    }
    desk.removeEnded();
    lentFrames.takeAllBack();
    timeWaits.endAll();
    network.close();
    assert peers.isClear() : "a peer is charged for what it gave back";
  }

  /** Bytes of the context's own tables. */
  long reservedBytes() {
    return waits.reservedBytes()
        + timeWaits.reservedBytes()
        + silences.reservedBytes()
        + patience.reservedBytes()
        + persists.reservedBytes()
        + network.reservedBytes()
        + bindings.reservedBytes()
        + listeners.reservedBytes()
        + destinations.reservedBytes()
        + fastOpens.reservedBytes()
        + limiter.reservedBytes()
        + peers.reservedBytes()
        + ports.reservedBytes()
        + timers.wheel().reservedBytes()
        + burstEnd.reservedBytes()
        + lentFrames.reservedBytes()
        + (restoration == null ? 0 : restoration.reservedBytes())
        + desk.reservedBytes();
  }
}
