package wisp.drivers.steering;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import wisp.core.spi.Link;
import wisp.drivers.Framing;

/**
 * A number of 16 bits that both directions of a flow have in common, and the one who opens it can
 * compute before it is there. The context of a flow is this modulo their count.
 *
 * <pre>
 *   key      = source ^ destination, word by word ^ source port ^ destination port
 *   scramble = (x · 0x9E3779B1) mod 2^32
 *   number   = scramble(s ^ s div 2^15) div 2^16, with s = scramble(key)
 * </pre>
 *
 * <p>Twice, because ports that are handed out in steps of two or four would else find the same
 * place many times in a row.
 *
 * <p>TCP and UDP have ports, other protocols go by their addresses alone. An ICMP error goes where
 * the packet goes that it quotes. What nobody can tell the place of concerns {@link #ALL}: ARP and
 * neighbour discovery, for each context has neighbours of its own; and {@link #FRAGMENT}s, of which
 * only the first has ports, and it may come last: each context puts them together, and the one
 * whose the whole is takes it.
 */
public final class FlowNumber {
  /** Every context gets it: ARP, neighbour discovery, groups, errors that quote too little. */
  public static final int ALL = -1;

  /** Every context gets it: a piece of a datagram. */
  public static final int FRAGMENT = -2;

  private static final int MULTIPLIER = 0x9E3779B1; // 2^32 divided by the golden ratio
  private static final int TCP = 6;
  private static final int UDP = 17;
  private static final int ICMP = 1;
  private static final int IGMP = 2;
  private static final int ICMPV6 = 58;
  private static final int HOP_BY_HOP = 0;
  private static final int ROUTING = 43;
  private static final int FRAGMENT_HEADER = 44;
  private static final int DESTINATION_OPTIONS = 60;
  private static final int MOST_EXTENSIONS = 8;

  private static final int IPV4_BYTES = 20;
  private static final int IPV6_BYTES = 40;
  private static final int ICMP_BYTES = 8;
  private static final int OFFSET_OR_MORE = 0x3FFF;

  private static final ValueLayout.OfShort BE16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfInt BE32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfLong BE64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private FlowNumber() {}

  /** Of a flow; addresses as in {@link wisp.core.ip.IpAddress}, IPv4 mapped. */
  public static int of(
      long localHigh,
      long localLow,
      int localPort,
      long remoteHigh,
      long remoteLow,
      int remotePort) {
    return number(localHigh ^ localLow ^ remoteHigh ^ remoteLow, localPort ^ remotePort);
  }

  /** {@code 0 … 65535}, {@link #ALL} or {@link #FRAGMENT}: of a packet as a link brings it. */
  public static int of(Link.Kind kind, MemorySegment memory, long start, int length) {
    int offset = Framing.ipOffset(kind, memory, start, length);
    return offset < 0 ? ALL : ofIp(memory, start + offset, length - offset, /* quoted= */ false);
  }

  private static int number(long addresses, int ports) {
    int scrambled = ((int) (addresses >>> 32) ^ (int) addresses ^ ports) * MULTIPLIER;
    return ((scrambled ^ scrambled >>> 15) * MULTIPLIER) >>> 16;
  }

  /**
   * As above; at least 20 bytes, or 40 of IPv6, are there.
   *
   * @param quoted whether it lies in an ICMP error, which quotes no error (RFC 1122 §3.2.2)
   */
  private static int ofIp(MemorySegment m, long ip, int length, boolean quoted) {
    return octet(m, ip) >>> 4 == 4 ? ofIpv4(m, ip, length, quoted) : ofIpv6(m, ip, length, quoted);
  }

  private static int ofIpv4(MemorySegment m, long ip, int length, boolean quoted) {
    if ((m.get(BE16, ip + 6) & OFFSET_OR_MORE) != 0) {
      return quoted ? ALL : FRAGMENT;
    }
    long addresses = (m.get(BE32, ip + 12) ^ m.get(BE32, ip + 16)) & 0xFFFF_FFFFL;
    int headerBytes = (octet(m, ip) & 0xF) * 4;
    int protocol = octet(m, ip + 9);
    if (protocol == IGMP) {
      return ALL;
    }
    return ofTransport(
        m, ip + headerBytes, length - headerBytes, addresses, protocol, ICMP, quoted);
  }

  private static int ofIpv6(MemorySegment m, long ip, int length, boolean quoted) {
    long addresses =
        m.get(BE64, ip + 8) ^ m.get(BE64, ip + 16) ^ m.get(BE64, ip + 24) ^ m.get(BE64, ip + 32);
    int protocol = octet(m, ip + 6);
    int at = IPV6_BYTES;
    for (int i = 0; i < MOST_EXTENSIONS; i++) {
      switch (protocol) {
        case FRAGMENT_HEADER -> {
          return quoted ? ALL : FRAGMENT;
        }
        case HOP_BY_HOP, ROUTING, DESTINATION_OPTIONS -> {
          if (at + 8 > length) {
            return ALL;
          }
          protocol = octet(m, ip + at);
          at += 8 * (1 + octet(m, ip + at + 1));
        }
        default -> {
          return ofTransport(m, ip + at, length - at, addresses, protocol, ICMPV6, quoted);
        }
      }
    }
    return ALL;
  }

  /** What follows the IP header; {@code length} may be anything. */
  private static int ofTransport(
      MemorySegment m,
      long at,
      int length,
      long addresses,
      int protocol,
      int icmp,
      boolean quoted) {
    if (protocol == TCP || protocol == UDP) {
      return length < 4 ? ALL : number(addresses, (m.get(BE16, at) ^ m.get(BE16, at + 2)) & 0xFFFF);
    }
    if (protocol != icmp || quoted || length < ICMP_BYTES) {
      return number(addresses, 0);
    }
    return icmp == ICMP ? ofIcmp(m, at, length, addresses) : ofIcmpv6(m, at, length, addresses);
  }

  private static int ofIcmp(MemorySegment m, long at, int length, long addresses) {
    return switch (octet(m, at)) {
      case 3, 4, 5, 11, 12 -> ofQuote(m, at + ICMP_BYTES, length - ICMP_BYTES);
      default -> number(addresses, 0);
    };
  }

  private static int ofIcmpv6(MemorySegment m, long at, int length, long addresses) {
    int type = octet(m, at);
    if (type < 128) {
      return ofQuote(m, at + ICMP_BYTES, length - ICMP_BYTES); // RFC 4443 §2.1: an error
    }
    return type <= 129 ? number(addresses, 0) : ALL; // echo; neighbours and groups
  }

  private static int ofQuote(MemorySegment m, long at, int length) {
    if (length < IPV4_BYTES) {
      return ALL;
    }
    int version = octet(m, at) >>> 4;
    boolean whole = version == 4 || (version == 6 && length >= IPV6_BYTES);
    return whole ? ofIp(m, at, length, /* quoted= */ true) : ALL;
  }

  private static int octet(MemorySegment m, long at) {
    return m.get(JAVA_BYTE, at) & 0xFF;
  }
}
