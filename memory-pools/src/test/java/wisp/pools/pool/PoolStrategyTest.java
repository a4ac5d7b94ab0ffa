package wisp.pools.pool;

import java.util.Map;
import wisp.core.spi.MemoryStrategyProvider;
import wisp.pools.contract.MemoryStrategyContract;

class PoolStrategyTest extends MemoryStrategyContract {
  @Override
  protected MemoryStrategyProvider provider() {
    return new PoolStrategyProvider();
  }

  /** Its bound is the number of connections. */
  @Override
  protected Map<String, String> boundedRecords() {
    return Map.of();
  }

  @Override
  protected double recordAndIndexBytes() {
    return 31.5;
  }
}
