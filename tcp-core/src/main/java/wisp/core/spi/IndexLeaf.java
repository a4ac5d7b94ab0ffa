package wisp.core.spi;

/**
 * A place of a {@link RecordIndex}' directory: which segment is meant, and how its entries are to
 * be read.
 *
 * <pre>
 *   segment (20)  |  pages − 1 (2)  |  width of the slot part of its entries (5)  |  depth (5)
 * </pre>
 *
 * <p>Depth: how many first bits of the hash all keys of the segment share.
 */
final class IndexLeaf {
  private static final int SEGMENT_SHIFT = 12;
  private static final int PAGES_SHIFT = 10;
  private static final int PAGES_MASK = 3;
  private static final int WIDTH_SHIFT = 5;
  private static final int FIELD_MASK = 31;

  private IndexLeaf() {}

  static int of(int segment, int pages, int width, int depth) {
    return segment << SEGMENT_SHIFT | pages - 1 << PAGES_SHIFT | width << WIDTH_SHIFT | depth;
  }

  static int segment(int leaf) {
    return leaf >>> SEGMENT_SHIFT;
  }

  static int pages(int leaf) {
    return (leaf >>> PAGES_SHIFT & PAGES_MASK) + 1;
  }

  /** Words of all its pages. */
  static int words(int leaf) {
    return pages(leaf) * IndexPages.WORDS;
  }

  static int width(int leaf) {
    return leaf >>> WIDTH_SHIFT & FIELD_MASK;
  }

  static int depth(int leaf) {
    return leaf & FIELD_MASK;
  }

  /** The bits of an entry that hold slot + 1. */
  static int slotMask(int leaf) {
    return -1 >>> -width(leaf);
  }

  /** What is left of an entry when its slot part gets so many bits, at the tag's expense. */
  static int keepMask(int leaf, int width) {
    return ~(-1 >>> -width) | slotMask(leaf);
  }
}
