package wisp.pools.region;

import java.util.Arrays;

/**
 * A set of small numbers that knows its lowest one: bits, above them bits that say which words are
 * not empty, and so on.
 */
final class LowestSet {
  static final int NONE = -1;

  private long[][] levels = {new long[1]};

  /** Makes room for this number, so that adding it needs no memory. */
  void reserve(int number) {
    if (number >>> 6 >= levels[0].length) {
      grow(number >>> 6);
    }
  }

  void add(int number) {
    reserve(number);
    int at = number;
    for (long[] level : levels) {
      boolean known = level[at >>> 6] != 0;
      level[at >>> 6] |= 1L << at;
      if (known) {
        return;
      }
      at >>>= 6;
    }
  }

  void remove(int number) {
    int at = number;
    for (long[] level : levels) {
      level[at >>> 6] &= ~(1L << at);
      if (level[at >>> 6] != 0) {
        return;
      }
      at >>>= 6;
    }
  }

  boolean contains(int number) {
    return number >>> 6 < levels[0].length && (levels[0][number >>> 6] >>> number & 1) != 0;
  }

  int lowest() {
    if (levels[levels.length - 1][0] == 0) {
      return NONE;
    }
    int at = 0;
    for (int i = levels.length - 1; i >= 0; i--) {
      at = at << 6 | Long.numberOfTrailingZeros(levels[i][at]);
    }
    return at;
  }

  long bytes() {
    long bytes = 0;
    for (long[] level : levels) {
      bytes += 8L * level.length + 16;
    }
    return bytes;
  }

  private void grow(int word) {
    long[][] grown = new long[6][];
    grown[0] = Arrays.copyOf(levels[0], Math.max(word + 1, 2 * levels[0].length));
    int count = 1;
    while (grown[count - 1].length > 1) {
      long[] below = grown[count - 1];
      long[] level = new long[(below.length + 63) >>> 6];
      for (int i = 0; i < below.length; i++) {
        if (below[i] != 0) {
          level[i >>> 6] |= 1L << i;
        }
      }
      grown[count++] = level;
    }
    levels = Arrays.copyOf(grown, count);
  }
}
