package wisp.core.spi;

import java.util.Arrays;

/**
 * Entries on their way into the buckets of a larger, a smaller or another segment: they are put in
 * order here first, so that it costs nothing when they do not fit.
 */
final class IndexLayout {
  private static final int ARRAY_HEADER_BYTES = 16;
  private final int[] words = new int[IndexSegments.MOST_PAGES * IndexPages.WORDS];
  private final byte[] filled = new byte[words.length / IndexBuckets.ENTRIES];
  private int length;
  private int count;

  /** Empties it, for a segment of so many pages. */
  void begin(int pages) {
    length = pages * IndexPages.WORDS;
    count = 0;
    Arrays.fill(words, 0, length, 0);
    Arrays.fill(filled, (byte) 0);
  }

  /** Into the emptier one of its buckets; false: both are full. */
  boolean add(int entry, long hash, int pages) {
    int first = IndexBuckets.first(hash, pages);
    int second = IndexBuckets.second(hash, pages);
    int bucket = filled[first] <= filled[second] ? first : second;
    if (filled[bucket] == IndexBuckets.ENTRIES) {
      return false;
    }
    words[bucket * IndexBuckets.ENTRIES + filled[bucket]++] = entry;
    count++;
    return true;
  }

  /** Over whatever is there; the segment has the pages for it. */
  void writeTo(IndexSegments segments, int segment) {
    for (int i = 0; i < length; i += IndexPages.WORDS) {
      segments.write(segment, i, words);
    }
    segments.live(segment, count);
  }

  int reservedBytes() {
    return 4 * words.length + filled.length + 2 * ARRAY_HEADER_BYTES;
  }
}
