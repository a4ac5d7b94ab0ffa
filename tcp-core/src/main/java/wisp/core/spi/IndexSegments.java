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

  private final IndexPages pages;

  /** Page numbers, four a segment; of a free one the first is the next free segment. */
  private int[] numbers = new int[MOST_PAGES];

  private short[] live = new short[1];
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
      numbers[added * MOST_PAGES + each - moved + i] = numbers[segment * MOST_PAGES + each + i];
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
      numbers[segment * MOST_PAGES + has + i] = numbers[other * MOST_PAGES + otherHas - 1 - i];
    }
    dropPages(other, otherHas - taken, otherHas - taken);
    giveBack(other);
    if (pages < has) {
      dropPages(segment, has, has - pages);
    }
  }

  private int number() {
    if (firstFree != NONE) {
      int segment = firstFree;
      firstFree = numbers[segment * MOST_PAGES];
      live[segment] = 0;
      return segment;
    }
    if (bound == BOUND) {
      return NONE;
    }
    if (bound == live.length) {
      try {
        int[] wider = Arrays.copyOf(numbers, numbers.length * 2);
        live = Arrays.copyOf(live, bound * 2);
        numbers = wider;
      } catch (OutOfMemoryError e) {
        return NONE;
      }
    }
    return bound++;
  }

  private void giveBack(int segment) {
    numbers[segment * MOST_PAGES] = firstFree;
    firstFree = segment;
  }

  /** More pages, of zeros; false: no memory, nothing changed. */
  boolean addPages(int segment, int has, int more) {
    for (int i = has; i < has + more; i++) {
      int page = pages.acquire();
      if (page == IndexPages.NONE) {
        dropPages(segment, i, i - has);
        return false;
      }
      numbers[segment * MOST_PAGES + i] = page;
    }
    return true;
  }

  /** Gives the last so many pages back. */
  void dropPages(int segment, int has, int fewer) {
    for (int i = has - fewer; i < has; i++) {
      pages.release(numbers[segment * MOST_PAGES + i]);
    }
  }

  /** The page in which a bucket lies. */
  int page(int segment, int bucket) {
    return numbers[segment * MOST_PAGES + bucket / IndexBuckets.PER_PAGE];
  }

  int get(int segment, int i) {
    return pages.get(numbers[segment * MOST_PAGES + (i >>> PAGE_BITS)], i & WORD_MASK);
  }

  void set(int segment, int i, int value) {
    pages.set(numbers[segment * MOST_PAGES + (i >>> PAGE_BITS)], i & WORD_MASK, value);
  }

  /** Entries in use. */
  int live(int segment) {
    return live[segment];
  }

  void live(int segment, int count) {
    live[segment] = (short) count;
  }

  /** Bytes reserved. */
  long reservedBytes() {
    return pages.reservedBytes() + 4L * numbers.length + 2L * live.length + 2L * ARRAY_HEADER_BYTES;
  }
}
