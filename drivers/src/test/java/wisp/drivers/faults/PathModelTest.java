package wisp.drivers.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.spi.Burst;

/** Every packet carries its number; shares are checked within five standard deviations. */
class PathModelTest {
  private static final int MANY = 200_000;
  private static final int BYTES = 100;
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;

  /** A packet that came out. */
  private record Out(long nanos, int number, boolean intact, int flags) {}

  private final MemorySegment packet = MemorySegment.ofArray(new byte[1500]);

  private void offer(PathModel model, int number, int bytes, long now) {
    packet.set(INT, 0, number);
    model.offer(packet, 0, bytes, Burst.CHECKSUM_TRUSTED, now);
  }

  private static void drain(PathModel model, long now, List<Out> into) {
    for (int slot = model.poll(now); slot != PathModel.NONE; slot = model.poll(now)) {
      MemorySegment bytes = model.memory(slot).asSlice(model.start(slot), model.length(slot));
      boolean intact = true;
      for (long i = 4; i < bytes.byteSize(); i++) {
        intact &= bytes.get(ValueLayout.JAVA_BYTE, i) == 0;
      }
      into.add(new Out(now, bytes.get(INT, 0), intact, model.flags(slot)));
      model.release(slot);
    }
  }

  /** Sends packets at a steady pace and takes each out at the very time it is due. */
  private List<Out> run(PathModel model, int count, long gapNanos) {
    var out = new ArrayList<Out>();
    for (int i = 0; i < count; i++) {
      long now = i * gapNanos;
      while (model.nextDeadlineNanos() <= now) {
        drain(model, model.nextDeadlineNanos(), out);
      }
      offer(model, i, BYTES, now);
    }
    while (model.nextDeadlineNanos() != Long.MAX_VALUE) {
      drain(model, model.nextDeadlineNanos(), out);
    }
    return out;
  }

  private static void assertShare(double expected, double measured, long trials) {
    double fiveSigma = 5 * Math.sqrt(expected * (1 - expected) / trials);
    assertTrue(
        Math.abs(expected - measured) <= fiveSigma,
        "expected " + expected + " ± " + fiveSigma + ", got " + measured);
  }

  private static void assertAccounted(PathStats stats) {
    assertEquals(
        stats.offered() + stats.duplicated(), stats.delivered() + stats.lost() + stats.inFlight());
  }

  @Test
  void givenAPerfectPath_thenPacketsComeOutAtOnceInOrderAndIntact() {
    try (var model = new PathModel(PathConfig.PERFECT, 1500, 1)) {
      List<Out> out = run(model, 1000, 10);
      for (int i = 0; i < 1000; i++) {
        assertEquals(new Out(i * 10L, i, true, Burst.CHECKSUM_TRUSTED), out.get(i));
      }
      assertEquals(1000, model.stats().delivered());
      assertEquals(0, model.stats().lost() + model.stats().reordered());
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 7, -1, Long.MIN_VALUE})
  void givenTheSameSeed_thenTheHistoryIsTheSame_andAnotherSeedGivesAnother(long seed) {
    PathConfig bad =
        PathConfig.parse(
            "delay=5ms,jitter=2ms,loss=2%,burst=1%/30%/80%,reorder=5%,duplicate=3%,corrupt=2%,rate=100mbit");
    try (var first = new PathModel(bad, 1500, seed);
        var again = new PathModel(bad, 1500, seed);
        var other = new PathModel(bad, 1500, seed + 1)) {
      List<Out> history = run(first, 5000, 9_000);
      assertEquals(history, run(again, 5000, 9_000));
      assertEquals(first.stats(), again.stats());
      assertNotEquals(history, run(other, 5000, 9_000));
      assertAccounted(first.stats());
    }
  }

  @Test
  void givenOneMoreKindOfFault_thenTheOthersStrikeTheSamePackets() {
    try (var plain = new PathModel(PathConfig.parse("loss=5%"), 1500, 3);
        var more =
            new PathModel(
                PathConfig.parse("loss=5%,duplicate=0,corrupt=10%,jitter=1ms,reorder=10%"),
                1500,
                3)) {
      var survivors = run(plain, 2000, 1000).stream().map(Out::number).sorted().toList();
      run(more, 2000, 1000);
      assertEquals(survivors.size(), more.stats().delivered());
      assertEquals(plain.stats().lostRandom(), more.stats().lostRandom());
    }
  }

