package wisp.core.udp;

import wisp.core.Counters;
import wisp.core.Counters.Event;
import wisp.core.ip.IcmpErrors;
import wisp.core.ip.IpPacket;

/** Datagrams that arrive. */
public final class UdpInput {
  private final IcmpErrors errors;
  private final Counters counters;

  /** For one context. */
  public UdpInput(IcmpErrors errors, Counters counters) {
    this.errors = errors;
    this.counters = counters;
  }

  /** A datagram for us. */
  public void receive(IpPacket packet, boolean checksumTrusted, long nowNanos) {
    counters.add(Event.DROP_UDP);
    errors.portUnreachable(packet, nowNanos);
  }
}
