package wisp.core.wire;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The Internet checksum (RFC 1071): the one's complement of the one's complement sum of all 16-bit
 * words in network byte order; an odd last byte is padded with a zero behind it.
 *
 * <p>Work is done on <em>partial sums</em>: a {@code long} that is congruent to the sum modulo
 * 65,535 and far from overflow, so partial sums of several stretches are added with a plain {@code
 * +}. {@link #fold} brings one to 16 bits, {@link #finish} makes the header field of it. A message
 * with its checksum in place is intact when {@code fold(sum) == 0xFFFF}.
 */
public final class Checksum {
  /** What an intact message, its checksum included, folds to. */
  public static final int INTACT = 0xFFFF;

  /** No partial sum: these are never negative. */
  public static final long UNKNOWN = -1;

  private static final boolean SWAP = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
  private static final ValueLayout.OfLong NATIVE64 = ValueLayout.JAVA_LONG_UNALIGNED;
  private static final ValueLayout.OfInt NATIVE32 = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfShort NATIVE16 = ValueLayout.JAVA_SHORT_UNALIGNED;
  private static final long LOW32 = 0xFFFF_FFFFL;

  private Checksum() {}

  /**
   * The partial sum of {@code length} bytes (below 2^31) added to {@code initial}. The first byte
   * is the high one of its word, wherever it lies in memory.
   *
   * @param m borrowed until this returns
   * @param initial a partial sum of what stands before, an even number of bytes; or 0
   */
  public static long sum(MemorySegment m, long start, long length, long initial) {
    assert Wire.holds(m, start, length) && length <= Integer.MAX_VALUE;
    // Words are read in the machine's order, whatever it is: swapping the bytes of every word swaps
    // those of the sum (RFC 1071 §2 B).
    // Two halves of a long are added to a 64-bit sum, so that carries pile up in its upper half
    // instead of getting lost.
    int bytes = (int) length;
    int i = 0;
    long even = 0;
    long odd = 0;
    for (; i <= bytes - 16; i += 16) {
      long first = m.get(NATIVE64, start + i);
      long second = m.get(NATIVE64, start + i + 8);
      even += (first & LOW32) + (first >>> 32);
      odd += (second & LOW32) + (second >>> 32);
    }
    long sum = even + odd;
    if ((bytes & 8) != 0) {
      long word = m.get(NATIVE64, start + i);
      sum += (word & LOW32) + (word >>> 32);
      i += 8;
    }
    if ((bytes & 4) != 0) {
      sum += m.get(NATIVE32, start + i) & LOW32;
      i += 4;
    }
    if ((bytes & 2) != 0) {
      sum += m.get(NATIVE16, start + i) & 0xFFFF;
      i += 2;
    }
    if ((bytes & 1) != 0) {
      int last = Wire.u8(m, start + i);
      sum += SWAP ? last : last << 8;
    }
    int folded = fold(sum);
    return initial + (SWAP ? swap(folded) : folded);
  }

  /** A partial sum brought to 16 bits, not complemented. 0 only for a sum of 0. */
  public static int fold(long sum) {
    long s = (sum & LOW32) + (sum >>> 32); // < 2^33
    s = (s & 0xFFFF) + (s >>> 16); // < 2^18
    s = (s & 0xFFFF) + (s >>> 16); // < 2^16 + 3
    return (int) ((s & 0xFFFF) + (s >>> 16));
  }

  /** The header field: the complement of the folded sum. */
  public static int finish(long sum) {
    return ~fold(sum) & 0xFFFF;
  }

  /**
   * The partial sum of the pseudo-header (RFC 9293 §3.1).
   *
   * @param protocol of the message, as in the IP header
   * @param length of the message: header and payload, in bytes
   */
  public static long pseudoHeaderIpv4(int source, int destination, int protocol, int length) {
    return (source & LOW32) + (destination & LOW32) + protocol + length;
  }

  /**
   * The partial sum of the pseudo-header (RFC 8200 §8.1).
   *
   * @param sourceHigh first 64 bits of the address, {@code sourceLow} the others
   * @param destinationHigh as {@code sourceHigh}
   * @param protocol of the message: the last header's, not that of an extension header
   * @param length of the message: header and payload, in bytes
   */
  public static long pseudoHeaderIpv6(
      long sourceHigh,
      long sourceLow,
      long destinationHigh,
      long destinationLow,
      int protocol,
      int length) {
    return halves(sourceHigh)
        + halves(sourceLow)
        + halves(destinationHigh)
        + halves(destinationLow)
        + protocol
        + length;
  }

  private static long halves(long word) {
    return (word & LOW32) + (word >>> 32);
  }

  /**
   * The partial sum of a message from sums of two of its parts.
   *
   * @param a of the part in front, or of all other parts so far
   * @param b of a part, summed as if it began at an even place
   * @param offsetOfB where this part begins in the message, in bytes; at an odd place high and low
   *     byte change roles
   */
  public static long combine(long a, long b, long offsetOfB) {
    return a + ((offsetOfB & 1) == 0 ? b : swap(fold(b)));
  }

  /**
   * Copies, and gives the partial sum of the copy: of the bytes that will be sent, even when the
   * source changes meanwhile. The stretches may overlap.
   */
  public static long copyAndSum(
      MemorySegment source,
      long sourceStart,
      MemorySegment destination,
      long destinationStart,
      long length) {
    MemorySegment.copy(source, sourceStart, destination, destinationStart, length);
    return sum(destination, destinationStart, length, 0);
  }

  private static int swap(int sum16) {
    return (sum16 & 0xFF) << 8 | sum16 >>> 8;
  }

  /** Writes a checksum field. */
  public static void write(MemorySegment m, long at, int checksum) {
    Wire.u16(m, at, checksum);
  }
}
