package wisp.core.spi;

import java.util.Arrays;

/**
 * Finds a record's slot by its key, at any count without a pause: extendible hashing (Fagin et al.
 * 1979) over pages of 1024 entries that split and merge one by one.
 *
 * <pre>
 *   64 hashed bits:   directory (upper 32)  |  tag (from bit 31 down)  |  second bucket (6)  |  first bucket (6)
 *   entry, 32 bits:   tag, whatever the slot leaves over  |  slot + 1, as wide as the page's largest; 0: free
 *   page:             64 buckets of 16 entries, each one cache line
 * </pre>
 *
 * <p>A key has two buckets in its page and goes to the emptier one, so that a look-up reads two
 * cache lines, which the machine fetches together, however full the page is; and since a bucket has
 * no order, removal just clears an entry: no tombstones, no shifting, and no look at other records.
 * (Linear probing needs about 50 probes for a miss at 90 % load, and to shift back it needs the
 * hash of every entry that follows, one cache miss each.) When both buckets are full one entry of
 * theirs moves to its other bucket; when none can, the page splits, at 97 % on average.
 *
 * <p>With evenly spread hashes all pages would fill up and split at the same count, and be half
 * empty just above it. So the directory is spread unevenly on purpose, its first part twice as
 * dense as its last (spiral storage, Martin 1979): at every count some pages are full and some just
 * split, and the load is ln 2 · 97 % = 67 %, flat. See {@link #spread}.
 *
 * <p>Work per call is bounded: an insert moves one entry or splits one page (about 1000 records
 * read), a removal merges two pages at most per level, and the directory doubles by a copy of 4
 * bytes a page.
 */
final class RecordIndex {
  static final int NONE = -1;

  private static final int BUCKET = 16;
  private static final int BUCKET_BITS = 6;
  private static final int BUCKET_MASK = (1 << BUCKET_BITS) - 1;

  /**
   * Two pages merge at this sum of entries: far enough from a full page that churn does not split
   * it again at once.
   */
  private static final int MERGE = 704;

  /** A merge that failed for a full bucket is tried again after so many removals. */
  private static final int MERGE_STRIDE = 16;

  private static final int MAX_DEPTH = 26;
  private static final int ARRAY_HEADER_BYTES = 16;

  // A directory entry: page number << 10 | width of the slot part << 5 | depth.
  private static final int PAGE_SHIFT = 10;
  private static final int WIDTH_SHIFT = 5;
  private static final int FIELD_MASK = 31;

  private final IndexPages pages;
  private final RecordKeys keys;
  private final int[] scratch = new int[IndexPages.WORDS];
  private final int[] segmentsOfDepth = new int[MAX_DEPTH + 1];
  private int[] directory = new int[1];
  private short[] liveByPage = new short[4];
  private int depth;
  private int size;
  private boolean rooted;

  @SuppressWarnings("UnusedVariable") // only written, so that the reads before are not dropped
  private int prefetched;

  RecordIndex(RecordKeys keys, IndexPages pages) {
    this.keys = keys;
    this.pages = pages;
  }

  /** The slot of the record with this key, or {@link #NONE}. */
  int find(long high, long low, int tail) {
    if (size == 0) {
      return NONE;
    }
    long h = keys.hash(high, low, tail);
    int segment = directory[directoryIndex(h)];
    int page = segment >>> PAGE_SHIFT;
    int slotMask = -1 >>> -width(segment);
    int slot = findInBucket(page, firstBucket(h), (int) h, slotMask, high, low, tail);
    return slot != NONE
        ? slot
        : findInBucket(page, secondBucket(h), (int) h, slotMask, high, low, tail);
  }

