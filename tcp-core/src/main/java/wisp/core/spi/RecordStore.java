package wisp.core.spi;

import java.util.function.IntPredicate;

/**
 * The connections' records of one {@link RecordClass}: a key and a few 32-bit words each. A
 * record's <em>slot</em> is its place; it does not change while the record lives, and the
 * application's handle names it.
 *
 * <p>The key is what tells one connection from all others of its context: an address of 128 bits,
 * high half and low half, and a tail of 32 (port &lt;&lt; 16 | number of the binding). A store of
 * class {@link RecordClass#IPV4} knows mapped addresses alone ({@link RecordClass#mappedLow}) and
 * must not be asked for others. The words belong to the stack. Slots count from 0 and are reused
 * first-in-first-out as far as the store can, so that a stale handle is seldom met by a new record.
 *
 * <p>Most strategies do not implement this but give {@link RecordMemory} to an {@link
 * IndexedRecordStore}.
 */
public interface RecordStore {
  /** No such record, or no memory for another one. */
  int NONE = -1;

  /** Words of a record without an application word: SND.NXT, RCV.NXT, the flags and TS.Recent. */
  int STATE_WORDS = 4;

  /** The same without TS.Recent: the connections can't agree on timestamps (RFC 7323). */
  int STATE_WORDS_WITHOUT_TIMESTAMPS = 3;

  /**
   * The slot of the record with this key, or {@link #NONE}. Work is O(1) whatever keys a hostile
   * peer chooses.
   */
  int find(long high, long low, int tail);

  /**
   * Makes a record with this key, which must not be there yet; its words are zero.
   *
   * @return its slot, or {@link #NONE}: memory ran out, nothing has changed
   */
  int insert(long high, long low, int tail);

  /** Removes a live record. The slot may be reused by a later {@link #insert}. */
  void remove(int slot);

  /** Whether a record lives in this slot. Any number may be asked. */
  boolean isLive(int slot);

  /** The first 64 bits of the address in a live record's key; 0 for IPv4. */
  long addressHigh(int slot);

  /** The last 64 bits of that address; for IPv4 in the mapped form. */
  long addressLow(int slot);

  /** The last 32 bits of a live record's key. */
  int tail(int slot);

  /** Word {@code word} (0 … {@link #words()} − 1) of a live record. */
  int get(int slot, int word);

  /** Sets word {@code word} of a live record. */
  void set(int slot, int word, int value);

  /** State words a record has beside its key. */
  int words();

  /** Live records. */
  int size();

  /**
   * One more than the highest slot ever live: the bound for a sweep over all slots with {@link
   * #isLive}.
   */
  int slotBound();

  /**
   * A hint that {@link #find} of this key comes soon; fetches the index line. Must not change
   * anything.
   */
  default void prefetchIndex(long high, long low, int tail) {}

  /**
   * Several words of this live record are going to be set, and only all of them together mean
   * something: until {@link #commit}. A memory that outlives its process sees to it that it keeps
   * all or none of them; to others it is nothing.
   */
  default void begin(int slot) {}

  /** The words that were set since {@link #begin} belong together. */
  default void commit() {}

  /**
   * Takes over the records that a former process left ({@link Durability#isFormer}); called once,
   * before all else.
   *
   * @param keep asked for each record that lives, whose key and words may be read; those it refuses
   *     are removed, and so are those for which there is no memory
   */
  default void restore(IntPredicate keep) {}

  /**
   * Adds what this store reserved and uses to {@code into}, as {@link Footprint.Kind#RECORDS} and
   * {@link Footprint.Kind#INDEX}.
   */
  void footprint(Footprint into);
}
