package wisp.core.ip;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import wisp.core.Counters;
import wisp.core.Counters.Event;
import wisp.core.wire.Ipv4Header;
import wisp.core.wire.Ipv6Extensions;
import wisp.core.wire.Ipv6Header;

/**
 * Which packets are ours and sound (RFC 791, RFC 8200, RFC 1122 §3.2.1); the others are dropped,
 * each counted by the first reason found. Fragments wait until their datagram is whole.
 */
public final class IpInput {
  private static final int PAYLOAD_LENGTH_FIELD = 4;
  private static final int END_OF_OPTIONS = 0;
  private static final int NO_OPERATION = 1;

  /** Bytes of a route with one address. */
  private static final int LEAST_ROUTE = 7;

  private final OwnAddresses own;
  private final Groups groups;
  private final Fragments fragments;
  private final IcmpErrors errors;
  private final Counters counters;
  private final IpPacket packet = new IpPacket();
  private final Ipv4Header ipv4 = new Ipv4Header();
  private final Ipv6Header ipv6 = new Ipv6Header();
  private final boolean sourceRoutes;
  private final Ipv6Extensions extensions = new Ipv6Extensions();

  /** For one context. */
  public IpInput(
      OwnAddresses own,
      Groups groups,
      Fragments fragments,
      IcmpErrors errors,
      boolean sourceRoutes,
      Counters counters) {
    this.sourceRoutes = sourceRoutes;
    this.own = own;
    this.groups = groups;
    this.fragments = fragments;
    this.errors = errors;
    this.counters = counters;
  }

  /** What the last {@link #accept} that said yes found. Shared: the next one overwrites it. */
  public IpPacket packet() {
    return packet;
  }

  /**
   * Looks at a packet.
   *
   * @param looped it comes from ourselves
   * @return whether it is for us and may be passed on; {@link #packet} tells what it is
   */
  public boolean accept(
      MemorySegment memory, long start, int length, boolean looped, long nowNanos) {
    packet.wasFragmented = false;
    packet.routeBytes = 0;
    return read(memory, start, length, looped, nowNanos);
  }

  private boolean read(
      MemorySegment memory, long start, int length, boolean looped, long nowNanos) {
    int version = length == 0 ? 0 : memory.get(ValueLayout.JAVA_BYTE, start) >>> 4 & 15;
    return version == 6
        ? readIpv6(memory, start, length, looped, nowNanos)
        : readIpv4(memory, start, length, looped, nowNanos);
  }

  /**
   * The rest of a datagram did not come in time; its sender is told if it can be (RFC 792, RFC 4443
   * §3.3).
   *
   * @param memory its first fragment, borrowed
   */
  public void expired(boolean isIpv6, MemorySegment memory, long start, int length, long nowNanos) {
    boolean isSound = isIpv6 ? ipv6.wrap(memory, start, length) : ipv4.wrap(memory, start, length);
    if (!isSound) {
      return;
    }
    packet.ipv6 = isIpv6;
    packet.sourceHigh = isIpv6 ? ipv6.sourceHigh() : 0;
    packet.sourceLow = isIpv6 ? ipv6.sourceLow() : IpAddress.mapped(ipv4.source());
    packet.destinationHigh = isIpv6 ? ipv6.destinationHigh() : 0;
    packet.destinationLow = isIpv6 ? ipv6.destinationLow() : IpAddress.mapped(ipv4.destination());
    packet.toGroup = Scope.isMulticast(packet.destinationHigh, packet.destinationLow);
    packet.memory = memory;
    packet.start = start;
    packet.totalLength = length;
    packet.protocol = isIpv6 ? Ipv6Extensions.FRAGMENT : ipv4.protocol();
    packet.payloadStart = isIpv6 ? ipv6.payloadStart() : ipv4.payloadStart();
    packet.payloadLength = isIpv6 ? ipv6.payloadLength() : ipv4.payloadLength();
    errors.reassemblyTimeExceeded(packet, nowNanos);
  }

  // ---- IPv4 -------------------------------------------------------------------------------------