  @Test
  void losesTheShareAskedFor() {
    try (var model = new PathModel(PathConfig.parse("loss=1%"), 1500, 11)) {
      List<Out> out = run(model, MANY, 1000);
      assertShare(0.01, 1 - out.size() / (double) MANY, MANY);
      assertEquals(MANY - out.size(), model.stats().lostRandom());
      assertAccounted(model.stats());
    }
  }

  @Test
  void losesInBurstsOfTheLengthAskedFor() {
    PathConfig path = PathConfig.parse("burst=0.5%/20%");
    try (var model = new PathModel(path, 1500, 12)) {
      List<Out> out = run(model, MANY, 1000);
      int bursts = 0;
      for (int i = 1; i < out.size(); i++) {
        bursts += out.get(i).number() - out.get(i - 1).number() > 1 ? 1 : 0;
      }
      double meanLength = model.stats().lostBurst() / (double) bursts;
      assertEquals(
          5, meanLength, 5 * Math.sqrt(20.0 / bursts), "geometric with mean 5, variance 20");
      assertEquals(path.expectedLoss(), model.stats().loss(), 0.003);
    }
  }

  @Test
  void duplicatesFollowTheirOriginal() {
    try (var model = new PathModel(PathConfig.parse("duplicate=4%,delay=1ms"), 1500, 13)) {
      List<Out> out = run(model, MANY, 1000);
      assertShare(0.04, (out.size() - MANY) / (double) MANY, MANY);
      assertEquals(out.size() - MANY, model.stats().duplicated());
      for (int i = 1; i < out.size(); i++) {
        int step = out.get(i).number() - out.get(i - 1).number();
        assertTrue(step == 0 || step == 1);
      }
      assertEquals(0, model.stats().reordered());
    }
  }

  @Test
  void corruptsOneBitAndTakesTheTrustAway() {
    try (var model = new PathModel(PathConfig.parse("corrupt=3%"), 1500, 14)) {
      var out = new ArrayList<byte[]>();
      long corrupted = 0;
      for (int i = 0; i < MANY; i++) {
        offer(model, 0, BYTES, i);
        int slot = model.poll(i);
        byte[] bytes =
            model
                .memory(slot)
                .asSlice(model.start(slot), model.length(slot))
                .toArray(ValueLayout.JAVA_BYTE);
        int bits = 0;
        for (byte b : bytes) {
          bits += Integer.bitCount(b & 0xFF);
        }
        assertTrue(bits <= 1);
        assertEquals(bits == 0 ? Burst.CHECKSUM_TRUSTED : 0, model.flags(slot));
        corrupted += bits;
        if (bits == 1 && out.size() < 4000) {
          out.add(bytes);
        }
        model.release(slot);
      }
      assertShare(0.03, corrupted / (double) MANY, MANY);
      assertEquals(corrupted, model.stats().corrupted());
      var places = new HashMap<Integer, Integer>();
      for (byte[] bytes : out) {
        for (int i = 0; i < bytes.length; i++) {
          if (bytes[i] != 0) {
            places.merge(i, 1, Integer::sum);
          }
        }
      }
      assertEquals(BYTES, places.size(), "every byte gets its share");
    }
  }

  @Test
  void holdsTheShareAskedForSoThatLaterOnesOvertake() {
    try (var model = new PathModel(PathConfig.parse("delay=10ms,reorder=5%,hold=2ms"), 1500, 15)) {
      List<Out> out = run(model, MANY, 100_000);
      assertEquals(MANY, out.size());
      assertShare(0.05, model.stats().reorderedShare(), MANY);
      int highest = -1;
      for (Out each : out) {
        long delay = each.nanos() - each.number() * 100_000L;
        assertEquals(each.number() < highest ? 12_000_000 : 10_000_000, delay);
        highest = Math.max(highest, each.number());
      }
    }
  }

