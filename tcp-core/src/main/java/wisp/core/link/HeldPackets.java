package wisp.core.link;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import wisp.core.memory.Blocks;
import wisp.core.memory.Blocks.Purpose;
import wisp.core.memory.Payer;
import wisp.core.spi.BlockPool;

/** One waiting packet an entry, in a block that the entry owns. */
final class HeldPackets {
  private final Blocks blocks;
  private final int[] block;
  private final int[] bytes;

  HeldPackets(int entries, Blocks blocks) {
    this.blocks = blocks;
    block = new int[entries];
    bytes = new int[entries];
    Arrays.fill(block, Blocks.NONE);
  }

  boolean holds(int e) {
    return block[e] != Blocks.NONE;
  }

  /** Keeps a copy; the entry must hold nothing. False: it fits in no block, or memory is short. */
  boolean put(int e, MemorySegment memory, long start, int length) {
    assert !holds(e);
    if (length > BlockPool.LARGEST) {
      return false;
    }
    int b = blocks.acquire(length, Purpose.HELD_TEXT, Payer.NOBODY);
    if (b == Blocks.NONE) {
      return false;
    }
    MemorySegment.copy(memory, start, blocks.memory(b), blocks.start(b), length);
    block[e] = b;
    bytes[e] = length;
    return true;
  }

  /** Bytes of the packet that an entry holds. */
  int bytes(int e) {
    return bytes[e];
  }

  /** The entry's block, now owned by the caller; {@link Blocks#NONE} when it holds nothing. */
  int take(int e) {
    int b = block[e];
    block[e] = Blocks.NONE;
    return b;
  }

  MemorySegment memory(int b) {
    return blocks.memory(b);
  }

  long start(int b) {
    return blocks.start(b);
  }

  void release(int b) {
    blocks.release(b, Payer.NOBODY);
  }

  /** Gives an entry's packet up; whether there was one. */
  boolean drop(int e) {
    int b = take(e);
    if (b == Blocks.NONE) {
      return false;
    }
    blocks.release(b, Payer.NOBODY);
    return true;
  }

  long reservedBytes() {
    return 8L * block.length;
  }
}
