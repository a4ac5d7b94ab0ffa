package wisp.pools.region;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import net.openhft.chronicle.bytes.BytesStore;
import wisp.core.spi.IndexPages;

/** Pages of an index in {@link Slabs}, each aligned to cache lines. */
public final class IndexSlabs implements IndexPages {
  private static final int PAGE_BYTES = WORDS * 4;
  private static final int PAGE_BITS = 22;
  private final Slabs slabs;
  private final boolean preallocated;

  /**
   * Slabs that come and go.
   *
   * @param slabBytes a slab is at most so large
   */
  public static IndexSlabs growing(long slabBytes, SlabSource source) {
    return new IndexSlabs(
        new Slabs(PAGE_BYTES, Slabs.fitting(PAGE_BYTES, slabBytes), PAGE_BITS, source), false);
  }

  /** Pages for the index of so many records, reserved now; none for 0. */
  public static IndexSlabs fixed(int records) {
    // 80 % full while it grows; long churn at the same count leaves segments emptier, never below
    // 70 %.
    int pages = records == 0 ? 0 : (int) (records / (0.68 * WORDS)) + 8;
    return new IndexSlabs(Slabs.fixed(PAGE_BYTES, pages, PAGE_BITS), pages > 0);
  }

  private IndexSlabs(Slabs slabs, boolean preallocated) {
    this.slabs = slabs;
    this.preallocated = preallocated;
  }

  @Override
  public boolean isPreallocated() {
    return preallocated;
  }

  @Override
  public int acquire() {
    int page = slabs.acquire();
    if (page != NONE) {
      slabs.clear(page);
    }
    return page;
  }

  @Override
  public void release(int page) {
    slabs.release(page);
  }

  @Override
  public int get(int page, int i) {
    return slabs.readInt(page, i * 4);
  }

  @Override
  public void set(int page, int i, int value) {
    slabs.writeInt(page, i * 4, value);
  }

  @Override
  public int matching(int page, int line, int value, int mask) {
    BytesStore<?, Void> store = slabs.store(page);
    long at = slabs.base(page) + line * 4L;
    long values = both(value);
    long masks = both(mask);
    int matching = 0;
    for (int i = 0; i < LINE_WORDS; i += 2) {
      long differing = (store.readLong(at + i * 4L) ^ values) & masks;
      matching |= (int) differing == 0 ? 1 << i : 0; // little-endian, as all that JDK 25 runs on
      matching |= differing >>> 32 == 0 ? 2 << i : 0;
    }
    return matching;
  }

  private static long both(int word) {
    return (long) word << 32 | (word & 0xFFFF_FFFFL);
  }

  @Override
  public void read(int page, int[] into, int at) {
    MemorySegment.copy(
        slabs.memory(page), ValueLayout.JAVA_INT_UNALIGNED, slabs.start(page), into, at, WORDS);
  }

  @Override
  public void write(int page, int[] from, int at) {
    MemorySegment.copy(
        from, at, slabs.memory(page), ValueLayout.JAVA_INT_UNALIGNED, slabs.start(page), WORDS);
  }

  @Override
  public long reservedBytes() {
    return slabs.source().reservedBytes() + slabs.tableBytes();
  }

  /** Frees the memory of all pages, in use or not. */
  public void close() {
    slabs.close();
    slabs.source().close();
  }
}
