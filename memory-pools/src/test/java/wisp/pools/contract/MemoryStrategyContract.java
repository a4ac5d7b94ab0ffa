package wisp.pools.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import it.unimi.dsi.fastutil.HashCommon;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.LongUnaryOperator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import wisp.core.spi.BlockPool;
import wisp.core.spi.Footprint;
import wisp.core.spi.Footprint.Kind;
import wisp.core.spi.FrameAllocator;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.MemoryStrategyProvider;
import wisp.core.spi.RecordClass;
import wisp.core.spi.RecordStore;
import wisp.core.spi.SocketBuffers;
import wisp.core.spi.StrategyConfig;
import wisp.pools.Strategies;

/**
 * What every memory strategy must keep. Extend it, give your {@link #provider()}, and override what
 * your strategy promises beyond that: {@link #shrinks()}, {@link #allocates()}, {@link #bounded()},
 * {@link #recordAndIndexBytes}, {@link #placesByKey()}.
 */
public abstract class MemoryStrategyContract {
  private static final int MILLION = 1_000_000;

  /** The strategy to check. */
  protected abstract MemoryStrategyProvider provider();

  /** Whether reserved memory goes back to the machine when records are removed. */
  protected boolean shrinks() {
    return false;
  }

  /** Whether it makes garbage even when warm. */
  protected boolean allocates() {
    return false;
  }

  /** Parameters under which blocks, frames (and buffers) are limited to a few megabytes each. */
  protected Map<String, String> bounded() {
    return Map.of("blocks", "2Mi", "frames", "2Mi");
  }

  /**
   * Parameters under which the records are limited to far fewer than a million, or {@code null} if
   * that can't be.
   */
  protected Map<String, String> boundedRecords() {
    return null;
  }

  /**
   * The most bytes of record and index an idle connection of a class may take at a million of them.
   */
  protected double recordAndIndexBytes(RecordClass recordClass) {
    return Double.MAX_VALUE;
  }

  /**
   * Whether a record's key decides where it may lie, as in a hash table, so that slots are neither
   * given out from 0 on nor reused in the order in which they were freed.
   */
  protected boolean placesByKey() {
    return false;
  }

  /** Whether users choose it by its name; not so where it is made of one that they do. */
  protected boolean hasName() {
    return true;
  }

  /** The fewest bytes that a record of a class needs without what finds it. */
  protected int recordBytes(RecordClass recordClass) {
    return 4 * (recordClass.keyWords() + RecordStore.STATE_WORDS);
  }

  /** For so many connections of each class. */
  private MemoryStrategy create(int connections) {
    return create(connections, Map.of());
  }

  private MemoryStrategy create(int connections, Map<String, String> parameters) {
    return create(StrategyConfig.forBoth(connections, connections, 42), parameters);
  }

  /** For so many connections of one class, and none of the other. */
  private MemoryStrategy create(RecordClass recordClass, int connections) {
    return create(recordClass, connections, Map.of());
  }

  private MemoryStrategy create(
      RecordClass recordClass, int connections, Map<String, String> parameters) {
    var config =
        switch (recordClass) {
          case IPV4 -> StrategyConfig.forConnections(connections, 42);
          case IPV6 -> StrategyConfig.forBoth(0, connections, 42);
        };
    return create(config, parameters);
  }

  private MemoryStrategy create(StrategyConfig config, Map<String, String> parameters) {
    return provider()
        .create(
            new StrategyConfig(
                config.recordWords(),
                config.connections(),
                config.ipv6Connections(),
                config.hashKey0(),
                config.hashKey1(),
                parameters));
  }

  /**
   * A store by numbers instead of keys. In a key of IPv4 a number's upper half is the address; in
   * one of IPv6 it lies half in the network's part, half in the interface's.
   */
  private record Numbered(RecordClass recordClass, RecordStore store) {
    private static final long PREFIX = 0x2001_0DB8_0000_0000L;

    static Numbered in(MemoryStrategy strategy, RecordClass recordClass) {
      return new Numbered(recordClass, strategy.records(recordClass));
    }

    private long high(long number) {
      return switch (recordClass) {
        case IPV4 -> 0;
        case IPV6 -> PREFIX | number >>> 48;
      };
    }

    private long low(long number) {
      return switch (recordClass) {
        case IPV4 -> RecordClass.mappedLow((int) (number >>> 32));
        case IPV6 -> number >>> 32 << 48 | 1;
      };
    }

    int find(long number) {
      return store.find(high(number), low(number), (int) number);
    }

    int insert(long number) {
      return store.insert(high(number), low(number), (int) number);
    }

    void prefetchIndex(long number) {
      store.prefetchIndex(high(number), low(number), (int) number);
    }

