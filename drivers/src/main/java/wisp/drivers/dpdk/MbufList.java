package wisp.drivers.dpdk;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Addresses of mbufs in a row, as DPDK takes them: the room; who uses it counts. */
final class MbufList {
  private final MemorySegment addresses;

  MbufList(Arena arena, int capacity) {
    addresses = arena.allocate(ValueLayout.JAVA_LONG, capacity);
  }

  long get(int i) {
    return addresses.getAtIndex(ValueLayout.JAVA_LONG, i);
  }

  void set(int i, long mbuf) {
    addresses.setAtIndex(ValueLayout.JAVA_LONG, i, mbuf);
  }

  /** Where the {@code i}th is. */
  long address(int i) {
    return addresses.address() + (long) i * Long.BYTES;
  }

  /** Moves {@code count} of them from {@code from} on to the front. */
  void moveToFront(int from, int count) {
    MemorySegment.copy(
        addresses, (long) from * Long.BYTES, addresses, 0, (long) count * Long.BYTES);
  }

  /** Gives those from {@code from} to before {@code to} back to the pool. */
  void free(Librte librte, int from, int to) {
    if (to > from) {
      librte.free(address(from), to - from);
    }
  }
}
