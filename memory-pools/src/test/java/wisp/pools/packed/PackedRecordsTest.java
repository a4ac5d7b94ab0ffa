package wisp.pools.packed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import it.unimi.dsi.fastutil.longs.Long2IntOpenHashMap;
import it.unimi.dsi.fastutil.longs.LongArrayList;
import java.util.HashSet;
import java.util.SplittableRandom;
import java.util.function.LongUnaryOperator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.spi.RecordClass;
import wisp.core.spi.RecordStore;
import wisp.core.spi.StrategyConfig;

@DisplayName("Records in the hash table: what the contract of all strategies does not ask")
class PackedRecordsTest {
  private static final int NONE = RecordStore.NONE;

  /** A store whose keys are 64-bit numbers: address and tail; for IPv6 within one network. */
  private static final class Table implements AutoCloseable {
    final RecordClass recordClass;
    final PackedRecords records;

    Table(RecordClass recordClass, int connections, long seed) {
      this(recordClass, connections, PackedRecords.buckets(connections), seed);
    }

    Table(RecordClass recordClass, int connections, int buckets, long seed) {
      this.recordClass = recordClass;
      var config = StrategyConfig.forConnections(connections, seed);
      records = PackedRecords.of(config, recordClass, connections, buckets);
    }

    private long high() {
      return recordClass == RecordClass.IPV4 ? 0 : 0x2001_0DB8_0000_0000L;
    }

    private long low(long key) {
      return recordClass == RecordClass.IPV4
          ? RecordClass.mappedLow((int) (key >>> 32))
          : key >>> 32;
    }

    int insert(long key) {
      return records.insert(high(), low(key), (int) key);
    }

    int find(long key) {
      return records.find(high(), low(key), (int) key);
    }

    void holds(int slot, long key) {
      assertEquals(high(), records.addressHigh(slot));
      assertEquals(low(key), records.addressLow(slot));
      assertEquals((int) key, records.tail(slot));
    }

    @Override
    public void close() {
      records.close();
    }
  }

