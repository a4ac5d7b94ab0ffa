package wisp.pools.packed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import wisp.core.spi.Footprint;
import wisp.core.spi.Footprint.Kind;
import wisp.core.spi.RecordClass;
import wisp.core.spi.RecordStore;
import wisp.core.spi.StrategyConfig;

@DisplayName("How small the table may be, and how large the stash must be")
class PackedLoadTest {
  // ---- Bytes -----------------------------------------------------------------------------------

  /** Stash, turns, tables and what it takes to hold memory are in; as the suite counts them. */
  @ParameterizedTest
  @CsvSource({
    "IPV4, 4, 1000000, 24.0", "IPV4, 3, 1000000, 20.0", "IPV6, 4, 1000000, 40.0",
    "IPV4, 4,  999999, 24.0", "IPV4, 4, 1048576, 24.0", "IPV4, 4, 1100000, 24.0",
    "IPV4, 4, 1500000, 24.0", "IPV4, 3, 1100000, 20.0"
  })
  void bytesARecordWhenItIsFull(RecordClass recordClass, int words, int connections, double most) {
    fill(recordClass, words, connections, most);
  }

  @ParameterizedTest
  @Tag("slow")
  @CsvSource({"IPV4, 4, 10000000, 24.0", "IPV4, 3, 10000000, 20.0", "IPV6, 4, 10000000, 40.0"})
  void bytesARecordWhenALargeOneIsFull(
      RecordClass recordClass, int words, int connections, double most) {
    fill(recordClass, words, connections, most);
  }

  private static void fill(RecordClass recordClass, int words, int connections, double most) {
    boolean isIpv4 = recordClass == RecordClass.IPV4;
    var config =
        new StrategyConfig(
            words, isIpv4 ? connections : 0, isIpv4 ? 0 : connections, 1, 2, Map.of());
    try (var strategy = new PackedStrategyProvider().create(config)) {
      var records = (PackedRecords) strategy.records(recordClass);
      var random = new SplittableRandom(connections);
      long high = isIpv4 ? 0 : 0x2001_0DB8_0000_0000L;
      for (int i = 0; i < connections; i++) {
        long low = isIpv4 ? RecordClass.mappedLow(random.nextInt()) : random.nextLong();
        assertNotEquals(RecordStore.NONE, records.insert(high, low, i));
      }
      var footprint = new Footprint();
      strategy.footprint(footprint);
      long bytes = footprint.reservedBytes(Kind.RECORDS) + footprint.reservedBytes(Kind.INDEX);
      double each = (double) bytes / connections;
      double taken = connections / (64.0 * records.buckets);
      System.out.printf(
          "packed %s, %d words, %,d records: %.2f B each, %.2f %% of the places taken,"
              + " %d ever in the stash%n",
          recordClass, words, connections, each, 100 * taken, records.everStashed());
      assertTrue(taken >= 0.95 && each <= most, each + " bytes a record at " + taken);
      for (int slot = 0; slot < records.slotBound(); slot++) {
        if (records.isLive(slot)) {
          records.remove(slot);
        }
      }
    }
  }

  // ---- Room ------------------------------------------------------------------------------------

  /** Only how full buckets are, so that ten million connections take a moment. */
  private static final class Simulation {
    final byte[] loads;
    final int[] bucketOf;
    final SplittableRandom random;
    long stashed;
    long mostStashed;
    long overflows;

    Simulation(int connections, int takenPlaces, long seed) {
      int buckets = Math.ceilDiv(connections, takenPlaces);
      loads = new byte[buckets];
      bucketOf = new int[connections];
      random = new SplittableRandom(seed);
      for (int i = 0; i < connections; i++) {
        arrive(i);
      }
    }

    void arrive(int i) {
      int best = -1;
      for (int way = 0; way < Ways.COUNT; way++) {
        int bucket = random.nextInt(loads.length);
        if (best < 0 || loads[bucket] < loads[best]) {
          best = bucket;
        }
      }
      if (loads[best] == PackedRecords.PLACES) {
        best = -1;
        overflows++;
        mostStashed = Math.max(mostStashed, ++stashed);
      } else {
        loads[best]++;
      }
      bucketOf[i] = best;
    }

    void leave(int i) {
      if (bucketOf[i] < 0) {
        stashed--;
      } else {
        loads[bucketOf[i]]--;
      }
    }

    /** One goes, another comes, again and again; the table stays full. */
    void churn(long times) {
      for (long n = 0; n < times; n++) {
        int i = random.nextInt(bucketOf.length);
        leave(i);
        arrive(i);
      }
    }

