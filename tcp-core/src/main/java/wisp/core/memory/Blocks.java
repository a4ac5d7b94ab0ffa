package wisp.core.memory;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import wisp.core.spi.BlockPool;

/**
 * The context's shared pool with a policy of who goes first: what closes connections or moves data
 * on may use all of it, new work leaves an eighth, text beyond a hole (which the peer will resend)
 * leaves a quarter.
 */
public final class Blocks {
  /** Memory ran out, or is kept for others. */
  public static final int NONE = BlockPool.NONE;

  /** So much beyond what is kept for others, and memory is short no longer. */
  private static final int ENOUGH_BYTES = 4_096;

  /** What a block is wanted for. */
  public enum Purpose {
    /** FIN, persist, a connection that already holds data: all of the pool. */
    ESSENTIAL,
    /** A connection that wakes to send, or a new one. */
    ORDINARY,
    /** Text beyond a hole. */
    HELD_TEXT
  }

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

  private final BlockPool pool;
  private final long ordinaryFloorBytes;
  private final long heldFloorBytes;
  private final Runnable reclaim;
  private boolean isShort;

  /**
   * Over a pool.
   *
   * @param reclaim called when the pool has nothing left for the purpose; gives drowsy blocks back
   *     if there are any
   */
  public Blocks(BlockPool pool, Runnable reclaim) {
    this.pool = pool;
    this.reclaim = reclaim;
    long all = pool.availableBytes();
    boolean bounded = all != Long.MAX_VALUE;
    ordinaryFloorBytes = bounded ? all / 8 : 0;
    heldFloorBytes = bounded ? all / 4 : 0;
  }

  /** A block of at least so many bytes, owned by the caller, or {@link #NONE}. */
  public int acquire(int bytes, Purpose purpose) {
    int block = attempt(bytes, purpose);
    if (block == NONE && purpose != Purpose.HELD_TEXT) {
      reclaim.run();
      block = attempt(bytes, purpose);
      isShort |= block == NONE;
    }
    return block;
  }

  /** Whether there is enough again for those who wait. */
  public boolean hasEnough() {
    return pool.availableBytes() >= ordinaryFloorBytes + ENOUGH_BYTES;
  }

  /**
   * Whether somebody was refused, and there has not been enough since; text beyond a hole does not
   * count.
   */
  public boolean isShort() {
    isShort = isShort && !hasEnough();
    return isShort;
  }

  private long floor(Purpose purpose) {
    return switch (purpose) {
      case ESSENTIAL -> 0;
      case ORDINARY -> ordinaryFloorBytes;
      case HELD_TEXT -> heldFloorBytes;
    };
  }

  private int attempt(int bytes, Purpose purpose) {
    long floor = floor(purpose);
    return floor > 0 && pool.availableBytes() < floor + bytes ? NONE : pool.acquire(bytes);
  }

  /** Gives a block back. */
  public void release(int block) {
    pool.release(block);
  }

  /** Where the block lies. */
  public MemorySegment memory(int block) {
    return pool.memory(block);
  }

  /** Where it begins there. */
  public long start(int block) {
    return pool.start(block);
  }

  /** Usable bytes. */
  public int capacity(int block) {
    return pool.capacity(block);
  }

  /** Four bytes of a block at an offset. */
  public int getInt(int block, int offset) {
    return pool.memory(block).get(INT, pool.start(block) + offset);
  }

  /** Sets four bytes of a block. */
  public void setInt(int block, int offset, int value) {
    pool.memory(block).set(INT, pool.start(block) + offset, value);
  }

  /** Eight bytes of a block at an offset. */
  public long getLong(int block, int offset) {
    return pool.memory(block).get(LONG, pool.start(block) + offset);
  }

  /** Sets eight bytes of a block. */
  public void setLong(int block, int offset, long value) {
    pool.memory(block).set(LONG, pool.start(block) + offset, value);
  }
}
