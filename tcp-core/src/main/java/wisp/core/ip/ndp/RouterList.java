package wisp.core.ip.ndp;

import wisp.core.link.NeighbourCache;
import wisp.core.link.NeighbourState;

/**
 * The default routers (RFC 4861 §5.1), as long as they say. Bounded: while it is full of living
 * ones, others are ignored, so that a flood of advertisements displaces nobody.
 */
final class RouterList {
  static final int NONE = -1;
  private static final int CAPACITY = 4;
  static final long BYTES = CAPACITY * 3L * Long.BYTES;

  private final long[] high = new long[CAPACITY];
  private final long[] low = new long[CAPACITY];
  private final long[] until = new long[CAPACITY];
  private int size;
  private int turn;

  int size() {
    return size;
  }

  long high(int r) {
    return high[r];
  }

  long low(int r) {
    return low[r];
  }

  /** A router has advertised itself; 0 seconds: it is no default router any more (§6.3.4). */
  void heard(long high, long low, int lifetimeSeconds, long nowNanos) {
    remove(high, low);
    if (lifetimeSeconds > 0 && size < CAPACITY) {
      this.high[size] = high;
      this.low[size] = low;
      until[size] = nowNanos + lifetimeSeconds * Lifetimes.SECOND;
      size++;
    }
  }

  /** It is a router no longer (§7.2.5). */
  void remove(long high, long low) {
    for (int r = 0; r < size; r++) {
      if (this.low[r] == low && this.high[r] == high) {
        remove(r);
        return;
      }
    }
  }

  private void remove(int r) {
    int last = --size;
    for (int i = r; i < last; i++) {
      high[i] = high[i + 1];
      low[i] = low[i + 1];
      until[i] = until[i + 1];
    }
  }

  /**
   * Which router to use (§6.3.6): the first that is known to be reachable, else one that may well
   * be, else each in turn, so that all get asked.
   */
  int choose(NeighbourCache cache, long nowNanos) {
    int known = NONE;
    for (int r = 0; r < size; r++) {
      NeighbourState state = cache.state(high[r], low[r], nowNanos);
      if (state == NeighbourState.REACHABLE) {
        return r;
      }
      if (known == NONE && state != null && state != NeighbourState.INCOMPLETE) {
        known = r;
      }
    }
    if (known != NONE || size == 0) {
      return known;
    }
    turn = (turn + 1) % size;
    return turn;
  }

  void tick(long nowNanos) {
    for (int r = size - 1; r >= 0; r--) {
      if (nowNanos >= until[r]) {
        remove(r);
      }
    }
  }

  long nextDeadlineNanos() {
    long next = Lifetimes.NEVER;
    for (int r = 0; r < size; r++) {
      next = Math.min(next, until[r]);
    }
    return next;
  }
}
