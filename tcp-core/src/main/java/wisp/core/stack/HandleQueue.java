package wisp.core.stack;

import java.util.Arrays;

/**
 * A ring of (handle, deadline) for delays that are the same for all, so that first in is first due:
 * delayed ACKs, FIN-WAIT-2. No wheel and no block is needed. It grows to a limit.
 */
final class HandleQueue {
  private long[] handles = new long[64];
  private long[] deadlines = new long[64];
  private final int most;
  private int head;
  private int size;

  HandleQueue(int most) {
    this.most = most;
  }

  /** Adds at the end; false: full. */
  boolean add(long handle, long deadlineNanos) {
    if (size == handles.length && !grow()) {
      return false;
    }
    int i = head + size & handles.length - 1;
    handles[i] = handle;
    deadlines[i] = deadlineNanos;
    size++;
    return true;
  }

  private boolean grow() {
    if (size >= most) {
      return false;
    }
    int length = handles.length;
    long[] h = Arrays.copyOf(handles, 2 * length);
    long[] d = Arrays.copyOf(deadlines, 2 * length);
    System.arraycopy(handles, 0, h, length, head);
    System.arraycopy(deadlines, 0, d, length, head);
    handles = h;
    deadlines = d;
    return true;
  }

  boolean isEmpty() {
    return size == 0;
  }

  long headDeadlineNanos() {
    return size == 0 ? Long.MAX_VALUE : deadlines[head];
  }

  /** Takes the oldest handle out. */
  long pop() {
    long handle = handles[head];
    head = head + 1 & handles.length - 1;
    size--;
    return handle;
  }

  long reservedBytes() {
    return handles.length * 16L;
  }
}