  private boolean readIpv4(
      MemorySegment memory, long start, int length, boolean looped, long nowNanos) {
    if (!ipv4.wrap(memory, start, length)) {
      return drop(
          ipv4.problem() == Ipv4Header.PROBLEM_VERSION
              ? Event.DROP_IP_VERSION
              : Event.DROP_IP_LENGTH);
    }
    if (!ipv4.checksumOk()) {
      return drop(Event.DROP_IP_CHECKSUM);
    }
    packet.ipv6 = false;
    packet.sourceHigh = 0;
    packet.sourceLow = IpAddress.mapped(ipv4.source());
    packet.destinationHigh = 0;
    packet.destinationLow = IpAddress.mapped(ipv4.destination());
    packet.toGroup = false;
    if (!own.contains(0, packet.destinationLow)) {
      return drop(Event.DROP_IP_DESTINATION);
    }
    if (!isPossibleSource(looped)) {
      return drop(Event.DROP_IP_SOURCE);
    }
    packet.memory = memory;
    packet.start = start;
    packet.totalLength = ipv4.totalLength();
    packet.protocol = ipv4.protocol();
    packet.payloadStart = ipv4.payloadStart();
    packet.payloadLength = ipv4.payloadLength();
    packet.hopLimit = ipv4.ttl();
    packet.trafficClass = ipv4.dscp() << 2 | ipv4.ecn();
    packet.protocolFieldOffset = 9;
    if (sourceRoutes && ipv4.headerLength() > Ipv4Header.LENGTH && !readRoute()) {
      return drop(Event.DROP_IP_SOURCE_ROUTE);
    }
    return !ipv4.isFragment() || reassembleIpv4(looped, nowNanos);
  }

  /** False: there is a source route, and it is malformed or leads on to somebody else. */
  private boolean readRoute() {
    long at = packet.start + Ipv4Header.LENGTH;
    long end = packet.start + ipv4.headerLength();
    while (at < end) {
      int type = octet(at);
      if (type == END_OF_OPTIONS) {
        return true;
      }
      if (type == NO_OPERATION) {
        at++;
        continue;
      }
      int bytes = at + 1 < end ? octet(at + 1) : 0;
      if (bytes < 2 || bytes > end - at) {
        return packet.routeBytes == 0; // nobody else minds malformed options
      }
      if (type == SourceRoute.LOOSE || type == SourceRoute.STRICT) {
        boolean endsHere =
            packet.routeBytes == 0
                && bytes >= LEAST_ROUTE
                && bytes % 4 == 3
                && octet(at + 2) > bytes;
        if (!endsHere) {
          return false;
        }
        packet.routeStart = at;
        packet.routeBytes = bytes;
      }
      at += bytes;
    }
    return true;
  }

  private int octet(long at) {
    return packet.memory.get(ValueLayout.JAVA_BYTE, at) & 0xFF;
  }

  private boolean reassembleIpv4(boolean looped, long nowNanos) {
    int result =
        fragments.add(
            /* ipv6= */ false,
            packet.sourceHigh,
            packet.sourceLow,
            packet.destinationHigh,
            packet.destinationLow,
            packet.protocol,
            ipv4.identification(),
            packet.memory,
            packet.start,
            ipv4.headerLength(),
            packet.protocolFieldOffset,
            packet.payloadStart,
            ipv4.fragmentOffset(),
            packet.payloadLength,
            ipv4.moreFragments(),
            ipv4.ecn(),
            nowNanos);
    return result == Fragments.COMPLETE && readWhole(looped, nowNanos);
  }

  // ---- IPv6 -------------------------------------------------------------------------------------

