package wisp.pools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.spi.Footprint;
import wisp.core.spi.Footprint.Kind;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.RecordClass;
import wisp.core.spi.StrategyConfig;

@DisplayName("An application without IPv6 pays nothing for it")
class Ipv4FootprintTest {
  private static final int RECORDS = 10_000;

  /** The figures are those of the time when there was no IPv6, but for the index's segments. */
  @ParameterizedTest
  @CsvSource({
    // (where blocks are parts of chunks, 8 bytes less: the books of the parts begin smaller)
    // empty: all, records, index; 10,000 records: all, records, index
    "example, 4520, 4104, 192, 357916, 264192, 93500",
    "heap,           760,    112,   424,   582456, 385584, 196648",
    "packed,    33694000, 235228, 16132,   33694000, 235228, 16132",
    "persocket, 5072, 288, 416, 705220, 396336, 304516",
    "pool, 33802436, 241888, 117908, 33802748, 241960, 118148",
    "slab, 4240, 288, 416, 704580, 396280, 304764",
  })
  void itIsWhatItWasToTheByte(
      String strategy,
      long empty,
      long emptyRecords,
      long emptyIndex,
      long full,
      long fullRecords,
      long fullIndex) {
    var config = StrategyConfig.forConnections(RECORDS, 7);
    try (var memory = Strategies.provider(strategy).create(config)) {
      check(memory, empty, emptyRecords, emptyIndex);
      var records = memory.records(RecordClass.IPV4);
      for (int i = 0; i < RECORDS; i++) {
        records.insert(0, RecordClass.mappedLow(i), i);
      }
      check(memory, full, fullRecords, fullIndex);
      for (int i = 0; i < RECORDS; i++) {
        records.remove(records.find(0, RecordClass.mappedLow(i), i));
      }
    }
  }

  private static void check(MemoryStrategy memory, long all, long records, long index) {
    var footprint = new Footprint();
    memory.footprint(footprint);
    assertEquals(all, footprint.reservedBytes(), footprint.toString());
    assertEquals(records, footprint.reservedBytes(Kind.RECORDS), footprint.toString());
    assertEquals(index, footprint.reservedBytes(Kind.INDEX), footprint.toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"heap", "pool", "slab", "persocket", "packed"})
  void anEmptyStoreOfIpv6IsAFewTables(String strategy) {
    try (var memory = Strategies.provider(strategy).create(StrategyConfig.forConnections(10, 7))) {
      long before = reserved(memory);
      assertEquals(0, memory.records(RecordClass.IPV6).size());
      assertTrue(reserved(memory) - before < 8_000, reserved(memory) - before + " bytes");
    }
  }

  private static long reserved(MemoryStrategy memory) {
    var footprint = new Footprint();
    memory.footprint(footprint);
    return footprint.reservedBytes();
  }
}
