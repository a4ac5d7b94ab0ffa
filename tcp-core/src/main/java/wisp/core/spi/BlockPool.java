package wisp.core.spi;

import java.lang.foreign.MemorySegment;

/**
 * Fixed-size blocks that connections borrow while something is in flight or missing, and give back.
 * Each block has exactly one owner.
 *
 * <p>Requests are for 1 … {@link #LARGEST} bytes; a pool rounds up to one of its sizes, of which
 * {@link #HALF_OPEN}, {@link #ACTIVITY} and {@link #LARGEST} must fit without waste since the stack
 * asks for little else. Contents of a fresh block are undefined.
 */
public interface BlockPool {
  /** Memory ran out. */
  int NONE = -1;

  /** Size of what is kept of a SYN until it is answered. */
  int HALF_OPEN = 64;

  /** Size of an awake connection's state. */
  int ACTIVITY = 256;

  /** The largest block: out-of-order text. */
  int LARGEST = 2048;

  /** A block of at least so many bytes, owned by the caller; or {@link #NONE}. Handles are ≥ 0. */
  int acquire(int bytes);

  /** Gives a block back. The handle may be handed out again at once. */
  void release(int handle);

  /**
   * The memory in which the block lies: borrowed until {@link #release}. Long-lived and shared by
   * many blocks.
   */
  MemorySegment memory(int handle);

  /** Where in {@link #memory} the block begins, a multiple of 8. */
  long start(int handle);

  /** Usable bytes of this block. */
  int capacity(int handle);

  /**
   * Bytes that could still be acquired; {@link Long#MAX_VALUE} when only the machine sets the
   * limit.
   */
  long availableBytes();

  /** Blocks acquired at present. */
  int inUse();
}
