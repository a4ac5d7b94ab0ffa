package wisp.lab.scarce;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import wisp.core.stack.Context;
import wisp.lab.FailedException;

/**
 * A long text in frames that every connection of a context sends again and again, from a place of
 * its own on: so sending costs no memory but the stack's. The other side compares what comes with a
 * copy of the text.
 */
final class SharedText {
  static final int FRAME_BYTES = 2_048;
  private static final int FRAMES = 256;

  /** After so many bytes it begins anew. */
  static final int BYTES = FRAMES * FRAME_BYTES;

  private final int[] frames = new int[FRAMES];
  private final MemorySegment copy = Arena.ofAuto().allocate(2L * BYTES, 8);

  /** Writes it. The same seed makes the same text in every context. */
  SharedText(Context context, long seed) {
    var random = new SplittableRandom(seed);
    for (long at = 0; at < BYTES; at += 8) {
      copy.set(ValueLayout.JAVA_LONG, at, random.nextLong());
    }
    MemorySegment.copy(copy, 0, copy, BYTES, BYTES);
    for (int i = 0; i < FRAMES; i++) {
      frames[i] = context.frame(FRAME_BYTES);
      if (frames[i] == Context.NO_FRAME) {
        throw new FailedException("no memory for the text that is to be sent");
      }
      MemorySegment.copy(
          copy,
          (long) i * FRAME_BYTES,
          context.memory(frames[i]),
          context.start(frames[i]),
          FRAME_BYTES);
    }
  }

  /** The frame at a byte of the stream of a connection that began at frame {@code first}. */
  int frame(int first, long offset) {
    return frames[(int) ((first + offset / FRAME_BYTES) % FRAMES)];
  }

  /** Whether bytes are those of such a stream. */
  boolean is(int first, long offset, MemorySegment memory, long start, int length) {
    long at = ((long) first * FRAME_BYTES + offset) % BYTES;
    return MemorySegment.mismatch(copy, at, at + length, memory, start, start + length) < 0;
  }

  void release(Context context) {
    for (int frame : frames) {
      context.release(frame);
    }
  }
}
