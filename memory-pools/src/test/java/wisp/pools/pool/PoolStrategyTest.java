package wisp.pools.pool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;
import wisp.core.spi.Footprint;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.MemoryStrategyProvider;
import wisp.core.spi.RecordClass;
import wisp.core.spi.RecordStore;
import wisp.core.spi.StrategyConfig;
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

  @Test
  void givenNoConnectionsOverIpv6AreExpected_thenThereIsRoomForNone() {
    try (var pool = provider().create(StrategyConfig.forConnections(10, 1))) {
      var records = pool.records(RecordClass.IPV6);
      assertEquals(RecordStore.NONE, records.insert(1, 2, 3));
      assertEquals(RecordStore.NONE, records.find(1, 2, 3));
      assertEquals(0, records.size());
      assertFalse(records.isLive(0));
    }
  }

  @Test
  void roomForIpv6IsReservedAtTheStart() {
    var config = StrategyConfig.forBoth(10, 1_000, 1);
    try (var pool = provider().create(config);
        var without = provider().create(StrategyConfig.forConnections(10, 1))) {
      long more = reserved(pool) - reserved(without);
      assertTrue(more >= 36_000 && more < 105_000, more + " bytes for 1,000 connections");
      long before = reserved(pool);
      var records = pool.records(RecordClass.IPV6);
      for (int i = 0; i < 1_000; i++) {
        assertNotEquals(RecordStore.NONE, records.insert(1, 2, i));
      }
      assertEquals(RecordStore.NONE, records.insert(1, 2, 1_000));
      assertTrue(reserved(pool) - before < 1_000, "nothing but a table has grown");
      for (int i = 0; i < 1_000; i++) {
        records.remove(records.find(1, 2, i));
      }
    }
  }

  private static long reserved(MemoryStrategy strategy) {
    var footprint = new Footprint();
    strategy.footprint(footprint);
    return footprint.reservedBytes();
  }

  @Test
  void aPoolForNobodyIsRefused() {
    for (int[] counts : new int[][] {{0, 0}, {-1, 5}, {5, -1}}) {
      var config = StrategyConfig.forBoth(counts[0], counts[1], 1);
      assertThrows(IllegalArgumentException.class, () -> provider().create(config));
    }
  }

  @Override
  protected double recordAndIndexBytes(RecordClass recordClass) {
    return switch (recordClass) {
      case IPV4 -> 24 + 7.5;
      case IPV6 -> 36 + 7.5;
    };
  }
}
