package wisp.core.stack;

/**
 * Peers' MSS values by number, so that a record keeps four bits: 15 exact values a context,
 * whatever came first; more are not told apart.
 */
final class MssTable {
  /** Any other value: the default of the address family is used, never more than the peer said. */
  static final int OTHER = 15;

  private final int[] values = new int[OTHER];
  private int size;

  /** The class of a value. */
  int classOf(int mss) {
    for (int i = 0; i < size; i++) {
      if (values[i] == mss) {
        return i;
      }
    }
    if (size == OTHER) {
      return OTHER;
    }
    values[size] = mss;
    return size++;
  }

  /** The value of a class. */
  int mss(int mssClass, int defaultMss) {
    return mssClass == OTHER ? defaultMss : values[mssClass];
  }
}
