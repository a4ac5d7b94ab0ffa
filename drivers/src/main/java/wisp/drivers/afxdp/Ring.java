package wisp.drivers.afxdp;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * One of the four rings of an AF_XDP socket, shared with the kernel. One side adds entries and
 * moves the producer's index, the other takes them and moves the consumer's; both count on for
 * ever. What lies in an entry is published by the index that is stored after it: release on this
 * side, acquire on the other.
 *
 * <pre>
 *   fill, completion    address 8
 *   receive, transmit   address 8 │ length 4 │ options 4
 * </pre>
 */
final class Ring {
  /** In the options: the packet goes on in the next entry. */
  static final int CONTINUED = 1;

  /** In the options: there is metadata before the packet. */
  static final int METADATA = 2;

  static final int ADDRESS_BYTES = 8;
  static final int DESCRIPTOR_BYTES = 16;
  private static final int LENGTH = 8;
  private static final int OPTIONS = 12;
  private static final int NEED_WAKEUP = 1;
  private static final VarHandle INDEX = JAVA_INT.varHandle();

  /**
   * Where the parts of a ring are in its memory.
   *
   * @param entries where they begin
   */
  record Places(long producer, long consumer, long entries, long flags) {}

  private final MemorySegment memory;
  private final Places places;
  private final int capacity;
  private int index; // ours

  /**
   * A new ring, whose indices are 0.
   *
   * @param capacity entries, a power of two
   */
  Ring(MemorySegment memory, Places places, int capacity) {
    assert Integer.bitCount(capacity) == 1;
    this.memory = memory;
    this.places = places;
    this.capacity = capacity;
  }

  // ---- The side that adds ----------------------------------------------------------------------

  /** Entries that the other side has not taken yet, of those published. */
  int waiting() {
    return index - (int) INDEX.getAcquire(memory, places.consumer);
  }

  /** Writes an address; there must be room. */
  void putAddress(long address) {
    memory.set(JAVA_LONG, entry(index, ADDRESS_BYTES), address);
    index++;
  }

  /** Writes a descriptor; there must be room. */
  void putDescriptor(long address, int length, int options) {
    long at = entry(index, DESCRIPTOR_BYTES);
    memory.set(JAVA_LONG, at, address);
    memory.set(JAVA_INT, at + LENGTH, length);
    memory.set(JAVA_INT, at + OPTIONS, options);
    index++;
  }

  /** Hands over what was written. */
  void publish() {
    INDEX.setRelease(memory, places.producer, index);
  }

  /** Whether the kernel has to be told by a system call that there is something. */
  boolean needsWakeup() {
    return ((int) INDEX.getAcquire(memory, places.flags) & NEED_WAKEUP) != 0;
  }

  // ---- The side that takes ---------------------------------------------------------------------

  /** Entries that can be taken. */
  int available() {
    return (int) INDEX.getAcquire(memory, places.producer) - index;
  }

  /** The address in entry {@code i} of those available, in a ring of addresses. */
  long address(int i) {
    return memory.get(JAVA_LONG, entry(index + i, ADDRESS_BYTES));
  }

  /** The address in entry {@code i} of those available, in a ring of descriptors. */
  long descriptorAddress(int i) {
    return memory.get(JAVA_LONG, entry(index + i, DESCRIPTOR_BYTES));
  }

  int length(int i) {
    return memory.get(JAVA_INT, entry(index + i, DESCRIPTOR_BYTES) + LENGTH);
  }

  boolean isContinued(int i) {
    return (memory.get(JAVA_INT, entry(index + i, DESCRIPTOR_BYTES) + OPTIONS) & CONTINUED) != 0;
  }

  /** Gives entries back that were taken. */
  void release(int count) {
    index += count;
    INDEX.setRelease(memory, places.consumer, index);
  }

  private long entry(int of, int bytes) {
    return places.entries + (long) (of & capacity - 1) * bytes;
  }
}
