package wisp.pools.heap;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openjdk.jol.info.GraphLayout;
import wisp.core.spi.Footprint;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.RecordClass;
import wisp.core.spi.RecordStore;
import wisp.core.spi.StrategyConfig;

@DisplayName("What the heap strategy says of itself is what JOL counts")
class HeapFootprintTest {
  @ParameterizedTest
  @CsvSource({
    "IPV4, 3", "IPV4, 4", "IPV4, 5", "IPV4, 8", "IPV6, 3", "IPV6, 4", "IPV6, 5", "IPV6, 8"
  })
  void withinFivePercent(RecordClass recordClass, int words) {
    try (var heap =
        new HeapStrategyProvider().create(new StrategyConfig(words, 0, 0, 1, 2, Map.of()))) {
      var records = heap.records(recordClass);
      for (int i = 0; i < 5_000; i++) {
        records.insert(0, RecordClass.mappedLow(i >>> 8), i);
      }
      for (int i = 0; i < 300; i++) {
        heap.blocks().acquire(256);
        heap.blocks().acquire(2048);
        heap.frames().acquire(100 + i);
      }
      var said = new Footprint();
      heap.footprint(said);
      double counted = GraphLayout.parseInstance(heap).totalSize();
      assertEquals(1, said.reservedBytes() / counted, 0.05, said.toString());
      release(heap, records);
    }
  }

  private static void release(MemoryStrategy heap, RecordStore records) {
    for (int i = 0; i < 5_000; i++) {
      records.remove(i);
    }
    for (int i = 0; i < 600; i++) {
      heap.blocks().release(i);
    }
    for (int i = 0; i < 300; i++) {
      heap.frames().release(i);
    }
  }
}
