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

  /** No saw-tooth: a table that doubles would be half empty behind each power of two. */
  @Test
  void aConnectionTakesNoMoreThan30BytesAtAnyCount() {
    try (var memory = provider().create(StrategyConfig.forConnections(1_500_000, 7))) {
      var records = memory.records(RecordClass.IPV4);
      for (int i = 0; i < 1_500_000; ) {
        records.insert(0, RecordClass.mappedLow(i), i);
        if (++i >= 1_000_000 && i % 50_000 == 0) {
          var footprint = new Footprint();
          memory.footprint(footprint);
          double each = (double) footprint.reservedBytes() / i;
          assertTrue(each <= 30, each + " bytes at " + i);
        }
      }
      for (int i = 0; i < 1_500_000; i++) {
        records.remove(records.find(0, RecordClass.mappedLow(i), i));
      }
    }
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
