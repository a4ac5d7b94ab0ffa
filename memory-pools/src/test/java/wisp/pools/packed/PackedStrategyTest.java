package wisp.pools.packed;

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

class PackedStrategyTest extends MemoryStrategyContract {
  @Override
  protected MemoryStrategyProvider provider() {
    return new PackedStrategyProvider();
  }

  /** Its bound is the number of connections. */
  @Override
  protected Map<String, String> boundedRecords() {
    return Map.of();
  }

  @Override
  protected boolean placesByKey() {
    return true;
  }

  /** In the contract's tests, of 10,000 records: 51 bits of key and four words. */
  @Override
  protected int recordBytes(RecordClass recordClass) {
    return switch (recordClass) {
      case IPV4 -> 22;
      case IPV6 -> 36;
    };
  }

  @Override
  protected double recordAndIndexBytes(RecordClass recordClass) {
    return switch (recordClass) {
      case IPV4 -> 24;
      case IPV6 -> 40;
    };
  }

  @Test
  void givenNoConnectionsOverAFamilyAreExpected_thenThereIsRoomForNone() {
    for (RecordClass other : RecordClass.values()) {
      boolean isIpv4 = other == RecordClass.IPV4;
      var config = isIpv4 ? StrategyConfig.forBoth(0, 10, 1) : StrategyConfig.forBoth(10, 0, 1);
      try (var packed = provider().create(config)) {
        var records = packed.records(other);
        long low = RecordClass.mappedLow(2);
        assertEquals(RecordStore.NONE, records.insert(0, low, 3));
        assertEquals(RecordStore.NONE, records.find(0, low, 3));
        records.prefetchIndex(0, low, 3);
        assertEquals(0, records.size());
        assertEquals(0, records.slotBound());
        assertFalse(records.isLive(0));
      }
    }
  }

  @Test
  void roomForIpv6IsReservedAtTheStart() {
    var config = StrategyConfig.forBoth(10, 1_000, 1);
    try (var packed = provider().create(config)) {
      long before = reserved(packed);
      var records = packed.records(RecordClass.IPV6);
      for (int i = 0; i < 1_000; i++) {
        assertNotEquals(RecordStore.NONE, records.insert(1, 2, i));
      }
      assertEquals(RecordStore.NONE, records.insert(1, 2, 1_000));
      assertEquals(before, reserved(packed), "nothing has grown");
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
  void aTableForNobodyOrForTooManyIsRefusedInOneLine() {
    int[][] wrong = {{0, 0}, {-1, 5}, {5, -1}, {PackedRecords.MOST_CONNECTIONS + 1, 0}};
    for (int[] counts : wrong) {
      var config = StrategyConfig.forBoth(counts[0], counts[1], 1);
      var e = assertThrows(IllegalArgumentException.class, () -> provider().create(config));
      assertTrue(e.getMessage().contains("packed for "), e.getMessage());
      assertFalse(e.getMessage().contains("\n"), e.getMessage());
    }
  }
}
