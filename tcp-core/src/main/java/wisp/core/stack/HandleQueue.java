package wisp.core.stack;

/**
 * A queue of (handle, deadline) for delays that are the same for all, so that first in is first
 * due: delayed ACKs, FIN-WAIT-2. No wheel and no block is needed. It grows to a limit, page by
 * page, and gives pages back but for one: no call does more than make a page, or copy the list of
 * pages.
 */
final class HandleQueue {
  private static final int FIRST_WORDS = 2 * 64;
  private static final int PAGE_WORDS = 2 * 512;

  /** A ring of those in use: entry by entry, handle and deadline. */
  private long[][] pages = {new long[FIRST_WORDS]};

  private final int most;
  private int firstPage;
  private int pageCount = 1;

  /** Where the oldest entry is in the first page, and where the next one goes in the last. */
  private int head;

  private int tail;
  private int size;
  private long words = FIRST_WORDS;

  HandleQueue(int most) {
    this.most = most;
  }

  /** Adds at the end; false: full, or no memory. */
  boolean add(long handle, long deadlineNanos) {
    if (size >= most || tail == last().length && !extend()) {
      return false;
    }
    long[] page = last();
    page[tail++] = handle;
    page[tail++] = deadlineNanos;
    size++;
    return true;
  }

  private long[] last() {
    return pages[firstPage + pageCount - 1 & pages.length - 1];
  }

  private boolean extend() {
    try {
      if (pageCount == pages.length) {
        long[][] wider = new long[2 * pageCount][];
        for (int i = 0; i < pageCount; i++) {
          wider[i] = pages[firstPage + i & pageCount - 1];
        }
        pages = wider;
        firstPage = 0;
      }
      int next = firstPage + pageCount & pages.length - 1;
      if (pages[next] == null) {
        pages[next] = new long[PAGE_WORDS];
        words += PAGE_WORDS;
      }
      pageCount++;
      tail = 0;
      return true;
    } catch (OutOfMemoryError e) {
      return false;
    }
  }

  int size() {
    return size;
  }

  boolean isEmpty() {
    return size == 0;
  }

  long headDeadlineNanos() {
    return size == 0 ? Long.MAX_VALUE : pages[firstPage][head + 1];
  }

  /** Takes the oldest handle out. */
  long pop() {
    assert size > 0 : "nothing waits";
    long handle = pages[firstPage][head];
    head += 2;
    size--;
    if (size == 0 && pageCount == 1) {
      head = 0;
      tail = 0;
    } else if (head == pages[firstPage].length) {
      leavePage();
    }
    return handle;
  }

  /** The page that all have left becomes the next to be filled, if there is none. */
  private void leavePage() {
    long[] left = pages[firstPage];
    pages[firstPage] = null;
    firstPage = firstPage + 1 & pages.length - 1;
    pageCount--;
    head = 0;
    if (pageCount == 0) {
      pageCount = 1;
      pages[firstPage] = left;
      tail = 0;
      return;
    }
    int next = firstPage + pageCount & pages.length - 1;
    if (pageCount < pages.length && pages[next] == null) {
      pages[next] = left;
    } else {
      words -= left.length;
    }
  }

  long reservedBytes() {
    return 8 * words + 20L * pages.length;
  }
}
