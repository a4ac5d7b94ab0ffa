package wisp.core.ip;

import wisp.core.Counters;
import wisp.core.Counters.Event;
import wisp.core.wire.IcmpHeader;
import wisp.core.wire.Icmpv6Header;
import wisp.core.wire.Ipv4Header;
import wisp.core.wire.Ipv6Header;

/**
 * What we tell senders about packets of theirs that we can't use (RFC 792, RFC 4443), a limited
 * number a second (RFC 1812 §4.3.2.8, RFC 4443 §2.4f). Never about an ICMP error, a group's packet
 * or a source that names no single host (RFC 1122 §3.2.2).
 */
public final class IcmpErrors {
  /** ICMPv6 parameter problem, code 0: a field that makes no sense. */
  public static final int ERRONEOUS_FIELD = 0;

  /** Code 1: a next header that is not spoken here. */
  public static final int UNKNOWN_NEXT_HEADER = 1;

  /** Code 2: an option that is not known. */
  public static final int UNKNOWN_OPTION = 2;

  /** Code 3: a first fragment without all headers (RFC 7112). */
  public static final int INCOMPLETE_CHAIN = 3;

  private static final int HOP_LIMIT = 64;
  private static final int MOST_IN_A_SECOND = 1_000;

  private final IpOutput output;
  private final Counters counters;
  private final IcmpHeader icmp = new IcmpHeader();
  private final Icmpv6Header icmpv6 = new Icmpv6Header();
  private long second = -1;
  private int inSecond;

  /** For one context. */
  public IcmpErrors(IpOutput output, Counters counters) {
    this.output = output;
    this.counters = counters;
  }

  /** Nobody listens at this UDP port. */
  public void portUnreachable(IpPacket packet, long nowNanos) {
    if (packet.ipv6) {
      send(
          packet,
          Icmpv6Header.DESTINATION_UNREACHABLE,
          Icmpv6Header.CODE_PORT_UNREACHABLE,
          0,
          nowNanos);
    } else {
      send(
          packet,
          IcmpHeader.DESTINATION_UNREACHABLE,
          IcmpHeader.CODE_PORT_UNREACHABLE,
          0,
          nowNanos);
    }
  }

  /** We don't speak this protocol. */
  public void protocolUnreachable(IpPacket packet, long nowNanos) {
    if (packet.ipv6) {
      parameterProblem(packet, UNKNOWN_NEXT_HEADER, packet.protocolFieldOffset, nowNanos);
    } else {
      send(
          packet,
          IcmpHeader.DESTINATION_UNREACHABLE,
          IcmpHeader.CODE_PROTOCOL_UNREACHABLE,
          0,
          nowNanos);
    }
  }

  /** The rest of a datagram did not come in time. */
  public void reassemblyTimeExceeded(IpPacket packet, long nowNanos) {
    int type = packet.ipv6 ? Icmpv6Header.TIME_EXCEEDED : IcmpHeader.TIME_EXCEEDED;
    send(packet, type, 1, 0, nowNanos);
  }

  /**
   * Something in an IPv6 header is wrong.
   *
   * @param pointer offset of it from the packet's start
   */
  void parameterProblem(IpPacket packet, int code, int pointer, long nowNanos) {
    send(packet, Icmpv6Header.PARAMETER_PROBLEM, code, pointer, nowNanos);
  }

  private void send(IpPacket packet, int type, int code, int word, long nowNanos) {
    if (!mayBeTold(packet) || !mayTell(nowNanos)) {
      return;
    }
    int most = packet.ipv6 ? Icmpv6Header.MAX_QUOTED : IcmpHeader.MAX_QUOTED;
    int quoted = Math.min(packet.totalLength, most);
    int bytes = IcmpHeader.LENGTH + quoted;
    boolean begun =
        output.begin(
            packet.destinationHigh,
            packet.destinationLow,
            packet.sourceHigh,
            packet.sourceLow,
            bytes);
    if (!begun) {
      return;
    }
    if (packet.ipv6) {
      Icmpv6Header.writeError(
          output.memory(), output.start(), type, code, word, packet.memory, packet.start, quoted);
      Icmpv6Header.completeChecksum(
          output.memory(),
          output.start(),
          bytes,
          packet.destinationHigh,
          packet.destinationLow,
          packet.sourceHigh,
          packet.sourceLow);
      output.send(Ipv6Header.PROTOCOL_ICMPV6, HOP_LIMIT, 0, bytes);
    } else {
      IcmpHeader.writeError(
          output.memory(), output.start(), type, code, word, packet.memory, packet.start, quoted);
      output.send(Ipv4Header.PROTOCOL_ICMP, HOP_LIMIT, 0, bytes);
    }
    counters.add(Event.ICMP_ERRORS_SENT);
  }

  private boolean mayBeTold(IpPacket packet) {
    if (packet.toGroup || !Scope.isUnicast(packet.sourceHigh, packet.sourceLow)) {
      return false;
    }
    if (packet.ipv6) {
      return packet.protocol != Ipv6Header.PROTOCOL_ICMPV6
          || packet.payloadLength < 1
          || !icmpv6.wrap(packet.memory, packet.payloadStart, packet.payloadLength)
          || !icmpv6.isError();
    }
    return packet.protocol != Ipv4Header.PROTOCOL_ICMP
        || (icmp.wrap(packet.memory, packet.payloadStart, packet.payloadLength)
            && (icmp.type() == IcmpHeader.ECHO_REQUEST || icmp.type() == IcmpHeader.ECHO_REPLY));
  }

  private boolean mayTell(long nowNanos) {
    long now = nowNanos / 1_000_000_000L;
    if (now != second) {
      second = now;
      inSecond = 0;
    }
    return inSecond++ < MOST_IN_A_SECOND;
  }
}
