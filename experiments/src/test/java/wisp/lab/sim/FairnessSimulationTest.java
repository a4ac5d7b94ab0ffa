package wisp.lab.sim;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import wisp.core.stack.ConnectionHandler;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Context;
import wisp.core.stack.Endpoint;
import wisp.drivers.faults.PathConfig;

@DisplayName("Two flows share a bottleneck, the second begun when the first has filled it")
class FairnessSimulationTest {
  private static final PathConfig BOTTLENECK =
      PathConfig.parse("delay=20ms,jitter=1ms,rate=20mbit,queue=50");

  private static final int FRAME_BYTES = 16_000;
  private static final int FRAMES_AHEAD = 60; // ten times what the path holds
  private static final int SEEDS = 5;
  private static final int SETTLING_SECONDS = 15;
  private static final int SECONDS = 60;

  /** Writes the same frame again and again. */
  private static final class Flood implements ConnectionHandler {
    private final int frame;
    private int queued;
    private long acknowledged;

    Flood(int frame) {
      this.frame = frame;
    }

    @Override
    public void onOpen(Context context, long connection) {
      for (int i = 0; i < FRAMES_AHEAD; i++) {
        write(context, connection);
      }
    }

    private void write(Context context, long connection) {
      assertTrue(context.send(connection, frame));
      queued++;
    }

    @Override
    public void onReleased(Context context, long connection, int released, int bytes) {
      acknowledged += bytes;
      if (--queued < FRAMES_AHEAD && context.isOpen(connection)) {
        write(context, connection);
      }
    }

    @Override
    public void onData(Context c, long connection, MemorySegment m, long offset, int length) {}
  }

  @ParameterizedTest(name = "{0} and {1}")
  @CsvSource({"cubic, cubic", "newreno, newreno", "cubic, newreno"})
  @Tag("rfc9743-a")
  void givenTwoFlowsOnALink_whenTheyHaveSettled_thenEachHasItsShare(String first, String second) {
    double[] shares = new double[SEEDS];
    for (int seed = 1; seed <= SEEDS; seed++) {
      shares[seed - 1] = share(seed, first, second);
    }
    Arrays.sort(shares);
    String what = Arrays.toString(shares);
    assertTrue(shares[0] > 0.40 && shares[SEEDS - 1] < 0.60, what);
  }

  /** Of what both got through after settling, the first's. */
  private static double share(long seed, String first, String second) {
    try (var sim = new Simulation(seed, "slab", BOTTLENECK)) {
      sim.b.listen(Endpoint.any(7), ConnectionProfile.DEFAULT, (c, h, m, o, l) -> {});
      int frame = sim.a.frame(FRAME_BYTES);
      var one = flood(sim, frame, first);
      sim.runUntil(() -> false, 1);
      var two = flood(sim, frame, second);
      sim.runUntil(() -> false, SETTLING_SECONDS);
      long oneBefore = one.acknowledged;
      long twoBefore = two.acknowledged;
      sim.runUntil(() -> false, SECONDS);
      double ones = one.acknowledged - oneBefore;
      double twos = two.acknowledged - twoBefore;
      assertTrue(8 * (ones + twos) / SECONDS > 17e6, "the link is used");
      sim.a.release(frame);
      return ones / (ones + twos);
    }
  }

  private static Flood flood(Simulation sim, int frame, String control) {
    var flood = new Flood(frame);
    var profile = ConnectionProfile.DEFAULT.with(b -> b.congestionControl = control);
    assertTrue(sim.a.connect(null, Endpoint.of("10.0.0.2", 7), profile, flood) >= 0);
    return flood;
  }
}