  @Test
  void jitterKeepsTheOrderAndTheRange() {
    try (var model = new PathModel(PathConfig.parse("delay=10ms,jitter=4ms"), 1500, 16)) {
      List<Out> out = run(model, MANY, 10_000_000);
      long sum = 0;
      for (int i = 0; i < MANY; i++) {
        long delay = out.get(i).nanos() - i * 10_000_000L;
        assertEquals(i, out.get(i).number());
        assertTrue(delay >= 6_000_000 && delay <= 14_000_000, delay + " ns");
        sum += delay;
      }
      assertEquals(10e6, sum / (double) MANY, 5 * 4e6 / Math.sqrt(3.0 * MANY));
      assertEquals(sum / (double) MANY, model.stats().meanDelayNanos(), 1e-6);
      assertEquals(0, model.stats().reordered());
    }
    try (var model = new PathModel(PathConfig.parse("delay=10ms,jitter=4ms"), 1500, 16)) {
      List<Out> dense = run(model, 10_000, 10_000);
      for (int i = 0; i < dense.size(); i++) {
        assertEquals(i, dense.get(i).number());
      }
    }
  }

  @Test
  void sendsAtTheRateAskedForToTheNanosecond() {
    try (var model = new PathModel(PathConfig.parse("rate=7mbit,queue=100000"), 1500, 17)) {
      int count = 50_000;
      for (int i = 0; i < count; i++) {
        offer(model, i, 1000, 0);
      }
      var out = new ArrayList<Out>();
      while (model.nextDeadlineNanos() != Long.MAX_VALUE) {
        drain(model, model.nextDeadlineNanos(), out);
      }
      assertEquals(count, out.size());
      for (int i = 0; i < count; i++) {
        assertEquals((i + 1) * 8_000L * 1_000_000_000L / 7_000_000, out.get(i).nanos());
      }
      assertEquals(7e6, model.stats().meanRate(), 200);
      assertEquals(7e6, model.stats().peakRate(), 0.02 * 7e6);
    }
  }

  @Test
  void dropsWhatTheQueueCannotHold() {
    try (var model = new PathModel(PathConfig.parse("rate=8mbit,queue=10,delay=50ms"), 1500, 18)) {
      for (int i = 0; i < 15; i++) {
        offer(model, i, 1000, 0); // 1 ms each
      }
      assertEquals(5, model.stats().lostQueue());
      offer(
          model, 15, 1000, 1_000_000); // one has left: room for one, though all are still under way
      offer(model, 16, 1000, 1_000_000);
      assertEquals(6, model.stats().lostQueue());
      assertEquals(11, model.stats().inFlight());
      var out = new ArrayList<Out>();
      while (model.nextDeadlineNanos() != Long.MAX_VALUE) {
        drain(model, model.nextDeadlineNanos(), out);
      }
      assertEquals(61_000_000, out.getLast().nanos());
      assertAccounted(model.stats());
    }
  }

  @Test
  void countsWhatDoesNotFitItsMemory() {
    try (var model = new PathModel(PathConfig.PERFECT, 64, 19)) {
      offer(model, 0, 65, 0);
      offer(model, 1, 64, 0);
      assertEquals(1, model.stats().lostBuffer());
      assertEquals(1, model.stats().inFlight());
    }
    try (var model = new PathModel(PathConfig.parse("delay=1s"), 1 << 20, 19)) {
      for (int i = 0; i < 1000; i++) {
        offer(model, i, 1000, i);
      }
      assertTrue(model.stats().lostBuffer() > 700, "256 MiB hold 255 packets of 1 MiB");
      assertAccounted(model.stats());
    }
  }

  @Test
  void givenAWarmPath_thenNothingIsAllocated() {
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    PathConfig bad =
        PathConfig.parse(
            "delay=1ms,jitter=500us,loss=2%,reorder=5%,duplicate=3%,corrupt=2%,rate=1gbit");
    try (var model = new PathModel(bad, 1500, 20)) {
      long before = 0;
      for (int i = 0; i < MANY; i++) {
        if (i == MANY / 2) {
          before = threads.getCurrentThreadAllocatedBytes();
        }
        long now = i * 2000L;
        offer(model, i, BYTES, now);
        for (int slot = model.poll(now); slot != PathModel.NONE; slot = model.poll(now)) {
          model.release(slot);
        }
      }
      long allocated = threads.getCurrentThreadAllocatedBytes() - before;
      assertTrue(allocated < 20_000, allocated + " B");
      assertFalse(model.stats().against(bad).isBlank());
    }
  }
}
