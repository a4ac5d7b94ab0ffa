package wisp.pools.region;

import wisp.core.spi.RecordClass;
import wisp.core.spi.RecordMemory;

/**
 * Records in {@link Slabs}. Who wants their stores to have an order overrides how they are made.
 */
public class RecordSlabs implements RecordMemory {
  private static final int SLOT_BITS = 31;

  /** Where they lie; its own. */
  protected final Slabs slabs;

  /**
   * Slabs of a power of two of records, so that slot numbers have no gaps.
   *
   * @param slabBytes a slab is at most so large
   */
  public static RecordSlabs growing(
      RecordClass recordClass, int recordWords, long slabBytes, SlabSource source) {
    return new RecordSlabs(recordClass, recordWords, slabBytes, SLOT_BITS, source);
  }

  /** One slab for so many records, reserved now; none for 0. */
  public static RecordSlabs fixed(RecordClass recordClass, int recordWords, int records) {
    int bytes = bytes(recordClass, recordWords);
    return new RecordSlabs(Slabs.fixed(bytes, records, SLOT_BITS));
  }

  /**
   * As {@link #growing}.
   *
   * @param slotBits slot numbers are below 2 to the power of this
   */
  protected RecordSlabs(
      RecordClass recordClass, int recordWords, long slabBytes, int slotBits, SlabSource source) {
    this(growing(bytes(recordClass, recordWords), slabBytes, slotBits, source));
  }

  private RecordSlabs(Slabs slabs) {
    this.slabs = slabs;
  }

  private static Slabs growing(int bytes, long slabBytes, int slotBits, SlabSource source) {
    int perSlab = Integer.highestOneBit(Slabs.fitting(bytes, slabBytes));
    return new Slabs(bytes, perSlab, slotBits, source);
  }

  private static int bytes(RecordClass recordClass, int recordWords) {
    return (recordClass.keyWords() + recordWords) * 4;
  }

  @Override
  public final int acquire() {
    int slot = slabs.acquire();
    if (slot != NONE) {
      clear(slot);
    }
    return slot;
  }

  /** Sets all words of a new record to 0. */
  protected void clear(int slot) {
    slabs.clear(slot);
  }

  @Override
  public final void release(int slot) {
    slabs.release(slot);
  }

  @Override
  public final boolean isLive(int slot) {
    return slabs.isLive(slot);
  }

  @Override
  public final int get(int slot, int word) {
    return slabs.readInt(slot, word * 4);
  }

  @Override
  public void set(int slot, int word, int value) {
    slabs.writeInt(slot, word * 4, value);
  }

  @Override
  public final int slotBound() {
    return slabs.slotBound();
  }

  @Override
  public final int size() {
    return slabs.size();
  }

  @Override
  public final long reservedBytes() {
    return slabs.source().reservedBytes() + slabs.tableBytes();
  }

  /** Frees the memory of all records, in use or not. */
  public final void close() {
    slabs.close();
    slabs.source().close();
  }
}
