package wisp.drivers.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import wisp.core.spi.Link;
import wisp.drivers.Packets;
import wisp.drivers.inmemory.InMemoryPipe;

/** Traces in virtual time: to the nanosecond. */
class DeliveryTraceTest {
  private static final long MILLI = 1_000_000;
  private static final MemorySegment PACKET = MemorySegment.ofArray(new byte[3000]);
  @TempDir Path folder;

  private static PathModel path(int queue, int... millis) {
    return new PathModel(PathConfig.PERFECT.trace(DeliveryTrace.of(millis)).queue(queue), 3000, 1);
  }

  /** When each packet that is inside comes out, in ms. */
  private static List<Long> deliveries(PathModel path) {
    var times = new ArrayList<Long>();
    while (path.nextDeadlineNanos() < Long.MAX_VALUE) {
      long due = path.nextDeadlineNanos();
      assertEquals(PathModel.NONE, path.poll(due - 1));
      path.release(path.poll(due));
      assertEquals(0, due % MILLI);
      times.add(due / MILLI);
    }
    return times;
  }

  @Test
  void aLineLetsOneLargePacketPassAndTheTraceBeginsAgain() {
    try (var path = path(100, 3, 5, 5, 10)) {
      for (int i = 0; i < 10; i++) {
        path.offer(PACKET, 0, 1500, 0, 0);
      }
      assertEquals(List.of(3L, 5L, 5L, 10L, 13L, 15L, 15L, 20L, 23L, 25L), deliveries(path));
    }
  }

  @Test
  void anOpportunityCarriesSmallPacketsTogetherAndPartOfALargeOne() {
    try (var path = path(100, 1, 2, 3, 4, 5)) {
      for (int bytes : new int[] {500, 500, 500, 700, 1000, 100, 3000}) {
        path.offer(PACKET, 0, bytes, 0, 0);
      }
      // 1: 500+500+500; 2: 700 + 800 of 1000; 3: 200 + 100 + 1200 of 3000; 4: 1500; 5: 300
      assertEquals(List.of(1L, 1L, 1L, 2L, 3L, 3L, 5L), deliveries(path));
    }
  }

  @Test
  void anOpportunityThatNobodyWaitsForIsLost() {
    try (var path = path(100, 2, 4, 6)) {
      path.offer(PACKET, 0, 100, 0, 0);
      assertEquals(List.of(2L), deliveries(path));
      // What was left of 2 is gone at 2, and so is 4 at 4: who comes then, waits.
      path.offer(PACKET, 0, 100, 0, 2 * MILLI);
      path.offer(PACKET, 0, 100, 0, 3 * MILLI);
      path.offer(PACKET, 0, 1300, 0, 4 * MILLI - 1);
      path.offer(PACKET, 0, 1, 0, 4 * MILLI);
      assertEquals(List.of(4L, 4L, 4L, 6L), deliveries(path));
      path.offer(PACKET, 0, 1500, 0, 1_000_000 * 6 * MILLI + 5 * MILLI);
      assertEquals(List.of(6_000_006L), deliveries(path));
    }
  }

  @Test
  void theQueueHoldsSoManyPacketsOrBytes() {
    try (var path = path(2, 10)) {
      for (int i = 0; i < 5; i++) {
        path.offer(PACKET, 0, 1500, 0, 0);
      }
      path.offer(PACKET, 0, 1500, 0, 10 * MILLI); // the first has left
      assertEquals(List.of(10L, 20L, 30L), deliveries(path));
      assertEquals(3, path.stats().lostQueue());
    }
    PathConfig bytes = PathConfig.PERFECT.trace(DeliveryTrace.of(10)).queueBytes(3100);
    try (var path = new PathModel(bytes, 3000, 1)) {
      for (int size : new int[] {1500, 1500, 101, 100, 1}) {
        path.offer(PACKET, 0, size, 0, 0);
      }
      assertEquals(List.of(10L, 20L, 30L), deliveries(path));
      assertEquals(2, path.stats().lostQueue());
    }
  }

  /** The rate's queue counts bytes as well. */
  @Test
  void aSteadyBottleneckHoldsSoManyBytes() {
    try (var path = new PathModel(PathConfig.parse("rate=12mbit,queue-bytes=3000"), 3000, 1)) {
      for (int i = 0; i < 4; i++) {
        path.offer(PACKET, 0, 1500, 0, 0); // a millisecond each
      }
      path.offer(PACKET, 0, 1500, 0, MILLI);
      assertEquals(List.of(1L, 2L, 3L), deliveries(path));
    }
  }

  /** Against the rule written down naively: opportunity by opportunity, as mahimahi serves them. */
  @Test
  void agreesWithServingOneOpportunityAfterTheOther() {
    for (long seed = 0; seed < 200; seed++) {
      var random = new Random(seed);
      var millis = new int[1 + random.nextInt(8)];
      for (int i = 0; i < millis.length; i++) {
        millis[i] = (i == 0 ? 0 : millis[i - 1]) + random.nextInt(4);
      }
      millis[millis.length - 1] = Math.max(1, millis[millis.length - 1]);
      var arrivals = new long[60];
      var sizes = new int[60];
      for (int i = 0; i < arrivals.length; i++) {
        arrivals[i] = (i == 0 ? 0 : arrivals[i - 1]) + random.nextInt(3) * MILLI / 2;
        sizes[i] = 1 + random.nextInt(random.nextBoolean() ? 300 : 3000);
      }
      try (var path = path(1000, millis)) {
        for (int i = 0; i < arrivals.length; i++) {
          path.offer(PACKET, 0, sizes[i], 0, arrivals[i]);
        }
        assertEquals(naively(millis, arrivals, sizes), deliveries(path), "seed " + seed);
      }
    }
  }

