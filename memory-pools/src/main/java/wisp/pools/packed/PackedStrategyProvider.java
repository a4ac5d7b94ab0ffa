package wisp.pools.packed;

import java.util.List;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.MemoryStrategyProvider;
import wisp.core.spi.Parameter;
import wisp.core.spi.StrategyConfig;
import wisp.pools.region.FixedStrategies;

/**
 * {@code packed}: for a known number of connections, by class, as {@code pool}, and with the least
 * memory for each: records lie in the hash table, and what their place tells of a key is not
 * stored.
 */
public final class PackedStrategyProvider implements MemoryStrategyProvider {
  @Override
  public String name() {
    return "packed";
  }

  @Override
  public String description() {
    return "off-heap, fixed: records in the hash table itself, the fewest bytes";
  }

  @Override
  public List<Parameter> parameters() {
    return FixedStrategies.PARAMETERS;
  }

  @Override
  public MemoryStrategy create(StrategyConfig config) {
    return FixedStrategies.create(
        name(), config, PackedRecords.MOST_CONNECTIONS, PackedRecords::of);
  }
}
