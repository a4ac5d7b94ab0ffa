package wisp.core.stack;

import wisp.core.Counters.Event;
import wisp.core.ip.IpPacket;
import wisp.core.tcp.Handshake;
import wisp.core.tcp.Seq;
import wisp.core.tcp.SeqNum;
import wisp.core.tcp.Tcb;
import wisp.core.tcp.TcpEnvironment;
import wisp.core.wire.TcpHeader;
import wisp.core.wire.TcpOptions;

/**
 * LISTEN (RFC 9293 §3.10.7.2): a SYN becomes a half-open connection, if there is a listener,
 * memory, and room among the half-open ones.
 */
final class PassiveOpens {
  /** No earlier incarnation is known. */
  static final long NO_FORMER = Long.MIN_VALUE;

  private final TcpEnvironment env;
  private final ContextConfig config;
  private final Listeners listeners;
  private final Bindings bindings;
  private final TcbDesk desk;
  private final Handshake handshake;
  private final InitialSequenceNumbers isn;

  PassiveOpens(
      TcpEnvironment env,
      ContextConfig config,
      Listeners listeners,
      Bindings bindings,
      TcbDesk desk,
      Handshake handshake,
      InitialSequenceNumbers isn) {
    this.env = env;
    this.config = config;
    this.listeners = listeners;
    this.bindings = bindings;
    this.desk = desk;
    this.handshake = handshake;
    this.isn = isn;
  }

  /** Whether a SYN to where this connection was would be taken. */
  boolean wouldTake(Tcb tcb) {
    return listeners.find(tcb.localHigh, tcb.localLow, tcb.localPort) != null
        && desk.halfOpen() < config.halfOpenLimit();
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
    if (desk.halfOpen() >= config.halfOpenLimit()) {
      env.counters.add(Event.DROP_SYN_QUEUE);
      return true;
    }
    int binding =
        bindings.intern(
            false,
            ip.destinationHigh,
            ip.destinationLow,
            seg.destinationPort(),
            listener.handler(),
            listener.profile());
    Tcb tcb =
        binding == Bindings.NONE
            ? null
            : desk.create(ip.sourceHigh, ip.sourceLow, seg.sourcePort(), binding);
    if (tcb == null) {
      bindings.dropIfUnused(binding);
      env.counters.add(Event.DROP_NO_RECORD);
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
    handshake.accept(tcb, overtaking(iss, after), seg, options);
    desk.close(tcb);
    return true;
  }

  /** The new ISN lies after whatever the old incarnation sent, however fast that was (MAY-2). */
  private static @SeqNum int overtaking(@SeqNum int iss, long after) {
    if (after == NO_FORMER || Seq.after(iss, (int) after)) {
      return iss;
    }
    return (int) after + 250_000;
  }
}
