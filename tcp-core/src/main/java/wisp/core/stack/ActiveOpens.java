package wisp.core.stack;

import org.jspecify.annotations.Nullable;
import wisp.core.Counters.Event;
import wisp.core.ip.IpAddress;
import wisp.core.ip.OwnAddresses;
import wisp.core.ip.Scope;
import wisp.core.ip.SourceChoice;
import wisp.core.ip.SourceRoute;
import wisp.core.tcp.Handshake;
import wisp.core.tcp.State;
import wisp.core.tcp.Tcb;
import wisp.core.tcp.TcpEnvironment;

/**
 * OPEN, active (RFC 9293 §3.10.1): chooses address and port if need be, makes the record, sends
 * SYN.
 */
final class ActiveOpens {
  /** A block of 2^64 addresses is not looked through to its end. */
  private static final long MOST_ADDRESSES_TRIED = 65_536;

  private final TcpEnvironment env;
  private final Network network;
  private final OwnAddresses own;
  private final Listeners listeners;
  private final Bindings bindings;
  private final TcbDesk desk;
  private final Demultiplexer demultiplexer;
  private final Handshake handshake;
  private final InitialSequenceNumbers isn;
  private final EphemeralPorts ports;
  private final SourceChoice choice;
  private long nextOwn;

  /** For questions about a connection that is not there yet. */
  private final Tcb scratch = new Tcb();

  ActiveOpens(
      TcpEnvironment env,
      Network network,
      Listeners listeners,
      Bindings bindings,
      TcbDesk desk,
      Demultiplexer demultiplexer,
      Handshake handshake,
      InitialSequenceNumbers isn,
      EphemeralPorts ports) {
    this.env = env;
    this.network = network;
    this.own = network.own;
    this.choice = new SourceChoice(network.own);
    this.listeners = listeners;
    this.bindings = bindings;
    this.desk = desk;
    this.demultiplexer = demultiplexer;
    this.handshake = handshake;
    this.isn = isn;
    this.ports = ports;
  }

  /** See {@link Context#connect}; zones have been checked. */
  long open(
      @Nullable Endpoint local,
      Endpoint remote,
      @Nullable SourceRoute route,
      ConnectionProfile profile,
      ConnectionHandler handler,
      int frame) {
    IpAddress to = remote.address();
    if (remote.port() == 0 || !Scope.isUnicast(to.high(), to.low()) || !hasWay(to, route)) {
      return Context.NO_ROUTE;
    }
    IpAddress from = local == null ? Endpoint.ANY : local.address();
    int port = local == null ? 0 : local.port();
    if (from.equals(Endpoint.ANY_IPV4) && !to.isIpv4()) {
      return Context.NO_ROUTE;
    }
    return from.isUnspecified()
        ? openFromAny(port, remote, route, profile, handler, frame)
        : openFrom(from, port, remote, route, profile, handler, frame);
  }

  /** See {@link Context#fastOpenRoom}. */
  int roomOnSyn(@Nullable Endpoint local, Endpoint remote, ConnectionProfile profile) {
    IpAddress from = local == null ? Endpoint.ANY : local.address();
    IpAddress to = remote.address();
    scratch.localHigh = from.high();
    scratch.localLow = from.low();
    if (from.isUnspecified()) {
      int block = choice.best(to.high(), to.low(), 0);
      if (block < 0) {
        return -1;
      }
      scratch.localHigh = own.sourceHigh(block);
      scratch.localLow = own.sourceLow(block, nextOwn % own.sources(block));
    }
    scratch.remoteHigh = to.high();
    scratch.remoteLow = to.low();
    desk.offer(scratch, profile);
    scratch.userTimeoutOption = profile.userTimeoutOption();
    scratch.retransmissionLimitNanos = profile.retransmissionLimitNanos();
    return handshake.roomOnSyn(scratch);
  }

