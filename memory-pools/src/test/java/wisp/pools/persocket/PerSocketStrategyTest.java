package wisp.pools.persocket;

import java.util.Map;
import wisp.core.spi.MemoryStrategyProvider;
import wisp.core.spi.RecordClass;
import wisp.pools.contract.MemoryStrategyContract;

class PerSocketStrategyTest extends MemoryStrategyContract {
  @Override
  protected MemoryStrategyProvider provider() {
    return new PerSocketStrategyProvider();
  }

  @Override
  protected boolean shrinks() {
    return true;
  }

  @Override
  protected Map<String, String> bounded() {
    return Map.of("blocks", "2Mi", "frames", "2Mi", "buffers", "2Mi");
  }

  @Override
  protected Map<String, String> boundedRecords() {
    return Map.of("records", "600k");
  }

  @Override
  protected double recordAndIndexBytes(RecordClass recordClass) {
    return switch (recordClass) {
      case IPV4 -> 24 + 7.5;
      case IPV6 -> 36 + 7.5;
    };
  }
}
