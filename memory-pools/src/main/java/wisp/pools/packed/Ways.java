package wisp.pools.packed;

/**
 * The three permutations that give a key its three buckets, less what they have in common: each is
 * a secret mix followed by one of these. The mix has hidden from the peer which numbers come here,
 * so these need no secret; they must only be as good as independent, and easy to undo. Way 1 leaves
 * the number as it is; the others multiply and shift (Steele's and Vigna's {@code splitmix64},
 * Appleby's {@code fmix64} of MurmurHash3).
 */
final class Ways {
  /** How many there are; they are numbered from 1, since a tag of 0 means a free place. */
  static final int COUNT = 3;

  private static final long SPLIT_A = 0xBF58_476D_1CE4_E5B9L;
  private static final long SPLIT_B = 0x94D0_49BB_1331_11EBL;
  private static final long MURMUR_A = 0xFF51_AFD7_ED55_8CCDL;
  private static final long MURMUR_B = 0xC4CE_B9FE_1A85_EC53L;
  private static final long SPLIT_A_INVERSE = inverse(SPLIT_A);
  private static final long SPLIT_B_INVERSE = inverse(SPLIT_B);
  private static final long MURMUR_A_INVERSE = inverse(MURMUR_A);
  private static final long MURMUR_B_INVERSE = inverse(MURMUR_B);

  private Ways() {}

  /** Where a number goes by way 1, 2 or 3. */
  static long go(int way, long x) {
    return switch (way) {
      case 1 -> x;
      case 2 -> {
        long a = (x ^ x >>> 30) * SPLIT_A;
        long b = (a ^ a >>> 27) * SPLIT_B;
        yield b ^ b >>> 31;
      }
      case 3 -> {
        long a = (x ^ x >>> 33) * MURMUR_A;
        long b = (a ^ a >>> 33) * MURMUR_B;
        yield b ^ b >>> 33;
      }
      default -> throw new IllegalArgumentException("way " + way);
    };
  }

  /** The number that goes there by this way. */
  static long back(int way, long y) {
    return switch (way) {
      case 1 -> y;
      case 2 -> {
        long b = (y ^ y >>> 31 ^ y >>> 62) * SPLIT_B_INVERSE;
        long a = (b ^ b >>> 27 ^ b >>> 54) * SPLIT_A_INVERSE;
        yield a ^ a >>> 30 ^ a >>> 60;
      }
      case 3 -> {
        long b = (y ^ y >>> 33) * MURMUR_B_INVERSE;
        long a = (b ^ b >>> 33) * MURMUR_A_INVERSE;
        yield a ^ a >>> 33;
      }
      default -> throw new IllegalArgumentException("way " + way);
    };
  }

  /** The inverse modulo 2^64 of an odd number, by Newton's method: each step doubles good bits. */
  private static long inverse(long odd) {
    long inverse = odd; // the lowest three bits are right
    for (int bits = 3; bits < Long.SIZE; bits *= 2) {
      inverse *= 2 - odd * inverse;
    }
    return inverse;
  }
}
