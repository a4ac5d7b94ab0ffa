package wisp.lab.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import wisp.core.Counters.Event;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.RecordStore;
import wisp.core.spi.StrategyConfig;
import wisp.core.stack.ConnectionHandler;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Context;
import wisp.core.stack.ContextConfig;
import wisp.core.stack.Endpoint;
import wisp.lab.suite.Catalog;

@DisplayName("Once warm, losses are found and repaired without a byte of garbage")
class LossAllocationTest {
  private static final long MS = 1_000_000L;
  private static final int FRAME_BYTES = 16_000;
  private static final int FRAMES_AHEAD = 4;

  /** A writer that rests now and then, so that tails get lost as well. */
  private static final int WRITES_MS = 700;

  private static final int CYCLE_MS = 1_000;

  private final LossyPair path = new LossyPair(10 * MS);
  private long sent;
  private long confirmed;
  private long received;

  private final class Writer implements ConnectionHandler {
    @Override
    public void onData(Context c, long handle, MemorySegment memory, long offset, int length) {}

    @Override
    public void onReleased(Context c, long handle, int frame, int acknowledged) {
      confirmed += acknowledged;
    }
  }

  private static MemoryStrategy memory(String name) {
    return Catalog.strategy(name)
        .create(new StrategyConfig(RecordStore.STATE_WORDS, 1_000, 0, 1, 2, Map.of()));
  }

  private Context context(String address, MemoryStrategy memory, LossyPair.End link) {
    return new Context(
        ContextConfig.of(IpPrefix.parse(address)),
        memory,
        link,
        new SplittableRandom(address.hashCode())::nextLong);
  }

  private static long allocated() {
    return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
  }

  @ParameterizedTest(name = "{0}, {1}, SACK: {2}")
  @CsvSource({
    "pool, cubic, true",
    "pool, newreno, true",
    "slab, cubic, true",
    "slab, newreno, true",
    "pool, cubic, false",
    "pool, newreno, false"
  })
  void givenLossReorderingAndDuplicates_whenMuchIsSent_thenNothingIsAllocated(
      String strategy, String control, boolean sack) {
    var profile =
        ConnectionProfile.DEFAULT.with(
            b -> {
              b.congestionControl = control;
              b.sackPermitted = sack;
            });
    var ours = memory(strategy);
    var theirs = memory(strategy);
    var sender = context("10.1.0.1", ours, path.left);
    var receiver = context("10.2.0.1", theirs, path.right);
    receiver.listen(
        Endpoint.any(80), profile, (c, handle, memory, offset, length) -> received += length);
    long connection = sender.connect(null, Endpoint.of("10.2.0.1", 80), profile, new Writer());
    run(sender, receiver, 100, -1, -1);
    int frame = sender.frame(FRAME_BYTES);
    path.overtaken = 10;
    path.doubled = 2;
    run(sender, receiver, 60_000, connection, frame);
    // time-outs in a row let it suspect a narrow path: the table of those is made once
    path.isDown = true;
    run(sender, receiver, 5_000, connection, frame);
    path.isDown = false;
    run(sender, receiver, 10_000, connection, frame);
    assertTrue(counted(sender, Event.PATHS_NARROWED) > 0, "else it may be made while we measure");
    long before = allocated();
    long receivedBefore = received;
    run(sender, receiver, 60_000, connection, frame);
    long bytes = allocated() - before;
    long segments = (received - receivedBefore) / 1_448;
    assertTrue(segments > 10_000, segments + " segments");
    assertTrue(counted(sender, Event.FAST_RETRANSMITS) > 100, "recoveries");
    if (sack) {
      assertTrue(counted(sender, Event.TAIL_LOSS_PROBES) > 0, "probes");
      assertTrue(counted(sender, Event.DUPLICATES_HEARD_OF) > 10, "D-SACK");
      assertTrue(counted(sender, Event.RECOVERIES_UNDONE) > 0, "recoveries undone");
    }
    assertTrue(counted(sender, Event.TIMEOUTS) > 0, "time-outs");
    assertTrue(bytes < 10_000, bytes + " bytes for " + segments + " segments");
    path.overtaken = 0;
    run(sender, receiver, 10_000, -1, -1);
    assertEquals(sent, received);
    assertEquals(sent, confirmed);
    sender.release(frame);
    sender.close();
    receiver.close();
    ours.close();
    theirs.close();
    path.close();
  }

  private static long counted(Context context, Event event) {
    return context.counters().get(event);
  }

  /** So many milliseconds; writes the frame again and again if there is a connection. */
  private void run(Context sender, Context receiver, int millis, long connection, int frame) {
    for (int i = 0; i < millis; i++) {
      path.nowNanos += MS;
      receiver.poll(path.nowNanos);
      sender.poll(path.nowNanos);
      boolean writes = connection >= 0 && i % CYCLE_MS < WRITES_MS;
      path.lost = path.overtaken == 0 ? 0 : writes ? 10 : 50;
      while (writes && sent - confirmed < FRAMES_AHEAD * FRAME_BYTES) {
        if (!sender.send(connection, frame)) {
          break;
        }
        sent += FRAME_BYTES;
      }
    }
  }
}
