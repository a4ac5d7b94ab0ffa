package wisp.core.stack;

import wisp.core.Counters.Event;
import wisp.core.ip.IpPacket;
import wisp.core.memory.Payer;
import wisp.core.spi.FastOpenCookies.Verdict;
import wisp.core.tcp.FastOpens;
import wisp.core.tcp.Handshake;
import wisp.core.tcp.Seq;
import wisp.core.tcp.SeqNum;
import wisp.core.tcp.Tcb;
import wisp.core.tcp.TcpEnvironment;
import wisp.core.wire.TcpHeader;
import wisp.core.wire.TcpOptions;

/**
 * LISTEN (RFC 9293 §3.10.7.2): a SYN becomes a half-open connection, if there is a listener,
 * memory, and room in its backlog; else, if the listener wants it so, a cookie is sent, and the
 * connection made when that comes back (RFC 4987).
 */
final class PassiveOpens {
  /** No earlier incarnation is known. */
  static final long NO_FORMER = Long.MIN_VALUE;

  private final TcpEnvironment env;
  private final ContextConfig config;
  private final Listeners listeners;
  private final Acceptances acceptances;
  private final CookieOpens cookies;
  private final TcbDesk desk;
  private final Handshake handshake;
  private final InitialSequenceNumbers isn;

  private final Payer asking = new Payer();

  PassiveOpens(
      TcpEnvironment env,
      ContextConfig config,
      Listeners listeners,
      Acceptances acceptances,
      CookieOpens cookies,
      TcbDesk desk,
      Handshake handshake,
      InitialSequenceNumbers isn) {
    this.env = env;
    this.config = config;
    this.listeners = listeners;
    this.acceptances = acceptances;
    this.cookies = cookies;
    this.desk = desk;
    this.handshake = handshake;
    this.isn = isn;
  }

  /** Whether a SYN to where this connection was would be taken. */
  boolean wouldTake(Tcb tcb) {
    Listeners.Listener listener = listeners.find(tcb.localHigh, tcb.localLow, tcb.localPort);
    return listener != null
        && hasRoom(listener)
        && env.peers.mayConnect(tcb.payer)
        && env.peers.mayHaveHalfOpen(tcb.payer);
  }

  private boolean hasRoom(Listeners.Listener listener) {
    return !listener.backlog().isFull() && env.halfOpen < config.halfOpenLimit();
  }

  /**
   * A segment without ACK and RST for no connection.
   *
   * @param after SND.NXT of an incarnation that has just left TIME-WAIT, or {@link #NO_FORMER}
   * @return false: nobody listens there, it deserves a RST
   */
  boolean offer(IpPacket ip, TcpHeader seg, TcpOptions options, long after) {
    Listeners.Listener listener =
        listeners.find(ip.destinationHigh, ip.destinationLow, seg.destinationPort());
    if (listener == null) {
      return false;
    }
    if (!seg.has(TcpHeader.SYN) || seg.has(TcpHeader.FIN)) {
      env.counters.add(Event.DROP_FLAGS);
      return true;
    }
    RecordCodec.peer(asking, ip.sourceHigh, ip.sourceLow);
    if (!env.peers.mayConnect(asking)) {
      env.counters.add(Event.DROP_PEER_CONNECTIONS);
      return true;
    }
    // Only a number that we choose can be made to lie after the one before it.
    boolean always = CookieOpens.areAlwaysSent(listener) && after == NO_FORMER;
    if (always || !hasRoom(listener)) {
      cookies.overflow(listener, ip, seg, options, Event.DROP_SYN_QUEUE);
      return true;
    }
    if (!env.peers.mayHaveHalfOpen(asking)) {
      cookies.overflow(listener, ip, seg, options, Event.DROP_PEER_HALF_OPEN);
      return true;
    }
    Verdict verdict = judge(listener, ip, seg, options);
    boolean isFast = verdict != Verdict.INVALID;
    Tcb tcb = isFast ? acceptances.create(listener, ip, seg, TcbDesk.Beginning.AWAKE) : null;
    if (tcb == null) {
      isFast = false;
      tcb = acceptances.create(listener, ip, seg, TcbDesk.Beginning.HALF_OPEN);
    }
    if (tcb == null) {
      cookies.overflow(listener, ip, seg, options, acceptances.refusal());
      return true;
    }
    int iss =
        isn.next(
            ip.destinationHigh,
            ip.destinationLow,
            seg.destinationPort(),
            ip.sourceHigh,
            ip.sourceLow,
            seg.sourcePort(),
            env.nowNanos);
    if (ip.routeBytes > 0) {
      desk.routeReceived(tcb, ip);
    }
    tcb.offersCookie = offersCookie(listener, options, verdict);
    tcb.cookieIsExperimental = options.fastOpenExperimental();
    if (isFast) {
      handshake.acceptFast(tcb, overtaking(iss, after), seg, options, ip.ecn());
    } else {
      handshake.accept(tcb, overtaking(iss, after), seg, options, ip.ecn());
    }
    desk.close(tcb);
    return true;
  }

  // ---- Fast Open -------------------------------------------------------------------------------

  /** What a SYN's Fast Open cookie is worth here and now. */
  private Verdict judge(
      Listeners.Listener listener, IpPacket ip, TcpHeader seg, TcpOptions options) {
    FastOpens fast = listener.backlog().fastOpens();
    if (!fast.isOn()) {
      return Verdict.INVALID;
    }
    boolean hasRoom = fast.hasRoom(env.nowNanos) && listener.backlog().mayOpen();
    if (!fast.requiresCookie() && seg.payloadLength() > 0) {
      return hasRoom ? Verdict.VALID : Verdict.INVALID;
    }
    if (options.fastOpenBytes() <= 0) {
      return Verdict.INVALID;
    }
    Verdict verdict =
        options.fastOpenBytes() == Long.BYTES && hasRoom
            ? fast.cookies()
                .check(
                    ip.sourceHigh,
                    ip.sourceLow,
                    ip.destinationHigh,
                    ip.destinationLow,
                    options.fastOpenHigh(),
                    env.nowNanos)
            : Verdict.INVALID;
    if (verdict == Verdict.INVALID) {
      env.counters.add(Event.FAST_OPENS_REFUSED);
    }
    return verdict;
  }

  /** Who asks for a cookie, or has one that will not do, is given one (RFC 7413 §4.1.2). */
  private boolean offersCookie(Listeners.Listener listener, TcpOptions options, Verdict verdict) {
    FastOpens fast = listener.backlog().fastOpens();
    return fast.isOn()
        && options.hasFastOpen()
        && verdict != Verdict.VALID
        && fast.hasRoom(env.nowNanos);
  }

  /** The new ISN lies after whatever the old incarnation sent, however fast that was (MAY-2). */
  private static @SeqNum int overtaking(@SeqNum int iss, long after) {
    if (after == NO_FORMER || Seq.after(iss, (int) after)) {
      return iss;
    }
    return (int) after + 250_000;
  }
}
