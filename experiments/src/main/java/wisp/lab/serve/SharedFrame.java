package wisp.lab.serve;

import java.lang.foreign.MemorySegment;
import wisp.core.stack.Context;
import wisp.lab.FailedException;

/**
 * Frames that a service fills once and sends again and again: each send takes a reference, no byte
 * is copied.
 */
final class SharedFrame {
  private SharedFrame() {}

  /** A frame with these bytes, owned by the caller. */
  static int of(Context context, byte[] bytes) {
    int frame = context.frame(bytes.length);
    if (frame == Context.NO_FRAME) {
      throw new FailedException(
          "the memory strategy has no room for a frame of " + bytes.length + " bytes");
    }
    MemorySegment.copy(
        MemorySegment.ofArray(bytes), 0, context.memory(frame), context.start(frame), bytes.length);
    return frame;
  }

  /**
   * {@code pattern} over and over: as many whole ones as a frame of at most {@code most} bytes
   * holds.
   */
  static byte[] repeated(byte[] pattern, int most) {
    var bytes = new byte[Math.max(1, most / pattern.length) * pattern.length];
    for (int at = 0; at < bytes.length; at += pattern.length) {
      System.arraycopy(pattern, 0, bytes, at, pattern.length);
    }
    return bytes;
  }
}
