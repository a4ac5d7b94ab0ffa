package wisp.pools;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class StrategiesTest {
  @Test
  void oursAreThere() {
    assertTrue(
        Strategies.names().containsAll(List.of("heap", "packed", "persocket", "pool", "slab")));
  }

  @Test
  void anUnknownNameListsTheKnownOnes() {
    var e = assertThrows(IllegalArgumentException.class, () -> Strategies.provider("slap"));
    assertTrue(
        e.getMessage().contains("slap") && e.getMessage().contains("persocket, pool, slab"),
        e.getMessage());
  }
}
