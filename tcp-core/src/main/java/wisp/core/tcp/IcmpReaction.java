package wisp.core.tcp;

import wisp.core.Counters.Event;
import wisp.core.ip.IcmpError;

/**
 * What an ICMP error does to the connection it is about (RFC 9293 §3.9.2.2, RFC 5927, RFC 5461).
 * Anyone may forge one, so it must quote something in flight; and only a connection that has not
 * begun yet is ended by one.
 */
public final class IcmpReaction {
  private final TcpEnvironment env;
  private final MtuDiscovery mtu;
  private final Ending ending;
  private final Agenda agenda;
  private final Handshake handshake;

  /** For one context. */
  public IcmpReaction(
      TcpEnvironment env, MtuDiscovery mtu, Ending ending, Agenda agenda, Handshake handshake) {
    this.env = env;
    this.mtu = mtu;
    this.ending = ending;
    this.agenda = agenda;
    this.handshake = handshake;
  }

  /** An error that quotes a segment of this connection. */
  public void receive(Tcb tcb, IcmpError error) {
    if (!quotesFlight(tcb, error)) {
      env.counters.add(Event.DROP_ICMP);
      return;
    }
    env.counters.add(Event.ICMP_ERRORS_RECEIVED);
    switch (error.kind) {
      case PACKET_TOO_BIG -> {
        mtu.tooBig(tcb, error);
        handshake.synTooBig(tcb);
        agenda.atEndOfBurst(tcb);
      }
      case SOFT -> tell(tcb, error);
      case HARD -> {
        if (tcb.state == State.SYN_SENT) {
          tcb.icmpType = error.type;
          tcb.icmpCode = error.code;
          ending.end(tcb, EndCause.UNREACHABLE);
        } else {
          tell(tcb, error);
        }
      }
    }
  }

  /** A connection from LISTEN is the application's only when it is open. */
  private void tell(Tcb tcb, IcmpError error) {
    if (!tcb.halfOpen) {
      env.upcalls.unreachable(tcb, error);
    }
  }

  /** SND.UNA =&lt; SEG.SEQ &lt; SND.NXT (RFC 5927 §4.1). */
  private static boolean quotesFlight(Tcb tcb, IcmpError error) {
    return tcb.state != State.CLOSED
        && tcb.state != State.TIME_WAIT
        && Seq.atOrAfter(error.quote.tcpSequence(), tcb.sndUna)
        && Seq.before(error.quote.tcpSequence(), tcb.sndNxt);
  }
}
