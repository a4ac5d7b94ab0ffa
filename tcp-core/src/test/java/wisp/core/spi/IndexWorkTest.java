package wisp.core.spi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.util.Arrays;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("An index grows and shrinks without a pause: the work of each call is bounded")
class IndexWorkTest {
  private static final int RECORDS = 2_500_000;

  /** Records are hashed anew when their segment grows or splits: 2,048 entries at the most. */
  private static final int MOST_SEGMENT = 4 * IndexPages.WORDS;

  private final com.sun.management.ThreadMXBean threads =
      (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
  private Pages pages = new Pages(1);
  private Slots slots = new Slots(1);
  private IndexedRecordStore store = store(1_000);

  private IndexedRecordStore store(int records) {
    pages = new Pages(100 + records / 300);
    slots = new Slots(records);
    return new IndexedRecordStore(
        StrategyConfig.forConnections(records, 12), RecordClass.IPV4, slots, pages);
  }

  private long mostRecordsRead;
  private long mostEntriesMoved;
  private long mostBytesZeroed;
  private long mostBytesAllocated;

  @Test
  void givenMillionsComeAndGo_whenTheIndexFollows_thenNoCallDoesMoreThanASegmentsWork() {
    come(20_000); // classes are loaded, which allocates too
    mostBytesAllocated = 0;
    come(RECORDS);
    assertBounded("growing");
    for (int i = 0; i < RECORDS; i++) {
      int slot = i;
      measure(() -> store.remove(slot));
    }
    assertEquals(0, store.size());
    assertEquals(1, pages.live);
    assertBounded("shrinking");
  }

  private void come(int records) {
    store = store(records);
    for (int i = 0; i < records; i++) {
      int number = i;
      measure(() -> store.insert(0, RecordClass.mappedLow(number >>> 8), number));
    }
    assertEquals(records, store.size());
  }

  private void measure(Runnable call) {
    slots.recordsRead = 0;
    pages.written = 0;
    pages.zeroed = 0;
    long before = threads.getCurrentThreadAllocatedBytes();
    call.run();
    long allocated = threads.getCurrentThreadAllocatedBytes() - before;
    mostRecordsRead = Math.max(mostRecordsRead, slots.recordsRead);
    mostEntriesMoved = Math.max(mostEntriesMoved, pages.written);
    mostBytesZeroed = Math.max(mostBytesZeroed, pages.zeroed);
    mostBytesAllocated = Math.max(mostBytesAllocated, allocated);
  }

  /**
   * A record is read twice when it moves, and a segment that splits becomes two of up to its own
   * size. What is allocated is zeroed or copied: the moving entries once, the directory's thousand
   * parts once, else parts of tables.
   */
  private void assertBounded(String when) {
    String figures =
        when
            + ": records read "
            + mostRecordsRead
            + ", entries moved "
            + mostEntriesMoved
            + ", bytes zeroed "
            + mostBytesZeroed
            + ", bytes allocated "
            + mostBytesAllocated;
    assertTrue(mostRecordsRead <= 2 * MOST_SEGMENT + 64, figures);
    assertTrue(mostEntriesMoved <= 2 * MOST_SEGMENT + 16, figures);
    assertTrue(mostBytesZeroed <= 4 * 4 * IndexPages.WORDS, figures);
    assertTrue(mostBytesAllocated <= 64 << 10, figures);
  }

  /** Slots in arrays that are there from the start; what is read tells how many records were. */
  private static final class Slots implements RecordMemory {
    private static final int WORDS = 6;
    private final int[] words;
    private final boolean[] live;
    private final int[] free;
    private int freeCount;
    private int bound;
    private int lastRead = NONE;
    long recordsRead;

    Slots(int count) {
      words = new int[count * WORDS];
      live = new boolean[count];
      free = new int[count];
    }

    @Override
    public int acquire() {
      int slot = freeCount > 0 ? free[--freeCount] : bound++;
      live[slot] = true;
      return slot;
    }

    @Override
    public void release(int slot) {
      live[slot] = false;
      free[freeCount++] = slot;
    }

    @Override
    public boolean isLive(int slot) {
      return slot >= 0 && slot < live.length && live[slot];
    }

    @Override
    public int get(int slot, int word) {
      recordsRead += slot == lastRead ? 0 : 1;
      lastRead = slot;
      return words[slot * WORDS + word];
    }

    @Override
    public void set(int slot, int word, int value) {
      words[slot * WORDS + word] = value;
    }

    @Override
    public int slotBound() {
      return bound;
    }

    @Override
    public int size() {
      return bound - freeCount;
    }

    @Override
    public long reservedBytes() {
      return 4L * words.length;
    }
  }

  /** Pages in one array that is there from the start. */
  private static final class Pages implements IndexPages {
    private final int[] words;
    private final int[] free;
    private int freeCount;
    private int bound;
    int live;
    long written;
    long zeroed;

    Pages(int count) {
      words = new int[count * WORDS];
      free = new int[count];
    }

    @Override
    public int acquire() {
      live++;
      int page = freeCount > 0 ? free[--freeCount] : bound++;
      Arrays.fill(words, page * WORDS, (page + 1) * WORDS, 0);
      zeroed += 4 * WORDS;
      return page;
    }

    @Override
    public void release(int page) {
      live--;
      free[freeCount++] = page;
    }

    @Override
    public int get(int page, int i) {
      return words[page * WORDS + i];
    }

    @Override
    public void set(int page, int i, int value) {
      words[page * WORDS + i] = value;
      written++;
    }

    @Override
    public long reservedBytes() {
      return 4L * words.length;
    }
  }
}
