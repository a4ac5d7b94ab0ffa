package wisp.pools.region;

import java.lang.foreign.MemorySegment;
import net.openhft.chronicle.bytes.BytesStore;
import org.jspecify.annotations.Nullable;

/**
 * Slabs in {@link Extents}, one each, labelled with what they are for and their number, so that a
 * later process puts them back where they were.
 */
public final class ExtentSource extends SlabSource {
  private static final int PAGE_BYTES = 4096;

  private final Extents extents;
  private final Budget budget;
  private final int kind;
  private final boolean kindByUser;
  private long reserved;
  private boolean closed;

  /**
   * Of one kind.
   *
   * @param kindByUser whether each of several users has a kind of its own: this one, the next, …;
   *     then no other source has the budget
   */
  public ExtentSource(Extents extents, Budget budget, int kind, boolean kindByUser) {
    super(budget);
    this.extents = extents;
    this.budget = budget;
    this.kind = kind;
    this.kindByUser = kindByUser;
  }

  @Override
  public long reservedBytes() {
    return reserved;
  }

  @Override
  @Nullable Slab tryTake(long bytes) {
    if (closed || bytes > extents.extentBytes() || cost(bytes) > budget.left()) {
      return null;
    }
    int extent = extents.take(bytes);
    return extent == Extents.NONE ? null : slab(extent, bytes);
  }

  private Slab slab(int extent, long bytes) {
    reserved += cost(bytes);
    budget.take(cost(bytes));
    BytesStore<?, Void> store = extents.store(extent);
    long start = extents.start(extent);
    var memory = MemorySegment.ofAddress(store.addressForRead(start)).reinterpret(bytes);
    return new Slab(store, start, memory);
  }

  @Override
  void placed(Slabs user, Slab slab, int number) {
    int label = kindByUser ? kind + userIndex(user) : kind;
    extents.label(extents.extentAt(slab.base()), label, number);
  }

  @Override
  void give(Slab slab) {
    long cost = cost(slab.memory().byteSize());
    reserved -= cost;
    budget.take(-cost);
    extents.give(extents.extentAt(slab.base()));
  }

  @Override
  long available(long bytes) {
    return budget.left() == UNLIMITED ? UNLIMITED : budget.left() / cost(bytes);
  }

  @Override
  void close() {
    closed = true;
  }

  private static long cost(long bytes) {
    return (bytes + PAGE_BYTES - 1) & -PAGE_BYTES;
  }

  // ---- Slabs of a former process ---------------------------------------------------------------

  /** Puts records back, all that were live. */
  public void adopt(RecordSlabs records, int extent, int number) {
    Slabs slabs = records.slabs;
    slabs.adopt(number, slab(extent, slabs.bytesOfSlab()), true);
  }

  /** Puts a slab of blocks back, none of them live until claimed. */
  public void adopt(BlockSlabs blocks, int extent, int number) {
    Slabs slabs = blocks.slabs();
    slabs.adopt(number, slab(extent, slabs.bytesOfSlab()), false);
  }

  /**
   * Puts a slab of frames back, none of them live until claimed; false: there is no such size.
   *
   * @param sizeClass the kind's distance from the first
   */
  public boolean adopt(FrameSlabs frames, int sizeClass, int extent, int number) {
    if (sizeClass < 0 || sizeClass >= frames.sizeClasses()) {
      return false;
    }
    Slabs slabs = frames.slabs(sizeClass);
    slabs.adopt(number, slab(extent, slabs.bytesOfSlab()), false);
    return true;
  }

  /** All records are back. */
  public static void settle(RecordSlabs records) {
    records.slabs.settle();
  }

  /** All blocks and frames that are still needed have been claimed. */
  public static void settle(BlockSlabs blocks, FrameSlabs frames) {
    blocks.slabs().settle();
    for (int i = 0; i < frames.sizeClasses(); i++) {
      frames.slabs(i).settle();
    }
  }
}
