package wisp.pools.heap;

import wisp.core.spi.BlockPool;
import wisp.core.spi.Footprint;
import wisp.core.spi.FrameAllocator;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.RecordStore;
import wisp.core.spi.StrategyConfig;
import wisp.pools.Leaks;

/**
 * Java objects and arrays. Its footprint counts what is reachable; garbage that waits for the
 * collector shows only in the heap.
 */
final class HeapStrategy implements MemoryStrategy {
  private final HeapRecords records;
  private final HeapBlocks blocks;
  private final HeapFrames frames;
  private boolean closed;

  HeapStrategy(StrategyConfig config, long blockBytes, long frameBytes) {
    records = new HeapRecords(config);
    blocks = new HeapBlocks(blockBytes);
    frames = new HeapFrames(frameBytes);
  }

  @Override
  public RecordStore records() {
    return records;
  }

  @Override
  public BlockPool blocks() {
    return blocks;
  }

  @Override
  public FrameAllocator frames() {
    return frames;
  }

  @Override
  public void footprint(Footprint into) {
    if (!closed) {
      records.footprint(into);
      blocks.footprint(into);
      frames.footprint(into);
    }
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    var leaks =
        new Leaks("heap")
            .add("records", records.size())
            .add("blocks", blocks.inUse())
            .add("frames", frames.inUse());
    records.close();
    blocks.close();
    frames.close();
    leaks.report();
  }
}
