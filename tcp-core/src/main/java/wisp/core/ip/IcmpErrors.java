package wisp.core.ip;

import wisp.core.Counters;
import wisp.core.Counters.Event;
import wisp.core.spi.KeyedHash;
import wisp.core.wire.IcmpHeader;
import wisp.core.wire.IcmpQuote;
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

  private static final int FIRST_INFORMATIONAL = 128;

  private final OwnAddresses own;
  private final SourceChoice choice;
  private final IpOutput output;
  private final PathMtus paths;
  private final DrawnLimit limit;
  private final Counters counters;
  private final IcmpHeader icmp = new IcmpHeader();
  private final IcmpQuote quote = new IcmpQuote();
  private long fromHigh;
  private long fromLow;

  /**
   * For one context.
   *
   * @param limits draws the limit of each second; with a key of its own
   */
  public IcmpErrors(
      OwnAddresses own, IpOutput output, PathMtus paths, KeyedHash limits, Counters counters) {
    this.own = own;
    this.choice = new SourceChoice(own);
    this.output = output;
    this.paths = paths;
    this.limit = new DrawnLimit(limits, MOST_IN_A_SECOND);
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
    boolean evenToGroup =
        packet.ipv6 && type == Icmpv6Header.PARAMETER_PROBLEM && code == UNKNOWN_OPTION;
    if ((packet.toGroup && !evenToGroup)
        || !mayBeTold(packet)
        || !chooseSource(packet)
        || !limit.permits(nowNanos)) {
      return;
    }
    int quoted = Math.min(packet.totalLength, mostQuoted(packet));
    int bytes = IcmpHeader.LENGTH + quoted;
    if (!output.begin(fromHigh, fromLow, packet.sourceHigh, packet.sourceLow, bytes)) {
      return;
    }
    if (packet.ipv6) {
      Icmpv6Header.writeError(
          output.memory(), output.start(), type, code, word, packet.memory, packet.start, quoted);
      Icmpv6Header.completeChecksum(
          output.memory(),
          output.start(),
          bytes,
          fromHigh,
          fromLow,
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

  /** The address that the packet was sent to; of a group's one of ours (RFC 4443 §2.2). */
  private boolean chooseSource(IpPacket packet) {
    fromHigh = packet.destinationHigh;
    fromLow = packet.destinationLow;
    if (!packet.toGroup) {
      return true;
    }
    int block = choice.best(packet.sourceHigh, packet.sourceLow, 0);
    if (block < 0) {
      return false;
    }
    fromHigh = own.sourceHigh(block);
    fromLow = own.sourceLow(block, 0);
    return true;
  }

  /** As much as is usual, and as the link and the path take in one packet. */
  private int mostQuoted(IpPacket packet) {
    int usual = packet.ipv6 ? Icmpv6Header.MAX_QUOTED : IcmpHeader.MAX_QUOTED;
    int headers = IpOutput.headerBytes(packet.ipv6) + IcmpHeader.LENGTH;
    return Math.min(usual, paths.mtu(packet.sourceHigh, packet.sourceLow) - headers);
  }

  private boolean mayBeTold(IpPacket packet) {
    if (!Scope.isUnicast(packet.sourceHigh, packet.sourceLow)) {
      return false;
    }
    if (packet.ipv6) {
      return !isIcmpv6Error(packet);
    }
    return packet.protocol != Ipv4Header.PROTOCOL_ICMP
        || (icmp.wrap(packet.memory, packet.payloadStart, packet.payloadLength)
            && (icmp.type() == IcmpHeader.ECHO_REQUEST || icmp.type() == IcmpHeader.ECHO_REPLY));
  }

  /** Read from its first byte on: what is wrong may stand before the protocol was reached. */
  private boolean isIcmpv6Error(IpPacket packet) {
    return quote.wrap(packet.memory, packet.start, packet.totalLength)
        && quote.protocol() == Ipv6Header.PROTOCOL_ICMPV6
        && quote.hasTransport()
        && quote.sourcePort() >>> 8 < FIRST_INFORMATIONAL; // the type is its first byte
  }
}