    void holds(long number, int slot, String message) {
      assertEquals(high(number), store.addressHigh(slot), message);
      assertEquals(low(number), store.addressLow(slot), message);
      assertEquals((int) number, store.tail(slot), message);
    }

    void remove(int slot) {
      store.remove(slot);
    }

    boolean isLive(int slot) {
      return store.isLive(slot);
    }

    int size() {
      return store.size();
    }

    void removeAll() {
      for (int slot = 0; slot < store.slotBound(); slot++) {
        if (store.isLive(slot)) {
          store.remove(slot);
        }
      }
      assertEquals(0, store.size());
    }
  }

  // Provider

  @Test
  void isFoundByName() {
    assumeTrue(hasName());
    assertEquals(provider().getClass(), Strategies.provider(provider().name()).getClass());
    assertTrue(Strategies.names().contains(provider().name()));
    assertFalse(provider().description().isBlank());
  }

  @Test
  void anUnknownParameterIsRefusedByName() {
    var e = assertThrows(IllegalArgumentException.class, () -> create(10, Map.of("blokcs", "1")));
    assertTrue(e.getMessage().contains("blokcs"), e.getMessage());
  }

  @Test
  void itsDefaultsAreValid() {
    var defaults = new HashMap<String, String>();
    provider().parameters().forEach(p -> defaults.put(p.name(), p.defaultValue()));
    create(10, defaults).close();
  }

  // Records

  /**
   * Ways to turn a small number into a key, some of them such as a peer would choose to make keys
   * collide.
   */
  enum Keys {
    SEQUENCE(i -> i),
    SPREAD(i -> i * 0x9E37_79B9_7F4A_7C15L),
    HIGH_BITS_ONLY(i -> i << 40),
    ONE_ADDRESS(i -> 0x0A00_0001L << 32 | i << 16 | 7),
    ONE_PORT(i -> i << 32 | 0x1234_0001L),
    /** Keys that fastutil's own mix, which has no secret, sends to the same place. */
    UNDONE_MIX(i -> HashCommon.invMix(i << 44));

    @SuppressWarnings("ImmutableEnumChecker") // functions without state
    private final LongUnaryOperator key;

    Keys(LongUnaryOperator key) {
      this.key = key;
    }

    long of(long i) {
      return key.applyAsLong(i);
    }
  }

  @ParameterizedTest
  @EnumSource(Keys.class)
  void recordsBehaveLikeAMap(Keys keys) {
    for (RecordClass recordClass : RecordClass.values()) {
      for (int seed = 1; seed <= 4; seed++) {
        new RecordModel(recordClass, keys, seed).run();
      }
    }
  }

  /** Random inserts, finds and removals, checked against a map. */
  private final class RecordModel {
    private static final int OPERATIONS = 80_000;
    private final Keys keys;
    private final SplittableRandom random;
    private final int most;
    private final MemoryStrategy strategy;
    private final Numbered records;
    private final RecordStore store;
    private final Map<Long, Integer> slotOf = new HashMap<>();
    private final List<Long> live = new ArrayList<>();
    private final String name;

    RecordModel(RecordClass recordClass, Keys keys, int seed) {
      this.keys = keys;
      random = new SplittableRandom(seed);
      most = 1 + random.nextInt(20_000);
      strategy = create(recordClass, most);
      records = Numbered.in(strategy, recordClass);
      store = records.store();
      name = recordClass + ", " + keys + ", seed " + seed;
    }

    void run() {
      for (int i = 0; i < OPERATIONS; i++) {
        boolean grow = random.nextInt(10) < (i / 20_000 % 2 == 0 ? 8 : 2);
        if (grow && live.size() < most) {
          insert(keys.of(random.nextInt(3 * most)));
        } else if (!live.isEmpty()) {
          remove();
        }
        long probe = keys.of(random.nextInt(3 * most));
        assertEquals(slotOf.getOrDefault(probe, RecordStore.NONE), records.find(probe), name);
      }
      slotOf.forEach(this::check);
      assertEquals(slotOf.size(), store.size(), name);
      assertEquals(slotOf.size(), liveSlots(store), name);
      slotOf.values().forEach(store::remove);
      strategy.close();
    }

    private void insert(long key) {
      if (!slotOf.containsKey(key)) {
        int slot = records.insert(key);
        assertTrue(slot >= 0 && slot < store.slotBound(), name);
        assertTrue(store.isLive(slot), name);
        for (int w = 0; w < store.words(); w++) {
          assertEquals(0, store.get(slot, w), name + ": a new record's words are zero");
          store.set(slot, w, pattern(key, w));
        }
        slotOf.put(key, slot);
        live.add(key);
      }
    }

