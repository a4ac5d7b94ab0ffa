package wisp.core.tcp;

/**
 * Duplicates that arrived and are to be reported (D-SACK, RFC 2883), each once: between the segment
 * and the acknowledgment at the end of its burst, so that neither a record nor an activity block
 * has to hold them. When there are more, the oldest is forgotten: a report is a hint.
 */
final class DuplicateReports {
  private static final int MOST = 64;

  private final long[] handles = new long[MOST];
  private final int[] lefts = new int[MOST];
  private final int[] rights = new int[MOST];
  private int count;

  /** The left edge of what {@link #take} has taken. */
  @SeqNum int left;

  @SeqNum int right;

  /** Notes that [left, right) arrived though it had before. */
  void add(Tcb tcb, @SeqNum int left, @SeqNum int right) {
    if (!tcb.sackPermitted || !Seq.before(left, right)) {
      return;
    }
    if (count == MOST) {
      remove(0);
    }
    handles[count] = tcb.handle;
    lefts[count] = left;
    rights[count] = right;
    count++;
  }

  /** Whether something of this connection waits. */
  boolean has(Tcb tcb) {
    return count > 0 && find(tcb.handle) >= 0;
  }

  /** Takes this connection's oldest report; false: there is none. */
  boolean take(Tcb tcb) {
    int i = count == 0 ? -1 : find(tcb.handle);
    if (i < 0) {
      return false;
    }
    left = lefts[i];
    right = rights[i];
    remove(i);
    return true;
  }

  /**
   * The connection is no more. The next one between the same two ports may well have its handle,
   * and not even report duplicates.
   */
  void forget(long handle) {
    for (int i = count - 1; i >= 0; i--) {
      if (handles[i] == handle) {
        remove(i);
      }
    }
  }

  private int find(long handle) {
    for (int i = 0; i < count; i++) {
      if (handles[i] == handle) {
        return i;
      }
    }
    return -1;
  }

  private void remove(int i) {
    count--;
    System.arraycopy(handles, i + 1, handles, i, count - i);
    System.arraycopy(lefts, i + 1, lefts, i, count - i);
    System.arraycopy(rights, i + 1, rights, i, count - i);
  }
}
