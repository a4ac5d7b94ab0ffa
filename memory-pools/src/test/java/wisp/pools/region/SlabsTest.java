package wisp.pools.region;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class SlabsTest {
  private final SlabSource source = SlabSource.machine(SlabSource.UNLIMITED);

  @Test
  void anEmptySlabIsKeptOnlyOnce() {
    var slabs = new Slabs(24, 64, 31, source);
    var slots = new ArrayDeque<Integer>();
    for (int i = 0; i < 64 * 10; i++) {
      slots.add(slabs.acquire());
    }
    long ten = source.reservedBytes();
    slots.forEach(slabs::release);
    assertEquals(ten / 10, source.reservedBytes());
    slabs.close();
    assertEquals(0, source.reservedBytes());
  }

  @Test
  void aLoadAtTheEdgeOfASlabFetchesNothing() {
    var slabs = new Slabs(24, 64, 31, source);
    for (int i = 0; i < 64; i++) {
      slabs.acquire();
    }
    slabs.release(slabs.acquire());
    long two = source.reservedBytes();
    for (int i = 0; i < 100; i++) {
      slabs.release(slabs.acquire());
      assertEquals(two, source.reservedBytes());
    }
    slabs.close();
  }

  @Test
  void newSlotsComeFromTheLowestSlabSoThatOthersRunEmpty() {
    var slabs = new Slabs(24, 64, 31, source);
    for (int i = 0; i < 64 * 4; i++) {
      slabs.acquire();
    }
    slabs.release(3);
    slabs.release(64 * 3);
    assertEquals(3, slabs.acquire());
    assertEquals(64 * 3, slabs.acquire());
    slabs.close();
  }

  @Test
  void aVacantSlabsNumberIsUsedAgain() {
    var slabs = new Slabs(24, 64, 31, source);
    for (int i = 0; i < 64 * 4; i++) {
      slabs.acquire();
    }
    for (int i = 64; i < 64 * 3; i++) {
      slabs.release(i);
    }
    assertFalse(slabs.isLive(130));
    for (int i = 0; i < 128; i++) {
      int slot = slabs.acquire();
      assertTrue(slot >= 64 && slot < 64 * 3, "slot " + slot);
    }
    assertEquals(64 * 4, slabs.slotBound());
    slabs.close();
  }

  @Test
  void whoeverSharesABudgetGivesHisSpareSlabUp() {
    var shared = SlabSource.machine(4_000);
    var one = new Slabs(24, 64, 31, shared);
    var two = new Slabs(40, 64, 31, shared);
    one.release(one.acquire());
    assertNotEquals(Slabs.NONE, two.acquire());
    assertEquals(Slabs.NONE, one.acquire());
    one.close();
    two.close();
  }

  @Test
  void sourcesOfOneBudgetKeepItTogetherWithAccountsOfTheirOwn() {
    var budget = new SlabSource.Budget(4_000);
    var first = SlabSource.machine(budget);
    var second = SlabSource.machine(budget);
    var one = new Slabs(24, 64, 31, first);
    var two = new Slabs(40, 64, 31, second);
    one.release(one.acquire());
    assertTrue(first.reservedBytes() > 24 * 64);
    assertEquals(0, second.reservedBytes());
    assertNotEquals(Slabs.NONE, two.acquire(), "the other's spare slab was given up");
    assertEquals(0, first.reservedBytes());
    assertTrue(second.reservedBytes() > 40 * 64);
    assertEquals(Slabs.NONE, one.acquire());
    one.close();
    two.close();
    assertEquals(0, second.reservedBytes());
    assertNotEquals(Slabs.NONE, one.acquire());
    one.close();
  }

  @Test
  void whatTheMachineDoesNotHaveIsNone() {
    assertNull(source.take(1L << 60));
    assertEquals(Slabs.NONE, new Slabs(1 << 30, 1 << 20, 31, source).acquire());
    assertThrows(IllegalArgumentException.class, () -> SlabSource.preallocated(1L << 55, 1));
  }

  @Test
  void slotNumbersHaveALimit() {
    var slabs = new Slabs(24, 8, 5, source);
    for (int i = 0; i < 32; i++) {
      assertEquals(i, slabs.acquire());
    }
    assertEquals(Slabs.NONE, slabs.acquire());
    slabs.close();
  }

  @Test
  void lowestSetIsATreeSet() {
    var random = new SplittableRandom(3);
    var set = new LowestSet();
    var model = new TreeSet<Integer>();
    for (int i = 0; i < 300_000; i++) {
      int number = random.nextInt(1 << random.nextInt(1, 20));
      if (random.nextBoolean()) {
        set.add(number);
        model.add(number);
      } else if (model.remove(number)) {
        set.remove(number);
      }
      assertEquals(model.isEmpty() ? LowestSet.NONE : model.first(), set.lowest());
    }
  }
}
