package wisp.lab.sim;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import wisp.core.stack.ConnectionHandler;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Context;
import wisp.core.stack.Endpoint;
import wisp.drivers.faults.PathConfig;

/**
 * The RTO stays near the path's round trip and the lower bound, however long packets and ACKs keep
 * getting lost: what is measured is the time that all of it takes.
 */
@DisplayName("RFC 6298 §3, §5: the RTO does not feed on its own time-outs")
class RetransmissionTimeOutTest {
  private static final long MS = 1_000_000L;
  private static final int EXCHANGES = 10_000;
  private static final int IN_FLIGHT = 200_000;

  /** Takes what comes. */
  private static final class Sink implements ConnectionHandler {
    boolean opened;
    long acknowledged;

    @Override
    public void onOpen(Context context, long connection) {
      opened = true;
    }

    @Override
    public void onData(
        Context context, long connection, MemorySegment memory, long offset, int length) {}

    @Override
    public void onAcknowledged(Context context, long connection, int bytes) {
      acknowledged += bytes;
    }
  }

  /** Keeps so many bytes in flight over 33 ms with a tenth of all packets lost. */
  private static double meanMillis(long seed, int frameBytes, int inFlight, int times) {
    PathConfig path = PathConfig.PERFECT.delay(16_500_000).loss(0.1);
    try (var sim = new Simulation(seed, "slab", path)) {
      var client = new Sink();
      sim.b.listen(Endpoint.any(7), ConnectionProfile.NO_DELAY, new Sink());
      long c = sim.a.connect(null, Endpoint.of("10.0.0.2", 7), ConnectionProfile.NO_DELAY, client);
      assertTrue(sim.runUntil(() -> client.opened, 1_000));
      long begin = sim.now;
      long sent = 0;
      for (int i = 0; i < times; i++) {
        while (sent - client.acknowledged < inFlight) {
          int frame = sim.a.frame(frameBytes);
          assertTrue(sim.a.send(c, frame));
          sim.a.release(frame);
          sent += frameBytes;
        }
        long before = client.acknowledged;
        assertTrue(sim.runUntil(() -> client.acknowledged > before, 1_000), "seed " + seed);
      }
      return (double) (sim.now - begin) / MS / times;
    }
  }

  @Test
  @DisplayName("one segment at a time: 10,000 of them take 160 ms each, not 600 and more")
  void givenLossOfATenth_whenOneSegmentIsInFlight_thenTheRtoStaysSmall() {
    for (long seed = 1; seed <= 3; seed++) {
      double mean = meanMillis(seed, 100, 1, EXCHANGES);
      assertTrue(mean < 250, "seed " + seed + ": " + mean + " ms");
    }
  }

  @Test
  @DisplayName("a full window: from one progress to the next it takes 110 ms, not 400 and more")
  void givenLossOfATenth_whenTheWindowIsFull_thenTheRtoStaysSmall() {
    for (long seed = 1; seed <= 3; seed++) {
      double mean = meanMillis(seed, 9_000, IN_FLIGHT, 3_000);
      assertTrue(mean < 200, "seed " + seed + ": " + mean + " ms");
    }
  }
}
