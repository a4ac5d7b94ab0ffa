package wisp.pools.packed;

import java.util.Arrays;
import wisp.core.spi.RecordClass;
import wisp.core.spi.StrategyConfig;

/**
 * Records of IPv4. The mix is a permutation of the 64 bits of address and tail, and so are the
 * ways: bucket, way and quotient tell the key, and of these only the way and the quotient need
 * memory. With {@code n} buckets that is 66 bits less those of {@code n}: 52 for a million
 * connections instead of the 64 of the key and the 32 or so of an index.
 *
 * <pre>
 *   bucket:  64 quotients less the bits in the tags, bit by bit without gaps | 64 · words
 * </pre>
 */
final class PackedIpv4Records extends PackedRecords {
  private static final int TAG_BITS = 6;

  /**
   * Keys of the slots looked at last, since the way back from a slot takes as long as the way
   * there: as many as have room for those of a burst with few clashes.
   */
  private static final int NOTES = 256;

  private final KeyedPermutation permutation;
  private final int restBits;
  private final long restMask;
  private final int[] notedSlots;
  private final long[] notedKeys;

  PackedIpv4Records(StrategyConfig config, int connections, int buckets) {
    super(connections, buckets, config.recordWords(), restBits(buckets) * PLACES / 8);
    permutation = new KeyedPermutation(config.hashKey0(), config.hashKey1());
    restBits = restBits(buckets);
    restMask = (1L << restBits) - 1;
    notedSlots = new int[connections == 0 ? 0 : NOTES];
    notedKeys = new long[notedSlots.length];
    Arrays.fill(notedSlots, NONE);
  }

  /** Bits of a quotient that are not in the tag. */
  private static int restBits(int buckets) {
    long largest = new Divisor(buckets).largestQuotient();
    return Long.SIZE - Long.numberOfLeadingZeros(largest) - TAG_BITS;
  }

  private static long key(long low, int tail) {
    return low << 32 | tail & 0xFFFF_FFFFL;
  }

  @Override
  long mix(long high, long low, int tail) {
    assert high == 0 && low == RecordClass.mappedLow((int) low) : "not IPv4: " + high + ", " + low;
    return permutation.apply(key(low, tail));
  }

  /** The byte in which the rest of a quotient begins. */
  private long restAt(int bucket, int bit) {
    return bucketAt(bucket) + (bit >>> 3);
  }

  private long rest(int bucket, int place) {
    int bit = place * restBits;
    return memory.readLong(restAt(bucket, bit)) >>> (bit & 7) & restMask;
  }

  @Override
  boolean holds(int bucket, int place, long quotient, long high, long low, int tail) {
    return rest(bucket, place) == quotient >>> TAG_BITS;
  }

  @Override
  void put(int bucket, int place, long quotient, long high, long low, int tail) {
    int bit = place * restBits;
    long at = restAt(bucket, bit);
    int shift = bit & 7;
    long others = memory.readLong(at) & ~(restMask << shift);
    memory.writeLong(at, others | quotient >>> TAG_BITS << shift);
  }

  @Override
  void note(int slot, long high, long low, int tail) {
    notedSlots[slot & NOTES - 1] = slot;
    notedKeys[slot & NOTES - 1] = key(low, tail);
  }

  private long keyAt(int slot) {
    // Whoever takes a slot notes its key: what is noted of a live slot is true.
    int note = slot & NOTES - 1;
    if (notedSlots[note] != slot) {
      notedSlots[note] = slot;
      notedKeys[note] = invert(slot);
    }
    return notedKeys[note];
  }

  private long invert(int slot) {
    int bucket = slot / PLACES;
    long quotient = rest(bucket, slot % PLACES) << TAG_BITS | tagBitsOf(slot);
    return permutation.invert(Ways.back(wayOf(slot), quotient * buckets + bucket));
  }

  @Override
  long highAt(int slot) {
    return 0;
  }

  @Override
  long lowAt(int slot) {
    return RecordClass.mappedLow((int) (keyAt(slot) >>> 32));
  }

  @Override
  int tailAt(int slot) {
    return (int) keyAt(slot);
  }

  @Override
  long tableBytes() {
    return 2 * 16 + notedSlots.length * (4L + 8);
  }
}
