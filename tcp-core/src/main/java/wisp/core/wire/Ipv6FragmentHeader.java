package wisp.core.wire;

import java.lang.foreign.MemorySegment;

/**
 * The fragment header (RFC 8200 §4.5); {@link Ipv6Extensions} reads it.
 *
 * <pre>
 *   0       1       2       3
 *  +-------+-------+-------------+--+
 *  | next h|   0   |fragm. offset|.M|  0
 *  +-------+-------+-------------+--+
 *  |         identification         |  4
 *  +--------------------------------+
 * </pre>
 */
public final class Ipv6FragmentHeader {
  /** Bytes of the header. */
  public static final int LENGTH = 8;

  /** Where offset and M stand, from the header's start: parameter problems point there. */
  public static final int OFFSET_OFFSET = 2;

  private static final int MORE_FRAGMENTS = 1;

  private Ipv6FragmentHeader() {}

  /**
   * Writes a header.
   *
   * @param nextHeader what the fragmentable part of the whole packet begins with, in every fragment
   * @param fragmentOffset where what follows belongs in that part, in bytes: 0 … 65528, a multiple
   *     of 8
   * @param identification the same in all fragments of a packet
   * @return {@link #LENGTH}
   */
  public static int write(
      MemorySegment m,
      long start,
      int nextHeader,
      int fragmentOffset,
      boolean moreFragments,
      int identification) {
    assert nextHeader >= 0 && nextHeader <= 255 : nextHeader;
    assert fragmentOffset >= 0 && fragmentOffset <= 0xFFF8 && fragmentOffset % 8 == 0
        : fragmentOffset;
    Wire.i32(m, start, nextHeader << 24 | fragmentOffset | (moreFragments ? MORE_FRAGMENTS : 0));
    Wire.i32(m, start + 4, identification);
    return LENGTH;
  }

  /** Where the fragment belongs, in bytes. */
  static int fragmentOffset(int offsetAndFlags) {
    return offsetAndFlags & 0xFFF8; // units of 8 stand three bits up: bytes already
  }

  /** M. The two reserved bits are ignored. */
  static boolean moreFragments(int offsetAndFlags) {
    return (offsetAndFlags & MORE_FRAGMENTS) != 0;
  }
}
