package wisp.pools;

import org.jspecify.annotations.Nullable;
import wisp.core.spi.BlockPool;
import wisp.core.spi.Durability;
import wisp.core.spi.Footprint;
import wisp.core.spi.FrameAllocator;
import wisp.core.spi.Link;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.RecordClass;
import wisp.core.spi.RecordStore;
import wisp.core.spi.SocketBuffers;
import wisp.pools.region.FrameSlabs;

/**
 * Any strategy, with its frames in the memory of a link as far as that has room ({@link
 * Link#frameMemory}): what applications send then leaves from where they wrote it. All else is the
 * strategy's.
 */
public final class LinkMemory implements MemoryStrategy {
  private final MemoryStrategy strategy;
  private final FrameSlabs links;
  private final LinkFrames frames;
  private boolean closed;

  private LinkMemory(MemoryStrategy strategy, FrameSlabs links) {
    this.strategy = strategy;
    this.links = links;
    frames = new LinkFrames(links, strategy.frames());
  }

  /**
   * The strategy, with its frames where the link wants them. As it is, where the link has no memory
   * for frames, where they are copied to classic socket buffers in any case, and where they have to
   * outlive the process.
   *
   * @param strategy owned by what is returned
   */
  public static MemoryStrategy of(Link link, MemoryStrategy strategy) {
    boolean plain =
        link.frameMemory().byteSize() == 0
            || strategy.socketBuffers(RecordClass.IPV4) != null
            || strategy.durability() != null;
    return plain ? strategy : new LinkMemory(strategy, FrameSlabs.within(link.frameMemory()));
  }

  @Override
  public RecordStore records(RecordClass recordClass) {
    return strategy.records(recordClass);
  }

  @Override
  public BlockPool blocks() {
    return strategy.blocks();
  }

  @Override
  public FrameAllocator frames() {
    return frames;
  }

  @Override
  public @Nullable SocketBuffers socketBuffers(RecordClass recordClass) {
    return strategy.socketBuffers(recordClass);
  }

  @Override
  public @Nullable Durability durability() {
    return strategy.durability();
  }

  @Override
  public void footprint(Footprint into) {
    strategy.footprint(into);
    if (!closed) {
      links.footprint(into);
    }
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    var leaks = new Leaks("the link's memory").add("frames", links.inUse());
    links.close();
    strategy.close();
    leaks.report();
  }
}
