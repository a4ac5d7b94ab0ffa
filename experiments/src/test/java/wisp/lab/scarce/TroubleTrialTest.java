package wisp.lab.scarce;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.spi.Footprint.Kind;
import wisp.drivers.faults.PathConfig;

@DisplayName("Memory follows trouble, and goes when it is over")
class TroubleTrialTest {
  private static TroubleTrial.Result run(String strategy, int connections, String path) {
    return new TroubleTrial(
            strategy, Map.of(), connections, PathConfig.parse(path), 8 << 10, VirtualPath.SECOND, 1)
        .run();
  }

  private static double blocks(TroubleTrial.Result result, int connections) {
    return result.mean().get(Kind.BLOCKS) / connections;
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {"heap", "pool", "slab", "persocket"})
  void givenConnectionsInTransfer_whenThePathLosesMore_thenTheyTakeMoreAndGiveItBack(
      String strategy) {
    int n = 200;
    var clean = run(strategy, n, "delay=20ms");
    var bad = run(strategy, n, "delay=20ms,loss=5%");
    assertTrue(blocks(bad, n) > 1.1 * blocks(clean, n), blocks(bad, n) + ", " + blocks(clean, n));
    for (var result : new TroubleTrial.Result[] {clean, bad}) {
      assertEquals(0, result.idle().get(Kind.BLOCKS));
    }
    assertEquals(clean.idle().get(Kind.RECORDS), bad.idle().get(Kind.RECORDS));
  }

  @Test
  @DisplayName("twice the connections in the same trouble take as much each")
  void givenMoreConnections_whenThePathIsAsBad_thenEachTakesAsMuch() {
    double few = blocks(run("slab", 200, "delay=20ms,loss=1%"), 200);
    double many = blocks(run("slab", 400, "delay=20ms,loss=1%"), 400);
    assertEquals(1, many / few, 0.15);
  }

  @Test
  void givenASeed_whenItIsRunAgain_thenTheFiguresAreTheSame() {
    String path = "delay=20ms,loss=1%,reorder=1%,hold=5ms";
    assertEquals(run("slab", 100, path), run("slab", 100, path));
  }
}
