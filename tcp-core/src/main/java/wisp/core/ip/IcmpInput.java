package wisp.core.ip;

import wisp.core.Counters;
import wisp.core.Counters.Event;
import wisp.core.spi.Link;
import wisp.core.wire.IcmpHeader;
import wisp.core.wire.Icmpv6Header;
import wisp.core.wire.Ipv4Header;
import wisp.core.wire.Ipv6Header;

/**
 * ICMP as a host speaks it (RFC 792, RFC 4443, RFC 1122 §3.2.2): answers echo, passes errors on to
 * whom they are about, and answers packets of protocols that are not spoken here. Source quench,
 * redirects and unknown types are dropped (RFC 6633; redirects because anyone on the path could
 * send them).
 */
public final class IcmpInput {
  private static final int HOP_LIMIT = 64;
  private static final int NO_NEXT_HEADER = 59;

  private final Link link;
  private final OwnAddresses own;
  private final DatagramOutput output;
  private final IcmpErrors errors;
  private final TransportErrors transports;
  private final NeighbourMessages neighbours;
  private final Counters counters;
  private final IcmpHeader icmp = new IcmpHeader();
  private final Icmpv6Header icmpv6 = new Icmpv6Header();
  private final IcmpError error = new IcmpError();

  /** For one context. */
  public IcmpInput(
      Link link,
      OwnAddresses own,
      DatagramOutput output,
      IcmpErrors errors,
      TransportErrors transports,
      NeighbourMessages neighbours,
      Counters counters) {
    this.link = link;
    this.own = own;
    this.output = output;
    this.errors = errors;
    this.transports = transports;
    this.neighbours = neighbours;
    this.counters = counters;
  }

  /** A packet that is neither TCP nor UDP. */
  public void receive(IpPacket packet, long nowNanos) {
    if (packet.ipv6 && packet.protocol == Ipv6Header.PROTOCOL_ICMPV6) {
      receiveIcmpv6(packet, nowNanos);
    } else if (!packet.ipv6 && packet.protocol == Ipv4Header.PROTOCOL_ICMP) {
      receiveIcmp(packet, nowNanos);
    } else if (isForAnother(packet)) {
      counters.add(Event.DROP_OTHER_CONTEXT);
    } else {
      counters.add(Event.DROP_IP_PROTOCOL);
      if (!(packet.ipv6 && packet.protocol == NO_NEXT_HEADER)) {
        errors.protocolUnreachable(packet, nowNanos);
      }
    }
  }

  /** Fragments come to every context on a device, and one of them answers. */
  private boolean isForAnother(IpPacket packet) {
    return packet.wasFragmented
        && !link.brings(
            packet.destinationHigh,
            packet.destinationLow,
            0,
            packet.sourceHigh,
            packet.sourceLow,
            0);
  }

  // ---- ICMP -------------------------------------------------------------------------------------

  private void receiveIcmp(IpPacket packet, long nowNanos) {
    if (!icmp.wrap(packet.memory, packet.payloadStart, packet.payloadLength)
        || !icmp.checksumOk()) {
      counters.add(Event.DROP_ICMP);
      return;
    }
    switch (icmp.type()) {
      case IcmpHeader.ECHO_REQUEST -> echo(packet, Ipv4Header.PROTOCOL_ICMP, icmp.code());
      case IcmpHeader.DESTINATION_UNREACHABLE ->
          error(
              kindOfUnreachable(icmp.code()),
              icmp.nextHopMtu(),
              packet,
              icmp.type(),
              icmp.code(),
              nowNanos);
      case IcmpHeader.TIME_EXCEEDED, IcmpHeader.PARAMETER_PROBLEM ->
          error(IcmpError.Kind.SOFT, 0, packet, icmp.type(), icmp.code(), nowNanos);
      default -> counters.add(Event.DROP_ICMP);
    }
  }

  private static IcmpError.Kind kindOfUnreachable(int code) {
    return switch (code) {
      case IcmpHeader.CODE_FRAGMENTATION_NEEDED -> IcmpError.Kind.PACKET_TOO_BIG;
      // Network, host, source route, network or host for this type of service: may pass.
      case 0, 1, 5, 11, 12 -> IcmpError.Kind.SOFT;
      default -> IcmpError.Kind.HARD;
    };
  }

  // ---- ICMPv6 -----------------------------------------------------------------------------------

