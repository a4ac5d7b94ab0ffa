package wisp.pools.heap;

import wisp.core.spi.MemoryStrategyProvider;
import wisp.pools.contract.MemoryStrategyContract;

class HeapStrategyTest extends MemoryStrategyContract {
  @Override
  protected MemoryStrategyProvider provider() {
    return new HeapStrategyProvider();
  }

  @Override
  protected boolean allocates() {
    return true;
  }
}
