package wisp.core.spi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Records found by key: extendible hashing in pages")
@ParameterizedClass
@EnumSource(RecordClass.class)
class IndexedRecordStoreTest {

  private final RecordClass recordClass;
  private final ArrayRecords memory;
  private final FewPages pages = new FewPages();

  IndexedRecordStoreTest(RecordClass recordClass) {
    this.recordClass = recordClass;
    this.memory = new ArrayRecords(recordClass.keyWords() + RecordStore.STATE_WORDS);
  }

  private NumberedStore store(long seed) {
    return new NumberedStore(
        recordClass,
        new IndexedRecordStore(StrategyConfig.forBoth(0, 0, seed), recordClass, memory, pages));
  }

  /** A store whose keys are made of a number, which both halves of an IPv6 address show. */
  private record NumberedStore(RecordClass recordClass, IndexedRecordStore store) {
    private static final long PREFIX = 0x2001_0DB8_0000_0000L;

    private long high(long number) {
      return recordClass == RecordClass.IPV4 ? 0 : PREFIX | number >>> 48;
    }

    private long low(long number) {
      return recordClass == RecordClass.IPV4
          ? RecordClass.mappedLow((int) (number >>> 32))
          : number >>> 32 << 48 | 1;
    }

    int insert(long number) {
      return store.insert(high(number), low(number), (int) number);
    }

    int find(long number) {
      return store.find(high(number), low(number), (int) number);
    }

    long number(int slot) {
      long upper =
          recordClass == RecordClass.IPV4
              ? store.addressLow(slot) & 0xFFFF_FFFFL
              : (store.addressHigh(slot) ^ PREFIX) << 16 | store.addressLow(slot) >>> 48;
      return upper << 32 | (store.tail(slot) & 0xFFFF_FFFFL);
    }

    void remove(int slot) {
      store.remove(slot);
    }

    int size() {
      return store.size();
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void behavesLikeAMap(long seed) {
    var random = new SplittableRandom(seed);
    var store = store(seed);
    var model = new HashMap<Long, Integer>();
    var live = new ArrayList<Long>();
    int most = 1 + random.nextInt(30_000);
    for (int i = 0; i < 200_000; i++) {
      // Grows, shrinks and grows again.
      boolean insert = random.nextInt(10) < ((i / 50_000) % 2 == 0 ? 7 : 3);
      if (insert && live.size() < most) {
        long key = random.nextLong(4L * most);
        if (!model.containsKey(key)) {
          int slot = store.insert(key);
          store.store.set(slot, 0, (int) key);
          assertEquals(null, model.put(key, slot));
          live.add(key);
        }
      } else if (!live.isEmpty()) {
        int at = random.nextInt(live.size());
        long key = live.set(at, live.getLast());
        live.removeLast();
        store.remove(model.remove(key));
        assertEquals(RecordStore.NONE, store.find(key));
      }
      long probe = random.nextLong(4L * most);
      assertEquals(model.getOrDefault(probe, RecordStore.NONE), store.find(probe));
    }
    assertEquals(model.size(), store.size());
    model.forEach(
        (key, slot) -> {
          assertEquals(slot, store.find(key));
          assertEquals(key, store.number(slot));
          assertEquals((int) (long) key, store.store.get(slot, 0));
        });
    model.values().forEach(store::remove);
    assertEquals(1, pages.inUse, "pages of an empty store");
    assertEquals(0, store.size());
  }

  @Test
  void atEveryCountTheIndexIsFourFifthsFull() {
    var store = store(4);
    int n = 0;
    for (int next = 50_000; next <= 800_000; next += next / 8) {
      for (; n < next; n++) {
        store.insert(n * 0x1_0001L);
      }
      double load = n / (512.0 * pages.inUse);
      assertTrue(load > 0.79, "load " + load + " at " + n);
    }
  }

  @Test
  void churnDoesNotEatPages() {
    var store = store(5);
    var random = new SplittableRandom(5);
    int n = 200_000;
    int[] slots = new int[n];
    for (int i = 0; i < n; i++) {
      slots[i] = store.insert(i);
    }
    long key = n;
    for (int i = 0; i < 10 * n; i++) {
      int victim = random.nextInt(n);
      store.remove(slots[victim]);
      slots[victim] = store.insert(key++);
    }
    double load = n / (512.0 * pages.inUse);
    assertTrue(load > 0.7, "load " + load);
  }

  @Test
  void removingMostRecordsGivesMostPagesBack() {
    var store = store(6);
    int n = 300_000;
    for (int i = 0; i < n; i++) {
      store.insert(i);
    }
    int peak = pages.inUse;
    for (int i = 0; i < n; i++) {
      if (i % 10 != 0) {
        store.remove(store.find(i));
      }
    }
    assertTrue(pages.inUse < peak / 4, pages.inUse + " pages of " + peak);
    for (int i = 0; i < n; i += 10) {
      assertTrue(store.find(i) != RecordStore.NONE);
    }
  }

  @Test
  void givenNoPage_whenInserting_thenNothingChanges() {
    var store = store(7);
    pages.most = 4;
    long key = 0;
    int slot;
    while ((slot = store.insert(key)) != RecordStore.NONE) {
      key++;
    }
    assertTrue(key > 1_900, key + " records in 4 pages");
    assertEquals(RecordStore.NONE, store.find(key));
    assertEquals(key, store.size());
    assertEquals(key, memory.size());
    for (long k = 0; k < key; k++) {
      assertEquals(k, store.number(store.find(k)));
    }
    pages.most = 6;
    assertTrue(store.insert(key) != RecordStore.NONE);
  }

  @Test
  void givenNoPageAtAll_whenInserting_thenNone() {
    pages.most = 0;
    var store = store(8);
    assertEquals(RecordStore.NONE, store.insert(1));
    assertEquals(RecordStore.NONE, store.find(1));
    assertEquals(0, memory.size());
    pages.most = 1;
    assertEquals(store.insert(1), store.find(1));
  }

  @Test
  void aMissSeldomTouchesARecord() {
    var store = store(9);
    for (int i = 0; i < 100_000; i++) {
      store.insert(i);
    }
    memory.reads = 0;
    for (int i = 100_000; i < 200_000; i++) {
      store.find(i);
    }
    assertTrue(
        memory.reads / recordClass.keyWords() < 100_000 / 50,
        memory.reads / recordClass.keyWords() + " of 100,000 misses read a record");
  }

  @Test
  void aWrongSlotIsRefused() {
    var store = store(11);
    int slot = store.insert(1);
    assertThrows(IllegalStateException.class, () -> store.remove(slot + 1));
    assertFalse(store.store.isLive(-1));
    store.remove(slot);
    assertThrows(IllegalStateException.class, () -> store.remove(slot));
  }

  @Test
  void spreadIsMonotoneAndTwiceAsDenseAtTheStart() {
    long whole = 1L << 32;
    long last = -1;
    for (long u = 0; u < whole; u += 65_521) {
      long x = IndexDirectory.place(u << 32);
      assertTrue(x >= last && x < whole);
      last = x;
    }
    assertTrue(IndexDirectory.place((whole - 1) << 32) > whole - 10);
    assertEquals(Math.log(1.5) / Math.log(2), share(0.5), 0.005);
    assertEquals(Math.log(1.1) / Math.log(2), share(0.1), 0.005);
  }

  /** Which part of all hashes falls below x. */
  private static double share(double x) {
    double whole = 1L << 32;
    long u = 0;
    while (IndexDirectory.place(u << 32) < x * whole) {
      u += 1 << 20;
    }
    return u / whole;
  }
}