    private void remove() {
      int at = random.nextInt(live.size());
      long key = live.set(at, live.getLast());
      live.removeLast();
      int slot = slotOf.remove(key);
      check(key, slot);
      store.remove(slot);
      assertFalse(store.isLive(slot), name);
      assertEquals(RecordStore.NONE, records.find(key), name);
    }

    private void check(long key, int slot) {
      assertEquals(slot, records.find(key), name + ": slots don't move");
      records.holds(key, slot, name);
      for (int w = 0; w < store.words(); w++) {
        assertEquals(pattern(key, w), store.get(slot, w), name);
      }
    }

    private static int pattern(long key, int word) {
      return ((int) (key * 31 + word) ^ (int) (key >>> 32)) | 1;
    }
  }

  private static int liveSlots(RecordStore store) {
    int live = 0;
    for (int slot = 0; slot < store.slotBound(); slot++) {
      live += store.isLive(slot) ? 1 : 0;
    }
    return live;
  }

  @ParameterizedTest
  @CsvSource({
    "IPV4, 3", "IPV4, 4", "IPV4, 5", "IPV4, 9", "IPV6, 3", "IPV6, 4", "IPV6, 5", "IPV6, 9"
  })
  void recordsHaveTheWordsAskedFor(RecordClass recordClass, int words) {
    var config = new StrategyConfig(words, 100, 100, 1, 2, Map.of());
    try (var strategy = provider().create(config)) {
      var numbered = Numbered.in(strategy, recordClass);
      var records = numbered.store();
      assertEquals(words, records.words());
      int a = numbered.insert(-1);
      int b = numbered.insert(Long.MIN_VALUE);
      for (int w = 0; w < words; w++) {
        records.set(a, w, w + 1);
        records.set(b, w, -w - 1);
      }
      for (int w = 0; w < words; w++) {
        assertEquals(w + 1, records.get(a, w));
        assertEquals(-w - 1, records.get(b, w));
      }
      numbered.holds(-1, a, "all bits");
      numbered.holds(Long.MIN_VALUE, b, "one bit");
      records.remove(a);
      records.remove(b);
    }
  }

  @Test
  void everyBitOfAnIpv6KeyCounts() {
    long high = 0x2001_0DB8_1234_5678L;
    long low = 0x9ABC_DEF0_0FED_CBA9L;
    int tail = 0x8765_4321;
    try (var strategy = create(RecordClass.IPV6, 161)) {
      var records = strategy.records(RecordClass.IPV6);
      int[] slots = new int[161];
      for (int bit = 0; bit <= 160; bit++) {
        slots[bit] = records.insert(high ^ bit(bit), low ^ bit(bit - 64), tail ^ tailBit(bit));
      }
      for (int bit = 0; bit <= 160; bit++) {
        int slot = records.find(high ^ bit(bit), low ^ bit(bit - 64), tail ^ tailBit(bit));
        assertEquals(slots[bit], slot, "bit " + bit);
        assertEquals(high ^ bit(bit), records.addressHigh(slot));
        assertEquals(low ^ bit(bit - 64), records.addressLow(slot));
        assertEquals(tail ^ tailBit(bit), records.tail(slot));
        records.remove(slot);
      }
      assertEquals(0, records.size());
    }
  }

  private static long bit(int bit) {
    return bit < 0 || bit > 63 ? 0 : 1L << bit;
  }

  private static int tailBit(int bit) {
    return (int) bit(bit - 128);
  }

  @Test
  void slotsOfTheTwoClassesAreNumberedIndependently() {
    try (var strategy = create(100)) {
      var ipv4 = Numbered.in(strategy, RecordClass.IPV4);
      var ipv6 = Numbered.in(strategy, RecordClass.IPV6);
      for (RecordClass recordClass : RecordClass.values()) {
        assertSame(strategy.records(recordClass), strategy.records(recordClass));
      }
      for (int i = 0; i < 100; i++) {
        int slot4 = ipv4.insert(i);
        int slot6 = ipv6.insert(i);
        assertTrue(slot4 >= 0 && slot6 >= 0);
        assertTrue(placesByKey() || slot4 == slot6, "in the same order, from 0 on");
      }
      for (int i = 0; i < 100; i++) {
        ipv4.store().set(ipv4.find(i), 0, i);
        ipv6.store().set(ipv6.find(i), 0, ~i);
      }
      for (int i = 0; i < 100; i++) {
        assertEquals(i, ipv4.store().get(ipv4.find(i), 0));
        assertEquals(~i, ipv6.store().get(ipv6.find(i), 0));
      }
      ipv4.removeAll();
      assertEquals(100, ipv6.size());
      ipv6.removeAll();
    }
  }

