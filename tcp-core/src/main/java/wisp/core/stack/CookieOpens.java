package wisp.core.stack;

import wisp.core.Counters.Event;
import wisp.core.ip.IpPacket;
import wisp.core.memory.Payer;
import wisp.core.stack.ListenConfig.Cookies;
import wisp.core.tcp.Handshake;
import wisp.core.tcp.Handshake.Confirmation;
import wisp.core.tcp.SegmentArrives;
import wisp.core.tcp.Tcb;
import wisp.core.tcp.TcpEnvironment;
import wisp.core.wire.TcpHeader;
import wisp.core.wire.TcpOptions;

/**
 * Opens of which nothing is kept: SYNs are answered by a cookie, and the connection is made when
 * that comes back (RFC 4987 §3.6); with {@link Cookies#STATELESS} not before something comes with
 * it.
 */
final class CookieOpens {
  private final TcpEnvironment env;
  private final Listeners listeners;
  private final Acceptances acceptances;
  private final TcbDesk desk;
  private final Handshake handshake;
  private final SegmentArrives segmentArrives;

  private final Payer asking = new Payer();

  /** For what is answered without a record. */
  private final Tcb stateless = new Tcb();

  CookieOpens(
      TcpEnvironment env,
      Listeners listeners,
      Acceptances acceptances,
      TcbDesk desk,
      Handshake handshake,
      SegmentArrives segmentArrives) {
    this.env = env;
    this.listeners = listeners;
    this.acceptances = acceptances;
    this.desk = desk;
    this.handshake = handshake;
    this.segmentArrives = segmentArrives;
  }

  /** Whether a listener answers all SYNs by cookies. */
  static boolean areAlwaysSent(Listeners.Listener listener) {
    return switch (listener.config().cookies()) {
      case NEVER, ON_OVERFLOW -> false;
      case ALWAYS, STATELESS -> true;
    };
  }

  /**
   * A SYN that can't be kept, or is not to be.
   *
   * @param reason counted where there are no cookies
   */
  void overflow(
      Listeners.Listener listener, IpPacket ip, TcpHeader seg, TcpOptions options, Event reason) {
    listener.backlog().overflowed(env.nowNanos);
    if (listener.config().cookies() == Cookies.NEVER) {
      env.counters.add(reason);
      return;
    }
    layOut(listener, ip, seg);
    handshake.answerByCookie(stateless, seg, options);
  }

  private void layOut(Listeners.Listener listener, IpPacket ip, TcpHeader seg) {
    stateless.backlog = listener.backlog();
    stateless.localHigh = ip.destinationHigh;
    stateless.localLow = ip.destinationLow;
    stateless.localPort = seg.destinationPort();
    stateless.remoteHigh = ip.sourceHigh;
    stateless.remoteLow = ip.sourceLow;
    stateless.remotePort = seg.sourcePort();
    stateless.ttl = listener.profile().ttl();
    stateless.dscp = listener.profile().dscp();
    stateless.ecnMode = listener.profile().ecn();
    desk.offer(stateless, listener.profile());
    stateless.windowLimit = listener.profile().receiveWindowBytes();
    stateless.leastWindowShift = listener.profile().leastWindowShift();
  }

  /**
   * A segment with ACK, and neither SYN nor RST, for no connection. If a cookie comes back in it,
   * the connection is made, and the segment is its first.
   *
   * @return false: no cookie, it deserves a RST
   */
  boolean offer(IpPacket ip, TcpHeader seg, TcpOptions options) {
    Listeners.Listener listener =
        listeners.find(ip.destinationHigh, ip.destinationLow, seg.destinationPort());
    if (listener == null
        || listener.config().cookies() == Cookies.NEVER
        || !listener.backlog().believesCookies(env.nowNanos)) {
      return false;
    }
    layOut(listener, ip, seg);
    return listener.config().cookies() == Cookies.STATELESS
        ? offerStateless(listener, ip, seg, options)
        : offerKeeping(listener, ip, seg, options);
  }

  private boolean offerKeeping(
      Listeners.Listener listener, IpPacket ip, TcpHeader seg, TcpOptions options) {
    var said = handshake.confirmsCookie(stateless, seg, options, seg.seq() - 1, false);
    if (said != Confirmation.GOOD) {
      env.counters.add(Event.SYN_COOKIES_REFUSED);
      return false;
    }
    open(listener, ip, seg, options);
    return true;
  }

  /**
   * The peer's number is IRS + 1 when it speaks for the first time, and IRS when it asks whether we
   * are there. Any other tells nothing: it may be the second segment of a flight whose first is
   * late, so it is dropped, and that one resent.
   */
  private boolean offerStateless(
      Listeners.Listener listener, IpPacket ip, TcpHeader seg, TcpOptions options) {
    boolean speaks = seg.payloadLength() > 0 || seg.has(TcpHeader.FIN);
    var said = handshake.confirmsCookie(stateless, seg, options, seg.seq() - 1, true);
    if (said == Confirmation.GOOD) {
      if (speaks) {
        open(listener, ip, seg, options);
      } else {
        env.counters.add(Event.STATELESS_ACKS);
      }
      return true;
    }
    boolean mayProbe = seg.payloadLength() <= 1 && !seg.has(TcpHeader.FIN);
    if (said == Confirmation.NONE && mayProbe) {
      said = handshake.confirmsCookie(stateless, seg, options, seg.seq(), true);
      if (said == Confirmation.GOOD) {
        handshake.answerProbe(stateless, seg, options);
        return true;
      }
    }
    if (said == Confirmation.EXPIRED) {
      env.counters.add(Event.SYN_COOKIES_EXPIRED);
      return false;
    }
    env.counters.add(Event.DROP_UNCONFIRMED);
    return true;
  }

  private void open(Listeners.Listener listener, IpPacket ip, TcpHeader seg, TcpOptions options) {
    RecordCodec.peer(asking, ip.sourceHigh, ip.sourceLow);
    if (!env.peers.mayConnect(asking)) {
      env.counters.add(Event.DROP_PEER_CONNECTIONS); // it will send again: the cookie holds a while
      return;
    }
    if (!listener.backlog().mayOpen()) {
      env.counters.add(Event.DROP_NOT_ACCEPTED); // likewise
      return;
    }
    Tcb tcb = acceptances.create(listener, ip, seg, TcbDesk.Beginning.BARE);
    if (tcb == null) {
      env.counters.add(acceptances.refusal()); // likewise
      return;
    }
    try {
      handshake.acceptByCookie(tcb, stateless, seg, options);
      segmentArrives.segmentArrives(tcb, seg, options, ip.ecn());
    } finally {
      desk.close(tcb);
    }
  }
}
