package wisp.pools.heap;

import it.unimi.dsi.fastutil.longs.Long2IntOpenCustomHashMap;
import it.unimi.dsi.fastutil.longs.LongHash;
import wisp.core.spi.KeyedHash;
import wisp.core.spi.RecordClass;

/**
 * Records of IPv4: fastutil's hash map from key, 64 bits, to slot.
 *
 * <pre>
 *   bytes a record = object + 4 (reference by slot) + 12 / load of the map, which lies between 3/8 and 3/4
 * </pre>
 */
final class HeapIpv4Records extends HeapRecords<HeapRecord> {
  private final Index index;

  HeapIpv4Records(int words, KeyedHash hash) {
    super(words);
    index = new Index(hash);
  }

  private static long key(long low, int tail) {
    return low << 32 | (tail & 0xFFFF_FFFFL);
  }

  @Override
  public int find(long high, long low, int tail) {
    return index.get(key(low, tail));
  }

  @Override
  public int insert(long high, long low, int tail) {
    long key = key(low, tail);
    assert index.get(key) == NONE : "key " + key + " is there already";
    int slot = NONE;
    try {
      slot = records.add(HeapRecord.of(key, words));
      index.put(key, slot);
      return slot;
    } catch (OutOfMemoryError e) {
      if (slot != NONE) {
        index.remove(key);
        records.remove(slot, "record");
      }
      return NONE;
    }
  }

  @Override
  public void remove(int slot) {
    index.remove(records.remove(slot, "record").key);
  }

  @Override
  public long addressHigh(int slot) {
    return 0;
  }

  @Override
  public long addressLow(int slot) {
    return RecordClass.mappedLow((int) (records.get(slot).key >>> 32));
  }

  @Override
  public int tail(int slot) {
    return (int) records.get(slot).key;
  }

  @Override
  long recordBytes() {
    return HeapRecord.bytes(words);
  }

  @Override
  long indexBytes() {
    return index.bytes();
  }

  @Override
  int entryBytes() {
    return 12;
  }

  @Override
  void clearIndex() {
    index.clear();
    index.trim();
  }

  private static final class Index extends Long2IntOpenCustomHashMap {
    private static final long serialVersionUID = 1;

    Index(KeyedHash hash) {
      super(new Keyed(hash));
      defaultReturnValue(NONE);
    }

    long bytes() {
      return ObjectLayout.array(8, key.length) + ObjectLayout.array(4, value.length);
    }
  }

  private static final class Keyed implements LongHash.Strategy {
    private final KeyedHash hash;

    Keyed(KeyedHash hash) {
      this.hash = hash;
    }

    @Override
    public int hashCode(long key) {
      return (int) hash.hash(key);
    }

    @Override
    public boolean equals(long a, long b) {
      return a == b;
    }
  }
}
