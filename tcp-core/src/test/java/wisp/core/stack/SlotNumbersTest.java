package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Numbers of a few slots: as a map does it")
class SlotNumbersTest {
  @Test
  void givenRandomCalls_whenCompared_thenAsAMap() {
    for (long seed = 1; seed <= 20; seed++) {
      var random = new SplittableRandom(seed);
      var numbers = new SlotNumbers();
      var map = new HashMap<Integer, Integer>();
      for (int i = 0; i < 5_000; i++) {
        int slot = random.nextInt(100) * 64 | (random.nextBoolean() ? Records.IPV6 : 0);
        if (random.nextInt(3) == 0) {
          numbers.remove(slot);
          map.remove(slot);
        } else {
          numbers.put(slot, i);
          map.put(slot, i);
        }
        int other = random.nextInt(100) * 64;
        assertEquals(map.getOrDefault(other, SlotNumbers.NONE), numbers.get(other), "seed " + seed);
        assertEquals(map.isEmpty(), numbers.isEmpty());
      }
    }
  }

  @ParameterizedTest(name = "every {0}th slot")
  @ValueSource(ints = {1, 3, 64, 96, 1_000})
  @DisplayName("A million of them: a search looks at a few places, not at runs of thousands")
  void givenAMillion_whenSearched_thenAFewSteps(int stride) {
    var numbers = new SlotNumbers();
    int n = 1_000_000;
    long sum = 0;
    for (int i = 0; i < n; i++) {
      int slot = i / 2 * stride | (i % 2 == 0 ? 0 : Records.IPV6);
      numbers.put(slot, i);
      int steps = numbers.steps(slot);
      assertTrue(steps < 200, () -> steps + " steps to slot " + slot);
      sum += steps;
    }
    assertTrue(sum < 2L * n, "steps of all: " + sum);
  }

  @Test
  void givenNothing_whenAsked_thenNothingIsReserved() {
    var numbers = new SlotNumbers();
    numbers.remove(3);
    assertEquals(SlotNumbers.NONE, numbers.get(3));
    assertTrue(numbers.isEmpty());
    assertEquals(0, numbers.reservedBytes());
  }
}
