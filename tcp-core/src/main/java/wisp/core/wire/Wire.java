package wisp.core.wire;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Reading and writing numbers in network byte order at any alignment. */
final class Wire {
  private static final ValueLayout.OfShort BE16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfInt BE32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfLong BE64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private Wire() {}

  static int u8(MemorySegment m, long at) {
    return m.get(ValueLayout.JAVA_BYTE, at) & 0xFF;
  }

  static int u16(MemorySegment m, long at) {
    return m.get(BE16, at) & 0xFFFF;
  }

  static int i32(MemorySegment m, long at) {
    return m.get(BE32, at);
  }

  static long i64(MemorySegment m, long at) {
    return m.get(BE64, at);
  }

  static void u8(MemorySegment m, long at, int value) {
    m.set(ValueLayout.JAVA_BYTE, at, (byte) value);
  }

  static void u16(MemorySegment m, long at, int value) {
    m.set(BE16, at, (short) value);
  }

  static void i32(MemorySegment m, long at, int value) {
    m.set(BE32, at, value);
  }

  static void i64(MemorySegment m, long at, long value) {
    m.set(BE64, at, value);
  }

  /**
   * Whether {@code length} bytes from {@code start} lie in the segment; for asserts on the caller's
   * promises.
   */
  static boolean holds(MemorySegment m, long start, long length) {
    return start >= 0 && length >= 0 && length <= m.byteSize() - start;
  }
}
