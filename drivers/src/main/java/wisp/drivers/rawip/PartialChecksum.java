package wisp.drivers.rawip;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Tells a partial checksum from a complete one. A kernel that leaves the sum to a network card
 * which is none (veth, a bridge, GRO) stores only the sum of the pseudo header, not complemented,
 * and a raw socket does not say so. A complete checksum that happens to be that number is one in
 * 65,536, as is a damaged packet whose checksum is right.
 */
final class PartialChecksum {
  private static final int TCP = 6;
  private static final int UDP = 17;
  private static final int TCP_CHECKSUM = 16;
  private static final int UDP_CHECKSUM = 6;
  private static final ValueLayout.OfShort BE16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private PartialChecksum() {}

  /**
   * Whether the TCP or UDP checksum of a packet is that of its pseudo header alone.
   *
   * @param length of the packet at {@code start}, at least 20, within {@code memory}
   */
  static boolean is(MemorySegment memory, long start, int length) {
    int protocol = memory.get(ValueLayout.JAVA_BYTE, start + 9);
    int field = protocol == TCP ? TCP_CHECKSUM : protocol == UDP ? UDP_CHECKSUM : -1;
    int header = (memory.get(ValueLayout.JAVA_BYTE, start) & 0xF) * 4;
    if (field < 0 || header + field + 2 > length) {
      return false;
    }
    int sum = protocol + (length - header);
    for (int at = 12; at < 20; at += 2) {
      sum += memory.get(BE16, start + at) & 0xFFFF;
    }
    sum = (sum & 0xFFFF) + (sum >>> 16);
    sum = (sum & 0xFFFF) + (sum >>> 16);
    return sum == (memory.get(BE16, start + header + field) & 0xFFFF);
  }
}
