package wisp.lab.bench;

import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import wisp.core.spi.Burst;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.RecordClass;
import wisp.core.spi.RecordStore;
import wisp.core.spi.StrategyConfig;
import wisp.lab.suite.Catalog;

/**
 * What it takes to find a record and read a word of it, one operation each, in a store that is full
 * of as many as it was made for. Keys come at random: with many records each look-up is a cache
 * miss.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@State(Scope.Thread)
@SuppressWarnings("NullAway.Init") // JMH calls setUp before anything else
public class RecordLookup {
  private static final long SPREAD = 0x9E37_79B9_7F4A_7C15L;

  /** Where records live. */
  @Param({"slab", "packed"})
  public String strategy;

  /** How many there are. */
  @Param({"1000", "1000000", "10000000"})
  public int records;

  private final SplittableRandom random = new SplittableRandom(1);
  private final long[] keys = new long[Burst.CAPACITY];
  private MemoryStrategy memory;
  private RecordStore store;

  /** Fills the store. */
  @Setup
  public void setUp() {
    memory = Catalog.strategy(strategy).create(StrategyConfig.forConnections(records, 1));
    store = memory.records(RecordClass.IPV4);
    for (int i = 0; i < records; i++) {
      long key = i * SPREAD;
      if (store.insert(0, low(key), (int) key) == RecordStore.NONE) {
        throw new IllegalStateException("no room for record " + i);
      }
    }
  }

  private static long low(long key) {
    return RecordClass.mappedLow((int) (key >>> 32));
  }

  private int find(long key) {
    return store.find(0, low(key), (int) key);
  }

  private void chooseKeys(int first) {
    for (int i = 0; i < keys.length; i++) {
      keys[i] = (first + random.nextInt(records)) * SPREAD;
    }
  }

  /** One by one, each when the last is done. */
  @Benchmark
  @OperationsPerInvocation(Burst.CAPACITY)
  public int oneByOne() {
    int last = 0;
    for (int i = 0; i < keys.length; i++) {
      // What was read decides which comes next, as far as the processor knows: none overlap.
      long key = (random.nextInt(records) + last) * SPREAD; // all words are 0
      last = store.get(find(key), 0);
    }
    return last;
  }

  /**
   * As a context does it with a burst: all index lines are fetched, then all records, then read.
   */
  @Benchmark
  @OperationsPerInvocation(Burst.CAPACITY)
  public int inABurst() {
    chooseKeys(0);
    for (long key : keys) {
      store.prefetchIndex(0, low(key), (int) key);
    }
    int sum = 0;
    for (long key : keys) {
      sum += store.get(find(key), 0);
    }
    return sum;
  }

  /** Keys that are not there. */
  @Benchmark
  @OperationsPerInvocation(Burst.CAPACITY)
  public int misses() {
    chooseKeys(records);
    int sum = 0;
    for (long key : keys) {
      sum += find(key);
    }
    return sum;
  }

  /** A connection goes and another comes: the store stays full. */
  @Benchmark
  @OperationsPerInvocation(Burst.CAPACITY)
  public int replaced() {
    int slot = 0;
    for (int i = 0; i < keys.length; i++) {
      long key = random.nextInt(records) * SPREAD;
      store.remove(find(key));
      slot = store.insert(0, low(key), (int) key);
    }
    return slot;
  }

  /** The key of a record, from its slot. */
  @Benchmark
  @OperationsPerInvocation(Burst.CAPACITY)
  public long keyOfASlot() {
    long sum = 0;
    for (int i = 0; i < keys.length; i++) {
      int slot = random.nextInt(records);
      if (store.isLive(slot)) {
        sum += store.addressLow(slot) + store.tail(slot);
      }
    }
    return sum;
  }

  /** Frees it. */
  @TearDown
  public void tearDown() {
    for (int slot = 0; slot < store.slotBound(); slot++) {
      if (store.isLive(slot)) {
        store.remove(slot);
      }
    }
    memory.close();
  }
}