  private boolean hasWay(IpAddress to, @Nullable SourceRoute route) {
    IpAddress first = route == null ? to : route.first();
    return network.hasRoute(first.high(), first.low()) && (route == null || to.isIpv4());
  }

  private long openFrom(
      IpAddress from,
      int port,
      Endpoint remote,
      @Nullable SourceRoute route,
      ConnectionProfile profile,
      ConnectionHandler handler,
      int frame) {
    if (!own.contains(from.high(), from.low()) || from.isIpv4() != remote.address().isIpv4()) {
      return Context.NO_ROUTE;
    }
    int chosen = choosePort(from.high(), from.low(), port, remote);
    return chosen < 0
        ? Context.NO_PORT
        : open(from.high(), from.low(), chosen, remote, route, profile, handler, frame);
  }

  /** The best source first (RFC 6724); when its ports are used up, the next address. */
  private long openFromAny(
      int port,
      Endpoint remote,
      @Nullable SourceRoute route,
      ConnectionProfile profile,
      ConnectionHandler handler,
      int frame) {
    IpAddress to = remote.address();
    long tried = 0;
    int block = choice.best(to.high(), to.low(), tried);
    if (block < 0) {
      return Context.NO_ROUTE;
    }
    for (; block >= 0; block = choice.best(to.high(), to.low(), tried)) {
      long sources = own.sources(block);
      long addresses = Math.min(sources, MOST_ADDRESSES_TRIED);
      for (long i = 0; i < addresses; i++) {
        long low = own.sourceLow(block, (nextOwn + i) % sources);
        int chosen = choosePort(own.sourceHigh(block), low, port, remote);
        if (chosen > 0) {
          nextOwn += i;
          return open(own.sourceHigh(block), low, chosen, remote, route, profile, handler, frame);
        }
      }
      tried |= 1L << block;
    }
    return Context.NO_PORT;
  }

  private int choosePort(long high, long low, int port, Endpoint remote) {
    IpAddress to = remote.address();
    if (port == 0) {
      return ports.choose(
          high,
          low,
          to.high(),
          to.low(),
          remote.port(),
          p -> listeners.find(high, low, p) == null && isFree(high, low, p, remote));
    }
    return isFree(high, low, port, remote) ? port : -1;
  }

  /**
   * No connection has the four-tuple, it does not lead from an endpoint to itself, and the answers
   * come to this context.
   */
  private boolean isFree(long high, long low, int port, Endpoint remote) {
    IpAddress to = remote.address();
    boolean isItself = port == remote.port() && low == to.low() && high == to.high();
    return !isItself
        && network.link.brings(high, low, port, to.high(), to.low(), remote.port())
        && demultiplexer.find(high, low, port, to.high(), to.low(), remote.port()) == Records.NONE;
  }

  private long open(
      long high,
      long low,
      int port,
      Endpoint remote,
      @Nullable SourceRoute route,
      ConnectionProfile profile,
      ConnectionHandler handler,
      int frame) {
    IpAddress to = remote.address();
    int binding = bindings.intern(true, to.high(), to.low(), remote.port(), handler, profile, null);
    Tcb tcb =
        binding == Bindings.NONE
            ? null
            : desk.create(high, low, port, binding, TcbDesk.Beginning.AWAKE);
    if (tcb == null) {
      bindings.dropIfUnused(binding);
      env.counters.add(Event.OPENS_REFUSED);
      return Context.NO_MEMORY;
    }
    int iss = isn.next(high, low, port, to.high(), to.low(), remote.port(), env.nowNanos);
    boolean begun = route == null || desk.chooseRoute(tcb, route);
    if (!begun || !handshake.open(tcb, iss, frame)) {
      tcb.state = State.CLOSED;
      desk.close(tcb);
      env.counters.add(Event.OPENS_REFUSED);
      return Context.NO_MEMORY;
    }
    long handle = tcb.handle;
    desk.close(tcb);
    return handle;
  }
}
