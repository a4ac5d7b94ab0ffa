package wisp.pools.slab;

import java.util.Map;
import wisp.core.spi.MemoryStrategyProvider;
import wisp.core.spi.RecordClass;
import wisp.pools.contract.MemoryStrategyContract;

class SlabStrategyTest extends MemoryStrategyContract {
  @Override
  protected MemoryStrategyProvider provider() {
    return new SlabStrategyProvider();
  }

  @Override
  protected boolean shrinks() {
    return true;
  }

  @Override
  protected Map<String, String> boundedRecords() {
    return Map.of("records", "600k");
  }

  /** 24 or 36 of record, 6 of index, and what is left over of the last slabs. */
  @Override
  protected double recordAndIndexBytes(RecordClass recordClass) {
    return switch (recordClass) {
      case IPV4 -> 24 + 7.5;
      case IPV6 -> 36 + 7.5;
    };
  }
}