  @Test
  void theIpv4StoreKnowsMappedAddressesAsTheIpv6StoreDoes() {
    try (var strategy = create(10)) {
      for (RecordClass recordClass : RecordClass.values()) {
        var records = strategy.records(recordClass);
        int slot = records.insert(0, 0xFFFF_0A09_0001L, 7);
        assertEquals(0, records.addressHigh(slot));
        assertEquals(0xFFFF_0A09_0001L, records.addressLow(slot));
        assertEquals(7, records.tail(slot));
        records.remove(slot);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(RecordClass.class)
  void anyNumberMayBeAskedWhetherItLives(RecordClass recordClass) {
    try (var strategy = create(recordClass, 10)) {
      var records = Numbered.in(strategy, recordClass);
      for (int slot : new int[] {-1, 0, 9, 10, 63, 1 << 20, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
        assertFalse(records.isLive(slot), "slot " + slot);
      }
      int slot = records.insert(5);
      records.remove(slot);
      assertThrows(IllegalStateException.class, () -> records.remove(slot));
    }
  }

  @ParameterizedTest
  @EnumSource(RecordClass.class)
  void slotsAreReusedInTheOrderInWhichTheyWereFreed(RecordClass recordClass) {
    assumeFalse(placesByKey(), "keys decide where records lie");
    try (var strategy = create(recordClass, 200)) {
      var records = Numbered.in(strategy, recordClass);
      int[] slots = new int[200];
      for (int i = 0; i < 200; i++) {
        slots[i] = records.insert(i);
      }
      var freed = new ArrayList<Integer>();
      for (int i = 0; i < 200; i += 4) {
        int slot = slots[(i * 77 + 3) % 200];
        if (records.isLive(slot)) {
          freed.add(slot);
          records.remove(slot);
        }
      }
      var reused = new ArrayList<Integer>();
      for (int i = 0; i < freed.size(); i++) {
        int slot = records.insert(1000 + i);
        if (freed.contains(slot)) {
          reused.add(slot);
        }
      }
      assertEquals(freed.subList(0, reused.size()), reused);
      records.removeAll();
    }
  }

  @ParameterizedTest
  @EnumSource(RecordClass.class)
  void prefetchingChangesNothing(RecordClass recordClass) {
    try (var strategy = create(recordClass, 1000)) {
      var records = Numbered.in(strategy, recordClass);
      records.prefetchIndex(1);
      for (long key = 0; key < 1000; key++) {
        records.insert(key);
      }
      for (long key = 0; key < 2000; key++) {
        records.prefetchIndex(key);
        assertEquals(key < 1000, records.find(key) != RecordStore.NONE);
      }
      records.removeAll();
    }
  }

  @ParameterizedTest
  @EnumSource(RecordClass.class)
  void givenNoMemoryForRecords_whenInserting_thenNothingChanges(RecordClass recordClass) {
    assumeTrue(boundedRecords() != null, "its records can't be bounded");
    try (var strategy = create(recordClass, 5_000, boundedRecords())) {
      var records = Numbered.in(strategy, recordClass);
      long n = 0;
      while (records.insert(n) != RecordStore.NONE) {
        n++;
        assertTrue(n < MILLION, "no bound");
      }
      assertEquals(n, records.size());
      assertEquals(RecordStore.NONE, records.insert(n));
      assertEquals(n, records.size());
      assertEquals(RecordStore.NONE, records.find(n));
      for (long key = 0; key < n; key++) {
        records.holds(key, records.find(key), "the first ones are still there");
      }
      for (int round = 0; round < 3; round++) {
        records.remove(records.find(n / 2));
        assertNotEquals(RecordStore.NONE, records.insert(n / 2));
        assertEquals(RecordStore.NONE, records.insert(n));
      }
      records.removeAll();
      for (long key = 0; key < n; key++) {
        assertNotEquals(RecordStore.NONE, records.insert(-key));
      }
      records.removeAll();
    }
  }

  // Blocks

  @Test
  void blocksAreAlignedDistinctAndKeepTheirBytes() {
    var random = new SplittableRandom(1);
    try (var strategy = create(10)) {
      var blocks = strategy.blocks();
      var sizes = new HashMap<Integer, Integer>();
      var handles = new ArrayList<Integer>();
      for (int i = 0; i < 20_000; i++) {
        if (handles.isEmpty() || random.nextInt(10) < (i < 10_000 ? 6 : 4)) {
          int bytes = size(random);
          int handle = blocks.acquire(bytes);
          if (handle == BlockPool.NONE) {
            continue;
          }
          assertTrue(handle >= 0 && blocks.capacity(handle) >= bytes);
          assertEquals(0, blocks.start(handle) % 8);
          assertEquals(null, sizes.put(handle, bytes), "handle twice");
          handles.add(handle);
          fill(blocks.memory(handle), blocks.start(handle), blocks.capacity(handle), handle);
        } else {
          int at = random.nextInt(handles.size());
          int handle = handles.set(at, handles.getLast());
          handles.removeLast();
          sizes.remove(handle);
          verify(blocks.memory(handle), blocks.start(handle), blocks.capacity(handle), handle);
          blocks.release(handle);
        }
        assertEquals(handles.size(), blocks.inUse());
      }
      for (int handle : handles) {
        verify(blocks.memory(handle), blocks.start(handle), blocks.capacity(handle), handle);
        blocks.release(handle);
      }
    }
  }

  private static int size(SplittableRandom random) {
    return switch (random.nextInt(5)) {
      case 0 -> BlockPool.ACTIVITY;
      case 1 -> BlockPool.LARGEST;
      case 2 -> BlockPool.HALF_OPEN;
      default -> 1 + random.nextInt(BlockPool.LARGEST);
    };
  }

  private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG;

  private static void fill(MemorySegment memory, long start, long length, long seed) {
    for (long i = 0; i + 8 <= length; i += 8) {
      memory.set(WORD, start + i, seed * 0x9E37_79B9_7F4A_7C15L + i);
    }
    for (long i = length & -8; i < length; i++) {
      memory.set(ValueLayout.JAVA_BYTE, start + i, (byte) (seed + i));
    }
  }

  private static void verify(MemorySegment memory, long start, long length, long seed) {
    for (long i = 0; i + 8 <= length; i += 8) {
      if (memory.get(WORD, start + i) != seed * 0x9E37_79B9_7F4A_7C15L + i) {
        throw new AssertionError("byte " + i + " of handle " + seed + " was overwritten");
      }
    }
    for (long i = length & -8; i < length; i++) {
      if (memory.get(ValueLayout.JAVA_BYTE, start + i) != (byte) (seed + i)) {
        throw new AssertionError("byte " + i + " of handle " + seed + " was overwritten");
      }
    }
  }

  @Test
  void theSizesThatTheStackUsesFitWithoutWaste() {
    try (var strategy = create(10)) {
      for (int bytes : new int[] {BlockPool.HALF_OPEN, BlockPool.ACTIVITY, BlockPool.LARGEST}) {
        int handle = strategy.blocks().acquire(bytes);
        assertEquals(bytes, strategy.blocks().capacity(handle));
        strategy.blocks().release(handle);
      }
    }
  }

  @Test
  void givenNoMemoryForBlocks_thenNoneUntilOneComesBack() {
    try (var strategy = create(10, bounded())) {
      var blocks = strategy.blocks();
      for (int bytes : new int[] {BlockPool.LARGEST, BlockPool.ACTIVITY, BlockPool.HALF_OPEN}) {
        long available = blocks.availableBytes();
        var handles = new ArrayList<Integer>();
        int handle;
        while ((handle = blocks.acquire(bytes)) != BlockPool.NONE) {
          fill(blocks.memory(handle), blocks.start(handle), bytes, handle);
          handles.add(handle);
          assertTrue(handles.size() < MILLION, "no bound");
        }
        assertTrue(handles.size() > 1);
        assertTrue((long) handles.size() * bytes <= available, "more than was available");
        assertTrue(blocks.availableBytes() < bytes, blocks.availableBytes() + " bytes available");
        assertEquals(handles.size(), blocks.inUse());
        for (int round = 0; round < 3; round++) {
          blocks.release(handles.removeLast());
          handle = blocks.acquire(bytes);
          assertNotEquals(BlockPool.NONE, handle);
          fill(blocks.memory(handle), blocks.start(handle), bytes, handle);
          handles.addLast(handle);
          assertEquals(BlockPool.NONE, blocks.acquire(bytes));
        }
        for (int held : handles) {
          verify(blocks.memory(held), blocks.start(held), bytes, held);
          blocks.release(held);
        }
      }
    }
  }

  @Test
  void blocksRefuseMisuse() {
    try (var strategy = create(10)) {
      var blocks = strategy.blocks();
      assertThrows(IllegalArgumentException.class, () -> blocks.acquire(0));
      assertThrows(IllegalArgumentException.class, () -> blocks.acquire(BlockPool.LARGEST + 1));
      for (int bytes : new int[] {BlockPool.HALF_OPEN, BlockPool.ACTIVITY, BlockPool.LARGEST}) {
        int handle = blocks.acquire(bytes);
        blocks.release(handle);
        assertThrows(IllegalStateException.class, () -> blocks.release(handle));
      }
      assertEquals(0, blocks.inUse());
    }
  }

  // Frames

  @Test
  void framesKeepTheirBytesUntilTheLastReference() {
    var random = new SplittableRandom(2);
    try (var strategy = create(10)) {
      var frames = strategy.frames();
      var held = new ArrayList<Integer>();
      var distinct = new HashSet<Integer>();
      for (int i = 0; i < 4_000; i++) {
        if (held.isEmpty() || (held.size() < 300 && random.nextBoolean())) {
          int length = 1 + random.nextInt(random.nextInt(20) == 0 ? frames.largest() : 3000);
          int frame = frames.acquire(length);
          assertTrue(frame >= 0, "no memory");
          assertEquals(length, frames.length(frame));
          assertEquals(1, frames.references(frame));
          assertTrue(distinct.add(frame), "handle twice");
          fill(frames.memory(frame), frames.start(frame), length, frame);
          held.add(frame);
        } else {
          int at = random.nextInt(held.size());
          int frame = held.get(at);
          int references = frames.references(frame);
          if (random.nextInt(3) == 0) {
            frames.retain(frame);
            assertEquals(references + 1, frames.references(frame));
          } else {
            verify(frames.memory(frame), frames.start(frame), frames.length(frame), frame);
            frames.release(frame);
            if (references == 1) {
              held.set(at, held.getLast());
              held.removeLast();
              distinct.remove(frame);
            } else {
              assertEquals(references - 1, frames.references(frame));
            }
          }
        }
        assertEquals(held.size(), frames.inUse());
      }
      for (int frame : held) {
        verify(frames.memory(frame), frames.start(frame), frames.length(frame), frame);
        for (int r = frames.references(frame); r > 0; r--) {
          frames.release(frame);
        }
      }
    }
  }

  @Test
  void theLargestFrameTakesATcpSuperSegment() {
    try (var strategy = create(10)) {
      var frames = strategy.frames();
      assertTrue(frames.largest() >= 65_536);
      int frame = frames.acquire(frames.largest());
      fill(frames.memory(frame), frames.start(frame), frames.largest(), 7);
      verify(frames.memory(frame), frames.start(frame), frames.largest(), 7);
      frames.release(frame);
      assertThrows(IllegalStateException.class, () -> frames.release(frame));
      assertThrows(IllegalStateException.class, () -> frames.retain(frame));
      assertThrows(IllegalArgumentException.class, () -> frames.acquire(0));
      assertThrows(IllegalArgumentException.class, () -> frames.acquire(frames.largest() + 1));
    }
  }

  @Test
  void runningSumsHaveRoomOfTheirOwnAndAreForgottenWithTheLastSend() {
    try (var strategy = create(10)) {
      var frames = strategy.frames();
      var held = new ArrayList<Integer>();
      for (int length : new int[] {64, 255, 256, 257, 1_448, 65_535, 65_536, 256, 65_536}) {
        int frame = frames.acquire(length);
        assertEquals(0, frames.sums(frame), "a fresh frame");
        fill(frames.memory(frame), frames.start(frame), length, frame);
        held.add(frame);
      }
      for (int frame : held) {
        long at = frames.sumsStart(frame);
        if (at != FrameAllocator.NO_SUMS) {
          int count = FrameAllocator.sumsOf(frames.length(frame));
          frames.memory(frame).asSlice(at, 2L * count).fill((byte) 0x5A);
          frames.retain(frame);
          frames.retain(frame);
          frames.sums(frame, count);
          frames.release(frame);
          assertEquals(count, frames.sums(frame), "two references");
          frames.release(frame);
          assertEquals(0, frames.sums(frame), "its bytes may change now");
        }
      }
      for (int frame : held) {
        verify(frames.memory(frame), frames.start(frame), frames.length(frame), frame);
        frames.release(frame);
      }
    }
  }

  @Test
  void givenNoMemoryForFrames_thenNoneUntilOneComesBack() {
    try (var strategy = create(10, bounded())) {
      var frames = strategy.frames();
      for (int length : new int[] {1460, 65_536, 64}) {
        var held = new ArrayList<Integer>();
        int frame;
        while ((frame = frames.acquire(length)) != FrameAllocator.NONE) {
          fill(frames.memory(frame), frames.start(frame), length, frame);
          held.add(frame);
          assertTrue(held.size() < MILLION, "no bound");
        }
        assertTrue(held.size() > 1);
        frames.release(held.removeLast());
        frame = frames.acquire(length);
        assertNotEquals(FrameAllocator.NONE, frame);
        fill(frames.memory(frame), frames.start(frame), length, frame);
        held.add(frame);
        for (int f : held) {
          verify(frames.memory(f), frames.start(f), length, f);
          frames.release(f);
        }
        assertEquals(0, frames.inUse());
      }
    }
  }

  // Socket buffers

  @ParameterizedTest
  @EnumSource(RecordClass.class)
  void socketBuffersAreApart(RecordClass recordClass) {
    try (var strategy = create(100)) {
      SocketBuffers buffers = strategy.socketBuffers(recordClass);
      assumeTrue(buffers != null, "it has none");
      assertEquals(1, Integer.bitCount(buffers.receiveBytes()), "a power of two");
      assertEquals(1, Integer.bitCount(buffers.sendBytes()), "a power of two");
      for (int round = 0; round < 2; round++) {
        for (int slot = 0; slot < 100; slot++) {
          assertTrue(buffers.open(slot));
          assertEquals(0, buffers.receiveFill(slot));
          buffers.receiveFill(slot, slot);
          fill(buffers.memory(slot), buffers.receiveStart(slot), buffers.receiveBytes(), slot);
          fill(buffers.memory(slot), buffers.sendStart(slot), buffers.sendBytes(), ~slot);
        }
        for (int slot = 0; slot < 100; slot++) {
          assertEquals(slot, buffers.receiveFill(slot));
          verify(buffers.memory(slot), buffers.receiveStart(slot), buffers.receiveBytes(), slot);
          verify(buffers.memory(slot), buffers.sendStart(slot), buffers.sendBytes(), ~slot);
          buffers.close(slot);
        }
      }
    }
  }

  @Test
  void bothClassesHaveSocketBuffersOfTheSameSizesAndApart() {
    try (var strategy = create(100)) {
      SocketBuffers ipv4 = strategy.socketBuffers(RecordClass.IPV4);
      SocketBuffers ipv6 = strategy.socketBuffers(RecordClass.IPV6);
      assertEquals(ipv4 == null, ipv6 == null, "both or neither");
      assumeTrue(ipv4 != null, "it has none");
      assertEquals(ipv4.receiveBytes(), ipv6.receiveBytes());
      assertEquals(ipv4.sendBytes(), ipv6.sendBytes());
      assertTrue(ipv4.open(3));
      assertTrue(ipv6.open(3));
      fill(ipv4.memory(3), ipv4.receiveStart(3), ipv4.receiveBytes(), 4);
      fill(ipv6.memory(3), ipv6.receiveStart(3), ipv6.receiveBytes(), 6);
      verify(ipv4.memory(3), ipv4.receiveStart(3), ipv4.receiveBytes(), 4);
      ipv4.close(3);
      verify(ipv6.memory(3), ipv6.receiveStart(3), ipv6.receiveBytes(), 6);
      ipv6.close(3);
    }
  }

  @ParameterizedTest
  @EnumSource(RecordClass.class)
  void givenNoMemoryForSocketBuffers_thenOpenIsFalseUntilAPairComesBack(RecordClass recordClass) {
    try (var strategy = create(100_000, bounded())) {
      SocketBuffers buffers = strategy.socketBuffers(recordClass);
      assumeTrue(buffers != null, "it has none");
      int opened = 0;
      while (buffers.open(opened)) {
        opened++;
        assertTrue(opened < 10_000, "no bound");
      }
      buffers.close(0);
      assertTrue(buffers.open(opened));
      assertFalse(buffers.open(0));
      for (int slot = 1; slot <= opened; slot++) {
        buffers.close(slot);
      }
    }
  }

  // Accounts

  @ParameterizedTest
  @EnumSource(RecordClass.class)
  void closingNamesWhatLeaked(RecordClass recordClass) {
    var strategy = create(10);
    strategy.records(RecordClass.IPV6);
    Numbered.in(strategy, recordClass).insert(1);
    strategy.blocks().acquire(1);
    strategy.blocks().acquire(2048);
    for (int i = 0; i < 3; i++) {
      strategy.frames().acquire(100);
    }
    var e = assertThrows(IllegalStateException.class, strategy::close);
    String record =
        switch (recordClass) {
          case IPV4 -> "1 record";
          case IPV6 -> "1 IPv6 record";
        };
    for (String part : List.of(record, "2 blocks", "3 frames")) {
      assertTrue(e.getMessage().contains(part), e.getMessage());
    }
    strategy.close();
    var after = new Footprint();
    strategy.footprint(after);
    assertEquals(0, after.reservedBytes());
  }

  @ParameterizedTest
  @EnumSource(RecordClass.class)
  void footprintFollowsUse(RecordClass recordClass) {
    try (var strategy = create(recordClass, 10_000)) {
      var records = Numbered.in(strategy, recordClass);
      var buffers = strategy.socketBuffers(recordClass);
      Footprint empty = footprint(strategy);
      assertEquals(0, empty.inUseBytes());
      for (long key = 0; key < 10_000; key++) {
        records.insert(key);
      }
      int small = strategy.blocks().acquire(BlockPool.ACTIVITY);
      int large = strategy.blocks().acquire(BlockPool.LARGEST);
      int frame = strategy.frames().acquire(1000);
      if (buffers != null) {
        assertTrue(buffers.open(3));
      }
      Footprint full = footprint(strategy);
      for (Kind kind :
          List.of(Kind.RECORDS, Kind.INDEX, Kind.BLOCKS, Kind.FRAMES, Kind.SOCKET_BUFFERS)) {
        long used = full.inUseBytes(kind);
        assertTrue(used <= full.reservedBytes(kind), kind + " " + full);
        assertEquals(kind != Kind.SOCKET_BUFFERS || buffers != null, used > 0, kind + " " + full);
      }
      assertTrue(full.inUseBytes(Kind.RECORDS) >= 10_000 * recordBytes(recordClass));
      assertTrue(full.inUseBytes(Kind.BLOCKS) >= BlockPool.ACTIVITY + BlockPool.LARGEST);
      assertTrue(full.inUseBytes(Kind.FRAMES) >= 1000);
      records.removeAll();
      strategy.blocks().release(small);
      strategy.blocks().release(large);
      strategy.frames().release(frame);
      if (buffers != null) {
        buffers.close(3);
      }
      assertEquals(0, footprint(strategy).inUseBytes(), footprint(strategy).toString());
    }
  }

  private static Footprint footprint(MemoryStrategy strategy) {
    var footprint = new Footprint();
    strategy.footprint(footprint);
    return footprint;
  }

  private static long recordsAndIndex(MemoryStrategy strategy) {
    Footprint footprint = footprint(strategy);
    return footprint.reservedBytes(Kind.RECORDS) + footprint.reservedBytes(Kind.INDEX);
  }

  @ParameterizedTest
  @EnumSource(RecordClass.class)
  @DisplayName("An idle connection's record and index, at 1 k, 100 k and 1 M")
  void idleRecordsAreSmall(RecordClass recordClass) {
    for (int n : new int[] {1_000, 100_000, MILLION}) {
      try (var strategy = create(recordClass, n)) {
        var records = Numbered.in(strategy, recordClass);
        for (long key = 0; key < n; key++) {
          assertNotEquals(RecordStore.NONE, records.insert(key * 0x1_0000_0001L));
        }
        long peak = recordsAndIndex(strategy);
        double each = (double) peak / n;
        System.out.printf(
            "%-9s %,9d %s records: %.1f B each with index%n",
            provider().name(), n, recordClass, each);
        assertTrue(
            n < MILLION || each <= recordAndIndexBytes(recordClass), each + " bytes a record");
        records.removeAll();
        long rest = recordsAndIndex(strategy);
        assertTrue(
            !shrinks() || n < MILLION || rest < peak / 10, rest + " of " + peak + " bytes kept");
      }
    }
  }

  // Garbage

  @ParameterizedTest
  @EnumSource(RecordClass.class)
  void whenWarmNothingIsAllocated(RecordClass recordClass) {
    assumeFalse(allocates(), "it allocates by nature");
    try (var strategy = create(recordClass, 20_000)) {
      churn(strategy, recordClass, 3);
      churn(strategy, recordClass, 3);
      long before = allocated();
      churn(strategy, recordClass, 3);
      long bytes = allocated() - before;
      assertTrue(bytes < 2_000, bytes + " bytes allocated");
    }
  }

  private static long allocated() {
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    return threads.getCurrentThreadAllocatedBytes();
  }

  /** In one slab of either class, so that none comes and goes. */
  private static final int CHURNED = 4_000;

  private final int[] churned = new int[CHURNED];

  private void churn(MemoryStrategy strategy, RecordClass recordClass, int rounds) {
    var numbered = Numbered.in(strategy, recordClass);
    var records = numbered.store();
    var blocks = strategy.blocks();
    var frames = strategy.frames();
    var buffers = strategy.socketBuffers(recordClass);
    for (int round = 0; round < rounds; round++) {
      for (int i = 0; i < CHURNED; i++) {
        churned[i] = numbered.insert(i * 0x1_0001L);
        numbered.prefetchIndex(i);
        records.set(churned[i], 0, numbered.find(i * 0x1_0001L));
      }
      for (int i = 0; i < CHURNED; i++) {
        records.remove(churned[i]);
      }
      for (int i = 0; i < CHURNED; i++) {
        int small = blocks.acquire(100);
        int large = blocks.acquire(2000);
        blocks.memory(small).set(WORD, blocks.start(small), i);
        int frame = frames.acquire(1 + i % 60_000);
        frames.memory(frame).set(ValueLayout.JAVA_BYTE, frames.start(frame), (byte) i);
        frames.retain(frame);
        frames.release(frame);
        frames.release(frame);
        blocks.release(large);
        blocks.release(small);
        if (buffers != null && i < 100) {
          buffers.open(i);
          buffers.close(i);
        }
      }
    }
  }
}
