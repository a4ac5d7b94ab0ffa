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
}
