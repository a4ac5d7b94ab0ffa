package wisp.core.spi;

/**
 * A {@link RecordStore} out of plain slots and pages: what most strategies use. It puts the key
 * into the first two words of a slot and keeps an index of 4-byte entries in the pages, about 6
 * bytes a record at every count, without pauses for a rehash; how, see {@link RecordIndex}. Keys
 * are hashed with the context's secret, so a peer that chooses its addresses and ports cannot make
 * them collide.
 *
 * <p>Slots never move. Memory that {@link RecordMemory} and {@link IndexPages} hold stays theirs:
 * closing is the strategy's business.
 */
public final class IndexedRecordStore implements RecordStore {
  /** Words of a slot that hold the key, before the state words. */
  public static final int KEY_WORDS = 2;

  private final RecordMemory memory;
  private final RecordIndex index;
  private final int words;

  /**
   * An empty store.
   *
   * @param config gives the number of words and the secret
   * @param memory slots of {@link #KEY_WORDS} + {@link StrategyConfig#recordWords} words, shared
   *     with the strategy
   * @param pages where the index lives, shared with the strategy
   */
  public IndexedRecordStore(StrategyConfig config, RecordMemory memory, IndexPages pages) {
    this.memory = memory;
    this.words = config.recordWords();
    this.index =
        new RecordIndex(memory, pages, new KeyedHash(config.hashKey0(), config.hashKey1()));
  }

  static long key(RecordMemory memory, int slot) {
    return ((long) memory.get(slot, 0) << 32) | (memory.get(slot, 1) & 0xFFFF_FFFFL);
  }

  @Override
  public int find(long key) {
    return index.find(key);
  }

  @Override
  public void prefetchIndex(long key) {
    index.prefetch(key);
  }

  @Override
  public int insert(long key) {
    assert find(key) == NONE : "key " + key + " is there already";
    int slot = memory.acquire();
    if (slot == RecordMemory.NONE) {
      return NONE;
    }
    memory.set(slot, 0, (int) (key >>> 32));
    memory.set(slot, 1, (int) key);
    if (!index.insert(key, slot)) {
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
    index.remove(key(slot), slot);
    memory.release(slot);
  }

  @Override
  public boolean isLive(int slot) {
    return memory.isLive(slot);
  }

  @Override
  public long key(int slot) {
    return key(memory, slot);
  }

  @Override
  public int get(int slot, int word) {
    assert word >= 0 && word < words : "word " + word + " of " + words;
    return memory.get(slot, KEY_WORDS + word);
  }

  @Override
  public void set(int slot, int word, int value) {
    assert word >= 0 && word < words : "word " + word + " of " + words;
    memory.set(slot, KEY_WORDS + word, value);
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
    into.add(Footprint.Kind.RECORDS, memory.reservedBytes(), (KEY_WORDS + words) * 4L * size());
    into.add(Footprint.Kind.INDEX, index.reservedBytes(), size() * 4L);
  }
}
