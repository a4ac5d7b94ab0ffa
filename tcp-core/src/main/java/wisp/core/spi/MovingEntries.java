package wisp.core.spi;

/**
 * Entries of a {@link RecordIndex} that are to lie elsewhere, with their hashes, so that each
 * record is read once. How many there can be, and with that the work of one call, is bounded by the
 * largest segment.
 */
final class MovingEntries {
  private static final int MOST = IndexSegments.MOST_PAGES * IndexPages.WORDS;
  private static final int ARRAY_HEADER_BYTES = 16;

  private final RecordKeys keys;
  private final IndexSegments segments;
  private final int[] page = new int[IndexPages.WORDS];
  private final int[] entries = new int[MOST + 1]; // a free one may be written behind the last
  private final long[] hashes = new long[MOST];
  private final IndexLayout lower = new IndexLayout();
  private final IndexLayout upper = new IndexLayout();
  private int count;

  @SuppressWarnings("UnusedVariable") // only written, so that the reads before are not dropped
  private int fetched;

  MovingEntries(RecordKeys keys, IndexSegments segments) {
    this.keys = keys;
    this.segments = segments;
  }

  /** All of a segment, and nothing else. */
  void take(int leaf) {
    count = 0;
    add(leaf, IndexLeaf.width(leaf));
  }

  /** All of two segments, their slot parts as wide as the wider one's. */
  void take(int leaf, int other) {
    int width = Math.max(IndexLeaf.width(leaf), IndexLeaf.width(other));
    count = 0;
    add(leaf, width);
    add(other, width);
  }

  private void add(int leaf, int width) {
    int from = count;
    for (int i = 0; i < IndexLeaf.words(leaf); i += IndexPages.WORDS) {
      addPage(IndexLeaf.segment(leaf), i);
    }
    int slotMask = IndexLeaf.slotMask(leaf);
    fetch(from, slotMask);
    int keep = IndexLeaf.keepMask(leaf, width);
    for (int i = from; i < count; i++) {
      hashes[i] = keys.hash((entries[i] & slotMask) - 1);
      entries[i] &= keep;
    }
  }

  private void addPage(int segment, int first) {
    segments.read(segment, first, page);
    for (int entry : page) {
      entries[count] = entry;
      count += entry == 0 ? 0 : 1;
    }
  }

  /**
   * Reads a word of each record before the hashes are made: the machine waits for many of these at
   * once, but only for one or two when there is a hash between them.
   */
  private void fetch(int from, int slotMask) {
    int sum = 0;
    for (int i = from; i < count; i++) {
      sum += keys.firstWord((entries[i] & slotMask) - 1);
    }
    fetched = sum;
  }

  int count() {
    return count;
  }

  /** Whether all fit into one segment of so many pages: for {@link #writeLower}. */
  boolean fitInto(int pages) {
    lower.begin(pages);
    for (int i = 0; i < count; i++) {
      if (!lower.add(entries[i], hashes[i], pages)) {
        return false;
      }
    }
    return true;
  }

  /**
   * Whether all fit into two segments of so many pages, by the last one of the first {@code bits}
   * bits of where they are in the directory: for {@link #writeLower} and {@link #writeUpper}.
   */
  boolean fitIntoTwo(int pages, int bits) {
    lower.begin(pages);
    upper.begin(pages);
    for (int i = 0; i < count; i++) {
      boolean isUpper = IndexDirectory.isUpper(IndexDirectory.place(hashes[i]), bits);
      if (!(isUpper ? upper : lower).add(entries[i], hashes[i], pages)) {
        return false;
      }
    }
    return true;
  }

  /** Over whatever is in a segment, which has as many pages as they were to fit into. */
  void writeLower(int segment) {
    lower.writeTo(segments, segment);
  }

  /** As {@link #writeLower}. */
  void writeUpper(int segment) {
    upper.writeTo(segments, segment);
  }

  int reservedBytes() {
    return 12 * MOST
        + 4
        + 4 * page.length
        + 3 * ARRAY_HEADER_BYTES
        + lower.reservedBytes()
        + upper.reservedBytes();
  }
}
