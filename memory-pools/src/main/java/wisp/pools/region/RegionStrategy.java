package wisp.pools.region;

import org.jspecify.annotations.Nullable;
import wisp.core.spi.BlockPool;
import wisp.core.spi.Footprint;
import wisp.core.spi.FrameAllocator;
import wisp.core.spi.IndexedRecordStore;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.RecordStore;
import wisp.core.spi.SocketBuffers;
import wisp.core.spi.StrategyConfig;
import wisp.pools.Leaks;

/** A strategy put together from slabs. Its parts are its own: it closes them. */
public final class RegionStrategy implements MemoryStrategy {
  private final String name;
  private final RecordSlabs recordSlabs;
  private final IndexSlabs indexSlabs;
  private final BlockSlabs blocks;
  private final FrameSlabs frames;
  private final @Nullable BufferSlabs buffers;
  private final RecordStore records;
  private boolean closed;

  /** Without socket buffers. */
  public RegionStrategy(
      String name,
      StrategyConfig config,
      RecordSlabs records,
      IndexSlabs index,
      BlockSlabs blocks,
      FrameSlabs frames) {
    this(name, config, records, index, blocks, frames, null);
  }

  /** With socket buffers, unless they are {@code null}. */
  public RegionStrategy(
      String name,
      StrategyConfig config,
      RecordSlabs records,
      IndexSlabs index,
      BlockSlabs blocks,
      FrameSlabs frames,
      @Nullable BufferSlabs buffers) {
    this.name = name;
    this.recordSlabs = records;
    this.indexSlabs = index;
    this.blocks = blocks;
    this.frames = frames;
    this.buffers = buffers;
    this.records = new IndexedRecordStore(config, records, index);
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
  public @Nullable SocketBuffers socketBuffers() {
    return buffers;
  }

  @Override
  public void footprint(Footprint into) {
    if (closed) {
      return;
    }
    records.footprint(into);
    blocks.footprint(into);
    frames.footprint(into);
    if (buffers != null) {
      buffers.footprint(into);
    }
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    var leaks =
        new Leaks(name)
            .add("records", records.size())
            .add("blocks", blocks.inUse())
            .add("frames", frames.inUse())
            .add("pairs of socket buffers", buffers == null ? 0 : buffers.inUse());
    recordSlabs.close();
    indexSlabs.close();
    blocks.close();
    frames.close();
    if (buffers != null) {
      buffers.close();
    }
    leaks.report();
  }
}
