package wisp.pools.persocket;

import java.util.List;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.MemoryStrategyProvider;
import wisp.core.spi.Parameter;
import wisp.core.spi.Parameters;
import wisp.core.spi.RecordClass;
import wisp.core.spi.StrategyConfig;
import wisp.pools.region.BlockSlabs;
import wisp.pools.region.BufferSlabs;
import wisp.pools.region.FrameSlabs;
import wisp.pools.region.IndexSlabs;
import wisp.pools.region.IndexedRegion;
import wisp.pools.region.RecordSlabs;
import wisp.pools.region.RegionStrategy;
import wisp.pools.region.SlabSource;

/**
 * {@code persocket}: records, blocks and frames as in {@code slab}, but each connection owns a
 * receive and a send buffer from birth, whose pages are touched at once, and which are freed when
 * it ends.
 *
 * <p>The default of 4 KiB each way, a page, is the least that a classic socket can do with: the
 * comparison errs in its favour, and a million fit on one machine. Linux starts with 128 KiB to
 * receive and 16 KiB to send ({@code net.ipv4.tcp_rmem}, {@code tcp_wmem}), though it backs them
 * only as they fill. {@code receive=128Ki,send=16Ki} reserves what Linux promises.
 */
public final class PerSocketStrategyProvider implements MemoryStrategyProvider {
  private static final int SLAB_BYTES = 256 << 10;
  private static final List<Parameter> PARAMETERS =
      List.of(
          new Parameter(
              "receive",
              "4Ki",
              "bytes",
              "receive buffer of each connection, a power of two; Linux: 128Ki"),
          new Parameter(
              "send",
              "4Ki",
              "bytes",
              "send buffer of each connection, a power of two; Linux: 16Ki"),
          new Parameter(
              "buffers", "0", "bytes", "limit to all these buffers; 0: what the machine has"),
          new Parameter(
              "records", "0", "bytes", "limit to the records' slabs; 0: what the machine has"),
          new Parameter("blocks", "1Gi", "bytes", "limit to blocks of connections in trouble"),
          new Parameter(
              "frames", "1Gi", "bytes", "limit to what applications have allocated to send"));

  @Override
  public String name() {
    return "persocket";
  }

  @Override
  public String description() {
    return "the classic: each connection owns a receive and a send buffer from birth";
  }

  @Override
  public List<Parameter> parameters() {
    return PARAMETERS;
  }

  @Override
  public MemoryStrategy create(StrategyConfig config) {
    var given = Parameters.of(name(), PARAMETERS, config.parameters());
    var regions =
        new Regions(
            config,
            bytes(given, "receive"),
            bytes(given, "send"),
            limit(given, "records"),
            limit(given, "buffers"));
    return new RegionStrategy(
        name(),
        regions.of(RecordClass.IPV4),
        () -> regions.of(RecordClass.IPV6),
        BlockSlabs.growing(SLAB_BYTES, given.number("blocks", 0, Long.MAX_VALUE)),
        FrameSlabs.growing(
            SLAB_BYTES, SlabSource.machine(given.number("frames", 0, Long.MAX_VALUE))));
  }

  /** What a region of either class is made of; both keep the limits together. */
  private record Regions(
      StrategyConfig config,
      int receiveBytes,
      int sendBytes,
      SlabSource.Budget records,
      SlabSource.Budget buffers) {
    IndexedRegion of(RecordClass recordClass) {
      return new IndexedRegion(
          config,
          recordClass,
          RecordSlabs.growing(
              recordClass, config.recordWords(), SLAB_BYTES, SlabSource.machine(records)),
          IndexSlabs.growing(SLAB_BYTES, SlabSource.machine(SlabSource.UNLIMITED)),
          new BufferSlabs(receiveBytes, sendBytes, SLAB_BYTES, SlabSource.machine(buffers)));
    }
  }

  private static SlabSource.Budget limit(Parameters given, String name) {
    long limit = given.number(name, 0, Long.MAX_VALUE);
    return new SlabSource.Budget(limit == 0 ? SlabSource.UNLIMITED : limit);
  }

  private static int bytes(Parameters given, String name) {
    long bytes = given.number(name, 1024, 1 << 29);
    if (Long.bitCount(bytes) != 1) {
      throw new IllegalArgumentException(name + "=" + given.text(name) + " is not a power of two");
    }
    return (int) bytes;
  }
}
