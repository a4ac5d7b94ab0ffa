package wisp.lab.growth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.spi.Footprint;
import wisp.core.spi.StrategyConfig;
import wisp.lab.phantom.Order;
import wisp.lab.phantom.Questions;
import wisp.lab.phantom.Resets;
import wisp.pools.Strategies;

@DisplayName("A crowd of phantoms connects, asks, and leaves")
class CrowdTest {
  private static final int COUNT = 20_000;
  private final StallMeter stalls = new StallMeter();

  private Crowd crowd(String strategy) {
    var memory = Strategies.provider(strategy).create(StrategyConfig.forConnections(COUNT, 3));
    return new Crowd(memory, 3, stalls);
  }

  @ParameterizedTest
  @ValueSource(strings = {"heap", "slab", "pool"})
  void givenAQuarterAsks_whenTheEchoAnswers_thenEachHasItsOwnBytesBack(String strategy) {
    try (var crowd = crowd(strategy)) {
      crowd.growTo(COUNT);
      var order = Order.random(COUNT, 5);
      var questions = new Questions(crowd.peers(), Crowd.SERVER, order, COUNT / 4);
      crowd.errand(questions);
      crowd.await(
          "answered",
          () -> {
            questions.clock(crowd.nowNanos());
            return questions.isDone();
          });
      crowd.settle();
      assertEquals(COUNT / 4, questions.answered());
      assertEquals(0, questions.wrong());
      assertEquals(COUNT, crowd.connections());
      assertTrue(stalls.mostNanos() > 0);
      var lookUps = new LookUps(crowd.records(), crowd.peers(), COUNT);
      assertTrue(lookUps.single() > 0 && lookUps.inBursts() > 0 && lookUps.touched() != 0);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"oldest first", "in no order"})
  void givenACrowd_whenItLeaves_thenItsMemoryGoesBack(String how) {
    try (var crowd = crowd("slab")) {
      crowd.growTo(COUNT);
      crowd.settle();
      long full = reserved(crowd);
      var order = how.equals("oldest first") ? Order.ascending(COUNT) : Order.random(COUNT, 9);
      var resets = new Resets(crowd.peers(), Crowd.SERVER, order);
      crowd.errand(resets);
      resets.allow(COUNT / 2);
      crowd.await("gone", () -> crowd.connections() == COUNT / 2);
      resets.allow(COUNT);
      crowd.await("gone", () -> crowd.connections() == 0);
      crowd.settle();
      assertEquals(COUNT, resets.sent());
      assertTrue(reserved(crowd) < full - COUNT * 15L, full + " → " + reserved(crowd));
    }
  }

  private static long reserved(Crowd crowd) {
    var footprint = new Footprint();
    crowd.footprint(footprint);
    return footprint.reservedBytes();
  }
}
