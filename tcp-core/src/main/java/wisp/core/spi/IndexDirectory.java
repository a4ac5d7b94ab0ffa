package wisp.core.spi;

import java.util.Arrays;

/**
 * Which leaf of a {@link RecordIndex} a hash belongs to: the first bits of its <em>place</em> say
 * so, as many as the leaf is deep. A leaf less deep than others stands in several entries.
 *
 * <p>With evenly spread places all segments would fill up and split at the same count. So hashes
 * are bent on purpose, those at the beginning twice as dense as those at the end (spiral storage,
 * Martin 1979): at every count some segments are full and some have just split. See {@link #place}.
 *
 * <p>Up to 1,024 entries it is one array, which doubles by a copy. Beyond, there are 1,024 parts
 * that double each on their own: no call ever copies more than one part, 1 KB at a hundred million
 * records, where a single array would take a megabyte.
 */
final class IndexDirectory {
  /** Deepest leaves: more than two billion records have. */
  static final int MAX_DEPTH = 24;

  private static final int MANY_PARTS_BITS = 10;
  private static final int PLACE_BITS = 32;
  private static final long WHOLE = 1L << PLACE_BITS;
  private static final long PLACE_MASK = WHOLE - 1;
  private static final long LINEAR = (long) (0.6565 * WHOLE);
  private static final int ARRAY_HEADER_BYTES = 16;
  private static final int REFERENCE_BYTES = 4;

  private int[][] parts = {new int[1]};

  /** How many first bits of a place choose the part. */
  private int partBits;

  private long entries = 1;

  /**
   * Where in the directory a hash belongs, 32 bits: its upper half, bent so that the first places
   * get twice the density of the last, falling as 1 / (1 + x): x = 2^u − 1, by the parabola that
   * meets it at both ends. Monotone.
   */
  static long place(long hash) {
    long u = hash >>> PLACE_BITS;
    return (u * (LINEAR + ((u * (WHOLE - LINEAR)) >>> PLACE_BITS))) >>> PLACE_BITS;
  }

  /** Whether a place lies in the upper one of the two halves that {@code bits} bits tell apart. */
  static boolean isUpper(long place, int bits) {
    return (place >>> (PLACE_BITS - bits) & 1) != 0;
  }

  /** A place in that upper half that shares the bits before with this one. */
  static long upper(long place, int bits) {
    return place | 1L << (PLACE_BITS - bits);
  }

  int leaf(long place) {
    int[] part = parts[part(place)];
    return part[within(part, place)];
  }

  /** The leaf at the place that differs in bit {@code bits}, counted from 1. */
  int neighbour(long place, int bits) {
    return leaf(place ^ 1L << (PLACE_BITS - bits));
  }

  private int part(long place) {
    return (int) (place >>> (PLACE_BITS - partBits));
  }

  private int within(int[] part, long place) {
    return (int) ((place << partBits & PLACE_MASK) * part.length >>> PLACE_BITS);
  }

  private int depth(int[] part) {
    return partBits + Integer.numberOfTrailingZeros(part.length);
  }

  /**
   * Writes a leaf into all entries whose places share the first {@code bits} bits with this one.
   */
  void assign(long place, int bits, int leaf) {
    if (bits < partBits) {
      int count = 1 << (partBits - bits);
      int from = part(place) & -count;
      for (int i = from; i < from + count; i++) {
        Arrays.fill(parts[i], leaf);
      }
      return;
    }
    int[] part = parts[part(place)];
    int count = part.length >>> (bits - partBits);
    int from = within(part, place) & -count;
    Arrays.fill(part, from, from + count, leaf);
  }

  /** Makes room for leaves so deep at this place; false: no memory, nothing changed. */
  boolean reach(long place, int bits) {
    try {
      if (bits > MANY_PARTS_BITS && partBits == 0) {
        fanOut();
      }
      int p = part(place);
      while (depth(parts[p]) < bits) {
        entries += parts[p].length;
        parts[p] = doubled(parts[p]);
      }
      return true;
    } catch (OutOfMemoryError e) {
      return false;
    }
  }

  private static int[] doubled(int[] part) {
    int[] doubled = new int[part.length * 2];
    for (int i = 0; i < doubled.length; i++) {
      doubled[i] = part[i >>> 1];
    }
    return doubled;
  }

  private void fanOut() {
    int[] only = parts[0];
    int[][] many = new int[1 << MANY_PARTS_BITS][];
    for (int i = 0; i < many.length; i++) {
      many[i] = new int[] {only[(int) ((long) i * only.length >>> MANY_PARTS_BITS)]};
    }
    parts = many;
    partBits = MANY_PARTS_BITS;
    entries = many.length;
  }

  /**
   * After leaves at this place have merged: what could be four times smaller is halved, never to
   * and fro. Without memory for that it stays as it is.
   */
  void trim(long place) {
    try {
      int p = part(place);
      while (parts[p].length >= 4 && deepest(parts[p]) <= depth(parts[p]) - 2) {
        parts[p] = halved(parts[p]);
        entries -= parts[p].length;
      }
      if (partBits > 0 && IndexLeaf.depth(leaf(place)) < MANY_PARTS_BITS - 2) {
        foldIn();
      }
    } catch (OutOfMemoryError e) {
      return; // the larger one does too
    }
  }

  private static int[] halved(int[] part) {
    int[] halved = new int[part.length / 2];
    for (int i = 0; i < halved.length; i++) {
      halved[i] = part[i * 2];
    }
    return halved;
  }

  private static int deepest(int[] part) {
    int deepest = 0;
    for (int leaf : part) {
      deepest = Math.max(deepest, IndexLeaf.depth(leaf));
    }
    return deepest;
  }

  private void foldIn() {
    int depth = MANY_PARTS_BITS - 2;
    for (int[] part : parts) {
      if (part.length > 1 || IndexLeaf.depth(part[0]) > depth) {
        return;
      }
    }
    int[] only = new int[1 << depth];
    for (int i = 0; i < only.length; i++) {
      only[i] = parts[i << (MANY_PARTS_BITS - depth)][0];
    }
    parts = new int[][] {only};
    partBits = 0;
    entries = only.length;
  }

  /** Bytes reserved. */
  long reservedBytes() {
    return 4 * entries
        + (long) parts.length * (ARRAY_HEADER_BYTES + REFERENCE_BYTES)
        + ARRAY_HEADER_BYTES;
  }
}
