package wisp.core.spi;

import java.lang.foreign.MemorySegment;

/**
 * Up to {@link #CAPACITY} received packets: borrowed memory, no copies. One instance is reused for
 * ever.
 */
public final class Burst {
  /**
   * Packets handled together: enough to overlap their cache misses, few enough to stay in the
   * first-level cache.
   */
  public static final int CAPACITY = 64;

  /** Flag: the link vouches for the transport checksum of this packet. */
  public static final int CHECKSUM_TRUSTED = 1;

  private final MemorySegment[] memory = new MemorySegment[CAPACITY];
  private final long[] start = new long[CAPACITY];
  private final int[] length = new int[CAPACITY];
  private final int[] flags = new int[CAPACITY];
  private final int[] segmentBytes = new int[CAPACITY];
  private int size;

  /** Forgets all packets. */
  public void clear() {
    size = 0;
  }

  /** Packets in it. */
  public int size() {
    return size;
  }

  /** Whether there is no room for another one. */
  public boolean isFull() {
    return size == CAPACITY;
  }

  /**
   * Adds a packet.
   *
   * @param memory where it lies, borrowed
   * @param start first byte of the packet in {@code memory}
   * @param length bytes, ≥ 0; {@code start + length} must lie within {@code memory}
   * @param flags {@link #CHECKSUM_TRUSTED} or 0
   */
  public void add(MemorySegment memory, long start, int length, int flags) {
    add(memory, start, length, flags, 0);
  }

  /**
   * Adds a packet that stands for several segments, not cut yet or put together by the link.
   *
   * @param segmentBytes payload bytes of each segment, the last may have fewer; 0: it is one
   */
  public void add(MemorySegment memory, long start, int length, int flags, int segmentBytes) {
    assert length >= 0 && start >= 0 && start + length <= memory.byteSize();
    this.memory[size] = memory;
    this.start[size] = start;
    this.length[size] = length;
    this.flags[size] = flags;
    this.segmentBytes[size] = segmentBytes;
    size++;
  }

  /** Memory of packet {@code i}. */
  public MemorySegment memory(int i) {
    return memory[i];
  }

  /** First byte of packet {@code i} in its memory. */
  public long start(int i) {
    return start[i];
  }

  /** Bytes of packet {@code i}. */
  public int length(int i) {
    return length[i];
  }

  /** Flags of packet {@code i}. */
  public int flags(int i) {
    return flags[i];
  }

  /** Payload bytes of each segment that packet {@code i} stands for; 0: it is one. */
  public int segmentBytes(int i) {
    return segmentBytes[i];
  }
}
