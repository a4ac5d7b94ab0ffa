package wisp.core.spi;

/**
 * Pages of 32-bit words for the index of an {@link IndexedRecordStore}. A strategy that lives
 * off-heap gives its own, so that its index lives there too; {@link #onHeap()} serves the others.
 */
public interface IndexPages {
  /** Words in a page. */
  int WORDS = 512;

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
