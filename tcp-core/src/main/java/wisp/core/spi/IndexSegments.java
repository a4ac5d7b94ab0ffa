package wisp.core.spi;

import java.util.Arrays;

/**
 * The memory of a {@link RecordIndex}: segments of one to four pages, which need not lie together.
 * How many a segment has, its owner remembers.
 */
final class IndexSegments {
  static final int NONE = -1;

  /** Pages of the largest segment. */
  static final int MOST_PAGES = 4;

  /** Segments are numbered below this. */
  private static final int BOUND = 1 << 20;

  private static final int PAGE_BITS = Integer.numberOfTrailingZeros(IndexPages.WORDS);
  private static final int WORD_MASK = IndexPages.WORDS - 1;
  private static final int ARRAY_HEADER_BYTES = 16;
  private static final int REFERENCE_BYTES = 4;

  /** Words of a segment in a table: the numbers of its pages, and how many entries are in use. */
  private static final int WORDS = MOST_PAGES + 1;

  private static final int LIVE = MOST_PAGES;
  private static final int TABLE_BITS = 8;

  /** Segments of a table; the first grows up to here, others have as many from the start. */
  private static final int TABLE = 1 << TABLE_BITS;

  private static final int TABLE_MASK = TABLE - 1;

  private final IndexPages pages;

  /** Of a free segment the first page's number is the next free segment. */
  private int[][] tables = {new int[WORDS]};

  private final int[] exchanged = new int[MOST_PAGES];
  private int tableCount = 1;
  private int firstFree = NONE;
  private int bound;

  IndexSegments(IndexPages pages) {
    this.pages = pages;
  }

  /** A segment of one page of zeros, or {@link #NONE}: no memory. */
  int acquire() {
    int segment = number();
    if (segment != NONE && !addPages(segment, 0, 1)) {
      giveBack(segment);
      return NONE;
    }
    return segment;
  }

  /**
   * A second segment beside one that is to have as many pages as it, and has more or fewer. What is
   * in the pages of both is of no use afterwards, unless there was no memory: then nothing has
   * changed.
   *
   * @return its number, or {@link #NONE}: no memory
   */
  int acquireBeside(int segment, int has, int each) {
    int added = number();
    if (added == NONE) {
      return NONE;
    }
    int moved = Math.max(0, has - each);
    int lacking = Math.max(0, each - has);
    if (!addPages(added, 0, each - moved)) {
      giveBack(added);
      return NONE;
    }
    if (!addPages(segment, has, lacking)) {
      dropPages(added, each - moved, each - moved);
      giveBack(added);
      return NONE;
    }
    for (int i = 0; i < moved; i++) {
      word(added, each - moved + i, word(segment, each + i));
    }
    return added;
  }

  /**
   * Two segments become the first one, with so many pages, fewer than both have; what is in them is
   * of no use afterwards.
   */
  void unite(int segment, int has, int other, int otherHas, int pages) {
    int taken = Math.max(0, pages - has);
    for (int i = 0; i < taken; i++) {
      word(segment, has + i, word(other, otherHas - 1 - i));
    }
    dropPages(other, otherHas - taken, otherHas - taken);
    giveBack(other);
    if (pages < has) {
      dropPages(segment, has, has - pages);
    }
  }

  private int number() {
    int segment = firstFree;
    if (segment != NONE) {
      firstFree = word(segment, 0);
    } else {
      segment = bound;
      if (bound == BOUND || bound == capacity() && !extend()) {
        return NONE;
      }
      bound++;
    }
    live(segment, 0);
    return segment;
  }

  private int capacity() {
    return (tableCount - 1) * TABLE + tables[tableCount - 1].length / WORDS;
  }

  private boolean extend() {
    try {
      if (capacity() < TABLE) {
        tables[0] = Arrays.copyOf(tables[0], tables[0].length * 2);
        return true;
      }
      if (tableCount == tables.length) {
        tables = Arrays.copyOf(tables, tableCount * 2);
      }
      tables[tableCount] = new int[TABLE * WORDS];
      tableCount++;
      return true;
    } catch (OutOfMemoryError e) {
      return false;
    }
  }

  private void giveBack(int segment) {
    word(segment, 0, firstFree);
    firstFree = segment;
  }

  private int word(int segment, int i) {
    return tables[segment >>> TABLE_BITS][(segment & TABLE_MASK) * WORDS + i];
  }

  private void word(int segment, int i, int value) {
    tables[segment >>> TABLE_BITS][(segment & TABLE_MASK) * WORDS + i] = value;
  }

  /** More pages, of zeros; false: no memory, nothing changed. */
  boolean addPages(int segment, int has, int more) {
    for (int i = has; i < has + more; i++) {
      int page = pages.acquire();
      if (page == IndexPages.NONE) {
        dropPages(segment, i, i - has);
        return false;
      }
      word(segment, i, page);
    }
    return true;
  }

  /**
   * So many pages for all that it has, whose contents are of no use afterwards. A pool that gives
   * out what lies lowest first gets room at its end that way, as segments shrink one by one.
   */
  void exchangePages(int segment, int has, int pages) {
    int fresh = 0;
    while (fresh < pages) {
      int page = this.pages.acquire();
      if (page == IndexPages.NONE) {
        break;
      }
      exchanged[fresh++] = page;
    }
    if (fresh < pages) {
      while (fresh > 0) {
        this.pages.release(exchanged[--fresh]);
      }
      dropPages(segment, has, has - pages); // then the first of its own will do
      return;
    }
    dropPages(segment, has, has);
    for (int i = 0; i < pages; i++) {
      word(segment, i, exchanged[i]);
    }
  }

  /** Gives the last so many pages back. */
  void dropPages(int segment, int has, int fewer) {
    for (int i = has - fewer; i < has; i++) {
      pages.release(word(segment, i));
    }
  }

  /** The page in which a bucket lies. */
  int page(int segment, int bucket) {
    return word(segment, bucket / IndexBuckets.PER_PAGE);
  }

  int get(int segment, int i) {
    return pages.get(word(segment, i >>> PAGE_BITS), i & WORD_MASK);
  }

  void set(int segment, int i, int value) {
    pages.set(word(segment, i >>> PAGE_BITS), i & WORD_MASK, value);
  }

  /** Copies the page that begins with this word of a segment. */
  void read(int segment, int i, int[] into) {
    pages.read(word(segment, i >>> PAGE_BITS), into, 0);
  }

  /** Fills that page from the same place in an array. */
  void write(int segment, int i, int[] from) {
    pages.write(word(segment, i >>> PAGE_BITS), from, i);
  }

  /** Entries in use. */
  int live(int segment) {
    return word(segment, LIVE);
  }

  void live(int segment, int count) {
    word(segment, LIVE, count);
  }

  /** Bytes reserved. */
  long reservedBytes() {
    return pages.reservedBytes()
        + 4L * WORDS * capacity()
        + (long) ARRAY_HEADER_BYTES * (2 + tableCount)
        + 4L * MOST_PAGES
        + (long) REFERENCE_BYTES * tables.length;
  }
}
