package wisp.pools.pool;

import java.util.List;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.MemoryStrategyProvider;
import wisp.core.spi.Parameter;
import wisp.core.spi.StrategyConfig;
import wisp.pools.region.FixedStrategies;
import wisp.pools.region.IndexedRegion;

/**
 * {@code pool}: for a known number of connections, by class. Records, index, blocks and frames are
 * reserved and touched when it is made; from then on it never asks the machine for anything, so
 * that no call ever waits for memory, and what is full answers {@code NONE}.
 */
public final class PoolStrategyProvider implements MemoryStrategyProvider {
  private static final int MOST_CONNECTIONS = 1 << 30;

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
    return FixedStrategies.PARAMETERS;
  }

  @Override
  public MemoryStrategy create(StrategyConfig config) {
    return FixedStrategies.create(name(), config, MOST_CONNECTIONS, IndexedRegion::fixed);
  }
}
