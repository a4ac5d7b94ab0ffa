package wisp.pools.region;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import wisp.core.spi.BlockPool;
import wisp.core.spi.Footprint;

/**
 * Blocks of two sizes out of chunks of {@value BlockPool#LARGEST} bytes: a large block is a chunk,
 * eight activity blocks share one. So the sizes compete for the same memory and neither can strand
 * more than a part of a chunk of the other's.
 *
 * <pre>  handle:  chunk << 4 | 0 for the whole chunk, or 1 + number of the eighth  </pre>
 */
public final class BlockSlabs implements BlockPool {
  private static final int PARTS = LARGEST / ACTIVITY;
  private static final int ALL_PARTS = (1 << PARTS) - 1;
  private static final int PART_BITS = 4;
  private static final int CHUNK_BITS = 31 - PART_BITS;

  private final Slabs chunks;
  private final LowestSet partlyUsed = new LowestSet();
  private byte[] usedParts = new byte[64];
  private int largeInUse;
  private int smallInUse;
  private int freeParts;

  /**
   * Slabs that come and go.
   *
   * @param slabBytes a slab is at most so large
   */
  public static BlockSlabs growing(long slabBytes, SlabSource source) {
    return new BlockSlabs(
        new Slabs(LARGEST, Slabs.fitting(LARGEST, slabBytes), CHUNK_BITS, source));
  }

  /** So many bytes of blocks, reserved now. */
  public static BlockSlabs fixed(long bytes) {
    int count = (int) Math.max(1, bytes / LARGEST);
    var source = SlabSource.preallocated(Slabs.slabBytes(LARGEST, count), 1);
    return new BlockSlabs(new Slabs(LARGEST, count, CHUNK_BITS, source));
  }

  private BlockSlabs(Slabs chunks) {
    this.chunks = chunks;
  }

  @Override
  public int acquire(int bytes) {
    if (bytes < 1 || bytes > LARGEST) {
      throw new IllegalArgumentException(
          "a block of " + bytes + " bytes; possible are 1 … " + LARGEST);
    }
    return bytes <= ACTIVITY ? acquireSmall() : acquireLarge();
  }

  private int acquireLarge() {
    int chunk = chunks.acquire();
    if (chunk == Slabs.NONE) {
      return NONE;
    }
    largeInUse++;
    return chunk << PART_BITS;
  }

  private int acquireSmall() {
    int chunk = partlyUsed.lowest();
    if (chunk == LowestSet.NONE) {
      chunk = divide();
      if (chunk == NONE) {
        return NONE;
      }
    }
    int used = usedParts[chunk] & ALL_PARTS;
    int part = Integer.numberOfTrailingZeros(~used);
    used |= 1 << part;
    usedParts[chunk] = (byte) used;
    if (used == ALL_PARTS) {
      partlyUsed.remove(chunk);
    }
    smallInUse++;
    freeParts--;
    return chunk << PART_BITS | part + 1;
  }

  private int divide() {
    int chunk = chunks.acquire();
    if (chunk == Slabs.NONE) {
      return NONE;
    }
    try {
      if (chunk >= usedParts.length) {
        usedParts = Arrays.copyOf(usedParts, Math.max(chunk + 1, 2 * usedParts.length));
      }
      partlyUsed.add(chunk);
    } catch (OutOfMemoryError e) {
      chunks.release(chunk);
      return NONE;
    }
    freeParts += PARTS;
    return chunk;
  }

  @Override
  public void release(int handle) {
    int chunk = handle >>> PART_BITS;
    int part = (handle & (1 << PART_BITS) - 1) - 1;
    if (part < 0) {
      if (chunk < usedParts.length && usedParts[chunk] != 0) {
        throw new IllegalStateException("block " + handle + " is released but not acquired");
      }
      chunks.release(chunk);
      largeInUse--;
    } else {
      releaseSmall(handle, chunk, part);
    }
  }

  private void releaseSmall(int handle, int chunk, int part) {
    int used = chunk < usedParts.length ? usedParts[chunk] & ALL_PARTS : 0;
    if ((used >>> part & 1) == 0) {
      throw new IllegalStateException("block " + handle + " is released but not acquired");
    }
    used &= ~(1 << part);
    usedParts[chunk] = (byte) used;
    smallInUse--;
    freeParts++;
    if (used == 0) {
      partlyUsed.remove(chunk);
      freeParts -= PARTS;
      chunks.release(chunk);
    } else {
      partlyUsed.add(chunk);
    }
  }

  @Override
  public MemorySegment memory(int handle) {
    return chunks.memory(handle >>> PART_BITS);
  }

  @Override
  public long start(int handle) {
    int part = Math.max(0, (handle & (1 << PART_BITS) - 1) - 1);
    return chunks.start(handle >>> PART_BITS) + (long) part * ACTIVITY;
  }

  @Override
  public int capacity(int handle) {
    return (handle & (1 << PART_BITS) - 1) == 0 ? LARGEST : ACTIVITY;
  }

  @Override
  public long availableBytes() {
    long available = chunks.available();
    return available == SlabSource.UNLIMITED
        ? Long.MAX_VALUE
        : available * LARGEST + (long) freeParts * ACTIVITY;
  }

  @Override
  public int inUse() {
    return largeInUse + smallInUse;
  }

  void footprint(Footprint into) {
    long tables = chunks.tableBytes() + usedParts.length + partlyUsed.bytes();
    into.add(
        Footprint.Kind.BLOCKS,
        chunks.source().reservedBytes() + tables,
        (long) largeInUse * LARGEST + (long) smallInUse * ACTIVITY);
  }

  /** Frees the memory of all blocks, in use or not. */
  public void close() {
    largeInUse = 0;
    smallInUse = 0;
    chunks.close();
    chunks.source().close();
  }
}
