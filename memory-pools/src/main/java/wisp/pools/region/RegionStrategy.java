package wisp.pools.region;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.BlockPool;
import wisp.core.spi.Footprint;
import wisp.core.spi.FrameAllocator;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.RecordClass;
import wisp.core.spi.RecordStore;
import wisp.core.spi.SocketBuffers;
import wisp.pools.Leaks;

/** A strategy put together from native memory. Its parts are its own: it closes them. */
public final class RegionStrategy implements MemoryStrategy {
  private final String name;
  private final RecordRegion ipv4;
  private final Supplier<? extends RecordRegion> makeIpv6;
  private final BlockSlabs blocks;
  private final FrameSlabs frames;
  private @Nullable RecordRegion ipv6;
  private boolean closed;

  /**
   * Out of these parts.
   *
   * @param ipv6 makes the region of IPv6, when it is first asked for
   */
  public RegionStrategy(
      String name,
      RecordRegion ipv4,
      Supplier<? extends RecordRegion> ipv6,
      BlockSlabs blocks,
      FrameSlabs frames) {
    this.name = name;
    this.ipv4 = ipv4;
    this.makeIpv6 = ipv6;
    this.blocks = blocks;
    this.frames = frames;
  }

  @Override
  public RecordStore records(RecordClass recordClass) {
    return region(recordClass).records();
  }

  @Override
  public @Nullable SocketBuffers socketBuffers(RecordClass recordClass) {
    return region(recordClass).buffers();
  }

  private RecordRegion region(RecordClass recordClass) {
    return switch (recordClass) {
      case IPV4 -> ipv4;
      case IPV6 -> {
        if (ipv6 == null) {
          if (closed) {
            throw new IllegalStateException(name + " is closed");
          }
          ipv6 = makeIpv6.get();
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
    if (closed) {
      return;
    }
    footprint(ipv4, into);
    if (ipv6 != null) {
      footprint(ipv6, into);
    }
    blocks.footprint(into);
    frames.footprint(into);
  }

  private static void footprint(RecordRegion region, Footprint into) {
    region.records().footprint(into);
    BufferSlabs buffers = region.buffers();
    if (buffers != null) {
      buffers.footprint(into);
    }
  }

  /** Notes what a region has in use, by kind, behind {@code prefix}. */
  private static void add(Leaks leaks, String prefix, RecordRegion region) {
    leaks.add(prefix + "records", region.records().size());
    BufferSlabs buffers = region.buffers();
    leaks.add(prefix + "pairs of socket buffers", buffers == null ? 0 : buffers.inUse());
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    var leaks = new Leaks(name);
    add(leaks, "", ipv4);
    if (ipv6 != null) {
      add(leaks, "IPv6 ", ipv6);
    }
    leaks.add("blocks", blocks.inUse()).add("frames", frames.inUse());
    ipv4.close();
    if (ipv6 != null) {
      ipv6.close();
    }
    blocks.close();
    frames.close();
    leaks.report();
  }
}
