package wisp.pools.heap;

import it.unimi.dsi.fastutil.longs.Long2IntOpenCustomHashMap;
import it.unimi.dsi.fastutil.longs.LongHash;
import wisp.core.spi.Footprint;
import wisp.core.spi.KeyedHash;
import wisp.core.spi.RecordStore;
import wisp.core.spi.StrategyConfig;

/**
 * An object a record, an array that finds it by slot and fastutil's hash map from key to slot. The
 * map hashes with the context's secret, since the peer chooses the keys; it doubles by rehashing at
 * once, a pause that {@code latency} charts show.
 *
 * <pre>
 *   bytes a record = object + 4 (reference by slot) + 12 / load of the map, which lies between 3/8 and 3/4
 * </pre>
 */
final class HeapRecords implements RecordStore {
  private final int words;
  private final Index index;
  private HandleTable<HeapRecord> records = new HandleTable<>();

  HeapRecords(StrategyConfig config) {
    words = config.recordWords();
    index = new Index(new KeyedHash(config.hashKey0(), config.hashKey1()));
  }

  @Override
  public int find(long key) {
    return index.get(key);
  }

  @Override
  public int insert(long key) {
    assert find(key) == NONE : "key " + key + " is there already";
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
  public boolean isLive(int slot) {
    return records.contains(slot);
  }

  @Override
  public long key(int slot) {
    return records.get(slot).key;
  }

  @Override
  public int get(int slot, int word) {
    return records.get(slot).get(word);
  }

  @Override
  public void set(int slot, int word, int value) {
    records.get(slot).set(word, value);
  }

  @Override
  public int words() {
    return words;
  }

  @Override
  public int size() {
    return records.size();
  }

  @Override
  public int slotBound() {
    return records.bound();
  }

  @Override
  public void footprint(Footprint into) {
    long objects = size() * HeapRecord.bytes(words);
    into.add(Footprint.Kind.RECORDS, objects + records.bytes(), objects);
    into.add(Footprint.Kind.INDEX, index.bytes(), size() * 12L);
  }

  void close() {
    index.clear();
    index.trim();
    records = new HandleTable<>();
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
