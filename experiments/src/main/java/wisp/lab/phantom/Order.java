package wisp.lab.phantom;

/**
 * The numbers 0 … n − 1 in another order, each once, without a list of them: a keyed permutation of
 * the next power of four by four rounds of Feistel's, repeated while the result is too large.
 */
public final class Order {
  private static final int ROUNDS = 4;
  private final long count;
  private final long key;
  private final int halfBits;

  /** Of so many numbers; each seed gives another order. */
  public static Order random(long count, long seed) {
    int bits = Math.max(2, 64 - Long.numberOfLeadingZeros(count - 1));
    return new Order(count, seed, (bits + 1) / 2);
  }

  /** As they are. */
  public static Order ascending(long count) {
    return new Order(count, 0, 0);
  }

  private Order(long count, long key, int halfBits) {
    this.count = count;
    this.key = key;
    this.halfBits = halfBits;
  }

  /** How many. */
  public long count() {
    return count;
  }

  /** The one at a place. */
  public long at(long place) {
    if (halfBits == 0) {
      return place;
    }
    long number = place;
    do {
      number = permute(number);
    } while (number >= count);
    return number;
  }

  private long permute(long number) {
    long mask = (1L << halfBits) - 1;
    long left = number >>> halfBits;
    long right = number & mask;
    for (int round = 0; round < ROUNDS; round++) {
      long next = left ^ PhantomPeers.mix(right + (key << 3) + round) & mask;
      left = right;
      right = next;
    }
    return left << halfBits | right;
  }
}
