package wisp.drivers.afxdp;

/**
 * Packets whose payload the kernel reads where the application wrote it, in the order of their
 * commits: the stack keeps it until all that were committed before are done as well.
 *
 * <pre>
 *   tail ──────────────────► head
 *   │ 17 │ 18, done │ 21 │ …        those missing, 19 and 20, were copied or dropped
 * </pre>
 */
final class LentPayloads {
  private final long[] number;
  private final boolean[] done;
  private int head;
  private int tail;
  private long committed;

  /**
   * None yet.
   *
   * @param most packets at a time; a power of two
   */
  LentPayloads(int most) {
    assert Integer.bitCount(most) == 1;
    number = new long[most];
    done = new boolean[most];
  }

  /** One more packet has pieces, but they are not read where they are. */
  void pass() {
    committed++;
  }

  /** Whether there is no place: one that is late keeps those of all after it. */
  boolean isFull() {
    return head - tail == number.length;
  }

  /** One more packet has pieces, and they are. Returns its place; it must not be full. */
  int lend() {
    assert !isFull();
    int place = head++ & number.length - 1;
    number[place] = ++committed;
    done[place] = false;
    return place;
  }

  /** The packet at that place has left. */
  void finish(int place) {
    done[place] = true;
    while (tail != head && done[tail & number.length - 1]) {
      tail++;
    }
  }

  /** Packets with pieces, from the first on, that are not read any more. */
  long done() {
    return tail == head ? committed : number[tail & number.length - 1] - 1;
  }
}
