package wisp.lab.sim;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import wisp.core.Counters.Event;
import wisp.core.stack.ConnectionHandler;
import wisp.core.stack.ConnectionInfo;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Context;
import wisp.core.stack.Endpoint;
import wisp.drivers.faults.PathConfig;

@DisplayName("RFC 5681 §3.2: a loss lowers the window, however much SACK says has arrived")
class LossReductionTest {
  private static final long MS = 1_000_000L;
  private static final int FRAMES_AHEAD = 120;
  private static final int SECONDS = 8;

  /** Always has more to send. */
  private record Flood(int frame) implements ConnectionHandler {
    @Override
    public void onOpen(Context context, long connection) {
      for (int i = 0; i < FRAMES_AHEAD; i++) {
        assertTrue(context.send(connection, frame));
      }
    }

    @Override
    public void onReleased(Context context, long connection, int released, int bytes) {
      if (context.isOpen(connection)) {
        assertTrue(context.send(connection, frame));
      }
    }

    @Override
    public void onData(Context c, long connection, MemorySegment m, long offset, int length) {}
  }

  /** Seed 150 had a window of 500 segments over a path that carries 12. */
  @ParameterizedTest(name = "{0}, seeds from {1}")
  @CsvSource({"cubic, 1, 20", "newreno, 1, 20", "cubic, 150, 151"})
  void givenAPathThatLoses_whenALossIsFound_thenSsthreshIsBelowTheWindowOfBefore(
      String control, long from, long to) {
    PathConfig path = PathConfig.parse("delay=20ms,loss=1%,rate=100mbit,queue=400");
    for (long seed = from; seed < to; seed++) {
      try (var sim = new Simulation(seed, "slab", path)) {
        sim.b.listen(Endpoint.any(7), ConnectionProfile.DEFAULT, (c, h, m, o, l) -> {});
        int frame = sim.a.frame(16_000);
        var profile = ConnectionProfile.DEFAULT.with(b -> b.congestionControl = control);
        long connection =
            sim.a.connect(null, Endpoint.of("10.0.0.2", 7), profile, new Flood(frame));
        watch(sim, connection, "seed " + seed);
        sim.a.release(frame);
      }
    }
  }

  private static void watch(Simulation sim, long connection, String seed) {
    ConnectionInfo before = sim.a.info(connection);
    int reductions = 0;
    long end = sim.now + SECONDS * 1_000 * MS;
    while (sim.now < end) {
      long next = sim.now + MS;
      sim.runUntil(() -> sim.now >= next, 1);
      ConnectionInfo info = sim.a.info(connection);
      if (info.ssthreshBytes() != before.ssthreshBytes()) {
        String what = seed + ": " + before + "\n" + info;
        // what one millisecond may have brought before the loss: as much as it acknowledged
        int window = before.cwndBytes() + 20 * before.mssBytes();
        assertTrue(info.ssthreshBytes() <= window, what);
        reductions++;
      }
      before = info;
    }
    assertTrue(reductions >= 5, seed + ": losses were found");
    assertTrue(sim.a.counters().get(Event.TIMEOUTS) < reductions, seed);
  }
}
