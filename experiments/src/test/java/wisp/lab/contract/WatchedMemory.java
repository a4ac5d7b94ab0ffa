package wisp.lab.contract;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.BlockPool;
import wisp.core.spi.Durability;
import wisp.core.spi.Footprint;
import wisp.core.spi.FrameAllocator;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.RecordClass;
import wisp.core.spi.RecordStore;
import wisp.core.spi.SocketBuffers;

/** A memory of which one knows where its blocks lie: text that TCP has to hold waits there. */
final class WatchedMemory implements MemoryStrategy {
  private final MemoryStrategy memory;
  private final List<MemorySegment> regions = new ArrayList<>();
  private final BlockPool blocks;

  WatchedMemory(MemoryStrategy memory) {
    this.memory = memory;
    blocks = new Blocks(memory.blocks());
  }

  /** Whether so many bytes at this address lie in blocks. */
  boolean hasBlocksAt(long address, int length) {
    for (MemorySegment region : regions) {
      long from = address - region.address();
      if (from >= 0 && from + length <= region.byteSize()) {
        return true;
      }
    }
    return false;
  }

  @Override
  public RecordStore records(RecordClass recordClass) {
    return memory.records(recordClass);
  }

  @Override
  public BlockPool blocks() {
    return blocks;
  }

  @Override
  public FrameAllocator frames() {
    return memory.frames();
  }

  @Override
  public @Nullable SocketBuffers socketBuffers(RecordClass recordClass) {
    return memory.socketBuffers(recordClass);
  }

  @Override
  public @Nullable Durability durability() {
    return memory.durability();
  }

  @Override
  public void footprint(Footprint into) {
    memory.footprint(into);
  }

  @Override
  public void close() {
    memory.close();
  }

  private final class Blocks implements BlockPool {
    private final BlockPool pool;
    private @Nullable MemorySegment last;

    Blocks(BlockPool pool) {
      this.pool = pool;
    }

    /** There are few regions; most of the time it is the one before. */
    @Override
    public MemorySegment memory(int handle) {
      MemorySegment region = pool.memory(handle);
      if (!region.equals(last)) {
        last = region;
        if (!regions.contains(region)) {
          regions.add(region);
        }
      }
      return region;
    }

    @Override
    public long start(int handle) {
      return pool.start(handle);
    }

    @Override
    public int acquire(int bytes) {
      return pool.acquire(bytes);
    }

    @Override
    public void release(int handle) {
      pool.release(handle);
    }

    @Override
    public int capacity(int handle) {
      return pool.capacity(handle);
    }

    @Override
    public long availableBytes() {
      return pool.availableBytes();
    }

    @Override
    public int inUse() {
      return pool.inUse();
    }
  }
}
