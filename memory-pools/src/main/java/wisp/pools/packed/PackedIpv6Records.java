package wisp.pools.packed;

import wisp.core.spi.KeyedHash;
import wisp.core.spi.StrategyConfig;

/**
 * Records of IPv6. A key has 160 bits and is hashed to 64, so that it can't be got back: it is
 * stored whole, and the tag only saves comparisons.
 *
 * <pre>
 *   bucket:  64 · (high 8, low 8, tail 4) | 64 · words
 * </pre>
 */
final class PackedIpv6Records extends PackedRecords {
  private static final int KEY_BYTES = 20;
  private static final int LOW = 8;
  private static final int TAIL = 16;
  private final KeyedHash hash;

  PackedIpv6Records(StrategyConfig config, int connections, int buckets) {
    super(connections, buckets, config.recordWords(), KEY_BYTES * PLACES);
    hash = new KeyedHash(config.hashKey0(), config.hashKey1());
  }

  @Override
  long mix(long high, long low, int tail) {
    return hash.hash(high, low, tail);
  }

  private long keyAt(int bucket, int place) {
    return bucketAt(bucket) + place * KEY_BYTES;
  }

  private long keyAt(int slot) {
    return keyAt(slot / PLACES, slot % PLACES);
  }

  @Override
  boolean holds(int bucket, int place, long quotient, long high, long low, int tail) {
    long at = keyAt(bucket, place);
    return memory.readLong(at + LOW) == low
        && memory.readInt(at + TAIL) == tail
        && memory.readLong(at) == high;
  }

  @Override
  void put(int bucket, int place, long quotient, long high, long low, int tail) {
    long at = keyAt(bucket, place);
    memory.writeLong(at, high);
    memory.writeLong(at + LOW, low);
    memory.writeInt(at + TAIL, tail);
  }

  @Override
  void note(int slot, long high, long low, int tail) {}

  @Override
  long highAt(int slot) {
    return memory.readLong(keyAt(slot));
  }

  @Override
  long lowAt(int slot) {
    return memory.readLong(keyAt(slot) + LOW);
  }

  @Override
  int tailAt(int slot) {
    return memory.readInt(keyAt(slot) + TAIL);
  }

  @Override
  long tableBytes() {
    return 0;
  }
}
