package wisp.core.spi;

import java.util.function.IntPredicate;

/**
 * A {@link RecordStore} out of plain slots and pages: what most strategies use. It puts the key
 * into the first words of a slot and keeps an index of 4-byte entries in the pages, about 5 bytes a
 * record from some ten thousand on, without pauses for a rehash; how, see {@link RecordIndex}. Keys
 * are hashed with the context's secret, so a peer that chooses its addresses and ports cannot make
 * them collide.
 *
 * <p>Slots never move. Memory that {@link RecordMemory} and {@link IndexPages} hold stays theirs:
 * closing is the strategy's business.
 */
public final class IndexedRecordStore implements RecordStore {
  private final RecordMemory memory;
  private final RecordKeys keys;
  private final RecordIndex index;
  private final int keyWords;
  private final int words;

  /**
   * An empty store.
   *
   * @param config gives the number of words and the secret
   * @param recordClass whose keys it holds
   * @param memory slots of {@link RecordClass#keyWords} + {@link StrategyConfig#recordWords} words,
   *     shared with the strategy
   * @param pages where the index lives, shared with the strategy
   */
  public IndexedRecordStore(
      StrategyConfig config, RecordClass recordClass, RecordMemory memory, IndexPages pages) {
    this.memory = memory;
    this.keyWords = recordClass.keyWords();
    this.words = config.recordWords();
    var hash = new KeyedHash(config.hashKey0(), config.hashKey1());
    this.keys = RecordKeys.of(recordClass, memory, hash);
    this.index = new RecordIndex(keys, pages);
  }

  @Override
  public int find(long high, long low, int tail) {
    return index.find(high, low, tail);
  }

  @Override
  public void prefetchIndex(long high, long low, int tail) {
    index.prefetch(high, low, tail);
  }

  @Override
  public int insert(long high, long low, int tail) {
    assert find(high, low, tail) == NONE : "the key is there already, tail " + tail;
    int slot = memory.acquire();
    if (slot == RecordMemory.NONE) {
      return NONE;
    }
    keys.put(slot, high, low, tail);
    if (!index.insert(high, low, tail, slot)) {
      memory.release(slot);
      return NONE;
    }
    return slot;
  }

  @Override
  public void remove(int slot) {
    if (!isLive(slot)) {
      throw new IllegalStateException("no record lives in slot " + slot);
    }
    index.remove(slot);
    memory.release(slot);
  }

  @Override
  public boolean isLive(int slot) {
    return memory.isLive(slot);
  }

  @Override
  public long addressHigh(int slot) {
    return keys.addressHigh(slot);
  }

  @Override
  public long addressLow(int slot) {
    return keys.addressLow(slot);
  }

  @Override
  public int tail(int slot) {
    return keys.tail(slot);
  }

  @Override
  public int get(int slot, int word) {
    assert word >= 0 && word < words : "word " + word + " of " + words;
    return memory.get(slot, keyWords + word);
  }

  @Override
  public void set(int slot, int word, int value) {
    assert word >= 0 && word < words : "word " + word + " of " + words;
    memory.set(slot, keyWords + word, value);
  }

  @Override
  public void begin(int slot) {
    memory.begin(slot);
  }

  @Override
  public void commit() {
    memory.commit();
  }

  /** Builds the index anew from what {@link RecordMemory} holds. */
  @Override
  public void restore(IntPredicate keep) {
    assert index.size() == 0 : "restored into a store with records";
    int bound = memory.slotBound();
    for (int slot = 0; slot < bound; slot++) {
      if (memory.isLive(slot) && !(keep.test(slot) && enter(slot))) {
        memory.release(slot);
      }
    }
  }

  private boolean enter(int slot) {
    return index.insert(keys.addressHigh(slot), keys.addressLow(slot), keys.tail(slot), slot);
  }

  @Override
  public int words() {
    return words;
  }

  @Override
  public int size() {
    return index.size();
  }

  @Override
  public int slotBound() {
    return memory.slotBound();
  }

  /**
   * In use is what live records need: their words, and four bytes of index each. The rest of what
   * is reserved is the price.
   */
  @Override
  public void footprint(Footprint into) {
    into.add(Footprint.Kind.RECORDS, memory.reservedBytes(), (keyWords + words) * 4L * size());
    into.add(Footprint.Kind.INDEX, index.reservedBytes(), size() * 4L);
  }
}
