package wisp.drivers;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The Internet checksum (RFC 1071) as the hardware would put it on the wire, for packets whose
 * checksum is still partial. Nothing here writes to the packet.
 */
public final class WireChecksum {
  /** There is no checksum to put in: not TCP or UDP, a fragment, or malformed. */
  public static final long NONE = -1;

  private static final ValueLayout.OfInt BE32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfShort BE16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final int TCP = 6;
  private static final int UDP = 17;

  private WireChecksum() {}

  /**
   * Completes what begins with a partial checksum in its field: the complement of the sum over all.
   */
  public static int complete(MemorySegment memory, long start, int length) {
    return ~fold(sum(memory, start, length)) & 0xFFFF;
  }

  /**
   * The right TCP or UDP checksum of an IP packet, whatever its field holds now.
   *
   * @param available bytes that are there; what a short Ethernet frame has beyond the packet is no
   *     part of it (RFC 894)
   * @return checksum in the low 16 bits, where its field is (from the packet's start) above; or
   *     {@link #NONE}
   */
  public static long of(MemorySegment memory, long start, int available) {
    if (available < 20) {
      return NONE;
    }
    int length = available;
    int version = memory.get(ValueLayout.JAVA_BYTE, start) >> 4 & 0xF;
    int headerBytes;
    int protocol;
    long pseudo;
    if (version == 4) {
      headerBytes = (memory.get(ValueLayout.JAVA_BYTE, start) & 0xF) * 4;
      protocol = memory.get(ValueLayout.JAVA_BYTE, start + 9) & 0xFF;
      if (headerBytes < 20 || (memory.get(BE16, start + 6) & 0x3FFF) != 0) {
        return NONE;
      }
      length = withoutPadding(memory.get(BE16, start + 2) & 0xFFFF, available);
      pseudo = sum(memory, start + 12, 8);
    } else if (version == 6 && available >= 40) {
      headerBytes = 40;
      length = withoutPadding(40 + (memory.get(BE16, start + 4) & 0xFFFF), available);
      protocol = memory.get(ValueLayout.JAVA_BYTE, start + 6) & 0xFF;
      pseudo = sum(memory, start + 8, 32);
    } else {
      return NONE;
    }
    int transportBytes = length - headerBytes;
    int field = protocol == TCP ? 16 : 6;
    if ((protocol != TCP && protocol != UDP) || transportBytes < field + 2) {
      return NONE;
    }
    long total =
        pseudo + protocol + transportBytes + sum(memory, start + headerBytes, transportBytes);
    // Leave the field itself out: adding the complement of a word takes it away.
    total += ~memory.get(BE16, start + headerBytes + field) & 0xFFFF;
    int checksum = ~fold(total) & 0xFFFF;
    if (protocol == UDP && checksum == 0) {
      checksum = 0xFFFF; // RFC 768: zero would mean "none"
    }
    return (long) (headerBytes + field) << 16 | checksum;
  }

  private static int withoutPadding(int length, int available) {
    return length >= 20 && length <= available ? length : available;
  }

  /** Where the field is, from a result of {@link #of}. */
  public static int field(long result) {
    return (int) (result >>> 16);
  }

  /** The checksum, from a result of {@link #of}. */
  public static int checksum(long result) {
    return (int) result & 0xFFFF;
  }

  /** Sum of 32-bit words; 2^32 of them would be needed to overflow. */
  private static long sum(MemorySegment memory, long start, int length) {
    long sum = 0;
    int at = 0;
    for (; at + 4 <= length; at += 4) {
      sum += memory.get(BE32, start + at) & 0xFFFF_FFFFL;
    }
    if (at + 2 <= length) {
      sum += memory.get(BE16, start + at) & 0xFFFF;
      at += 2;
    }
    if (at < length) {
      sum += (memory.get(ValueLayout.JAVA_BYTE, start + at) & 0xFF) << 8;
    }
    return sum;
  }

  /** The checksum of an IPv4 header whose own field is zero. */
  public static int ofIpv4Header(MemorySegment memory, long start, int headerBytes) {
    return ~fold(sum(memory, start, headerBytes)) & 0xFFFF;
  }

  private static int fold(long sum) {
    long folded = sum;
    while (folded >>> 16 != 0) {
      folded = (folded & 0xFFFF) + (folded >>> 16);
    }
    return (int) folded;
  }
}
