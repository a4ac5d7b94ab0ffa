package wisp.pools.mapped;

import java.util.Map;
import wisp.core.spi.MemoryStrategyProvider;
import wisp.core.spi.RecordClass;
import wisp.pools.contract.MemoryStrategyContract;

class MappedStrategyTest extends MemoryStrategyContract {
  @Override
  protected MemoryStrategyProvider provider() {
    return new MappedStrategyProvider();
  }

  @Override
  protected boolean shrinks() {
    return true;
  }

  @Override
  protected Map<String, String> boundedRecords() {
    return Map.of("records", "600k");
  }

  /** As slab, and the header of the file. */
  @Override
  protected double recordAndIndexBytes(RecordClass recordClass) {
    return switch (recordClass) {
      case IPV4 -> 24 + 7.5 + 5;
      case IPV6 -> 36 + 7.5 + 5;
    };
  }
}
