package wisp.core.spi;

/**
 * Slots of equal size without an index: what a simple strategy gives to an {@link
 * IndexedRecordStore}. The first {@link RecordClass#keyWords} words of a slot hold the key (high
 * part first), the others the record's state; what a free slot holds is the strategy's business.
 */
public interface RecordMemory {
  /** Out of memory. */
  int NONE = -1;

  /** A slot, zeroed, or {@link #NONE}. */
  int acquire();

  /** Gives a slot back. */
  void release(int slot);

  /** Whether the slot is acquired at present. Any number may be asked. */
  boolean isLive(int slot);

  /** A word of an acquired slot. */
  int get(int slot, int word);

  /** Sets a word of an acquired slot. */
  void set(int slot, int word, int value);

  /** See {@link RecordStore#begin}. */
  default void begin(int slot) {}

  /** See {@link RecordStore#commit}. */
  default void commit() {}

  /** One more than the highest slot ever acquired. */
  int slotBound();

  /** Acquired slots. */
  int size();

  /** Bytes reserved for slots, free lists and bookkeeping. */
  long reservedBytes();
}
