package wisp.pools.pool;

import java.util.ArrayList;
import java.util.List;
import wisp.core.spi.BlockPool;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.MemoryStrategyProvider;
import wisp.core.spi.Parameter;
import wisp.core.spi.Parameters;
import wisp.core.spi.StrategyConfig;
import wisp.pools.region.BlockSlabs;
import wisp.pools.region.FrameSlabs;
import wisp.pools.region.IndexSlabs;
import wisp.pools.region.RecordSlabs;
import wisp.pools.region.RegionStrategy;

/**
 * {@code pool}: for a known number of connections. Records, index, blocks and frames are reserved
 * and touched when it is made; from then on it never asks the machine for anything, so that no call
 * ever waits for memory, and what is full answers {@code NONE}.
 */
public final class PoolStrategyProvider implements MemoryStrategyProvider {
  private static final List<Parameter> PARAMETERS =
      List.of(
          new Parameter("blocks", "16Mi", "bytes", "blocks for connections in trouble"),
          new Parameter(
              "frames",
              "16Mi",
              "bytes",
              "what applications can allocate to send, at least 1.4 MB"));

  @Override
  public String name() {
    return "pool";
  }

  @Override
  public String description() {
    return "off-heap, fixed: reserved at start for the expected connections";
  }

  @Override
  public List<Parameter> parameters() {
    return PARAMETERS;
  }

  @Override
  public MemoryStrategy create(StrategyConfig config) {
    var given = Parameters.of(name(), PARAMETERS, config.parameters());
    int connections = config.connections();
    if (connections < 1 || connections > 1 << 30) {
      throw new IllegalArgumentException(
          "a pool for " + connections + " connections; possible are 1 … " + (1 << 30));
    }
    long blockBytes = given.number("blocks", BlockPool.LARGEST, 1L << 38);
    long frameBytes = given.number("frames", 1, 1L << 40);
    var reserved = new ArrayList<Runnable>();
    try {
      var records = RecordSlabs.fixed(config.recordWords(), connections);
      reserved.add(records::close);
      var index = IndexSlabs.fixed(connections);
      reserved.add(index::close);
      var blocks = BlockSlabs.fixed(blockBytes);
      reserved.add(blocks::close);
      return new RegionStrategy(
          name(), config, records, index, blocks, FrameSlabs.fixed(frameBytes));
    } catch (IllegalArgumentException e) {
      reserved.forEach(Runnable::run);
      throw e;
    }
  }
}