  private static List<Long> naively(int[] millis, long[] arrivals, int[] sizes) {
    var times = new ArrayList<Long>();
    int next = 0;
    int open = sizes[0];
    for (int opportunity = 0; next < sizes.length; opportunity++) {
      long time =
          (long) (opportunity / millis.length) * millis[millis.length - 1]
              + millis[opportunity % millis.length];
      int left = 1500;
      while (left > 0 && next < sizes.length && arrivals[next] < time * MILLI) {
        int sent = Math.min(left, open);
        left -= sent;
        open -= sent;
        if (open == 0) {
          times.add(time);
          next++;
          open = next < sizes.length ? sizes[next] : 0;
        }
      }
    }
    return times;
  }

  @Test
  void countsIpBytesOnEthernetToo() {
    PathConfig config = PathConfig.PERFECT.trace(DeliveryTrace.of(1, 2));
    byte[] frame =
        Packets.ethernet(
            1, 2, Packets.ETHER_IPV4, Packets.udp("10.9.0.1", 1, "10.9.1.7", 2, new byte[1472]));
    try (var path = new PathModel(config, Link.Kind.ETHERNET, 1600, 1)) {
      for (int i = 0; i < 3; i++) {
        path.offer(MemorySegment.ofArray(frame), 0, frame.length, 0, 0);
      }
      assertEquals(List.of(1L, 2L, 3L), deliveries(path));
    }
  }

  @Test
  void shapesALinkUpAndDown() throws Exception {
    Path up = Files.writeString(folder.resolve("up"), "10\n20\n");
    Path down = Files.writeString(folder.resolve("down"), "1\n");
    try (var pipe = new InMemoryPipe();
        var link =
            new FaultyLink(
                pipe.a(),
                PathConfig.parse("delay=5ms,trace=" + up),
                PathConfig.parse("delay=5ms,trace=" + down),
                1)) {
      byte[] packet = Packets.udp("10.9.0.1", 1, "10.9.1.7", 2, new byte[1472]);
      for (int i = 0; i < 3; i++) {
        Packets.commit(link, packet);
        Packets.commit(pipe.b(), packet);
      }
      link.flush();
      pipe.b().flush();
      var burst = new wisp.core.spi.Burst();
      var received = new ArrayList<Long>();
      var sent = new ArrayList<Long>();
      assertEquals(0, link.receive(burst));
      while (link.nextDeadlineNanos() < Long.MAX_VALUE) {
        long now = link.nextDeadlineNanos();
        link.advanceTo(now);
        burst.clear();
        for (int i = link.receive(burst); i > 0; i--) {
          received.add(now / MILLI);
        }
        burst.clear();
        for (int i = pipe.b().receive(burst); i > 0; i--) {
          sent.add(now / MILLI);
        }
      }
      assertEquals(List.of(6L, 7L, 8L), received);
      assertEquals(List.of(15L, 25L, 35L), sent);
    }
  }

  @Test
  void readsAFile() throws IOException {
    Path file = Files.writeString(folder.resolve("trace"), "0\n 1 \r\n1\n12");
    DeliveryTrace trace = DeliveryTrace.read(file);
    assertEquals(DeliveryTrace.of(0, 1, 1, 12), trace);
    assertEquals(4, trace.opportunities());
    assertEquals(12 * MILLI, trace.periodNanos());
    assertEquals(4e6, trace.meanRate());
    assertTrue(trace.toString().endsWith("trace (4.000 Mbit/s)"), trace.toString());
    assertEquals(trace, PathConfig.parse("trace=" + file).trace());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'1\n2\nx\n'|:3: 'x' is not a time in whole milliseconds",
        "'1\n\n2\n'|:2: '' is not a time",
        "'5\n4\n'|:2: 4 is earlier than the line before, 5",
        "'1\n-2\n'|:2: '-2' is not a time",
        "'1.5\n'|:1: '1.5' is not a time",
        "'1\n99999999999\n'|:2: '99999999999' is not a time",
        "'1\n2147483648\n'|:2: '2147483648' is not a time",
        "'0\n0\n'|:2: a trace must last longer than 0 ms",
        "''|is empty: a trace has a time in ms a line",
        "'# a comment\n1\n'|:1: '# a comment' is not a time",
      })
  void refusesABadFileWithTheLine(String text, String why) throws IOException {
    Path file = Files.writeString(folder.resolve("bad"), text);
    var refused = assertThrows(IllegalArgumentException.class, () -> DeliveryTrace.read(file));
    assertEquals(1, refused.getMessage().lines().count());
    assertTrue(
        refused.getMessage().contains(file + why)
            || refused.getMessage().contains(file + " " + why),
        refused.getMessage());
  }

  @Test
  void refusesWhatIsNoTextAtAll() throws IOException {
    var random = new Random(1);
    for (int i = 0; i < 300; i++) {
      var bytes = new byte[random.nextInt(200)];
      random.nextBytes(bytes);
      Path file = Files.write(folder.resolve("noise"), bytes);
      var refused = assertThrows(IllegalArgumentException.class, () -> DeliveryTrace.read(file));
      assertEquals(1, refused.getMessage().lines().count(), refused.getMessage());
    }
    for (Path nothing : List.of(folder, Path.of("/dev/zero"), folder.resolve("none"))) {
      var refused = assertThrows(IllegalArgumentException.class, () -> DeliveryTrace.read(nothing));
      assertTrue(refused.getMessage().contains(nothing.toString()), refused.getMessage());
    }
  }

  @Test
  void aPathHasARateOrATrace() throws IOException {
    Path file = Files.writeString(folder.resolve("trace"), "1\n");
    assertThrows(
        IllegalArgumentException.class, () -> PathConfig.parse("rate=1mbit,trace=" + file));
  }
}
