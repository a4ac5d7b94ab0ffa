package wisp.core.spi;

/**
 * SipHash-2-4 (Aumasson and Bernstein, 2012) of one to four 64-bit words under a secret key of 128
 * bits: who does not know the key can neither find keys that collide nor guess a value from others.
 * So it serves indices that hostile peers fill, initial sequence numbers (RFC 6528 §3), ports (RFC
 * 6056) and challenge limits alike, each with a key of its own.
 *
 * <p>The value is that of the reference implementation for the 8 to 32 bytes which the words are in
 * little-endian order; hence words of different numbers hash apart. Immutable; may be shared by
 * threads. Allocates nothing.
 */
public final class KeyedHash {
  private final long key0;
  private final long key1;

  /** The key: first and second eight bytes, little-endian. Both are secret and random. */
  public KeyedHash(long key0, long key1) {
    this.key0 = key0;
    this.key1 = key1;
  }

  /** A hash with a fresh key. */
  public static KeyedHash random(Entropy entropy) {
    long key0 = entropy.nextLong();
    return new KeyedHash(key0, entropy.nextLong());
  }

  /** Of one word. All 64 bits of the result are equally good. */
  public long hash(long a) {
    return hash(1, a, 0, 0, 0);
  }

  /** Of two words. */
  public long hash(long a, long b) {
    return hash(2, a, b, 0, 0);
  }

  /** Of three words. */
  public long hash(long a, long b, long c) {
    return hash(3, a, b, c, 0);
  }

  /** Of four words. */
  public long hash(long a, long b, long c, long d) {
    return hash(4, a, b, c, d);
  }

  private long hash(int words, long a, long b, long c, long d) {
    long v0 = key0 ^ 0x736f6d6570736575L;
    long v1 = key1 ^ 0x646f72616e646f6dL;
    long v2 = key0 ^ 0x6c7967656e657261L;
    long v3 = key1 ^ 0x7465646279746573L;
    for (int i = 0; i <= words; i++) {
      // Behind the message comes a word with its length in the highest byte.
      long word = i == words ? (long) words << 59 : i == 0 ? a : i == 1 ? b : i == 2 ? c : d;
      v3 ^= word;
      for (int round = 0; round < 2; round++) {
        v0 += v1;
        v2 += v3;
        v1 = Long.rotateLeft(v1, 13) ^ v0;
        v3 = Long.rotateLeft(v3, 16) ^ v2;
        v0 = Long.rotateLeft(v0, 32);
        v2 += v1;
        v0 += v3;
        v1 = Long.rotateLeft(v1, 17) ^ v2;
        v3 = Long.rotateLeft(v3, 21) ^ v0;
        v2 = Long.rotateLeft(v2, 32);
      }
      v0 ^= word;
    }
    v2 ^= 0xFF;
    for (int round = 0; round < 4; round++) {
      v0 += v1;
      v2 += v3;
      v1 = Long.rotateLeft(v1, 13) ^ v0;
      v3 = Long.rotateLeft(v3, 16) ^ v2;
      v0 = Long.rotateLeft(v0, 32);
      v2 += v1;
      v0 += v3;
      v1 = Long.rotateLeft(v1, 17) ^ v2;
      v3 = Long.rotateLeft(v3, 21) ^ v0;
      v2 = Long.rotateLeft(v2, 32);
    }
    return v0 ^ v1 ^ v2 ^ v3;
  }
}
