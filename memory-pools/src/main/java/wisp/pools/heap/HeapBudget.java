package wisp.pools.heap;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Arrays as memory segments, up to a limit in bytes. */
final class HeapBudget {
  private final long limit;
  private final int extraBytes;
  private long used;

  /**
   * Nothing used yet.
   *
   * @param extraBytes of the objects that belong to each array
   */
  HeapBudget(long limit, int extraBytes) {
    this.limit = limit;
    this.extraBytes = extraBytes;
  }

  /**
   * At least so many bytes, or {@code null}. An array of {@code long}s, since only then does a
   * segment allow aligned access to words of 8 bytes.
   */
  @Nullable MemorySegment allocate(int bytes) {
    int longs = (bytes + 7) / 8;
    long cost = cost(longs * 8L);
    if (cost > limit - used) {
      return null;
    }
    try {
      var segment = MemorySegment.ofArray(new long[longs]);
      used += cost;
      return segment;
    } catch (OutOfMemoryError e) {
      return null;
    }
  }

  /** A segment is no longer used: the garbage collector may have it. */
  void free(MemorySegment segment) {
    used -= cost(segment.byteSize());
  }

  private long cost(long bytes) {
    return ObjectLayout.array(8, bytes / 8) + ObjectLayout.SEGMENT + extraBytes;
  }

  long used() {
    return used;
  }

  long available() {
    return limit - used;
  }
}
