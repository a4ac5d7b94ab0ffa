package wisp.lab.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.MemoryStrategyProvider;
import wisp.core.spi.RecordStore;
import wisp.core.spi.StrategyConfig;
import wisp.lab.suite.Catalog;

@DisplayName("What an echo of ours sends back is what was sent, over every strategy")
class InMemoryLoadTest {
  private static final long TIMEOUT_NANOS = 60_000_000_000L;

  static Stream<String> strategies() {
    return Catalog.strategies().stream().map(MemoryStrategyProvider::name);
  }

  private static MemoryStrategy memory(String name, Map<String, String> parameters) {
    var config = StrategyConfig.forConnections(1_000, 1);
    return Catalog.strategy(name)
        .create(
            new StrategyConfig(
                RecordStore.STATE_WORDS,
                1_000,
                0,
                config.hashKey0(),
                config.hashKey1(),
                parameters));
  }

  private static void echo(
      MemoryStrategy server, MemoryStrategy client, int connections, long bytes) {
    var plan = new LoadPlan(InMemoryLoad.SERVER, connections, bytes, true, 0, 64, 1);
    Load load = InMemoryLoad.run(plan, server, client, TIMEOUT_NANOS);
    assertTrue(load.isDone() && load.isGood(), load.report());
    assertEquals(connections * bytes, load.result().get("bytes_received"), load.report());
  }

  @ParameterizedTest
  @MethodSource("strategies")
  void oneConnectionWithMuch(String strategy) {
    echo(memory(strategy, Map.of()), memory(strategy, Map.of()), 1, 32 << 20);
  }

  @ParameterizedTest
  @MethodSource("strategies")
  void manyConnectionsWithALittle(String strategy) {
    echo(memory(strategy, Map.of()), memory(strategy, Map.of()), 300, 40_001);
  }

  @Test
  void anEchoWithHardlyAnyFramesLosesNothing() {
    var scarce = Map.of("frames", "1500k");
    echo(memory("pool", scarce), memory("slab", Map.of()), 8, 2 << 20);
  }
}
