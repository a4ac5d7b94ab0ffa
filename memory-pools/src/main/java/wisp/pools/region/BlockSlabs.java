package wisp.pools.region;

import java.lang.foreign.MemorySegment;
import wisp.core.spi.BlockPool;
import wisp.core.spi.Footprint;

/**
 * Blocks of three sizes out of chunks of {@value BlockPool#LARGEST} bytes: a large block is a
 * chunk, eight activity blocks share one, and so do 32 of those for half-open connections. So the
 * sizes compete for the same memory and none can strand more than a part of a chunk of the others'.
 *
 * <pre>
 *   handle:  chunk << 6 | 0 for the whole chunk, 1 + number of the eighth, or 9 + number of the 32nd
 * </pre>
 */
public final class BlockSlabs implements BlockPool {
  private static final int PART_BITS = 6;
  private static final int CHUNK_BITS = 31 - PART_BITS;
  private static final int FIRST_SMALL = 1;
  private static final int FIRST_SMALLEST = FIRST_SMALL + LARGEST / ACTIVITY;

  private final Slabs chunks;
  private final ChunkParts small;
  private final ChunkParts smallest;
  private int largeInUse;

  /**
   * Slabs that come and go.
   *
   * @param slabBytes a slab is at most so large
   */
  public static BlockSlabs growing(long slabBytes, SlabSource source) {
    return new BlockSlabs(
        new Slabs(LARGEST, Slabs.fitting(LARGEST, slabBytes), CHUNK_BITS, source));
  }

  /**
   * Slabs that come and go, within a limit: which may be less than a slab would be, so that there
   * are four in it at least.
   */
  public static BlockSlabs growing(long slabBytes, long limitBytes) {
    long most = Math.max(limitBytes / 4, 2L * LARGEST);
    return growing(Math.min(slabBytes, most), SlabSource.machine(limitBytes));
  }

  /** So many bytes of blocks, reserved now. */
  public static BlockSlabs fixed(long bytes) {
    int count = (int) Math.max(1, bytes / LARGEST);
    var source = SlabSource.preallocated(Slabs.slabBytes(LARGEST, count), 1);
    return new BlockSlabs(new Slabs(LARGEST, count, CHUNK_BITS, source));
  }

  /** The slabs themselves, for who adopts those of a former process. */
  Slabs slabs() {
    return chunks;
  }

  /**
   * Makes a block live that was so in a former process; false: there is no such block, or it has
   * been claimed.
   */
  public boolean claim(int handle) {
    int code = code(handle);
    int chunk = handle >>> PART_BITS;
    if (handle < 0 || code >= FIRST_SMALLEST + LARGEST / HALF_OPEN) {
      return false;
    }
    boolean isDivided = small.isDivided(chunk) || smallest.isDivided(chunk);
    if (code == 0) {
      boolean claimed = !isDivided && chunks.claim(chunk);
      largeInUse += claimed ? 1 : 0;
      return claimed;
    }
    ChunkParts other = code < FIRST_SMALLEST ? smallest : small;
    boolean can = !other.isDivided(chunk) && (isDivided || chunks.claim(chunk));
    return can && parts(code).claim(chunk, part(code));
  }

  private BlockSlabs(Slabs chunks) {
    this.chunks = chunks;
    this.small = new ChunkParts(chunks, ACTIVITY);
    this.smallest = new ChunkParts(chunks, HALF_OPEN);
  }

  @Override
  public int acquire(int bytes) {
    if (bytes < 1 || bytes > LARGEST) {
      throw new IllegalArgumentException(
          "a block of " + bytes + " bytes; possible are 1 … " + LARGEST);
    }
    if (bytes > ACTIVITY) {
      return acquireLarge();
    }
    int block = bytes > HALF_OPEN ? NONE : acquirePart(smallest, FIRST_SMALLEST);
    // A larger one will do when no chunk is left to cut.
    return block == NONE ? acquirePart(small, FIRST_SMALL) : block;
  }

  private int acquireLarge() {
    int chunk = chunks.acquire();
    if (chunk == Slabs.NONE) {
      return NONE;
    }
    largeInUse++;
    return chunk << PART_BITS;
  }

  private static int acquirePart(ChunkParts parts, int first) {
    int chunk = parts.chunkWithRoom();
    return chunk == ChunkParts.NONE ? NONE : chunk << PART_BITS | first + parts.take(chunk);
  }

  @Override
  public void release(int handle) {
    int chunk = handle >>> PART_BITS;
    int code = code(handle);
    boolean isInUse =
        code == 0
            ? !small.isDivided(chunk) && !smallest.isDivided(chunk)
            : parts(code).isUsed(chunk, part(code));
    if (!isInUse) {
      throw new IllegalStateException("block " + handle + " is released but not acquired");
    }
    if (code == 0) {
      chunks.release(chunk);
      largeInUse--;
    } else {
      parts(code).release(chunk, part(code));
    }
  }

  private static int code(int handle) {
    return handle & (1 << PART_BITS) - 1;
  }

  private ChunkParts parts(int code) {
    return code < FIRST_SMALLEST ? small : smallest;
  }

  private static int part(int code) {
    return code - (code < FIRST_SMALLEST ? FIRST_SMALL : FIRST_SMALLEST);
  }

  @Override
  public MemorySegment memory(int handle) {
    return chunks.memory(handle >>> PART_BITS);
  }

  @Override
  public long start(int handle) {
    int code = code(handle);
    return chunks.start(handle >>> PART_BITS)
        + (code == 0 ? 0L : (long) part(code) * capacity(handle));
  }

  @Override
  public int capacity(int handle) {
    int code = code(handle);
    if (code == 0) {
      return LARGEST;
    }
    return code < FIRST_SMALLEST ? ACTIVITY : HALF_OPEN;
  }

  @Override
  public long availableBytes() {
    long available = chunks.available();
    return available == SlabSource.UNLIMITED
        ? Long.MAX_VALUE
        : available * LARGEST + small.freeBytes();
  }

  @Override
  public int inUse() {
    return largeInUse + small.inUse() + smallest.inUse();
  }

  /** Adds what is reserved and in use. */
  public void footprint(Footprint into) {
    long tables = chunks.tableBytes() + small.tableBytes() + smallest.tableBytes();
    into.add(
        Footprint.Kind.BLOCKS,
        chunks.source().reservedBytes() + tables,
        (long) largeInUse * LARGEST + small.inUseBytes() + smallest.inUseBytes());
  }

  /** Frees the memory of all blocks, in use or not. */
  public void close() {
    largeInUse = 0;
    small.close();
    smallest.close();
    chunks.close();
    chunks.source().close();
  }
}
