package wisp.pools.region;

import wisp.core.spi.IndexedRecordStore;
import wisp.core.spi.RecordMemory;

/** Records in {@link Slabs}. */
public final class RecordSlabs implements RecordMemory {
  private static final int SLOT_BITS = 31;
  private final Slabs slabs;

  /**
   * Slabs of a power of two of records, so that slot numbers have no gaps.
   *
   * @param slabBytes a slab is at most so large
   */
  public static RecordSlabs growing(int recordWords, long slabBytes, SlabSource source) {
    int perSlab = Integer.highestOneBit(Slabs.fitting(bytes(recordWords), slabBytes));
    return new RecordSlabs(new Slabs(bytes(recordWords), perSlab, SLOT_BITS, source));
  }

  /** One slab for so many records, reserved now. */
  public static RecordSlabs fixed(int recordWords, int records) {
    var source = SlabSource.preallocated(Slabs.slabBytes(bytes(recordWords), records), 1);
    return new RecordSlabs(new Slabs(bytes(recordWords), records, SLOT_BITS, source));
  }

  private RecordSlabs(Slabs slabs) {
    this.slabs = slabs;
  }

  private static int bytes(int recordWords) {
    return (IndexedRecordStore.KEY_WORDS + recordWords) * 4;
  }

  @Override
  public int acquire() {
    int slot = slabs.acquire();
    if (slot != NONE) {
      slabs.clear(slot);
    }
    return slot;
  }

  @Override
  public void release(int slot) {
    slabs.release(slot);
  }

  @Override
  public boolean isLive(int slot) {
    return slabs.isLive(slot);
  }

  @Override
  public int get(int slot, int word) {
    return slabs.readInt(slot, word * 4);
  }

  @Override
  public void set(int slot, int word, int value) {
    slabs.writeInt(slot, word * 4, value);
  }

  @Override
  public int slotBound() {
    return slabs.slotBound();
  }

  @Override
  public int size() {
    return slabs.size();
  }

  @Override
  public long reservedBytes() {
    return slabs.source().reservedBytes() + slabs.tableBytes();
  }

  /** Frees the memory of all records, in use or not. */
  public void close() {
    slabs.close();
    slabs.source().close();
  }
}
