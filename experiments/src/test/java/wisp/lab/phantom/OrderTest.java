package wisp.lab.phantom;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.BitSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OrderTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 63, 64, 65, 1_000, 65_537})
  void eachNumberComesOnce(int count) {
    for (var order : new Order[] {Order.ascending(count), Order.random(count, 7)}) {
      var seen = new BitSet(count);
      for (int i = 0; i < count; i++) {
        long number = order.at(i);
        assertTrue(number >= 0 && number < count, "number " + number + " of " + count);
        assertFalse(seen.get((int) number), "number " + number + " twice");
        seen.set((int) number);
      }
      assertEquals(count, seen.cardinality());
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void neighboursGoApartAndSeedsDiffer(long seed) {
    int near = 0;
    int same = 0;
    for (int i = 0; i < 10_000; i++) {
      near += Math.abs(at(seed, i) - at(seed, i + 1)) < 1_000 ? 1 : 0;
      same += at(seed, i) == at(seed + 1, i) ? 1 : 0;
    }
    assertTrue(near < 100, near + " of 10,000 neighbours stay near");
    assertTrue(same < 10, same + " of 10,000 places are the same with another seed");
  }

  private static long at(long seed, long place) {
    return Order.random(1_000_000, seed).at(place);
  }
}