  private boolean readIpv6(
      MemorySegment memory, long start, int length, boolean looped, long nowNanos) {
    if (!ipv6.wrap(memory, start, length)) {
      return drop(Event.DROP_IP_LENGTH);
    }
    packet.ipv6 = true;
    packet.sourceHigh = ipv6.sourceHigh();
    packet.sourceLow = ipv6.sourceLow();
    packet.destinationHigh = ipv6.destinationHigh();
    packet.destinationLow = ipv6.destinationLow();
    packet.toGroup = Scope.isMulticast(packet.destinationHigh, packet.destinationLow);
    boolean isForUs =
        packet.toGroup
            ? groups.contains(packet.destinationHigh, packet.destinationLow)
            : own.contains(packet.destinationHigh, packet.destinationLow);
    // A mapped address never travels; here it would be taken for IPv4.
    if (!isForUs || IpAddress.isIpv4(packet.destinationHigh, packet.destinationLow)) {
      return drop(Event.DROP_IP_DESTINATION);
    }
    boolean isUnspecified = packet.sourceHigh == 0 && packet.sourceLow == 0;
    if (!(isUnspecified && packet.toGroup) // a host that looks for duplicates (RFC 4862 §5.4.2)
        && !isPossibleSource(looped)) {
      return drop(Event.DROP_IP_SOURCE);
    }
    packet.memory = memory;
    packet.start = start;
    packet.totalLength = Ipv6Header.LENGTH + ipv6.payloadLength();
    packet.hopLimit = ipv6.hopLimit();
    packet.trafficClass = ipv6.trafficClass();
    if (!extensions.walk(ipv6)) {
      return refuseExtensions(nowNanos);
    }
    packet.protocol = extensions.protocol();
    packet.payloadStart = extensions.payloadStart();
    packet.payloadLength = extensions.payloadLength();
    packet.protocolFieldOffset = extensions.nextHeaderFieldOffset();
    packet.wasFragmented |= extensions.isAtomicFragment();
    return !extensions.isFragment() || reassembleIpv6(looped, nowNanos);
  }

  private boolean refuseExtensions(long nowNanos) {
    if (extensions.problemCode() >= 0 && (!packet.toGroup || extensions.problemEvenToMulticast())) {
      errors.parameterProblem(
          packet, extensions.problemCode(), extensions.problemPointer(), nowNanos);
    }
    return drop(Event.DROP_IP_EXTENSION);
  }

  private boolean reassembleIpv6(boolean looped, long nowNanos) {
    boolean first = extensions.fragmentOffset() == 0;
    if (first && !extensions.hasWholeChain()) {
      errors.parameterProblem(packet, IcmpErrors.INCOMPLETE_CHAIN, 0, nowNanos);
      return drop(Event.DROP_IP_FRAGMENT);
    }
    int result =
        fragments.add(
            /* ipv6= */ true,
            packet.sourceHigh,
            packet.sourceLow,
            packet.destinationHigh,
            packet.destinationLow,
            packet.protocol,
            extensions.identification(),
            packet.memory,
            packet.start,
            extensions.unfragmentableLength(),
            packet.protocolFieldOffset,
            packet.payloadStart,
            extensions.fragmentOffset(),
            packet.payloadLength,
            extensions.moreFragments(),
            packet.ecn(),
            nowNanos);
    if (result == Fragments.BAD_LENGTH) {
      errors.parameterProblem(packet, IcmpErrors.ERRONEOUS_FIELD, PAYLOAD_LENGTH_FIELD, nowNanos);
    } else if (result == Fragments.TOO_LONG) {
      int pointer = (int) (extensions.fragmentHeaderStart() - packet.start) + 2;
      errors.parameterProblem(packet, IcmpErrors.ERRONEOUS_FIELD, pointer, nowNanos);
    }
    return result == Fragments.COMPLETE && readWhole(looped, nowNanos);
  }

  // ---- Both -------------------------------------------------------------------------------------

  private boolean readWhole(boolean looped, long nowNanos) {
    packet.wasFragmented = true;
    return read(fragments.memory(), fragments.start(), fragments.length(), looped, nowNanos);
  }

  /** A unicast address, and ours only if it comes from ourselves. */
  private boolean isPossibleSource(boolean looped) {
    boolean isOurs = own.contains(packet.sourceHigh, packet.sourceLow);
    boolean isAlias = packet.ipv6 && IpAddress.isIpv4(packet.sourceHigh, packet.sourceLow);
    return isOurs == looped && !isAlias && Scope.isUnicast(packet.sourceHigh, packet.sourceLow);
  }

  private boolean drop(Event reason) {
    counters.add(reason);
    return false;
  }
}
