package wisp.pools.heap;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openjdk.jol.info.GraphLayout;
import wisp.core.spi.Footprint;
import wisp.core.spi.StrategyConfig;

@DisplayName("What the heap strategy says of itself is what JOL counts")
class HeapFootprintTest {
  @ParameterizedTest
  @ValueSource(ints = {4, 5, 8})
  void withinFivePercent(int words) {
    try (var heap =
        new HeapStrategyProvider().create(new StrategyConfig(words, 0, 1, 2, Map.of()))) {
      for (int i = 0; i < 5_000; i++) {
        heap.records().insert(i);
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
      release(heap);
    }
  }

  private static void release(wisp.core.spi.MemoryStrategy heap) {
    for (int i = 0; i < 5_000; i++) {
      heap.records().remove(i);
    }
    for (int i = 0; i < 600; i++) {
      heap.blocks().release(i);
    }
    for (int i = 0; i < 300; i++) {
      heap.frames().release(i);
    }
  }
}
