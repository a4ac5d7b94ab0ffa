package wisp.core.spi;

/** Where in a segment the two buckets of a key are: by the lower bits of its hash. */
final class IndexBuckets {
  /** Entries of a bucket: one cache line. */
  static final int ENTRIES = IndexPages.LINE_WORDS;

  static final int PER_PAGE = IndexPages.WORDS / ENTRIES;

  /** Hash bits that choose a bucket; those of both lie below the shortest tag. */
  private static final int BITS = 13;

  private static final int MASK = (1 << BITS) - 1;

  private IndexBuckets() {}

  /** Its first word in its page. */
  static int start(int bucket) {
    return bucket % PER_PAGE * ENTRIES;
  }

  /** In a segment of so many pages. */
  static int first(long h, int pages) {
    return ((int) h & MASK) * (pages * PER_PAGE) >>> BITS;
  }

  /** Never the first one again. */
  static int second(long h, int pages) {
    int buckets = pages * PER_PAGE;
    int further = 1 + (((int) h >>> BITS & MASK) * (buckets - 1) >>> BITS);
    int bucket = first(h, pages) + further;
    return bucket < buckets ? bucket : bucket - buckets;
  }
}