  private static long spread(long i) {
    return i * 0x9E37_79B9_7F4A_7C15L;
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1",
    "7, 1",
    "61, 1",
    "488, 1",
    "489, 2",
    "1000, 1",
    "1000, 2",
    "9999, 3",
    "65536, 4",
    "300000, 1",
    "300000, 2",
    "300000, 3",
    "1000000, 1",
    "1000000, 2",
    "1000000, 3"
  })
  void aTableForSoManyTakesSoManyAndNotOneMore(int connections, long seed) {
    try (var table = new Table(RecordClass.IPV4, connections, seed)) {
      for (int i = 0; i < connections; i++) {
        assertNotEquals(NONE, table.insert(spread(i + seed)), i + " of " + connections);
      }
      assertEquals(NONE, table.insert(spread(-1)));
      assertEquals(connections, table.records.size());
      assertEquals(NONE, table.find(spread(-1)));
      for (int i = 0; i < connections; i++) {
        int slot = table.find(spread(i + seed));
        assertNotEquals(NONE, slot);
        table.holds(slot, spread(i + seed));
      }
      assertEquals(0, table.records.everStashed());
    }
  }

  /** With what is noted of the slots looked at last out of the way: keys come from the table. */
  @Test
  void keysAreToldByPlaceAndQuotientAlone() {
    int connections = 10_000;
    try (var table = new Table(RecordClass.IPV4, connections, 5)) {
      int[] slots = new int[connections];
      for (int i = 0; i < connections; i++) {
        slots[i] = table.insert(spread(i));
      }
      for (int round = 0; round < 2; round++) {
        for (int i = 0; i < connections; i++) {
          table.holds(slots[i], spread(i));
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(RecordClass.class)
  void churnInAFullTableIsThatOfAMap(RecordClass recordClass) {
    for (int seed = 1; seed <= 3; seed++) {
      churn(recordClass, 61 * (100 + seed), seed);
    }
  }

  private static void churn(RecordClass recordClass, int connections, int seed) {
    var random = new SplittableRandom(seed);
    try (var table = new Table(recordClass, connections, seed)) {
      var model = new Long2IntOpenHashMap();
      model.defaultReturnValue(NONE);
      var live = new LongArrayList();
      for (int i = 0; i < 400_000; i++) {
        if (live.size() == connections || (!live.isEmpty() && random.nextInt(50) == 0)) {
          int at = random.nextInt(live.size());
          long gone = live.set(at, live.getLong(live.size() - 1));
          live.removeLong(live.size() - 1);
          int slot = model.remove(gone);
          assertEquals((int) gone ^ 77, table.records.get(slot, 3));
          table.records.remove(slot);
          assertEquals(NONE, table.find(gone));
        }
        long key = spread(random.nextInt(2 * connections));
        int expected = model.get(key);
        assertEquals(expected, table.find(key));
        if (expected == NONE) {
          int slot = table.insert(key);
          assertNotEquals(NONE, slot);
          assertEquals(0, table.records.get(slot, 3));
          table.records.set(slot, 3, (int) key ^ 77);
          model.put(key, slot);
          live.add(key);
        }
      }
      assertEquals(model.size(), table.records.size());
      assertEquals(model.size(), new HashSet<>(model.values()).size());
      model.forEach((key, slot) -> table.holds(slot, key));
    }
  }

  /** What a peer may choose; {@code i} counts its connections. */
  enum Peer {
    RANDOM(i -> spread(i)),
    ONE_ADDRESS_ALL_PORTS(i -> 0x0A09_0001L << 32 | (i & 0xFFFF) << 16 | i >>> 16),
    SCAN_OF_A_NETWORK(i -> 0x0A00_0000L + i << 32 | 443 << 16 | 1),
    SCAN_OF_NETWORKS(i -> i << 40 | 0x1234_0001L),
    /** Both halves of the key the same, so that they would cancel in a weak mix. */
    EQUAL_HALVES(i -> i << 32 | i),
    /** What the ways map to neighbours, if the mix were not there. */
    UNDONE_WAY(i -> Ways.back(3, i));

    @SuppressWarnings("ImmutableEnumChecker") // functions without state
    private final LongUnaryOperator key;

    Peer(LongUnaryOperator key) {
      this.key = key;
    }
  }

  /** Evenness is the variance of the number of records in a bucket by its first way alone. */
  @ParameterizedTest
  @EnumSource(Peer.class)
  void keysThatAPeerChoosesFillAsEvenlyAsRandomOnes(Peer peer) {
    int connections = 61 * 2_000;
    try (var table = new Table(RecordClass.IPV4, connections, 9)) {
      int[][] wanted = new int[Ways.COUNT + 1][2_000];
      for (int i = 0; i < connections; i++) {
        long key = peer.key.applyAsLong(i);
        assertNotEquals(NONE, table.insert(key), "key " + i);
        long mixed = table.records.mix(0, table.low(key), (int) key);
        for (int way = 1; way <= Ways.COUNT; way++) {
          wanted[way][(int) Long.remainderUnsigned(Ways.go(way, mixed), 2_000)]++;
        }
      }
      assertEquals(0, table.records.everStashed());
      for (int way = 1; way <= Ways.COUNT; way++) {
        double variance = 0;
        for (int count : wanted[way]) {
          variance += (count - 61.0) * (count - 61.0) / 2_000;
        }
        assertEquals(61, variance, 61 * 0.16, "way " + way); // Poisson's, five standard deviations
      }
      assertTrue(mostInABucket(table.records) <= 64);
      assertTrue(fullBuckets(table.records) <= 20, fullBuckets(table.records) + " full buckets");
    }
  }

  private static int[] loads(PackedRecords records) {
    int[] loads = new int[records.buckets];
    for (int slot = 0; slot < records.buckets * 64; slot++) {
      loads[slot / 64] += records.isLive(slot) ? 1 : 0;
    }
    return loads;
  }

  private static int mostInABucket(PackedRecords records) {
    return java.util.Arrays.stream(loads(records)).max().orElseThrow();
  }

  private static int fullBuckets(PackedRecords records) {
    return (int) java.util.Arrays.stream(loads(records)).filter(n -> n == 64).count();
  }

  @Test
  void thePermutationDependsOnBothKeys() {
    var placed = new HashSet<Integer>();
    for (long bit = 1; bit != 0; bit <<= 8) {
      for (boolean first : new boolean[] {true, false}) {
        var config =
            new StrategyConfig(4, 6_100, 0, first ? bit : 1, first ? 2 : bit, java.util.Map.of());
        var records = PackedRecords.of(config, RecordClass.IPV4, 6_100);
        placed.add(records.insert(0, RecordClass.mappedLow(1), 1));
        records.close();
      }
    }
    assertTrue(placed.size() > 8, placed.toString());
  }

  /**
   * A table with too few buckets on purpose: what finds no place in them goes to the stash, and
   * behaves there like everything else.
   */
  @ParameterizedTest
  @EnumSource(RecordClass.class)
  void givenBucketsAreFull_thenTheStashTakes64AndNoneIsTheAnswerAfterwards(
      RecordClass recordClass) {
    int buckets = 8;
    try (var table = new Table(recordClass, 10_000, buckets, 3)) {
      var slots = new Long2IntOpenHashMap();
      long next = 0;
      for (int slot; (slot = table.insert(spread(next))) != NONE; next++) {
        assertTrue(table.records.isLive(slot));
        assertEquals(0, table.records.get(slot, 1));
        table.records.set(slot, 1, (int) next);
        slots.put(next, slot);
      }
      assertEquals(Stash.PLACES, table.records.stashed());
      assertTrue(next > 64 * buckets && next <= 64 * (buckets + 1), next + " found a place");
      assertEquals(next, table.records.size());
      assertEquals(64 * (buckets + 1), table.records.slotBound());
      assertEquals(NONE, table.find(spread(next)), "what was refused is not there");
      slots.forEach(
          (number, slot) -> {
            assertEquals(slot, table.find(spread(number)));
            table.holds(slot, spread(number));
            assertEquals((int) (long) number, table.records.get(slot, 1));
          });
      int stashed = 64 * buckets + 5;
      long key =
          slots.long2IntEntrySet().stream()
              .filter(e -> e.getIntValue() == stashed)
              .findFirst()
              .orElseThrow()
              .getLongKey();
      table.records.remove(stashed);
      assertFalse(table.records.isLive(stashed));
      assertEquals(NONE, table.find(spread(key)));
      assertEquals(stashed, table.insert(spread(key)), "its only free place");
      assertEquals(0, table.records.get(stashed, 1));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, -64, Integer.MIN_VALUE, Integer.MAX_VALUE, 64 * 8, 64 * 8 + 64, 64 * 9})
  void numbersOfNoRecordAreNotLive(int slot) {
    try (var table = new Table(RecordClass.IPV4, 10, 1)) {
      for (int i = 0; i < 10; i++) {
        table.insert(i);
      }
      assertFalse(table.records.isLive(slot));
    }
  }

  /** It may get its old slot then, but no more often than decision 29 says. */
  @Test
  void givenAFullTable_whenAConnectionComesAgainAfterOthers_thenItsSlotIsSeldomTheOldOne() {
    int connections = 61 * 100;
    var random = new SplittableRandom(6);
    try (var table = new Table(RecordClass.IPV4, connections, 6)) {
      long[] keys = new long[connections];
      long next = 0;
      for (int i = 0; i < connections; i++) {
        keys[i] = spread(next++);
        table.insert(keys[i]);
      }
      int same = 0;
      int rounds = 4_000;
      for (int round = 0; round < rounds; round++) {
        int mine = random.nextInt(connections);
        int slot = table.find(keys[mine]);
        table.records.remove(slot);
        for (int other = 0; other < 20; other++) {
          int i = random.nextInt(connections);
          if (i != mine) {
            table.records.remove(table.find(keys[i]));
            keys[i] = spread(next++);
            table.insert(keys[i]);
          }
        }
        same += table.insert(keys[mine]) == slot ? 1 : 0;
      }
      assertTrue(same < rounds / 8, same + " of " + rounds);
    }
  }

  /** Decision 2: a handle is the slot and a hash of the key. */
  @Test
  void givenAConnectionThatComesAgainAndAgain_thenItGetsAnotherSlotEachTime() {
    int connections = 61 * 10;
    try (var table = new Table(RecordClass.IPV4, connections, 4)) {
      for (int i = 1; i < connections; i++) {
        table.insert(spread(i));
      }
      int former = NONE;
      for (int round = 0; round < 200; round++) {
        int slot = table.insert(spread(0));
        assertNotEquals(former, slot);
        table.records.remove(slot);
        former = slot;
      }
    }
  }
}
