package wisp.lab.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import wisp.core.spi.RecordClass;
import wisp.core.stack.CloseReason;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.ContextConfig;
import wisp.core.stack.Endpoint;
import wisp.drivers.faults.PathConfig;

@DisplayName("Both directions over a bad path: every byte once, in order; all memory comes back")
class TransferSimulationTest {
  private static final long MS = 1_000_000L;

  static Stream<Arguments> paths() {
    PathConfig lan = PathConfig.PERFECT.delay(100_000);
    PathConfig wan = PathConfig.PERFECT.delay(20 * MS);
    return Stream.of(
        Arguments.of("perfect", PathConfig.PERFECT, 2_000_000, 4),
        Arguments.of("lan", lan, 2_000_000, 4),
        Arguments.of("wan", wan, 2_000_000, 4),
        Arguments.of("loss 1 %", wan.loss(0.01), 1_000_000, 20),
        Arguments.of("loss 10 %", wan.loss(0.10), 200_000, 20),
        Arguments.of("loss 30 %", lan.loss(0.30), 50_000, 20),
        Arguments.of("reorder 20 %", wan.reorder(0.2, 5 * MS), 1_000_000, 20),
        Arguments.of("duplicate 30 %", wan.duplicate(0.3), 1_000_000, 10),
        Arguments.of("corrupt 10 %", wan.corrupt(0.1), 200_000, 20),
        Arguments.of("corrupt 30 %", lan.corrupt(0.3), 50_000, 10),
        Arguments.of(
            "all of it",
            wan.jitter(3 * MS).loss(0.05).reorder(0.1, 10 * MS).duplicate(0.1).corrupt(0.05),
            200_000,
            40));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("paths")
  void everyByteOnceInOrder(String name, PathConfig path, int bytes, int seeds) {
    for (long seed = 1; seed <= seeds; seed++) {
      for (String strategy : new String[] {"slab", "persocket"}) {
        transfer(seed, strategy, path, bytes, 1 << 20, 0);
      }
    }
  }

  @ParameterizedTest(name = "window {0}")
  @MethodSource("windows")
  void tinyWindows(int window, double loss) {
    PathConfig path = PathConfig.PERFECT.delay(MS).loss(loss);
    for (long seed = 1; seed <= 10; seed++) {
      transfer(seed, "slab", path, Math.min(100_000, window * 200), window, 0);
    }
  }

  static Stream<Arguments> windows() {
    return Stream.of(1, 7, 100, 1_000, 3_000, 70_000)
        .flatMap(w -> Stream.of(Arguments.of(w, 0.0), Arguments.of(w, 0.05)));
  }

  @ParameterizedTest(name = "pausing, {0}")
  @MethodSource("pauses")
  void backPressure(String strategy, double loss) {
    PathConfig path = PathConfig.PERFECT.delay(MS).loss(loss);
    for (long seed = 1; seed <= 10; seed++) {
      transfer(seed, strategy, path, 500_000, 20_000, 5);
    }
  }

  static Stream<Arguments> pauses() {
    return Stream.of("slab", "heap", "pool", "persocket", "packed", "mapped")
        .flatMap(s -> Stream.of(Arguments.of(s, 0.0), Arguments.of(s, 0.03)));
  }

  private static void transfer(
      long seed, String strategy, PathConfig path, int bytes, int window, int pauseEvery) {
    ContextConfig configA = config("10.0.0.1", window);
    ContextConfig configB = config("10.0.0.2", window);
    try (var sim = new Simulation(seed, strategy, Map.of(), path, configA, configB)) {
      var client = new StreamPeer(bytes, 1, 2, 256_000, seed);
      var server = new StreamPeer(bytes / 2, 2, 1, 100_000, seed + 1);
      client.pauseEvery = pauseEvery;
      server.pauseEvery = pauseEvery;
      sim.b.listen(Endpoint.any(7), ConnectionProfile.DEFAULT, server);
      long c = sim.a.connect(null, Endpoint.of("10.0.0.2", 7), ConnectionProfile.DEFAULT, client);
      assertTrue(c >= 0);
      String what = "seed " + seed + " " + strategy;
      int[] calls = {0};
      boolean done =
          sim.runUntil(
              () -> {
                if (++calls[0] % 3 == 0) {
                  client.nudge(sim.a);
                  server.nudge(sim.b);
                }
                return client.closed != null && server.closed != null;
              },
              20_000);
      assertTrue(
          done,
          () ->
              what
                  + "\n client "
                  + client
                  + "\n server "
                  + server
                  + "\n a "
                  + sim.a.counters().nonZero()
                  + "\n b "
                  + sim.b.counters().nonZero());
      assertEquals(bytes, server.received, what);
      assertEquals(bytes / 2, client.received, what);
      assertInstanceOf(CloseReason.Closed.class, client.closed, what);
      assertInstanceOf(CloseReason.Closed.class, server.closed, what);
      assertEquals(0, client.framesOut, what);
      assertEquals(0, server.framesOut, what);
      assertEquals(bytes, client.released, what);
      assertEquals(bytes, client.acknowledged, what);
      assertTrue(
          sim.runUntil(() -> sim.a.timeWaits() + sim.b.timeWaits() == 0, 3_000),
          what + ": TIME-WAIT never ended");
      assertEquals(0, sim.memoryA.blocks().inUse() + sim.memoryB.blocks().inUse(), what);
      assertEquals(
          0,
          sim.memoryA.records(RecordClass.IPV4).size()
              + sim.memoryB.records(RecordClass.IPV4).size(),
          what);
      assertEquals(0, sim.memoryA.frames().inUse() + sim.memoryB.frames().inUse(), what);
    }
  }

  /** A long MSL: at 30 % loss the last ACK can take longer than two of the usual ones. */
  private static ContextConfig config(String address, int window) {
    return Simulation.config(address)
        .withReceiveWindow(window)
        .withMaxSegmentLifetime(1_000 * Simulation.SECOND);
  }
}
