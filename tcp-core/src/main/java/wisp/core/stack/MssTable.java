package wisp.core.stack;

import wisp.core.tcp.TcpConfig;

/**
 * Peers' MSS values by number, so that a record keeps four bits: 14 exact values a context,
 * whatever came first. Any further one becomes the next smaller known: a peer never gets more than
 * it said.
 */
final class MssTable {
  /** No value of the table: the default of the address family. */
  static final int OTHER = 15;

  private final int[] values = new int[OTHER];
  private int size;

  MssTable() {
    classOf(TcpConfig.LEAST_MSS); // so that there is always a smaller one
  }

  /** The class of a value. */
  int classOf(int mss) {
    int best = 0;
    for (int i = 0; i < size; i++) {
      if (values[i] == mss) {
        return i;
      }
      if (values[i] <= mss && values[i] > values[best]) {
        best = i;
      }
    }
    if (size == OTHER) {
      int usual = TcpConfig.DEFAULT_MSS_IPV4;
      return usual <= mss && usual > values[best] ? OTHER : best;
    }
    values[size] = mss;
    return size++;
  }

  /** The value of a class. */
  int mss(int mssClass, int defaultMss) {
    return mssClass == OTHER ? defaultMss : values[mssClass];
  }
}