  private void receiveIcmpv6(IpPacket packet, long nowNanos) {
    if (!icmpv6.wrap(packet.memory, packet.payloadStart, packet.payloadLength)
        || !icmpv6.checksumOk(
            packet.sourceHigh, packet.sourceLow, packet.destinationHigh, packet.destinationLow)) {
      counters.add(Event.DROP_ICMP);
      return;
    }
    int type = icmpv6.type();
    switch (type) {
      case Icmpv6Header.ECHO_REQUEST -> echo(packet, Ipv6Header.PROTOCOL_ICMPV6, icmpv6.code());
      case Icmpv6Header.DESTINATION_UNREACHABLE ->
          error(kindOfUnreachableIpv6(icmpv6.code()), 0, packet, type, icmpv6.code(), nowNanos);
      case Icmpv6Header.PACKET_TOO_BIG -> packetTooBig(packet, nowNanos);
      case Icmpv6Header.TIME_EXCEEDED ->
          error(IcmpError.Kind.SOFT, 0, packet, type, icmpv6.code(), nowNanos);
      case Icmpv6Header.PARAMETER_PROBLEM ->
          error(
              IcmpError.Kind.SOFT, 0, packet, type, icmpv6.code(), nowNanos); // MUST-56: all three
      default -> {
        if (!neighbours.receive(packet, type, nowNanos)) {
          counters.add(Event.DROP_ICMP);
        }
      }
    }
  }

  /** RFC 8201 §4: less than every IPv6 link carries is not to be believed. */
  private void packetTooBig(IpPacket packet, long nowNanos) {
    long mtu = icmpv6.word() & 0xFFFF_FFFFL;
    if (mtu < PathMtus.LEAST_IPV6) {
      counters.add(Event.DROP_ICMP);
      return;
    }
    int size = (int) Math.min(mtu, 65_535);
    error(IcmpError.Kind.PACKET_TOO_BIG, size, packet, icmpv6.type(), icmpv6.code(), nowNanos);
  }

  private static IcmpError.Kind kindOfUnreachableIpv6(int code) {
    boolean mayPass = code == 0 || code == 3; // no route, address unreachable
    return mayPass ? IcmpError.Kind.SOFT : IcmpError.Kind.HARD;
  }

  // ---- Both -------------------------------------------------------------------------------------

  private void error(
      IcmpError.Kind kind, int mtu, IpPacket packet, int type, int code, long nowNanos) {
    long quoteStart = packet.payloadStart + IcmpHeader.LENGTH;
    int quoteBytes = packet.payloadLength - IcmpHeader.LENGTH;
    boolean isOurs =
        error.quote.wrap(packet.memory, quoteStart, quoteBytes)
            && error.quote.ipv6() == packet.ipv6
            && IpAddress.isIpv4(error.quote.sourceHigh(), error.quote.sourceLow()) != packet.ipv6
            && own.contains(error.quote.sourceHigh(), error.quote.sourceLow());
    if (!isOurs || packet.toGroup) {
      counters.add(Event.DROP_ICMP);
      return;
    }
    error.kind = kind;
    error.mtu = mtu;
    error.type = type;
    error.code = code;
    transports.receive(error, nowNanos);
  }

  private void echo(IpPacket packet, int protocol, int code) {
    if (isForAnother(packet)) {
      counters.add(Event.DROP_OTHER_CONTEXT);
      return;
    }
    int bytes = packet.payloadLength;
    boolean answered =
        code == 0
            && !packet.toGroup
            && output.begin(
                packet.destinationHigh,
                packet.destinationLow,
                packet.sourceHigh,
                packet.sourceLow,
                bytes,
                /* hears= */ true);
    if (!answered) {
      counters.add(Event.DROP_ICMP);
      return;
    }
    if (packet.ipv6) {
      Icmpv6Header.writeEchoReply(
          packet.memory, packet.payloadStart, bytes, output.memory(), output.start());
      Icmpv6Header.completeChecksum(
          output.memory(),
          output.start(),
          bytes,
          packet.destinationHigh,
          packet.destinationLow,
          packet.sourceHigh,
          packet.sourceLow);
    } else {
      IcmpHeader.writeEchoReply(
          packet.memory, packet.payloadStart, bytes, output.memory(), output.start());
    }
    output.send(protocol, HOP_LIMIT, packet.dscp(), bytes, /* dontFragment= */ false);
    counters.add(Event.ECHO_REPLIES);
  }
}