    /** So many parts of a hundred go at once and come again. */
    void drainAndFill(int percent) {
      for (int i = 0; i < bucketOf.length; i++) {
        if (random.nextInt(100) < percent) {
          leave(i);
          bucketOf[i] = -2;
        }
      }
      for (int i = 0; i < bucketOf.length; i++) {
        if (bucketOf[i] == -2) {
          arrive(i);
        }
      }
    }

    double fullBuckets() {
      int full = 0;
      for (byte load : loads) {
        full += load == PackedRecords.PLACES ? 1 : 0;
      }
      return (double) full / loads.length;
    }
  }

  /**
   * An insertion needs the stash when three buckets at random are all full, so its chance is the
   * third power of their share: at 61 records a bucket the stash of 64 is never used, at 62 it
   * would overflow.
   */
  @Test
  void afterLongChurnThreeFullBucketsAreNextToImpossible() {
    for (int seed = 1; seed <= 3; seed++) {
      var made = new Simulation(1_000_000, PackedRecords.TAKEN_PLACES, seed);
      double chance = afterChurn(made, 8);
      assertTrue(chance < 1e-10, "one in " + 1 / chance);
      assertEquals(0, made.overflows);
    }
    var fuller = new Simulation(1_000_000, PackedRecords.TAKEN_PLACES + 1, 1);
    assertTrue(afterChurn(fuller, 4) > 1e-6);
    assertTrue(fuller.mostStashed > Stash.PLACES / 2, fuller.mostStashed + " in the stash");
  }

  @ParameterizedTest
  @Tag("slow")
  @CsvSource({"10000000, 5", "100000000, 2"})
  void soItIsWithMany(int connections, int rounds) {
    var made = new Simulation(connections, PackedRecords.TAKEN_PLACES, 1);
    assertTrue(afterChurn(made, rounds) < 1e-10);
    assertEquals(0, made.overflows);
  }

  private static double afterChurn(Simulation simulation, int rounds) {
    simulation.churn((long) rounds * simulation.bucketOf.length);
    double full = simulation.fullBuckets();
    System.out.printf(
        "%,d in %,d buckets, each replaced %d times: %.5f of the buckets full, %d overflows, at"
            + " most %d in the stash%n",
        simulation.bucketOf.length,
        simulation.loads.length,
        rounds,
        full,
        simulation.overflows,
        simulation.mostStashed);
    return Math.pow(full, 3);
  }

  @Test
  void whenManyGoAndComeAgainItIsNoWorse() {
    for (int percent : new int[] {10, 50, 90, 99}) {
      var simulation = new Simulation(500_000, PackedRecords.TAKEN_PLACES, percent);
      for (int round = 0; round < 10; round++) {
        simulation.drainAndFill(percent);
      }
      assertEquals(0, simulation.overflows, percent + " %");
      assertTrue(simulation.fullBuckets() < 2e-3, percent + " %: " + simulation.fullBuckets());
    }
  }

  /** Small tables have few buckets to choose from, but the same stash. */
  @Test
  void smallTablesTakeWhatTheyPromise() {
    long most = 0;
    for (int connections : new int[] {1, 10, 61, 100, 480, 488, 489, 549, 610, 1_000, 3_000}) {
      int buckets = PackedRecords.buckets(connections);
      for (int seed = 0; seed < 200; seed++) {
        var simulation = new Simulation(connections, Math.ceilDiv(connections, buckets), seed);
        simulation.churn(20L * connections);
        most = Math.max(most, simulation.mostStashed);
      }
    }
    assertTrue(most <= Stash.PLACES / 8, most + " in the stash");
  }

  /** The simulation and the table agree on how full buckets get. */
  @Test
  void theTableFillsAsTheSimulationDoes() {
    int connections = 610_000;
    var simulation = new Simulation(connections, PackedRecords.TAKEN_PLACES, 1);
    var config = StrategyConfig.forConnections(connections, 1);
    var records = PackedRecords.of(config, RecordClass.IPV4, connections);
    for (int i = 0; i < connections; i++) {
      records.insert(0, RecordClass.mappedLow(0x0A00_0000 + (i >>> 16)), i << 16 | 1);
    }
    int[] simulated = new int[65];
    int[] real = new int[65];
    for (byte load : simulation.loads) {
      simulated[load]++;
    }
    for (int bucket = 0; bucket < records.buckets; bucket++) {
      int load = 0;
      for (int place = 0; place < 64; place++) {
        load += records.isLive(bucket * 64 + place) ? 1 : 0;
      }
      real[load]++;
    }
    records.close();
    for (int load = 0; load <= 64; load++) {
      double spread = Math.sqrt(simulated[load] + real[load] + 1.0);
      assertTrue(
          Math.abs(simulated[load] - real[load]) < 6 * spread,
          Arrays.toString(simulated) + "\n" + Arrays.toString(real));
    }
  }
}
