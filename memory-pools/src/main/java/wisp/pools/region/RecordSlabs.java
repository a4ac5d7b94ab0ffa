package wisp.pools.region;

import wisp.core.spi.RecordClass;
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
  public static RecordSlabs growing(
      RecordClass recordClass, int recordWords, long slabBytes, SlabSource source) {
    int bytes = bytes(recordClass, recordWords);
    int perSlab = Integer.highestOneBit(Slabs.fitting(bytes, slabBytes));
    return new RecordSlabs(new Slabs(bytes, perSlab, SLOT_BITS, source));
  }

  /** One slab for so many records, reserved now; none for 0. */
  public static RecordSlabs fixed(RecordClass recordClass, int recordWords, int records) {
    int bytes = bytes(recordClass, recordWords);
    return new RecordSlabs(Slabs.fixed(bytes, records, SLOT_BITS));
  }

  private RecordSlabs(Slabs slabs) {
    this.slabs = slabs;
  }

  private static int bytes(RecordClass recordClass, int recordWords) {
    return (recordClass.keyWords() + recordWords) * 4;
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