  private int findInBucket(
      int page, int bucket, int tag, int slotMask, long high, long low, int tail) {
    int start = bucket * BUCKET;
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
      int page = directory[directoryIndex(h)] >>> PAGE_SHIFT;
      prefetched =
          pages.get(page, firstBucket(h) * BUCKET) ^ pages.get(page, secondBucket(h) * BUCKET);
    }
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
      if (!split(directoryIndex(h))) {
        return false;
      }
      at = freeEntry(h);
    }
    int segment = directory[directoryIndex(h)];
    if (bitsFor(slot) > width(segment)) {
      segment = widen(directoryIndex(h), bitsFor(slot));
    }
    int page = segment >>> PAGE_SHIFT;
    int slotMask = -1 >>> -width(segment);
    pages.set(page, at, ((int) h & ~slotMask) | (slot + 1));
    liveByPage[page]++;
    size++;
    return true;
  }

  /** Removes the key of this slot, which must hold it still. */
  void remove(int slot) {
    long h = keys.hash(slot);
    int segment = directory[directoryIndex(h)];
    int page = segment >>> PAGE_SHIFT;
    int slotMask = -1 >>> -width(segment);
    int at = entryOf(page, firstBucket(h), slot, slotMask);
    if (at == NONE) {
      at = entryOf(page, secondBucket(h), slot, slotMask);
    }
    if (at == NONE) {
      throw new IllegalStateException("slot " + slot + " is not in the index");
    }
    pages.set(page, at, 0);
    liveByPage[page]--;
    size--;
    while (merge(directoryIndex(h))) {
      // up, until a neighbour is too full or deeper
    }
  }

  private int entryOf(int page, int bucket, int slot, int slotMask) {
    for (int i = bucket * BUCKET; i < (bucket + 1) * BUCKET; i++) {
      if ((pages.get(page, i) & slotMask) == slot + 1) {
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
    return pages.reservedBytes()
        + 4L * (directory.length + scratch.length + segmentsOfDepth.length)
        + 2L * liveByPage.length
        + 4L * ARRAY_HEADER_BYTES;
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

  private static int firstBucket(long h) {
    return (int) h & BUCKET_MASK;
  }

  /** Never the first one again. */
  private static int secondBucket(long h) {
    int further = ((((int) h >>> BUCKET_BITS) & BUCKET_MASK) * BUCKET_MASK) >>> BUCKET_BITS;
    return ((int) h + 1 + further) & BUCKET_MASK;
  }

  private static int width(int segment) {
    return segment >>> WIDTH_SHIFT & FIELD_MASK;
  }

  private static int depth(int segment) {
    return segment & FIELD_MASK;
  }

  private static int bitsFor(int slot) {
    return 32 - Integer.numberOfLeadingZeros(slot + 1);
  }

  private boolean root() {
    int page = acquirePage();
    if (page == NONE) {
      return false;
    }
    directory[0] = page << PAGE_SHIFT | 1 << WIDTH_SHIFT;
    segmentsOfDepth[0] = 1;
    rooted = true;
    return true;
  }

  private int acquirePage() {
    int page = pages.acquire();
    if (page >= liveByPage.length) {
      try {
        liveByPage = Arrays.copyOf(liveByPage, Math.max(page + 1, liveByPage.length * 2));
      } catch (OutOfMemoryError e) {
        pages.release(page);
        return NONE;
      }
    }
    return page;
  }

  // Room in a page.

  /**
   * A free entry in one of the two buckets of this hash, after moving another one away if need be;
   * or {@link #NONE}.
   */
  private int freeEntry(long h) {
    int segment = directory[directoryIndex(h)];
    int page = segment >>> PAGE_SHIFT;
    int first = firstBucket(h);
    int second = secondBucket(h);
    int freeInFirst = freeIn(page, first);
    int freeInSecond = freeIn(page, second);
    if (freeInFirst + freeInSecond == 0) {
      int at = moveOneAway(page, width(segment), first);
      return at != NONE ? at : moveOneAway(page, width(segment), second);
    }
    return firstFree(page, freeInFirst >= freeInSecond ? first : second);
  }

  private int freeIn(int page, int bucket) {
    int free = 0;
    for (int i = bucket * BUCKET; i < (bucket + 1) * BUCKET; i++) {
      free += pages.get(page, i) == 0 ? 1 : 0;
    }
    return free;
  }

  private int firstFree(int page, int bucket) {
    for (int i = bucket * BUCKET; i < (bucket + 1) * BUCKET; i++) {
      if (pages.get(page, i) == 0) {
        return i;
      }
    }
    return NONE;
  }

  private int moveOneAway(int page, int width, int bucket) {
    for (int i = bucket * BUCKET; i < (bucket + 1) * BUCKET; i++) {
      int entry = pages.get(page, i);
      int to = firstFree(page, otherBucket(entry, width, bucket));
      if (to != NONE) {
        pages.set(page, to, entry);
        pages.set(page, i, 0);
        return i;
      }
    }
    return NONE;
  }

  private int otherBucket(int entry, int width, int bucket) {
    long h = keys.hash((entry & -1 >>> -width) - 1);
    return firstBucket(h) == bucket ? secondBucket(h) : firstBucket(h);
  }

  /** Gives the slot part of all entries of a page more bits, at the expense of the tags. */
  private int widen(int index, int width) {
    int segment = directory[index];
    int page = segment >>> PAGE_SHIFT;
    int keep = ~(-1 >>> -width) | -1 >>> -width(segment);
    for (int i = 0; i < IndexPages.WORDS; i++) {
      pages.set(page, i, pages.get(page, i) & keep);
    }
    int widened = page << PAGE_SHIFT | width << WIDTH_SHIFT | depth(segment);
    assign(index, depth(segment), widened);
    return widened;
  }

  // Splitting and merging.

  /**
   * Writes a segment into all places of the directory that share the first {@code bits} bits with
   * {@code index}.
   */
  private void assign(int index, int bits, int segment) {
    int from = index >>> (depth - bits) << (depth - bits);
    Arrays.fill(directory, from, from + (1 << (depth - bits)), segment);
  }

  private boolean split(int index) {
    int segment = directory[index];
    int bits = depth(segment) + 1;
    if (bits > MAX_DEPTH) {
      return false;
    }
    int newPage = acquirePage();
    if (newPage == NONE) {
      return false;
    }
    if (bits > depth) {
      if (!doubleDirectory()) {
        pages.release(newPage);
        return false;
      }
      index <<= 1;
    }
    int page = segment >>> PAGE_SHIFT;
    int slotMask = -1 >>> -width(segment);
    int moved = 0;
    for (int i = 0; i < IndexPages.WORDS; i++) {
      int entry = pages.get(page, i);
      if (entry != 0
          && (spread(keys.hash((entry & slotMask) - 1) >>> 32) >>> (32 - bits) & 1) != 0) {
        pages.set(newPage, i, entry);
        pages.set(page, i, 0);
        moved++;
      }
    }
    liveByPage[newPage] = (short) moved;
    liveByPage[page] -= (short) moved;
    int upper = index | 1 << (depth - bits);
    int attributes = width(segment) << WIDTH_SHIFT | bits;
    assign(index, bits - 1, page << PAGE_SHIFT | attributes);
    assign(upper, bits, newPage << PAGE_SHIFT | attributes);
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
   * Merges the segment with its neighbour if both together are a small part of a page; false: it
   * stays.
   */
  private boolean merge(int index) {
    int segment = directory[index];
    int bits = depth(segment);
    if (bits == 0) {
      return false;
    }
    int neighbour = directory[index ^ 1 << (depth - bits)];
    if (depth(neighbour) != bits) {
      return false;
    }
    int page = segment >>> PAGE_SHIFT;
    int freed = neighbour >>> PAGE_SHIFT;
    int together = liveByPage[page] + liveByPage[freed];
    if (together > MERGE || together % MERGE_STRIDE != 0 || !mergePages(segment, neighbour)) {
      return false;
    }
    int width = Math.max(width(segment), width(neighbour));
    liveByPage[page] = (short) together;
    liveByPage[freed] = 0;
    pages.release(freed);
    assign(index, bits - 1, page << PAGE_SHIFT | width << WIDTH_SHIFT | bits - 1);
    segmentsOfDepth[bits] -= 2;
    segmentsOfDepth[bits - 1]++;
    shrinkDirectory();
    return true;
  }

  /**
   * Brings the entries of both pages together in the first one; false: a bucket is too full,
   * nothing changed.
   */
  private boolean mergePages(int segment, int neighbour) {
    int width = Math.max(width(segment), width(neighbour));
    copyToScratch(segment, width);
    int page = neighbour >>> PAGE_SHIFT;
    int keep = keepMask(neighbour, width);
    for (int i = 0; i < IndexPages.WORDS; i++) {
      int entry = pages.get(page, i) & keep;
      if (entry != 0
          && !place(entry, i / BUCKET)
          && !place(entry, otherBucket(entry, width, i / BUCKET))) {
        return false;
      }
    }
    for (int i = 0; i < IndexPages.WORDS; i++) {
      pages.set(segment >>> PAGE_SHIFT, i, scratch[i]);
    }
    return true;
  }

  private void copyToScratch(int segment, int width) {
    int keep = keepMask(segment, width);
    for (int i = 0; i < IndexPages.WORDS; i++) {
      scratch[i] = pages.get(segment >>> PAGE_SHIFT, i) & keep;
    }
  }

  private static int keepMask(int segment, int width) {
    return ~(-1 >>> -width) | -1 >>> -width(segment);
  }

  private boolean place(int entry, int bucket) {
    for (int i = bucket * BUCKET; i < (bucket + 1) * BUCKET; i++) {
      if (scratch[i] == 0) {
        scratch[i] = entry;
        return true;
      }
    }
    return false;
  }

  /** Halves the directory when it could be four times smaller: never to and fro. */
  private void shrinkDirectory() {
    while (depth >= 2 && segmentsOfDepth[depth] == 0 && segmentsOfDepth[depth - 1] == 0) {
      int[] halved = new int[directory.length / 2];
      for (int i = 0; i < halved.length; i++) {
        halved[i] = directory[i * 2];
      }
      directory = halved;
      depth--;
    }
  }
}
