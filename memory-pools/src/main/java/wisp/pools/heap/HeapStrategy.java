package wisp.pools.heap;

import org.jspecify.annotations.Nullable;
import wisp.core.spi.BlockPool;
import wisp.core.spi.Footprint;
import wisp.core.spi.FrameAllocator;
import wisp.core.spi.KeyedHash;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.RecordClass;
import wisp.core.spi.RecordStore;
import wisp.core.spi.StrategyConfig;
import wisp.pools.Leaks;

/**
 * Java objects and arrays. Its footprint counts what is reachable; garbage that waits for the
 * collector shows only in the heap.
 */
final class HeapStrategy implements MemoryStrategy {
  private final int words;
  private final KeyedHash hash;
  private final HeapIpv4Records ipv4;
  private final HeapBlocks blocks;
  private final HeapFrames frames;
  private @Nullable HeapIpv6Records ipv6;
  private boolean closed;

  HeapStrategy(StrategyConfig config, long blockBytes, long frameBytes) {
    words = config.recordWords();
    hash = new KeyedHash(config.hashKey0(), config.hashKey1());
    ipv4 = new HeapIpv4Records(words, hash);
    blocks = new HeapBlocks(blockBytes);
    frames = new HeapFrames(frameBytes);
  }

  @Override
  public RecordStore records(RecordClass recordClass) {
    return switch (recordClass) {
      case IPV4 -> ipv4;
      case IPV6 -> {
        if (ipv6 == null) {
          ipv6 = new HeapIpv6Records(words, hash);
        }
        yield ipv6;
      }
    };
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
      ipv4.footprint(into);
      if (ipv6 != null) {
        ipv6.footprint(into);
      }
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
            .add("records", ipv4.size())
            .add("IPv6 records", ipv6 == null ? 0 : ipv6.size())
            .add("blocks", blocks.inUse())
            .add("frames", frames.inUse());
    ipv4.close();
    if (ipv6 != null) {
      ipv6.close();
    }
    blocks.close();
    frames.close();
    leaks.report();
  }
}
