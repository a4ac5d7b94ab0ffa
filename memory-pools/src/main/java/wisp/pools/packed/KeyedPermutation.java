package wisp.pools.packed;

/**
 * A permutation of the 64-bit numbers under a secret key of 128 bits: the block cipher SPECK64/128
 * with all its 27 rounds (Beaulieu et al., "The SIMON and SPECK Families of Lightweight Block
 * Ciphers", 2013). Like SipHash it is made of additions, rotations and exclusive ors; unlike a hash
 * it can be undone. Who does not know the key can't tell it from a random permutation, so he can't
 * choose numbers that go to neighbouring places, and here he never sees where they go.
 *
 * <p>Immutable; allocates nothing.
 */
final class KeyedPermutation {
  private static final int ROUNDS = 27;
  private static final int KEY_WORDS = 4;
  private final int[] roundKeys = new int[ROUNDS];

  /** Under this key: its lower and its upper 64 bits. Both are secret and random. */
  KeyedPermutation(long key0, long key1) {
    int[] l = new int[ROUNDS + KEY_WORDS - 2];
    l[0] = (int) (key0 >>> 32);
    l[1] = (int) key1;
    l[2] = (int) (key1 >>> 32);
    roundKeys[0] = (int) key0;
    for (int i = 0; i < ROUNDS - 1; i++) {
      l[i + 3] = roundKeys[i] + Integer.rotateRight(l[i], 8) ^ i;
      roundKeys[i + 1] = Integer.rotateLeft(roundKeys[i], 3) ^ l[i + 3];
    }
  }

  /** Where a number goes. */
  long apply(long number) {
    int x = (int) (number >>> 32);
    int y = (int) number;
    int[] keys = roundKeys;
    for (int i = 0; i < ROUNDS; i++) {
      x = Integer.rotateRight(x, 8) + y ^ keys[i];
      y = Integer.rotateLeft(y, 3) ^ x;
    }
    return (long) x << 32 | y & 0xFFFF_FFFFL;
  }

  /** The number that goes there. */
  long invert(long value) {
    int x = (int) (value >>> 32);
    int y = (int) value;
    int[] keys = roundKeys;
    for (int i = ROUNDS - 1; i >= 0; i--) {
      y = Integer.rotateRight(y ^ x, 3);
      x = Integer.rotateLeft((x ^ keys[i]) - y, 8);
    }
    return (long) x << 32 | y & 0xFFFF_FFFFL;
  }
}
