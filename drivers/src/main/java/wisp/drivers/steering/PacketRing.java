package wisp.drivers.steering;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * Packets from one thread to one other, without a lock: a ring of bytes outside the heap, made
 * once. The writer puts packets into it and then says how far it has come, the reader takes them
 * where they lie and then says what it needs no longer. Each of the two counts has cache lines of
 * its own, as have the two ends.
 *
 * <pre>
 *   released ≤ taken ≤ published ≤ written ≤ released + capacity          (bytes since the start)
 *
 *   a packet     length 4 │ burst flags 4 │ segment bytes 4 │ header bytes 4 │ checksum wanted 4 │
 *                its start 4 │ its offset 4 │ …
 *                the packet itself, from 64 on, up to the next multiple of 64
 * </pre>
 *
 * <p>A packet lies in one piece: what is left at the ring's end when it does not fit there is
 * skipped, marked by a length of −1.
 */
final class PacketRing {
  static final int HEADER = 64;
  static final int SKIP = -1;

  static final int LENGTH = 0;
  static final int FLAGS = 4;
  static final int SEGMENT_BYTES = 8;
  static final int HEADER_BYTES = 12;
  static final int NEEDS_CHECKSUM = 16;
  static final int CHECKSUM_START = 20;
  static final int CHECKSUM_OFFSET = 24;

  private static final int LINE = 64;

  /** Lines are fetched in pairs, so that two neighbours would be one to another core. */
  private static final int PAIR = 2 * LINE;

  private static final long PUBLISHED = 0;
  private static final long RELEASED = PAIR;
  private static final long PACKETS = 2 * PAIR;
  private static final VarHandle COUNT = ValueLayout.JAVA_LONG.varHandle();

  final MemorySegment memory;
  final long capacity;

  /** Belongs to the thread that writes. */
  final RingWriter writer;

  /** Belongs to the thread that reads. */
  final RingReader reader;

  /**
   * An empty one.
   *
   * @param capacity bytes, a power of two: a packet takes 64 more than its own, rounded up to 64
   */
  PacketRing(Arena arena, int capacity) {
    assert Integer.bitCount(capacity) == 1 && capacity >= 4 * LINE;
    this.capacity = capacity;
    memory = arena.allocate(PACKETS + capacity, PAIR);
    writer = new RingWriter(this);
    reader = new RingReader(this);
  }

  long published() {
    return (long) COUNT.getAcquire(memory, PUBLISHED);
  }

  void publish(long count) {
    COUNT.setRelease(memory, PUBLISHED, count);
  }

  long released() {
    return (long) COUNT.getAcquire(memory, RELEASED);
  }

  void release(long count) {
    COUNT.setRelease(memory, RELEASED, count);
  }

  /** Where in the memory what was counted so lies. */
  long place(long count) {
    return PACKETS + (count & capacity - 1);
  }

  /** From there to the end of the ring. */
  long left(long count) {
    return capacity - (count & capacity - 1);
  }

  /** What a packet takes. */
  static long size(int bytes) {
    return HEADER + (bytes + LINE - 1 & -LINE);
  }
}
