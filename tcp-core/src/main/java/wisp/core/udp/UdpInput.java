package wisp.core.udp;

import wisp.core.Counters;
import wisp.core.Counters.Event;
import wisp.core.ip.IcmpErrors;
import wisp.core.ip.IpPacket;
import wisp.core.spi.Link;
import wisp.core.wire.UdpHeader;

/**
 * Datagrams that arrive: those that are sound go to the port that they are for, and if there is
 * none their sender is told so (RFC 768, RFC 1122 §4.1.3). Each of the others is counted by the
 * first reason found.
 */
public final class UdpInput {
  private final Link link;
  private final UdpPorts ports;
  private final IcmpErrors errors;
  private final Counters counters;
  private final UdpHeader udp = new UdpHeader();

  /** For one context. */
  public UdpInput(Link link, UdpPorts ports, IcmpErrors errors, Counters counters) {
    this.link = link;
    this.ports = ports;
    this.errors = errors;
    this.counters = counters;
  }

  /** A datagram for us, from a source that is one host's, or from {@code ::} to a group. */
  public void receive(IpPacket packet, boolean checksumTrusted, long nowNanos) {
    if (packet.sourceHigh == 0 && packet.sourceLow == 0) {
      counters.add(Event.DROP_IP_SOURCE);
      return;
    }
    if (!udp.wrap(packet.memory, packet.payloadStart, packet.payloadLength)) {
      counters.add(Event.DROP_UDP_LENGTH);
      return;
    }
    if (!isIntact(packet, checksumTrusted)) {
      counters.add(Event.DROP_UDP_CHECKSUM);
      return;
    }
    UdpPort port = ports.of(packet, udp.destinationPort(), udp.sourcePort());
    if ((port == null || packet.wasFragmented) && !isForUs(packet)) {
      counters.add(Event.DROP_OTHER_CONTEXT);
      return;
    }
    if (port == null) {
      counters.add(Event.DROP_UDP);
      errors.portUnreachable(packet, nowNanos);
      return;
    }
    counters.add(Event.DATAGRAMS_RECEIVED);
    port.received(packet, udp);
  }

  /** Whether it is not for another context on the same device: fragments come to all of them. */
  private boolean isForUs(IpPacket packet) {
    return link.brings(
        packet.destinationHigh,
        packet.destinationLow,
        udp.destinationPort(),
        packet.sourceHigh,
        packet.sourceLow,
        udp.sourcePort());
  }

  /** Without a checksum an IPv4 datagram is taken as it is, an IPv6 one never (RFC 8200 §8.1). */
  private boolean isIntact(IpPacket packet, boolean checksumTrusted) {
    if (udp.zeroChecksum()) {
      return !packet.ipv6;
    }
    return checksumTrusted || udp.checksumOk(packet.pseudoHeader(udp.length()));
  }
}
