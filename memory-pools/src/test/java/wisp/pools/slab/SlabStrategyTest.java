package wisp.pools.slab;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;
import wisp.core.spi.Footprint;
import wisp.core.spi.MemoryStrategyProvider;
import wisp.core.spi.RecordClass;
import wisp.core.spi.StrategyConfig;
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

  @Test
  void recordsThatGoOldestFirstTakeTheirIndexAlong() {
    int count = 1_000_000;
    try (var memory = provider().create(StrategyConfig.forConnections(count, 5))) {
      var records = memory.records(RecordClass.IPV4);
      int[] slots = new int[count];
      for (int i = 0; i < count; i++) {
        slots[i] = records.insert(0, RecordClass.mappedLow(i), i);
      }
      for (int left = count; left > count / 5; left--) {
        records.remove(slots[count - left]);
      }
      var footprint = new Footprint();
      memory.footprint(footprint);
      long held =
          footprint.reservedBytes(Footprint.Kind.RECORDS)
              + footprint.reservedBytes(Footprint.Kind.INDEX);
      assertTrue(held < 42L * count / 5, held + " bytes for " + count / 5 + " records");
      for (int i = count - count / 5; i < count; i++) {
        records.remove(slots[i]);
      }
    }
  }
}
