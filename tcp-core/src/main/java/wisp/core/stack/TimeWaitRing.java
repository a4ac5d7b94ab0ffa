package wisp.core.stack;

import java.util.Arrays;
import wisp.core.spi.IndexPages;
import wisp.core.spi.RecordClass;
import wisp.core.spi.RecordMemory;
import wisp.core.spi.RecordStore;

/**
 * Places for what is left of connections in TIME-WAIT, in the order in which their time is over:
 * each lasts as long as the others, so who comes last goes last, and the ring is the order. A place
 * that is given back before its turn stays in it, empty, until the head comes by.
 *
 * <pre>
 *   page of 512 words:   places of 6 words (IPv4: 85 of them) or 9 (IPv6: 56)  |  time of the first, 2 words
 *   place:               key  |  SND.NXT  RCV.NXT  flags  TS.Recent
 *   flags:               those of a record; from bit 20 on how long after the page's first it is over
 *   slot:                page * places in a page + place
 * </pre>
 *
 * <p>Times are counted in {@link #UNIT_NANOS}. A place is free when the last word of its key is 0:
 * no binding has that number. Pages come one by one and go back as the head leaves them.
 */
final class TimeWaitRing implements RecordMemory {
  /** A quarter of a second: what an end of TIME-WAIT may be late by. */
  static final long UNIT_NANOS = 1L << 28;

  private static final int TIME_WORD = IndexPages.WORDS - 2;
  private static final int ARRAY_HEADER_BYTES = 16;

  private final IndexPages pages;
  private final int keyWords;
  private final int entryWords;
  private final int placesInPage;

  /** Places of a page that have been in use since it came, by page; 0: not one of ours. */
  private byte[] used = new byte[4];

  /** The pages from head to tail: a ring. */
  private int[] order = new int[4];

  private int first;
  private int pagesInOrder;
  private int head;
  private int places;
  private int live;
  private long nextDeadline;

  /**
   * An empty ring.
   *
   * @param pages nobody else's
   */
  TimeWaitRing(RecordClass recordClass, IndexPages pages) {
    this.pages = pages;
    this.keyWords = recordClass.keyWords();
    this.entryWords = keyWords + RecordStore.STATE_WORDS;
    this.placesInPage = TIME_WORD / entryWords;
  }

  // ---- Its tail --------------------------------------------------------------------------------

  /** Until when the next place that is acquired lasts: never before those there are. */
  void nextLastsUntil(long units) {
    assert units >= nextDeadline : units + " after " + nextDeadline;
    nextDeadline = units;
  }

  @Override
  public int acquire() {
    if (!hasPlace() && !addPage()) {
      return NONE;
    }
    int page = lastPage();
    int slot = page * placesInPage + used[page]++;
    set(
        slot,
        keyWords + RecordFlags.FLAGS,
        RecordFlags.withStamp(0, (int) (nextDeadline - timeOf(page))));
    places++;
    live++;
    return slot;
  }

  private boolean hasPlace() {
    return pagesInOrder > 0
        && used[lastPage()] < placesInPage
        && nextDeadline - timeOf(lastPage()) <= RecordFlags.LAST_STAMP;
  }

  private boolean addPage() {
    int page = pages.acquire();
    if (page == IndexPages.NONE) {
      return false;
    }
    if (page >= used.length) {
      used = Arrays.copyOf(used, Math.max(page + 1, 2 * used.length));
    }
    if (pagesInOrder == order.length) {
      int[] longer = new int[2 * order.length];
      System.arraycopy(order, first, longer, 0, order.length - first);
      System.arraycopy(order, 0, longer, order.length - first, first);
      order = longer;
      first = 0;
    }
    order[first + pagesInOrder & order.length - 1] = page;
    pagesInOrder++;
    pages.set(page, TIME_WORD, (int) (nextDeadline >>> 32));
    pages.set(page, TIME_WORD + 1, (int) nextDeadline);
    return true;
  }

  private int lastPage() {
    return order[first + pagesInOrder - 1 & order.length - 1];
  }

  private long timeOf(int page) {
    return (long) pages.get(page, TIME_WORD) << 32 | pages.get(page, TIME_WORD + 1) & 0xFFFF_FFFFL;
  }

  // ---- Its head --------------------------------------------------------------------------------

  /** When the oldest place is over, free or not; {@link Long#MAX_VALUE}: there is none. */
  long headDeadline() {
    if (places == 0) {
      return Long.MAX_VALUE;
    }
    return deadline(headSlot());
  }

  /** When a place is over. */
  long deadline(int slot) {
    int flags = get(slot, keyWords + RecordFlags.FLAGS);
    return timeOf(slot / placesInPage) + RecordFlags.stampOf(flags);
  }

  /** The slot of the oldest place. */
  int headSlot() {
    return order[first] * placesInPage + head;
  }

  /** Leaves the oldest place, which is free by now. */
  void leaveHead() {
    assert !isLive(headSlot()) : "somebody is there";
    places--;
    head++;
    int page = order[first];
    if (head == used[page] && (pagesInOrder > 1 || places == 0)) {
      used[page] = 0;
      first = first + 1 & order.length - 1;
      pagesInOrder--;
      head = 0;
      pages.release(page);
    }
  }

  /** Places from head to tail, the free ones included. */
  int places() {
    return places;
  }

  // ---- Places ----------------------------------------------------------------------------------

  @Override
  public void release(int slot) {
    set(slot, keyWords - 1, 0);
    live--;
  }

  @Override
  public boolean isLive(int slot) {
    if (slot < 0) {
      return false;
    }
    int page = slot / placesInPage;
    return page < used.length
        && slot - page * placesInPage < used[page]
        && get(slot, keyWords - 1) != 0;
  }

  @Override
  public int get(int slot, int word) {
    int page = slot / placesInPage;
    return pages.get(page, (slot - page * placesInPage) * entryWords + word);
  }

  @Override
  public void set(int slot, int word, int value) {
    int page = slot / placesInPage;
    pages.set(page, (slot - page * placesInPage) * entryWords + word, value);
  }

  @Override
  public int slotBound() {
    return used.length * placesInPage;
  }

  @Override
  public int size() {
    return live;
  }

  @Override
  public long reservedBytes() {
    return pages.reservedBytes() + used.length + 4L * order.length + 2L * ARRAY_HEADER_BYTES;
  }
}
