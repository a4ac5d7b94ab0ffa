package wisp.lab.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import wisp.core.spi.Link;
import wisp.core.spi.StrategyConfig;
import wisp.core.spi.TransmitPacket;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Endpoint;
import wisp.drivers.LinkWrapper;
import wisp.drivers.faults.PathConfig;

@DisplayName("With records of three words no packet has a timestamp, and every byte comes once")
class WithoutTimestampsTest {
  private static final int BYTES = 300_000;
  private static final int TIMESTAMP = 8;

  /** Counts packets, and those of TCP that have the option. */
  private static final class Watched extends LinkWrapper {
    private long packets;
    private long timestamps;

    Watched(Link link) {
      super(link);
    }

    @Override
    public void commit(TransmitPacket packet) {
      packets++;
      timestamps += hasTimestamp(packet.memory, packet.start) ? 1 : 0;
      super.commit(packet);
    }

    private static boolean hasTimestamp(MemorySegment m, long ip) {
      long tcp = ip + 20; // our own: IPv4 without options
      long end = tcp + (at(m, tcp + 12) >>> 4) * 4L;
      long option = tcp + 20;
      while (option < end && at(m, option) != 0) {
        if (at(m, option) == TIMESTAMP) {
          return true;
        }
        option += at(m, option) == 1 ? 1 : at(m, option + 1);
      }
      return false;
    }

    private static int at(MemorySegment m, long offset) {
      return m.get(ValueLayout.JAVA_BYTE, offset) & 0xFF;
    }
  }

  @ParameterizedTest
  @CsvSource({
    "packed, false, 0.03",
    "packed, false, 0",
    "slab, false, 0.03",
    "heap, false, 0.03",
    "pool, false, 0.03",
    "persocket, false, 0.03",
    "packed, true, 0.03"
  })
  void overALossyPath(String strategy, boolean timestamps, double loss) {
    PathConfig path = PathConfig.PERFECT.delay(5_000_000).loss(loss).reorder(0.02, 3_000_000);
    for (long seed = 1; seed <= 5; seed++) {
      var config = StrategyConfig.forConnections(100, seed);
      var watched = new java.util.ArrayList<Watched>();
      try (var sim =
          new Simulation(
              seed,
              strategy,
              timestamps ? config : config.withoutTimestamps(),
              path,
              Simulation.config("10.0.0.1"),
              Simulation.config("10.0.0.2"),
              link -> {
                watched.add(new Watched(link));
                return watched.getLast();
              })) {
        var client = new StreamPeer(BYTES, 1, 2, 100_000, seed);
        var server = new StreamPeer(BYTES / 2, 2, 1, 50_000, seed + 1);
        sim.b.listen(Endpoint.any(7), ConnectionProfile.DEFAULT, server);
        sim.a.connect(null, Endpoint.of("10.0.0.2", 7), ConnectionProfile.DEFAULT, client);
        assertTrue(sim.runUntil(() -> client.closed != null && server.closed != null, 2_000));
        assertEquals(BYTES, server.received);
        assertEquals(BYTES / 2, client.received);
        assertTrue(sim.runUntil(() -> sim.a.timeWaits() + sim.b.timeWaits() == 0, 3_000));
      }
      for (Watched link : watched) {
        assertTrue(link.packets > 50);
        assertEquals(timestamps, link.timestamps > 0, link.timestamps + " timestamps");
      }
    }
  }
}
