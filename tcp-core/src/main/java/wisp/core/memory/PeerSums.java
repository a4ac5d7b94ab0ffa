package wisp.core.memory;

/**
 * A number for each peer in bounded memory: two rows of sums, and in each row a place for every
 * account (a count-min sketch with deletions). Peers that share a place are counted together, so a
 * sum is never too small; it is too large only for who shares both places with somebody large.
 */
final class PeerSums {
  /** Places in a row, a power of two. */
  static final int PLACES = 512;

  private final int[] first = new int[PLACES];
  private final int[] second = new int[PLACES];
  private final int much;
  private int large;

  /**
   * All 0.
   *
   * @param much sums above this are {@linkplain #anyLarge large}
   */
  PeerSums(int much) {
    this.much = much;
  }

  /** Whether somebody has much. */
  boolean anyLarge() {
    return large > 0;
  }

  /** An account's sum: exact, or too large. */
  int of(int account) {
    return Math.min(first[firstPlace(account)], second[secondPlace(account)]);
  }

  /** Adds to an account, or takes away what was added to it. */
  void add(int account, int n) {
    int before = first[firstPlace(account)];
    int a = first[firstPlace(account)] = before + n;
    large += (a > much ? 1 : 0) - (before > much ? 1 : 0);
    int b = second[secondPlace(account)] += n;
    assert a >= 0 && b >= 0 : "an account has given back more than it had";
  }

  /** Whether nobody has anything. */
  boolean isClear() {
    for (int i = 0; i < PLACES; i++) {
      if (first[i] != 0 || second[i] != 0) {
        return false;
      }
    }
    return true;
  }

  static int firstPlace(int account) {
    return account & PLACES - 1;
  }

  private static int secondPlace(int account) {
    return account / PLACES & PLACES - 1;
  }

  static long bytes() {
    return 2L * (PLACES * Integer.BYTES + 16);
  }
}
