package wisp.core.memory;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import wisp.core.Counters;
import wisp.core.Counters.Event;
import wisp.core.spi.BlockPool;
import wisp.core.spi.KeyedHash;

/**
 * The context's shared pool with a policy of who goes first. By what a block is for: what closes
 * connections or moves data on may use all of it, old connections' new work leaves an eighth, new
 * connections three sixteenths, text beyond a hole (which the peer will resend) a quarter. By whom
 * it is for: a peer above its share gets nothing more while less than half of the pool is free, and
 * nothing that can't be taken back while less than three quarters are.
 *
 * <p>Who is refused although others have what can be had back is helped by {@link Relief}.
 */
public final class Blocks {
  /** Memory ran out, or is kept for others. */
  public static final int NONE = BlockPool.NONE;

  /** So much beyond what is kept for others, and memory is short no longer. */
  private static final int ENOUGH_BYTES = 4_096;

  /** A block of text, and some for what else is in trouble. */
  private static final long LEAST_SHARE_BYTES = 4_096;

  /** What is taken from others for one request, at most: each time a block or more. */
  private static final int MOST_RELIEFS = 8;

  /** What a block is wanted for, the most important first. */
  public enum Purpose {
    /** FIN, persist, a connection that already holds data: all of the pool. */
    ESSENTIAL(Event.REFUSED_ESSENTIAL),
    /** A connection that wakes to send. */
    ORDINARY(Event.REFUSED_ORDINARY),
    /** A connection that begins. */
    NEW(Event.REFUSED_NEW),
    /** Text beyond a hole, and what is only a precaution. */
    HELD_TEXT(Event.REFUSED_HELD_TEXT);

    private final Event refused;

    Purpose(Event refused) {
      this.refused = refused;
    }
  }

  /** Gives blocks back that their connections can do without. */
  @FunctionalInterface
  public interface Relief {
    /**
     * Gives some back, if there are any.
     *
     * @param purpose of the request that has found none
     * @param fromGreedy only from peers above their share
     * @return whether it has
     */
    boolean relieve(Purpose purpose, boolean fromGreedy);
  }

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

  private final BlockPool pool;
  private final long[] floors = new long[Purpose.values().length];
  private final long[] greedyFloors = new long[Purpose.values().length];
  private final Peers peers;
  private final Relief relief;
  private final Counters counters;
  private Event dropReason = Event.DROP_NO_BLOCK;
  private boolean isShort;

  /**
   * Over a pool.
   *
   * @param peers who has what
   * @param relief asked when the pool has nothing left for a purpose
   * @param counters where refusals are counted
   */
  public Blocks(BlockPool pool, Peers peers, Relief relief, Counters counters) {
    this.pool = pool;
    this.peers = peers;
    this.relief = relief;
    this.counters = counters;
    long all = pool.availableBytes();
    long part = all == Long.MAX_VALUE ? 0 : all / 16;
    floors[Purpose.ORDINARY.ordinal()] = 2 * part;
    floors[Purpose.NEW.ordinal()] = 3 * part;
    floors[Purpose.HELD_TEXT.ordinal()] = 4 * part;
    greedyFloors[Purpose.ORDINARY.ordinal()] = 12 * part;
    greedyFloors[Purpose.NEW.ordinal()] = 12 * part;
    greedyFloors[Purpose.HELD_TEXT.ordinal()] = 8 * part; // text gives way when others come
  }

  /** Over a pool in which nobody has a share and nothing can be had back. */
  public static Blocks plain(BlockPool pool) {
    var peers = new Peers(new KeyedHash(0, 0), Long.MAX_VALUE, Peers.UNLIMITED, Peers.UNLIMITED);
    return new Blocks(pool, peers, (purpose, fromGreedy) -> false, new Counters());
  }

  /**
   * What a share of the pool is, in bytes: as much as one connection in trouble needs at least;
   * {@link Long#MAX_VALUE} when there is no limit.
   */
  public static long shareBytes(BlockPool pool, double share) {
    long all = pool.availableBytes();
    return all == Long.MAX_VALUE || share >= 1
        ? Long.MAX_VALUE
        : Math.max((long) (all * share), LEAST_SHARE_BYTES);
  }

  /**
   * A block of at least so many bytes, owned by the caller, or {@link #NONE}.
   *
   * @param payer under whom it is counted, and given back
   */
  public int acquire(int bytes, Purpose purpose, Payer payer) {
    boolean isGreedy = hasTooMuch(payer, bytes, purpose);
    int block = isGreedy ? NONE : attempt(bytes, purpose);
    for (int i = 0; block == NONE && i < MOST_RELIEFS; i++) {
      // Who has too much may still have something for something: its share does not grow by it.
      if ((isGreedy && purpose == Purpose.HELD_TEXT) || !relief.relieve(purpose, isGreedy)) {
        break;
      }
      block = attempt(bytes, purpose);
    }
    if (block == NONE) {
      refuse(purpose, isGreedy);
    } else {
      peers.had(payer, pool.capacity(block));
    }
    return block;
  }

  private void refuse(Purpose purpose, boolean isGreedy) {
    dropReason = isGreedy ? Event.DROP_PEER_SHARE : Event.DROP_NO_BLOCK;
    counters.add(isGreedy ? Event.REFUSED_PEER_SHARE : purpose.refused);
    isShort |= !isGreedy && purpose != Purpose.HELD_TEXT;
  }

  /** Why a packet is dropped that would have needed the block which was refused last. */
  public Event dropReason() {
    return dropReason;
  }

  /** Whether a peer has its share, or would with so many bytes more, and others may want some. */
  public boolean hasTooMuch(Payer payer, int bytes, Purpose purpose) {
    long floor = greedyFloors[purpose.ordinal()];
    return floor > 0 && pool.availableBytes() < floor + bytes && peers.isAboveShare(payer, bytes);
  }

  /** Whether there is enough again for those who wait. */
  public boolean hasEnough() {
    return pool.availableBytes() >= floors[Purpose.ORDINARY.ordinal()] + ENOUGH_BYTES;
  }

  /**
   * Whether somebody was refused, and there has not been enough since; text beyond a hole does not
   * count, nor does who has too much already.
   */
  public boolean isShort() {
    isShort = isShort && !hasEnough();
    return isShort;
  }

  private int attempt(int bytes, Purpose purpose) {
    long floor = floors[purpose.ordinal()];
    return floor > 0 && pool.availableBytes() < floor + bytes ? NONE : pool.acquire(bytes);
  }

  /** Counts a block that a former process had acquired for this payer, and that is in use again. */
  public void claimed(int block, Payer payer) {
    peers.had(payer, pool.capacity(block));
  }

  /** Gives a block back, under the payer that it was had for. */
  public void release(int block, Payer payer) {
    peers.gaveBack(payer, pool.capacity(block));
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
