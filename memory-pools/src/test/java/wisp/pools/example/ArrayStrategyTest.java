package wisp.pools.example;

import wisp.core.spi.MemoryStrategyProvider;
import wisp.pools.contract.MemoryStrategyContract;

class ArrayStrategyTest extends MemoryStrategyContract {
  @Override
  protected MemoryStrategyProvider provider() {
    return new ArrayStrategyProvider();
  }

  @Override
  protected boolean allocates() {
    return true;
  }
}
