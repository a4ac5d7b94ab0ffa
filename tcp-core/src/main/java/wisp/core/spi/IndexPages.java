package wisp.core.spi;

/**
 * Pages of 32-bit words for the index of an {@link IndexedRecordStore}. A strategy that lives
 * off-heap gives its own, so that its index lives there too; {@link #onHeap()} serves the others.
 */
public interface IndexPages {
  /** Words in a page. */
  int WORDS = 512;

  /** Words in a line, as the machine's caches have them; one begins at each multiple of this. */
  int LINE_WORDS = 16;

  /** Out of memory. */
  int NONE = -1;

  /** A page of zeros, or {@link #NONE}. Pages are numbered from 0 and reused. */
  int acquire();

  /** Gives a page back. */
  void release(int page);

  /** Word {@code i} (0 … {@link #WORDS} − 1) of an acquired page. */
  int get(int page, int i);

  /** Sets word {@code i} of an acquired page. */
  void set(int page, int i, int value);

  /**
   * Which words of a line have the bits of {@code value} where {@code mask} has a one: bit i stands
   * for word {@code line + i}.
   *
   * @param line its first word, a multiple of {@link #LINE_WORDS}
   */
  default int matching(int page, int line, int value, int mask) {
    int matching = 0;
    for (int i = 0; i < LINE_WORDS; i++) {
      matching |= ((get(page, line + i) ^ value) & mask) == 0 ? 1 << i : 0;
    }
    return matching;
  }

  /** Copies a page to {@code into}, from {@code at} on. */
  default void read(int page, int[] into, int at) {
    for (int i = 0; i < WORDS; i++) {
      into[at + i] = get(page, i);
    }
  }

  /** Fills a page with what stands in {@code from}, from {@code at} on. */
  default void write(int page, int[] from, int at) {
    for (int i = 0; i < WORDS; i++) {
      set(page, i, from[at + i]);
    }
  }

  /**
   * Whether all pages that there will ever be are there: the index makes its working memory then
   * too. Its tables, about 0.02 bytes a record, grow all the same.
   */
  default boolean isPreallocated() {
    return false;
  }

  /** Bytes reserved, bookkeeping included. */
  long reservedBytes();

  /** Pages as Java arrays, unbounded. */
  static IndexPages onHeap() {
    return new HeapIndexPages();
  }
}
