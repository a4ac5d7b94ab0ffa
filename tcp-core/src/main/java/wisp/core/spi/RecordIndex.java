package wisp.core.spi;

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
 * <p>At every count some segments are full and some have just split ({@link IndexDirectory}), so
 * the load of an index that grows is flat: between 65 % and 97 % for each, 80 % on average. One
 * that shrinks has segments of 47 to 70 %.
 *
 * <p>Work per call is bounded: an insert moves one entry, or orders one segment anew (about 2,000
 * records read), a removal orders two segments at most per level, and tables grow in parts of a few
 * kilobytes.
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

  private final IndexPages pages;
  private final IndexSegments segments;
  private final RecordKeys keys;

  /** Made when a segment is full for the first time, if not at the start. */
  private @Nullable MovingEntries moving;

  private final IndexDirectory directory = new IndexDirectory();
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
    int leaf = directory.leaf(IndexDirectory.place(h));
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
      int leaf = directory.leaf(IndexDirectory.place(h));
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
    long place = IndexDirectory.place(h);
    if (!rooted && !root()) {
      return false;
    }
    int at = freeEntry(h, directory.leaf(place));
    while (at == NONE) {
      if (!makeRoom(place)) {
        return false;
      }
      at = freeEntry(h, directory.leaf(place));
    }
    int leaf = directory.leaf(place);
    if (bitsFor(slot) > IndexLeaf.width(leaf)) {
      leaf = widen(place, bitsFor(slot));
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
    long place = IndexDirectory.place(h);
    int leaf = directory.leaf(place);
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
    while (merge(place)) {
      // up, until a neighbour is too full or deeper
    }
    shrink(place);
  }

  private int entryOf(int leaf, int bucket, int slot) {
    int found = matching(IndexLeaf.segment(leaf), bucket, slot + 1, IndexLeaf.slotMask(leaf));
    return first(found, bucket);
  }

  private int matching(int segment, int bucket, int value, int mask) {
    return pages.matching(segments.page(segment, bucket), IndexBuckets.start(bucket), value, mask);
  }

  /** Where in its segment the first one of these entries of a bucket is. */
  private static int first(int entries, int bucket) {
    return entries == 0 ? NONE : bucket * BUCKET + Integer.numberOfTrailingZeros(entries);
  }

  int size() {
    return size;
  }

  /** Bytes reserved, directory included. */
  long reservedBytes() {
    return segments.reservedBytes()
        + (moving == null ? 0 : moving.reservedBytes())
        + directory.reservedBytes();
  }

  private static int bitsFor(int slot) {
    return 32 - Integer.numberOfLeadingZeros(slot + 1);
  }

  private boolean root() {
    int segment = segments.acquire();
    if (segment == IndexSegments.NONE) {
      return false;
    }
    directory.assign(0, 0, IndexLeaf.of(segment, 1, 1, 0));
    rooted = true;
    return true;
  }

  // Room in a segment.

  /**
   * A free entry in one of the two buckets of this hash, after moving another one away if need be;
   * or {@link #NONE}.
   */
  private int freeEntry(long h, int leaf) {
    int segment = IndexLeaf.segment(leaf);
    int first = IndexBuckets.first(h, IndexLeaf.pages(leaf));
    int second = IndexBuckets.second(h, IndexLeaf.pages(leaf));
    int freeInFirst = freeIn(segment, first);
    int freeInSecond = freeIn(segment, second);
    if ((freeInFirst | freeInSecond) == 0) {
      int at = moveOneAway(leaf, first);
      return at != NONE ? at : moveOneAway(leaf, second);
    }
    return Integer.bitCount(freeInFirst) >= Integer.bitCount(freeInSecond)
        ? first(freeInFirst, first)
        : first(freeInSecond, second);
  }

  /** The free entries of a bucket, a bit each. */
  private int freeIn(int segment, int bucket) {
    return matching(segment, bucket, 0, -1);
  }

  private int moveOneAway(int leaf, int bucket) {
    int segment = IndexLeaf.segment(leaf);
    for (int i = bucket * BUCKET; i < (bucket + 1) * BUCKET; i++) {
      int entry = segments.get(segment, i);
      int other = otherBucket(entry, leaf, bucket);
      int to = first(freeIn(segment, other), other);
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
  private int widen(long place, int width) {
    int leaf = directory.leaf(place);
    int keep = IndexLeaf.keepMask(leaf, width);
    for (int i = 0; i < IndexLeaf.words(leaf); i++) {
      segments.set(IndexLeaf.segment(leaf), i, segments.get(IndexLeaf.segment(leaf), i) & keep);
    }
    int widened =
        IndexLeaf.of(IndexLeaf.segment(leaf), IndexLeaf.pages(leaf), width, IndexLeaf.depth(leaf));
    directory.assign(place, IndexLeaf.depth(leaf), widened);
    return widened;
  }

  // Growing and shrinking.

  /** Pages in which so many entries are comfortable. */
  private static int pagesFor(int entries) {
    return Math.max(1, Math.ceilDiv(entries, COMFORTABLE));
  }

  /** Makes a segment larger, or two of it. */
  private boolean makeRoom(long place) {
    MovingEntries m = moving();
    if (m == null) {
      return false;
    }
    int leaf = directory.leaf(place);
    m.take(leaf);
    return grow(place, leaf, m) || split(place, leaf, m);
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

  private boolean grow(long place, int leaf, MovingEntries m) {
    int pages = IndexLeaf.pages(leaf);
    if (pages == MOST_PAGES
        || !m.fitInto(pages + 1)
        || !segments.addPages(IndexLeaf.segment(leaf), pages, 1)) {
      return false;
    }
    becomes(place, leaf, pages + 1, m);
    return true;
  }

  private void shrink(long place) {
    int leaf = directory.leaf(place);
    int live = segments.live(IndexLeaf.segment(leaf));
    int pages = pagesFor(live);
    MovingEntries m = moving;
    if (m == null || pages >= IndexLeaf.pages(leaf) || live % STRIDE != 0) {
      return;
    }
    m.take(leaf);
    if (m.fitInto(pages)) {
      segments.exchangePages(IndexLeaf.segment(leaf), IndexLeaf.pages(leaf), pages);
      becomes(place, leaf, pages, m);
    }
  }

  private void becomes(long place, int leaf, int pages, MovingEntries m) {
    m.writeLower(IndexLeaf.segment(leaf));
    directory.assign(
        place,
        IndexLeaf.depth(leaf),
        IndexLeaf.of(IndexLeaf.segment(leaf), pages, IndexLeaf.width(leaf), IndexLeaf.depth(leaf)));
  }

  // Splitting and merging.

  private boolean split(long place, int leaf, MovingEntries m) {
    int bits = IndexLeaf.depth(leaf) + 1;
    if (bits > IndexDirectory.MAX_DEPTH) {
      return false;
    }
    int pages = pagesFor(m.count() / 2);
    while (!m.fitIntoTwo(pages, bits)) {
      if (++pages > MOST_PAGES) {
        return false;
      }
    }
    if (!directory.reach(place, bits)) {
      return false;
    }
    int kept = IndexLeaf.segment(leaf);
    int added = segments.acquireBeside(kept, IndexLeaf.pages(leaf), pages);
    if (added == IndexSegments.NONE) {
      return false;
    }
    m.writeLower(kept);
    m.writeUpper(added);
    int width = IndexLeaf.width(leaf);
    directory.assign(place, bits - 1, IndexLeaf.of(kept, pages, width, bits));
    directory.assign(
        IndexDirectory.upper(place, bits), bits, IndexLeaf.of(added, pages, width, bits));
    return true;
  }

  /**
   * Merges the segment with its neighbour if both together are comfortable in one; false: it stays.
   */
  private boolean merge(long place) {
    int leaf = directory.leaf(place);
    int bits = IndexLeaf.depth(leaf);
    if (bits == 0) {
      return false;
    }
    int neighbour = directory.neighbour(place, bits);
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
    segments.exchangePages(kept, pages, pages);
    m.writeLower(kept);
    directory.assign(place, bits - 1, IndexLeaf.of(kept, pages, width, bits - 1));
    directory.trim(place);
    return true;
  }
}
