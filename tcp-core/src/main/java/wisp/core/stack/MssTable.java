package wisp.core.stack;

/**
 * Peers' MSS values by number, so that a record keeps four bits. The usual ones are there from the
 * start, some places are left for whatever comes first; a value that finds no place is rounded down
 * to one that has, never up.
 */
final class MssTable {
  private static final int PLACES = 16;
  private static final int[] USUAL = {
    48, 256, 536, 1_024, 1_220, 1_360, 1_400, 1_440, 1_460, 8_960
  };

  private final int[] values = java.util.Arrays.copyOf(USUAL, PLACES);
  private int size = USUAL.length;

  /** Told of each new value, after the table has it. */
  private Runnable onNew = () -> {};

  /** Has {@code onNew} called whenever a value finds a place. */
  void onNew(Runnable called) {
    onNew = called;
  }

  /** All values, by class. */
  int[] values() {
    return java.util.Arrays.copyOf(values, size);
  }

  /** Has these values in place of those it has; the usual ones when nobody knows of any. */
  void restore(int[] former) {
    if (former.length == 0) {
      return;
    }
    size = Math.min(former.length, PLACES);
    System.arraycopy(former, 0, values, 0, size);
  }

  /**
   * The class of a value; below the smallest it is the smallest, which is the floor of every send
   * MSS.
   */
  int classOf(int mss) {
    int below = 0;
    for (int i = 0; i < size; i++) {
      if (values[i] == mss) {
        return i;
      }
      if (values[i] < mss && values[i] > values[below]) {
        below = i;
      }
    }
    if (size == PLACES || mss < values[0]) {
      return below;
    }
    values[size] = mss;
    size++;
    onNew.run();
    return size - 1;
  }

  /** The value of a class. */
  int mss(int mssClass) {
    return values[mssClass];
  }
}
