package wisp.core.tcp;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import wisp.core.spi.FrameAllocator;
import wisp.core.wire.Checksum;

/**
 * Checksums of frames that are sent more than once. Beside such a frame lie the running sums of its
 * payload, from its first byte to the end of each chunk; then the sum of any stretch is the
 * difference of two of them and of what lies between its edges and the nearest chunks' ends (RFC
 * 1071 §2: sums may be split, and subtracted).
 *
 * <pre>
 *   payload   |   chunk 0   |   chunk 1   |   chunk 2   | … the last may be shorter
 *   running   0             S(1)          S(2)          S(3)
 *   stretch            [·····················)
 *               S(2) − S(1)  + left edge    + right edge
 * </pre>
 *
 * <p>They are made as the second send needs them, chunk after chunk; a frame sent once has none,
 * and costs what it did. They hold as long as the payload may not change: the allocator forgets
 * them when only one reference is left.
 */
public final class FrameSums {
  /** References of a frame that is worth it: the application's, and two sends. */
  private static final int SHARED = 3;

  private static final int CHUNK = FrameAllocator.SUM_CHUNK;
  private static final int SUM_BYTES = 2;
  private static final int LEAST_BYTES = 64;
  private static final ValueLayout.OfShort SUM = ValueLayout.JAVA_SHORT_UNALIGNED;

  private final FrameAllocator frames;
  private final boolean wanted;

  /**
   * For one context.
   *
   * @param wanted false: the link completes checksums, none are needed
   */
  public FrameSums(FrameAllocator frames, boolean wanted) {
    this.frames = frames;
    this.wanted = wanted;
  }

  /** Whether a stretch of so many bytes of this frame is best summed here. */
  boolean covers(int frame, int length) {
    return wanted
        && length >= LEAST_BYTES
        && frames.references(frame) >= SHARED
        && frames.sumsStart(frame) != FrameAllocator.NO_SUMS;
  }

  /**
   * The partial sum of payload bytes [from, from + length) of a frame that is {@link #covers
   * covered}, as if the first were the high byte of its word.
   */
  long of(int frame, int from, int length) {
    int payload = frames.length(frame);
    int end = from + length;
    int first = nearest(from);
    int last = end == payload ? FrameAllocator.sumsOf(payload) : nearest(end);
    MemorySegment memory = frames.memory(frame);
    long start = frames.start(frame);
    if (first >= last) {
      return Checksum.sum(memory, start + from, length, 0);
    }
    know(frame, memory, start, payload, last);
    long sums = frames.sumsStart(frame);
    // All in the frame's own alignment first: bytes at even places are the high ones.
    long sum = running(memory, sums, last) + minus(running(memory, sums, first));
    sum += between(memory, start, from, Math.min(first * CHUNK, payload));
    sum += between(memory, start, Math.min(last * CHUNK, payload), end);
    return Checksum.combine(0, sum, from);
  }

  /** The number of whole chunks that end nearest to a place. */
  private static int nearest(int place) {
    return (place + CHUNK / 2) / CHUNK;
  }

  /** Sum of [from, to), or minus that of [to, from). */
  private static long between(MemorySegment m, long start, int from, int to) {
    int least = Math.min(from, to);
    long sum = Checksum.sum(m, start + least, Math.abs(to - from), 0);
    long aligned = Checksum.combine(0, sum, least);
    return from <= to ? aligned : minus(aligned);
  }

  /** In one's complement, and not below zero. */
  private static long minus(long sum) {
    return 0xFFFF - Checksum.fold(sum);
  }

  private static long running(MemorySegment m, long sums, int chunks) {
    return chunks == 0 ? 0 : m.get(SUM, sums + (chunks - 1L) * SUM_BYTES) & 0xFFFF;
  }

  private void know(int frame, MemorySegment m, long start, int payload, int chunks) {
    int known = frames.sums(frame);
    if (known >= chunks) {
      return;
    }
    long sums = frames.sumsStart(frame);
    long sum = running(m, sums, known);
    for (int chunk = known; chunk < chunks; chunk++) {
      int from = chunk * CHUNK;
      sum = Checksum.sum(m, start + from, Math.min(CHUNK, payload - from), sum);
      m.set(SUM, sums + (long) chunk * SUM_BYTES, (short) Checksum.fold(sum));
    }
    frames.sums(frame, chunks);
  }
}
