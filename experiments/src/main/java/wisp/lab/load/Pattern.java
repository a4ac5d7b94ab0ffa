package wisp.lab.load;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * An endless stream of bytes per connection, which can be written and checked from any position
 * without being kept.
 */
public final class Pattern {
  private static final ValueLayout.OfLong LE64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private final long key;

  /** One stream of many. */
  public Pattern(long seed, int connection) {
    key = mix(seed * 0x9E37_79B9_7F4A_7C15L + connection);
  }

  /** Writes bytes {@code position …} of the stream. */
  public void write(long position, MemorySegment memory, long start, int length) {
    int i = 0;
    for (; i < length && ((position + i) & 7) != 0; i++) {
      memory.set(ValueLayout.JAVA_BYTE, start + i, at(position + i));
    }
    for (; i + 8 <= length; i += 8) {
      memory.set(LE64, start + i, word((position + i) >>> 3));
    }
    for (; i < length; i++) {
      memory.set(ValueLayout.JAVA_BYTE, start + i, at(position + i));
    }
  }

  /** Whether memory holds bytes {@code position …} of the stream. */
  public boolean matches(long position, MemorySegment memory, long start, int length) {
    int i = 0;
    long difference = 0;
    for (; i < length && ((position + i) & 7) != 0; i++) {
      difference |= memory.get(ValueLayout.JAVA_BYTE, start + i) ^ at(position + i);
    }
    for (; i + 8 <= length; i += 8) {
      difference |= memory.get(LE64, start + i) ^ word((position + i) >>> 3);
    }
    for (; i < length; i++) {
      difference |= memory.get(ValueLayout.JAVA_BYTE, start + i) ^ at(position + i);
    }
    return difference == 0;
  }

  private byte at(long position) {
    return (byte) (word(position >>> 3) >>> (8 * (position & 7)));
  }

  private long word(long index) {
    return mix(key + index);
  }

  private static long mix(long x) {
    long z = (x ^ x >>> 30) * 0xBF58_476D_1CE4_E5B9L;
    z = (z ^ z >>> 27) * 0x94D0_49BB_1331_11EBL;
    return z ^ z >>> 31;
  }
}
