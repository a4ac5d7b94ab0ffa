package wisp.drivers.faults;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import wisp.core.ip.IpAddress;
import wisp.core.wire.Checksum;

/**
 * ICMP errors as a router on the path sees and makes them, of both families (RFC 792, RFC 4443).
 *
 * <pre>
 *   IPv4  header 20 │ type 3 │ code 4 │ checksum 2 │ 0 2 │ MTU 2 │ the packet, as far as 576 bytes go
 *   IPv6  header 40 │ type 2 │ code 0 │ checksum 2 │    MTU 4    │ the packet, as far as 1,280 bytes go
 * </pre>
 */
final class IcmpError {
  /** The longest packet that {@link #writeTooBig} writes. */
  static final int LARGEST_BYTES = 1280; // RFC 4443 §2.4 (c)

  private static final int LARGEST_IPV4_BYTES = 576; // RFC 1812 §4.3.2.3
  private static final int IPV4_HEADER_BYTES = 20;
  private static final int IPV6_HEADER_BYTES = 40;
  private static final int ICMP_HEADER_BYTES = 8;
  private static final int ICMP = 1;
  private static final int ICMPV6 = 58;
  private static final int FIRST_INFORMATIONAL_V6 = 128;
  private static final int DONT_FRAGMENT = 0x4000;
  private static final int FRAGMENT_OFFSET = 0x1FFF;
  private static final byte TTL = 64;
  private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
  private static final ValueLayout.OfShort BE16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfInt BE32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfLong BE64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private IcmpError() {}

  /**
   * Whether an IP packet is an ICMP or ICMPv6 error; echo, neighbour discovery and the like are
   * none. Extension headers are not looked behind.
   *
   * @param ip where the header begins; it is there as a whole
   */
  static boolean is(MemorySegment memory, long ip, int length) {
    if (isIpv6(memory, ip)) {
      return u8(memory, ip + 6) == ICMPV6
          && length > IPV6_HEADER_BYTES
          && u8(memory, ip + IPV6_HEADER_BYTES) < FIRST_INFORMATIONAL_V6;
    }
    int header = (u8(memory, ip) & 0xF) * 4;
    if (u8(memory, ip + 9) != ICMP
        || (memory.get(BE16, ip + 6) & FRAGMENT_OFFSET) != 0
        || length <= header) {
      return false;
    }
    return switch (u8(memory, ip + header)) {
      case 3, 4, 5, 11, 12 -> true; // unreachable, quench, redirect, time, parameter
      default -> false;
    };
  }

  /**
   * Whether a router tells the sender that this packet is too big: no error about errors, about
   * fragments other than the first, to or about groups; in IPv4 only when it must not be fragmented
   * (RFC 1122 §3.2.2, RFC 1191 §4, RFC 4443 §2.4 (e)).
   */
  static boolean mayFollow(MemorySegment memory, long ip, int length) {
    if (is(memory, ip, length)) {
      return false;
    }
    if (isIpv6(memory, ip)) {
      boolean unspecified = memory.get(BE64, ip + 8) == 0 && memory.get(BE64, ip + 16) == 0;
      return !unspecified && u8(memory, ip + 8) != 0xFF;
    }
    int fragment = memory.get(BE16, ip + 6);
    int source = u8(memory, ip + 12);
    return (fragment & DONT_FRAGMENT) != 0
        && (fragment & FRAGMENT_OFFSET) == 0
        && source > 0
        && source < 224
        && source != 127
        && u8(memory, ip + 16) < 224;
  }

  /**
   * Writes the answer to a packet that is too big.
   *
   * @param ip of the packet, {@code length} bytes
   * @param out where it begins; {@link #LARGEST_BYTES} are free there
   * @return its length
   */
  static int writeTooBig(
      MemorySegment memory, long ip, int length, PathConfig path, MemorySegment to, long out) {
    return isIpv6(memory, ip)
        ? writeIpv6(memory, ip, length, path, to, out)
        : writeIpv4(memory, ip, length, path, to, out);
  }

  private static int writeIpv4(
      MemorySegment memory, long ip, int length, PathConfig path, MemorySegment to, long out) {
    int quoted = Math.min(length, LARGEST_IPV4_BYTES - IPV4_HEADER_BYTES - ICMP_HEADER_BYTES);
    int total = IPV4_HEADER_BYTES + ICMP_HEADER_BYTES + quoted;
    to.set(BE16, out, (short) 0x45C0); // precedence: internetwork control, RFC 1812 §4.3.2.5
    to.set(BE16, out + 2, (short) total);
    to.set(BE32, out + 4, DONT_FRAGMENT);
    to.set(BYTE, out + 8, TTL);
    to.set(BYTE, out + 9, (byte) ICMP);
    to.set(BE16, out + 10, (short) 0);
    to.set(BE32, out + 12, path.routerIpv4().ipv4());
    to.set(BE32, out + 16, memory.get(BE32, ip + 12));
    to.set(BE16, out + 10, (short) Checksum.finish(Checksum.sum(to, out, IPV4_HEADER_BYTES, 0)));
    long icmp = out + IPV4_HEADER_BYTES;
    to.set(BE32, icmp, 0x0304_0000);
    to.set(BE32, icmp + 4, path.mtu());
    MemorySegment.copy(memory, ip, to, icmp + ICMP_HEADER_BYTES, quoted);
    int sum = Checksum.finish(Checksum.sum(to, icmp, ICMP_HEADER_BYTES + quoted, 0));
    to.set(BE16, icmp + 2, (short) sum);
    return total;
  }

  private static int writeIpv6(
      MemorySegment memory, long ip, int length, PathConfig path, MemorySegment to, long out) {
    int quoted = Math.min(length, LARGEST_BYTES - IPV6_HEADER_BYTES - ICMP_HEADER_BYTES);
    int payload = ICMP_HEADER_BYTES + quoted;
    IpAddress router = path.routerIpv6();
    to.set(BE32, out, 0x6000_0000);
    to.set(BE16, out + 4, (short) payload);
    to.set(BYTE, out + 6, (byte) ICMPV6);
    to.set(BYTE, out + 7, TTL);
    to.set(BE64, out + 8, router.high());
    to.set(BE64, out + 16, router.low());
    MemorySegment.copy(memory, ip + 8, to, out + 24, 16);
    long icmp = out + IPV6_HEADER_BYTES;
    to.set(BE32, icmp, 0x0200_0000);
    to.set(BE32, icmp + 4, path.mtu());
    MemorySegment.copy(memory, ip, to, icmp + ICMP_HEADER_BYTES, quoted);
    long pseudo = Checksum.sum(to, out + 8, 32, payload + ICMPV6);
    to.set(BE16, icmp + 2, (short) Checksum.finish(Checksum.sum(to, icmp, payload, pseudo)));
    return IPV6_HEADER_BYTES + payload;
  }

  private static boolean isIpv6(MemorySegment memory, long ip) {
    return u8(memory, ip) >> 4 == 6;
  }

  private static int u8(MemorySegment memory, long at) {
    return memory.get(BYTE, at) & 0xFF;
  }
}
