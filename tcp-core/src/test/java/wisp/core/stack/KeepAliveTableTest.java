package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.HashMap;
import java.util.HashSet;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Keep-alive settings of single connections: each once, none longer than it is used")
class KeepAliveTableTest {
  private static KeepAlive every(int seconds) {
    return new KeepAlive(true, seconds * 1_000_000_000L, 1_000_000_000L, 3, false);
  }

  @Test
  void givenManyConnectionsOneAfterTheOther_whenEachChoosesAnother_thenNoneIsKept() {
    var table = new KeepAliveTable();
    for (int i = 1; i <= 10_000; i++) {
      table.put(7, every(i));
      assertEquals(every(i), table.get(7));
      assertEquals(1, table.size());
      if (i % 3 == 0) {
        table.forget(7);
        assertNull(table.get(7));
        assertEquals(0, table.size());
      }
    }
  }

  @Test
  void givenRandomCalls_whenCompared_thenAsAMap() {
    var random = new SplittableRandom(1);
    var table = new KeepAliveTable();
    var map = new HashMap<Integer, KeepAlive>();
    for (int i = 0; i < 20_000; i++) {
      int slot = random.nextInt(50);
      if (random.nextInt(3) == 0) {
        table.forget(slot);
        map.remove(slot);
      } else {
        KeepAlive chosen = every(1 + random.nextInt(30));
        table.put(slot, chosen);
        map.put(slot, chosen);
      }
      int other = random.nextInt(50);
      assertEquals(map.get(other), table.get(other));
      assertEquals(new HashSet<>(map.values()).size(), table.size());
    }
  }
}
