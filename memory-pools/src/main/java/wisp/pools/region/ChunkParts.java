package wisp.pools.region;

import java.util.Arrays;
import wisp.core.spi.BlockPool;

/**
 * Blocks of one small size: chunks that are cut into equal parts as they are needed, and go back
 * whole when the last part has come back.
 */
final class ChunkParts {
  /** No chunk could be had. */
  static final int NONE = -1;

  private final Slabs chunks;
  private final int bytes;
  private final int allParts;
  private final LowestSet partlyUsed = new LowestSet();

  /** A bit for each part of a chunk that is in use. */
  private int[] used = new int[4];

  private int inUse;
  private int free;

  /**
   * Cuts chunks of {@link BlockPool#LARGEST} bytes.
   *
   * @param bytes of a part; at most 32 make a chunk
   */
  ChunkParts(Slabs chunks, int bytes) {
    this.chunks = chunks;
    this.bytes = bytes;
    this.allParts = -1 >>> Integer.SIZE - BlockPool.LARGEST / bytes;
  }

  /** Number of a chunk that has a part to give, or {@link #NONE}. */
  int chunkWithRoom() {
    int chunk = partlyUsed.lowest();
    return chunk == LowestSet.NONE ? divide() : chunk;
  }

  private int divide() {
    int chunk = chunks.acquire();
    if (chunk == Slabs.NONE) {
      return NONE;
    }
    try {
      if (chunk >= used.length) {
        used = Arrays.copyOf(used, Math.max(chunk + 1, 2 * used.length));
      }
      partlyUsed.add(chunk);
    } catch (OutOfMemoryError e) {
      chunks.release(chunk);
      return NONE;
    }
    free += BlockPool.LARGEST / bytes;
    return chunk;
  }

  /** Takes a part of a chunk with room; returns its number there. */
  int take(int chunk) {
    int part = Integer.numberOfTrailingZeros(~used[chunk]);
    used[chunk] |= 1 << part;
    if (used[chunk] == allParts) {
      partlyUsed.remove(chunk);
    }
    inUse++;
    free--;
    return part;
  }

  /** Makes a part live that was so in a former process; false: it is already. */
  boolean claim(int chunk, int part) {
    if (chunk >= used.length) {
      used = Arrays.copyOf(used, Math.max(chunk + 1, 2 * used.length));
    }
    if (isUsed(chunk, part)) {
      return false;
    }
    if (used[chunk] == 0) {
      partlyUsed.add(chunk);
      free += BlockPool.LARGEST / bytes;
    }
    used[chunk] |= 1 << part;
    if (used[chunk] == allParts) {
      partlyUsed.remove(chunk);
    }
    inUse++;
    free--;
    return true;
  }

  /** Whether some part of a chunk is in use. */
  boolean isDivided(int chunk) {
    return chunk < used.length && used[chunk] != 0;
  }

  boolean isUsed(int chunk, int part) {
    return chunk < used.length && (used[chunk] >>> part & 1) != 0;
  }

  /** Gives back a part that is in use. */
  void release(int chunk, int part) {
    used[chunk] &= ~(1 << part);
    inUse--;
    free++;
    if (used[chunk] == 0) {
      partlyUsed.remove(chunk);
      free -= BlockPool.LARGEST / bytes;
      chunks.release(chunk);
    } else {
      partlyUsed.add(chunk);
    }
  }

  int inUse() {
    return inUse;
  }

  long inUseBytes() {
    return (long) inUse * bytes;
  }

  /** Bytes of parts that can be had without another chunk. */
  long freeBytes() {
    return (long) free * bytes;
  }

  long tableBytes() {
    return 4L * used.length + partlyUsed.bytes();
  }

  void close() {
    inUse = 0;
  }
}
