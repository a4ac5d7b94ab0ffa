package wisp.pools.packed;

/**
 * One-byte tags, eight in a word, looked at all at once ("SIMD within a register"). A tag of 0
 * means that the place is free.
 */
final class Tags {
  /** Tags in a word. */
  static final int PER_WORD = 8;

  private static final long LOW_BITS = 0x0101_0101_0101_0101L;
  private static final long ALL_BUT_HIGH_BITS = 0x7F7F_7F7F_7F7F_7F7FL;

  /** Multiplied by this, the lowest bits of eight bytes meet in the highest byte. */
  private static final long GATHER = 0x0102_0408_1020_4080L;

  private Tags() {}

  /** The same tag eight times. */
  static long eightOf(int tag) {
    return LOW_BITS * tag;
  }

  /** The highest bit of each byte that is 0, and no other bit. */
  static long zeroBytes(long word) {
    return ~((word & ALL_BUT_HIGH_BITS) + ALL_BUT_HIGH_BITS | word | ALL_BUT_HIGH_BITS);
  }

  /** From the highest bits of eight bytes to a number of eight bits, first byte lowest. */
  static long gather(long highBits) {
    return (highBits >>> 7) * GATHER >>> 56;
  }
}
