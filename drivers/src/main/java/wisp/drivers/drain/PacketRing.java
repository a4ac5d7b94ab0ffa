package wisp.drivers.drain;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import wisp.core.spi.Burst;

/**
 * First in, first out: copies of packets, one behind the other in memory of its own. A packet never
 * lies across the end; what is left there stays unused until the ring comes round.
 */
final class PacketRing implements AutoCloseable {
  private static final int CACHE_LINE = 64;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory;
  private final long[] starts;
  private final int[] lengths;
  private final int[] flags;
  private final int[] segmentBytes;
  private int oldest;
  private int count;
  private int lent;
  private long end;

  /**
   * An empty one, all its memory reserved.
   *
   * @param packets at most so many at a time
   * @param bytes at most so many, each packet's rounded up to a cache line
   */
  PacketRing(int packets, long bytes) {
    starts = new long[packets];
    lengths = new int[packets];
    flags = new int[packets];
    segmentBytes = new int[packets];
    memory = arena.allocate(bytes & -CACHE_LINE, CACHE_LINE);
  }

  /** Whether a packet of so many bytes would ever fit. */
  boolean takes(int length) {
    return roundedUp(length) <= memory.byteSize();
  }

  /** Copies packet {@code i} of a burst in. False: no room. */
  boolean put(Burst burst, int i) {
    int length = burst.length(i);
    long start = placeFor(roundedUp(length));
    if (start < 0) {
      return false;
    }
    MemorySegment.copy(burst.memory(i), burst.start(i), memory, start, length);
    int place = (oldest + count) % starts.length;
    starts[place] = start;
    lengths[place] = length;
    flags[place] = burst.flags(i);
    segmentBytes[place] = burst.segmentBytes(i);
    count++;
    end = start + roundedUp(length);
    return true;
  }

  /** Where so many bytes can go; −1: nowhere now. */
  private long placeFor(long bytes) {
    if (count == starts.length) {
      return -1;
    }
    if (count == 0) {
      return bytes <= memory.byteSize() ? 0 : -1;
    }
    long begin = starts[oldest];
    if (end <= begin) { // round the end already: free is what lies between the two
      return end + bytes <= begin ? end : -1;
    }
    if (end + bytes <= memory.byteSize()) {
      return end;
    }
    return bytes <= begin ? 0 : -1;
  }

  private static long roundedUp(int length) {
    // A packet of no bytes takes a line as well, so that no two begin at the same place.
    return Math.max(CACHE_LINE, (length + CACHE_LINE - 1L) & -CACHE_LINE);
  }

  /**
   * Lends the packets that have not been lent yet, oldest first, until the burst is full.
   *
   * @return packets added
   */
  int lend(Burst into) {
    int before = lent;
    while (lent < count && !into.isFull()) {
      int place = (oldest + lent) % starts.length;
      into.add(memory, starts[place], lengths[place], flags[place], segmentBytes[place]);
      lent++;
    }
    return lent - before;
  }

  /** The packets lent are forgotten, and their memory is free. */
  void takeBack() {
    oldest = (oldest + lent) % starts.length;
    count -= lent;
    lent = 0;
  }

  /** Packets that have not been lent yet. */
  int waiting() {
    return count - lent;
  }

  @Override
  public void close() {
    arena.close();
  }
}
