package wisp.pools.heap;

import java.lang.foreign.MemorySegment;
import wisp.core.spi.BlockPool;
import wisp.core.spi.Footprint;

/** An array a block, as large as asked for. */
public final class HeapBlocks implements BlockPool {
  private final HeapBudget budget;
  private HandleTable<MemorySegment> blocks = new HandleTable<>();

  /** So many bytes at most, objects included. */
  public HeapBlocks(long limitBytes) {
    budget = new HeapBudget(limitBytes, 0);
  }

  @Override
  public int acquire(int bytes) {
    if (bytes < 1 || bytes > LARGEST) {
      throw new IllegalArgumentException(
          "a block of " + bytes + " bytes; possible are 1 … " + LARGEST);
    }
    MemorySegment memory = budget.allocate(bytes);
    if (memory == null) {
      return NONE;
    }
    try {
      return blocks.add(memory);
    } catch (OutOfMemoryError e) {
      budget.free(memory);
      return NONE;
    }
  }

  @Override
  public void release(int handle) {
    budget.free(blocks.remove(handle, "block"));
  }

  @Override
  public MemorySegment memory(int handle) {
    return blocks.get(handle);
  }

  @Override
  public long start(int handle) {
    return 0;
  }

  @Override
  public int capacity(int handle) {
    return (int) blocks.get(handle).byteSize();
  }

  @Override
  public long availableBytes() {
    return budget.available();
  }

  @Override
  public int inUse() {
    return blocks.size();
  }

  /** Adds its {@link Footprint.Kind#BLOCKS}. */
  public void footprint(Footprint into) {
    into.add(Footprint.Kind.BLOCKS, budget.used() + blocks.bytes(), budget.used());
  }

  /** Forgets all blocks. */
  public void close() {
    blocks = new HandleTable<>();
  }
}
