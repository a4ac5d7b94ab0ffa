package wisp.lab.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.management.ManagementFactory;
import java.security.SecureRandom;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.core.spi.RecordStore;
import wisp.core.spi.StrategyConfig;
import wisp.core.stack.Context;
import wisp.core.stack.ContextConfig;
import wisp.drivers.Links;
import wisp.drivers.run.Runner;
import wisp.drivers.run.Waiting;
import wisp.lab.kernel.KernelHost;
import wisp.lab.suite.Catalog;

/** What a thread with nothing to do costs, in wake-ups and in time of its own. */
@Timeout(60)
class RunnerTest {
  private static final long SECOND = 1_000_000_000L;
  private static final long IDLE_NANOS = 3 * SECOND;

  private record Idle(long polls, long sleeps, long cpuNanos, long nanos) {}

  /** Nobody says a word to it. */
  private static Idle idle(Link link, Waiting waiting) {
    var random = new SecureRandom();
    var strategy =
        new StrategyConfig(
            RecordStore.STATE_WORDS, 100, 0, random.nextLong(), random.nextLong(), Map.of());
    try (var memory = Catalog.strategy("slab").create(strategy);
        var context =
            new Context(
                ContextConfig.of(IpPrefix.parse("10.9.1.0/24")), memory, link, random::nextLong)) {
      var runner = new Runner(context, link, waiting);
      runner.run(now -> Long.MAX_VALUE, SECOND / 4); // classes are loaded and compiled
      long polls = runner.polls();
      long sleeps = runner.sleeps();
      var threads = ManagementFactory.getThreadMXBean();
      long cpu = threads.getCurrentThreadCpuTime();
      long begin = runner.nowNanos();
      runner.run(now -> Long.MAX_VALUE, begin + IDLE_NANOS);
      return new Idle(
          runner.polls() - polls,
          runner.sleeps() - sleeps,
          threads.getCurrentThreadCpuTime() - cpu,
          runner.nowNanos() - begin);
    }
  }

  private static List<Link> open(int contexts, String parameters, KernelHost host)
      throws LinkException {
    return Links.open(
        Links.parse("tun:wisp0,host=" + parameters + ",netns=" + host.name()), contexts);
  }

  @ParameterizedTest
  @ValueSource(strings = {"blocking", "adaptive"})
  void whoMaySleep_wakesOnceASecond(String waiting) throws Exception {
    String reason = KernelHost.unavailable();
    assumeTrue(reason == null, reason);
    try (var host = new KernelHost()) {
      List<Link> links = open(1, "", host);
      try {
        Idle idle = idle(links.getFirst(), Waiting.parse(waiting));
        long wakeUps = 2 + idle.nanos / SECOND; // whatever woke it for a moment besides
        assertTrue(idle.sleeps <= 2 * wakeUps, idle.toString());
        // Spinning for 50 µs after each is all that the adaptive one does beside.
        assertTrue(idle.cpuNanos < idle.nanos / 50, idle.toString());
      } finally {
        links.forEach(Link::close);
      }
    }
  }

  /** Neither who has the device, nor who waits for what the other hands over. */
  @Test
  void whoSharesALinkSleepsAsWell() throws Exception {
    String reason = KernelHost.unavailable();
    assumeTrue(reason == null, reason);
    try (var host = new KernelHost()) {
      List<Link> links = open(2, ",queues=1", host);
      var idle = new Idle[2];
      try {
        Crew.run(2, () -> {}, place -> idle[place] = idle(links.get(place), Waiting.BLOCKING));
      } finally {
        links.forEach(Link::close);
      }
      for (Idle each : idle) {
        assertTrue(each.sleeps <= 2 * (2 + each.nanos / SECOND), each.toString());
        assertTrue(each.cpuNanos < each.nanos / 50, each.toString());
      }
    }
  }

  @Test
  void whoIsBusyNeverSleeps() throws Exception {
    String reason = KernelHost.unavailable();
    assumeTrue(reason == null, reason);
    try (var host = new KernelHost()) {
      List<Link> links = open(1, "", host);
      try {
        Idle idle = idle(links.getFirst(), Waiting.BUSY);
        assertEquals(0, idle.sleeps);
        assertTrue(idle.polls > 10_000, idle.toString());
      } finally {
        links.forEach(Link::close);
      }
    }
  }

  @Test
  void anotherWordIsRefusedWithThoseThatThereAre() {
    var refused = assertThrows(IllegalArgumentException.class, () -> Waiting.parse("lazy"));
    assertEquals("'lazy' is none of busy, adaptive, blocking", refused.getMessage());
  }
}
