package wisp.pools.slab;

import java.util.List;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.MemoryStrategyProvider;
import wisp.core.spi.Parameter;
import wisp.core.spi.Parameters;
import wisp.core.spi.RecordClass;
import wisp.core.spi.StrategyConfig;
import wisp.pools.region.BlockSlabs;
import wisp.pools.region.FrameSlabs;
import wisp.pools.region.IndexSlabs;
import wisp.pools.region.IndexedRegion;
import wisp.pools.region.RecordSlabs;
import wisp.pools.region.RegionStrategy;
import wisp.pools.region.SlabSource;

/**
 * {@code slab}: everything off-heap, in slabs that are fetched as the load grows and given back as
 * it falls.
 *
 * <p>Records and index come straight from the kernel and go back to it; blocks and frames, which
 * come and go with the load of a moment, are malloc's.
 */
public final class SlabStrategyProvider implements MemoryStrategyProvider {
  private static final List<Parameter> PARAMETERS =
      List.of(
          new Parameter("slab", "256Ki", "bytes", "size of a slab, rounded down to whole slots"),
          new Parameter(
              "records", "0", "bytes", "limit to the records' slabs; 0: what the machine has"),
          new Parameter(
              "huge", "32Mi", "bytes", "records and index beyond so many in huge pages; 0: none"),
          new Parameter("blocks", "1Gi", "bytes", "limit to blocks of connections in trouble"),
          new Parameter(
              "frames", "1Gi", "bytes", "limit to what applications have allocated to send"));

  @Override
  public String name() {
    return "slab";
  }

  @Override
  public String description() {
    return "off-heap slabs that grow and shrink with the load";
  }

  @Override
  public List<Parameter> parameters() {
    return PARAMETERS;
  }

  @Override
  public MemoryStrategy create(StrategyConfig config) {
    var given = Parameters.of(name(), PARAMETERS, config.parameters());
    long slab = given.number("slab", 4 << 10, 1 << 30);
    long records = given.number("records", 0, Long.MAX_VALUE);
    long huge = given.number("huge", 0, Long.MAX_VALUE);
    long hugeFrom = huge == 0 ? SlabSource.UNLIMITED : huge;
    var limit = new SlabSource.Budget(records == 0 ? SlabSource.UNLIMITED : records);
    return new RegionStrategy(
        name(),
        region(config, RecordClass.IPV4, slab, limit, hugeFrom),
        () -> region(config, RecordClass.IPV6, slab, limit, hugeFrom),
        BlockSlabs.growing(slab, given.number("blocks", 0, Long.MAX_VALUE)),
        FrameSlabs.growing(slab, SlabSource.machine(given.number("frames", 0, Long.MAX_VALUE))));
  }

  private static IndexedRegion region(
      StrategyConfig config,
      RecordClass recordClass,
      long slab,
      SlabSource.Budget limit,
      long hugeFrom) {
    return new IndexedRegion(
        config,
        recordClass,
        RecordSlabs.growing(
            recordClass, config.recordWords(), slab, SlabSource.kernel(limit, hugeFrom)),
        IndexSlabs.growing(
            slab, SlabSource.kernel(new SlabSource.Budget(SlabSource.UNLIMITED), hugeFrom)));
  }
}
