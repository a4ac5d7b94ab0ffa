package wisp.core.spi;

import java.lang.foreign.MemorySegment;

/**
 * Frames: what the application sends. A frame counts references: one for whoever acquired it, one
 * for every send not yet acknowledged. The last {@link #release} gives the memory back. While more
 * than the first reference is out its bytes must not change.
 */
public interface FrameAllocator {
  /** Memory ran out. */
  int NONE = -1;

  /** The allocator has no room for sums of this frame. */
  long NO_SUMS = -1;

  /** Payload bytes between two running sums. */
  int SUM_CHUNK = 256;

  /**
   * A frame for so many bytes of payload, with one reference, owned by the caller.
   *
   * @param payloadBytes 1 … {@link #largest()}
   * @return a handle ≥ 0, or {@link #NONE}
   */
  int acquire(int payloadBytes);

  /** One more reference. */
  void retain(int frame);

  /** One reference fewer; the last one frees. */
  void release(int frame);

  /** References out at present. */
  int references(int frame);

  /** The memory in which the payload lies: borrowed while the caller holds a reference. */
  MemorySegment memory(int frame);

  /** Where in {@link #memory} the payload begins. */
  long start(int frame);

  /** Bytes of payload, as acquired. */
  int length(int frame);

  /** The largest payload a frame can have, in bytes. */
  int largest();

  /** Frames with at least one reference. */
  int inUse();

  // ---- Running checksum sums: what is sent on many connections is summed once -------------------

  /**
   * Where in {@link #memory} there is room for the frame's running sums, two bytes for each {@link
   * #SUM_CHUNK} bytes of payload begun; {@link #NO_SUMS}: there is none, and each segment is summed
   * anew. What is written there is the stack's affair, but it counts as the frame's memory.
   */
  default long sumsStart(int frame) {
    return NO_SUMS;
  }

  /**
   * How many of the running sums are valid, counted from the first: as set last, and 0 again for a
   * fresh frame and whenever the references fall to one, since then the bytes may change.
   */
  default int sums(int frame) {
    return 0;
  }

  /** Sets how many are valid. */
  default void sums(int frame, int count) {}

  /** Running sums of a frame with so much payload. */
  static int sumsOf(int payloadBytes) {
    return (payloadBytes + SUM_CHUNK - 1) / SUM_CHUNK;
  }
}
