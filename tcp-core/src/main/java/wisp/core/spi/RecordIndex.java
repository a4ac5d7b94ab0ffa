package wisp.core.spi;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Finds a record's slot by its key, at any count without a pause: extendible hashing (Fagin et al.
 * 1979) over segments of entries that grow, split, shrink and merge one by one.
 *
 * <pre>
 *   64 hashed bits:   directory (upper 32)  |  tag (from bit 31 down)  |  second bucket (13)  |  first bucket (13)
 *   entry, 32 bits:   tag, whatever the slot leaves over  |  slot + 1, as wide as the segment's largest; 0: free
 *   segment:          1 to 4 pages of 32 buckets of 16 entries, each bucket one cache line
 * </pre>
 *
 * <p>A key has two buckets in its segment and goes to the emptier one, so that a look-up reads two
 * cache lines, which the machine fetches together, however full the segment is; and since a bucket
 * has no order, removal just clears an entry: no tombstones, no shifting, and no look at other
 * records. (Linear probing needs about 50 probes for a miss at 90 % load, and to shift back it
 * needs the hash of every entry that follows, one cache miss each.) When both buckets are full one
 * entry of theirs moves to its other bucket; when none can, at 97 % on average, the segment grows
 * by a page, and one of four pages splits into two of three (partial expansions, Larson 1980).
 *
 * <p>With evenly spread hashes all segments would fill up and split at the same count. So the
 * directory is spread unevenly on purpose, its first part twice as dense as its last (spiral
 * storage, Martin 1979): at every count some are full and some have just split, and the load of an
 * index that grows is flat: between 65 % and 97 % for each, 80 % on average. One that shrinks has
 * segments of 47 to 70 %. See {@link #spread}.
 *
 * <p>Work per call is bounded: an insert moves one entry, or orders one segment anew (about 2000
 * records read), a removal orders two segments at most per level, and the directory doubles by a
 * copy of 4 bytes a place.
 */
final class RecordIndex {
  static final int NONE = -1;

  private static final int BUCKET = IndexBuckets.ENTRIES;
  private static final int MOST_PAGES = IndexSegments.MOST_PAGES;

  /**
   * Entries a page at most after a segment has shrunk, merged or split: far enough from a full one
   * that churn does not make it grow again at once.
   */
  private static final int COMFORTABLE = IndexPages.WORDS * 7 / 10;

  /** What failed for a full bucket is tried again after so many removals. */
  private static final int STRIDE = 16;

  private static final int MAX_DEPTH = 26;
  private static final int ARRAY_HEADER_BYTES = 16;

  private final IndexPages pages;
  private final IndexSegments segments;
  private final RecordKeys keys;

  /** Made when a segment is full for the first time, if not at the start. */
  private @Nullable MovingEntries moving;

  private final int[] segmentsOfDepth = new int[MAX_DEPTH + 1];
  private int[] directory = new int[1];
  private int depth;
  private int size;
  private boolean rooted;

  @SuppressWarnings("UnusedVariable") // only written, so that the reads before are not dropped
  private int prefetched;

  RecordIndex(RecordKeys keys, IndexPages pages) {
    this.keys = keys;
    this.pages = pages;
    this.segments = new IndexSegments(pages);
    this.moving = pages.isPreallocated() ? new MovingEntries(keys, segments) : null;
  }

  /** The slot of the record with this key, or {@link #NONE}. */
  int find(long high, long low, int tail) {
    if (size == 0) {
      return NONE;
    }
    long h = keys.hash(high, low, tail);
    int leaf = directory[directoryIndex(h)];
    int slot =
        findInBucket(leaf, IndexBuckets.first(h, IndexLeaf.pages(leaf)), (int) h, high, low, tail);
    return slot != NONE
        ? slot
        : findInBucket(
            leaf, IndexBuckets.second(h, IndexLeaf.pages(leaf)), (int) h, high, low, tail);
  }

  private int findInBucket(int leaf, int bucket, int tag, long high, long low, int tail) {
    int slotMask = IndexLeaf.slotMask(leaf);
    int page = segments.page(IndexLeaf.segment(leaf), bucket);
    int start = IndexBuckets.start(bucket);
    for (int i = start; i < start + BUCKET; i++) {
      int entry = pages.get(page, i);
      if (((entry ^ tag) & ~slotMask) == 0 && entry != 0) {
        int slot = (entry & slotMask) - 1;
        if (keys.isAt(slot, high, low, tail)) {
          return slot;
        }
      }
    }
    return NONE;
  }

  /**
   * Touches what {@link #find} will read. The sum is kept so that the compiler can't drop the
   * reads.
   */
  void prefetch(long high, long low, int tail) {
    if (size != 0) {
      long h = keys.hash(high, low, tail);
      int leaf = directory[directoryIndex(h)];
      prefetched =
          firstWord(leaf, IndexBuckets.first(h, IndexLeaf.pages(leaf)))
              ^ firstWord(leaf, IndexBuckets.second(h, IndexLeaf.pages(leaf)));
    }
  }

  private int firstWord(int leaf, int bucket) {
    return pages.get(segments.page(IndexLeaf.segment(leaf), bucket), IndexBuckets.start(bucket));
  }

  /**
   * Adds a key that is not there. The record needn't hold it yet.
   *
   * @return false: no memory, nothing changed as far as look-ups can tell
   */
  boolean insert(long high, long low, int tail, int slot) {
    long h = keys.hash(high, low, tail);
    if (!rooted && !root()) {
      return false;
    }
    int at = freeEntry(h);
    while (at == NONE) {
      if (!makeRoom(directoryIndex(h))) {
        return false;
      }
      at = freeEntry(h);
    }
    int leaf = directory[directoryIndex(h)];
    if (bitsFor(slot) > IndexLeaf.width(leaf)) {
      leaf = widen(directoryIndex(h), bitsFor(slot));
    }
    int segment = IndexLeaf.segment(leaf);
    segments.set(segment, at, ((int) h & ~IndexLeaf.slotMask(leaf)) | (slot + 1));
    segments.live(segment, segments.live(segment) + 1);
    size++;
    return true;
  }

  /** Removes the key of this slot, which must hold it still. */
  void remove(int slot) {
    long h = keys.hash(slot);
    int leaf = directory[directoryIndex(h)];
    int segment = IndexLeaf.segment(leaf);
    int at = entryOf(leaf, IndexBuckets.first(h, IndexLeaf.pages(leaf)), slot);
    if (at == NONE) {
      at = entryOf(leaf, IndexBuckets.second(h, IndexLeaf.pages(leaf)), slot);
    }
    if (at == NONE) {
      throw new IllegalStateException("slot " + slot + " is not in the index");
    }
    segments.set(segment, at, 0);
    segments.live(segment, segments.live(segment) - 1);
    size--;
    while (merge(directoryIndex(h))) {
      // up, until a neighbour is too full or deeper
    }
    shrink(directoryIndex(h));
  }

  private int entryOf(int leaf, int bucket, int slot) {
    for (int i = bucket * BUCKET; i < (bucket + 1) * BUCKET; i++) {
      if ((segments.get(IndexLeaf.segment(leaf), i) & IndexLeaf.slotMask(leaf)) == slot + 1) {
        return i;
      }
    }
    return NONE;
  }

  int size() {
    return size;
  }

  /** Bytes reserved, directory included. */
  long reservedBytes() {
    return segments.reservedBytes()
        + (moving == null ? 0 : moving.reservedBytes())
        + 4L * (directory.length + segmentsOfDepth.length)
        + 2L * ARRAY_HEADER_BYTES;
  }

  // Where a key belongs.

  private int directoryIndex(long h) {
    return (int) (spread(h >>> 32) >>> (32 - depth));
  }

  /**
   * Bends evenly distributed 32-bit numbers so that the first ones get twice the density of the
   * last, falling as 1 / (1 + x): x = 2^u − 1, by the parabola that meets it at both ends.
   * Monotone.
   */
  static long spread(long u) {
    return (u * (LINEAR + ((u * (WHOLE - LINEAR)) >>> 32))) >>> 32;
  }

  private static final long WHOLE = 1L << 32;
  private static final long LINEAR = (long) (0.6565 * WHOLE);

  private static int bitsFor(int slot) {
    return 32 - Integer.numberOfLeadingZeros(slot + 1);
  }

  private boolean root() {
    int segment = segments.acquire();
    if (segment == IndexSegments.NONE) {
      return false;
    }
    directory[0] = IndexLeaf.of(segment, 1, 1, 0);
    segmentsOfDepth[0] = 1;
    rooted = true;
    return true;
  }

  // Room in a segment.

  /**
   * A free entry in one of the two buckets of this hash, after moving another one away if need be;
   * or {@link #NONE}.
   */
  private int freeEntry(long h) {
    int leaf = directory[directoryIndex(h)];
    int segment = IndexLeaf.segment(leaf);
    int first = IndexBuckets.first(h, IndexLeaf.pages(leaf));
    int second = IndexBuckets.second(h, IndexLeaf.pages(leaf));
    int freeInFirst = freeIn(segment, first);
    int freeInSecond = freeIn(segment, second);
    if (freeInFirst + freeInSecond == 0) {
      int at = moveOneAway(leaf, first);
      return at != NONE ? at : moveOneAway(leaf, second);
    }
    return firstFree(segment, freeInFirst >= freeInSecond ? first : second);
  }

  private int freeIn(int segment, int bucket) {
    int page = segments.page(segment, bucket);
    int start = IndexBuckets.start(bucket);
    int free = 0;
    for (int i = start; i < start + BUCKET; i++) {
      free += pages.get(page, i) == 0 ? 1 : 0;
    }
    return free;
  }

  private int firstFree(int segment, int bucket) {
    for (int i = bucket * BUCKET; i < (bucket + 1) * BUCKET; i++) {
      if (segments.get(segment, i) == 0) {
        return i;
      }
    }
    return NONE;
  }

  private int moveOneAway(int leaf, int bucket) {
    int segment = IndexLeaf.segment(leaf);
    for (int i = bucket * BUCKET; i < (bucket + 1) * BUCKET; i++) {
      int entry = segments.get(segment, i);
      int to = firstFree(segment, otherBucket(entry, leaf, bucket));
      if (to != NONE) {
        segments.set(segment, to, entry);
        segments.set(segment, i, 0);
        return i;
      }
    }
    return NONE;
  }

  private int otherBucket(int entry, int leaf, int bucket) {
    long h = hashOf(entry, leaf);
    int first = IndexBuckets.first(h, IndexLeaf.pages(leaf));
    return first == bucket ? IndexBuckets.second(h, IndexLeaf.pages(leaf)) : first;
  }

  private long hashOf(int entry, int leaf) {
    return keys.hash((entry & IndexLeaf.slotMask(leaf)) - 1);
  }

  /** Gives the slot part of all entries of a segment more bits, at the expense of the tags. */
  private int widen(int index, int width) {
    int leaf = directory[index];
    int keep = IndexLeaf.keepMask(leaf, width);
    for (int i = 0; i < IndexLeaf.words(leaf); i++) {
      segments.set(IndexLeaf.segment(leaf), i, segments.get(IndexLeaf.segment(leaf), i) & keep);
    }
    int widened =
        IndexLeaf.of(IndexLeaf.segment(leaf), IndexLeaf.pages(leaf), width, IndexLeaf.depth(leaf));
    assign(index, IndexLeaf.depth(leaf), widened);
    return widened;
  }

  // Growing and shrinking.

  /**
   * Writes a leaf into all places of the directory that share the first {@code bits} bits with
   * {@code index}.
   */
  private void assign(int index, int bits, int leaf) {
    int from = index >>> (depth - bits) << (depth - bits);
    Arrays.fill(directory, from, from + (1 << (depth - bits)), leaf);
  }

  /** Pages in which so many entries are comfortable. */
  private static int pagesFor(int entries) {
    return Math.max(1, Math.ceilDiv(entries, COMFORTABLE));
  }

  /** Makes a segment larger, or two of it. */
  private boolean makeRoom(int index) {
    MovingEntries m = moving();
    if (m == null) {
      return false;
    }
    int leaf = directory[index];
    m.take(leaf);
    return grow(index, leaf, m) || split(index, leaf, m);
  }

  private @Nullable MovingEntries moving() {
    if (moving == null) {
      try {
        moving = new MovingEntries(keys, segments);
      } catch (OutOfMemoryError e) {
        return null;
      }
    }
    return moving;
  }

  private boolean grow(int index, int leaf, MovingEntries m) {
    int pages = IndexLeaf.pages(leaf);
    if (pages == MOST_PAGES
        || !m.fitInto(pages + 1)
        || !segments.addPages(IndexLeaf.segment(leaf), pages, 1)) {
      return false;
    }
    becomes(index, leaf, pages + 1, m);
    return true;
  }

  private void shrink(int index) {
    int leaf = directory[index];
    int live = segments.live(IndexLeaf.segment(leaf));
    int pages = pagesFor(live);
    MovingEntries m = moving;
    if (m == null || pages >= IndexLeaf.pages(leaf) || live % STRIDE != 0) {
      return;
    }
    m.take(leaf);
    if (m.fitInto(pages)) {
      becomes(index, leaf, pages, m);
      segments.dropPages(
          IndexLeaf.segment(leaf), IndexLeaf.pages(leaf), IndexLeaf.pages(leaf) - pages);
    }
  }

  private void becomes(int index, int leaf, int pages, MovingEntries m) {
    m.writeLower(IndexLeaf.segment(leaf));
    assign(
        index,
        IndexLeaf.depth(leaf),
        IndexLeaf.of(IndexLeaf.segment(leaf), pages, IndexLeaf.width(leaf), IndexLeaf.depth(leaf)));
  }

  // Splitting and merging.

  private boolean split(int index, int leaf, MovingEntries m) {
    int bits = IndexLeaf.depth(leaf) + 1;
    if (bits > MAX_DEPTH) {
      return false;
    }
    int pages = pagesFor(m.count() / 2);
    while (!m.fitIntoTwo(pages, bits)) {
      if (++pages > MOST_PAGES) {
        return false;
      }
    }
    if (bits > depth) {
      if (!doubleDirectory()) {
        return false;
      }
      index <<= 1;
    }
    int kept = IndexLeaf.segment(leaf);
    int added = segments.acquireBeside(kept, IndexLeaf.pages(leaf), pages);
    if (added == IndexSegments.NONE) {
      return false;
    }
    m.writeLower(kept);
    m.writeUpper(added);
    assign(index, bits - 1, IndexLeaf.of(kept, pages, IndexLeaf.width(leaf), bits));
    assign(
        index | 1 << (depth - bits), bits, IndexLeaf.of(added, pages, IndexLeaf.width(leaf), bits));
    segmentsOfDepth[bits - 1]--;
    segmentsOfDepth[bits] += 2;
    return true;
  }

  private boolean doubleDirectory() {
    int[] doubled;
    try {
      doubled = new int[directory.length * 2];
    } catch (OutOfMemoryError e) {
      return false;
    }
    for (int i = 0; i < doubled.length; i++) {
      doubled[i] = directory[i >>> 1];
    }
    directory = doubled;
    depth++;
    return true;
  }

  /**
   * Merges the segment with its neighbour if both together are comfortable in one; false: it stays.
   */
  private boolean merge(int index) {
    int leaf = directory[index];
    int bits = IndexLeaf.depth(leaf);
    if (bits == 0) {
      return false;
    }
    int neighbour = directory[index ^ 1 << (depth - bits)];
    if (IndexLeaf.depth(neighbour) != bits) {
      return false;
    }
    int kept = IndexLeaf.segment(leaf);
    int freed = IndexLeaf.segment(neighbour);
    int together = segments.live(kept) + segments.live(freed);
    int pages = pagesFor(together);
    boolean isWorthIt =
        pages <= MOST_PAGES && pages < IndexLeaf.pages(leaf) + IndexLeaf.pages(neighbour);
    MovingEntries m = moving;
    if (m == null || !isWorthIt || together % STRIDE != 0) {
      return false;
    }
    int width = Math.max(IndexLeaf.width(leaf), IndexLeaf.width(neighbour));
    m.take(leaf, neighbour);
    if (!m.fitInto(pages)) {
      return false;
    }
    segments.unite(kept, IndexLeaf.pages(leaf), freed, IndexLeaf.pages(neighbour), pages);
    m.writeLower(kept);
    assign(index, bits - 1, IndexLeaf.of(kept, pages, width, bits - 1));
    segmentsOfDepth[bits] -= 2;
    segmentsOfDepth[bits - 1]++;
    shrinkDirectory();
    return true;
  }

  /** Halves the directory when it could be four times smaller: never to and fro. */
  private void shrinkDirectory() {
    while (depth >= 2 && segmentsOfDepth[depth] == 0 && segmentsOfDepth[depth - 1] == 0) {
      int[] halved;
      try {
        halved = new int[directory.length / 2];
      } catch (OutOfMemoryError e) {
        return; // the larger one does too
      }
      for (int i = 0; i < halved.length; i++) {
        halved[i] = directory[i * 2];
      }
      directory = halved;
      depth--;
    }
  }
}
