package wisp.lab.growth;

import wisp.core.spi.Footprint;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.RecordStore;
import wisp.core.spi.StrategyConfig;
import wisp.lab.FailedException;
import wisp.lab.measure.ProcessMemory;
import wisp.lab.phantom.Order;
import wisp.lab.phantom.Questions;
import wisp.lab.phantom.Resets;
import wisp.lab.results.Json;
import wisp.lab.run.ParentWatch;
import wisp.lab.suite.Catalog;

/**
 * Lets one strategy grow and shrink, in a JVM of its own, and prints what it saw as lines of JSON.
 * First the same is done small and thrown away.
 */
public final class GrowthPoint {
  private static final long WARM_UP = 20_000;

  /** In how many steps a crowd leaves. */
  private static final int STEPS = 20;

  private final GrowthSpec spec;
  private final boolean report;

  private GrowthPoint(GrowthSpec spec, boolean report) {
    this.spec = spec;
    this.report = report;
  }

  /** Expects a {@link GrowthSpec} as its only argument. */
  public static void main(String[] args) {
    ParentWatch.start();
    int code = 0;
    try {
      var spec = GrowthSpec.of(args[0]);
      new GrowthPoint(spec.warmUp(WARM_UP), false).run();
      new GrowthPoint(spec, true).run();
    } catch (FailedException | IllegalArgumentException | IllegalStateException e) {
      System.err.println("Error: " + e.getMessage());
      code = 1;
    } catch (OutOfMemoryError e) {
      System.err.println("Error: out of memory: " + e.getMessage());
      code = 1;
    }
    System.out.flush();
    Runtime.getRuntime().halt(code);
  }

  private void run() {
    var before = ProcessMemory.now();
    var stalls = new StallMeter();
    try (var crowd = new Crowd(memory(spec.most()), spec.seed(), stalls)) {
      grow(crowd, before, stalls);
      ask(crowd);
    }
    long leaving = Math.min(spec.leaving(), spec.most());
    if (leaving > 0) {
      leave("oldest first", Order.ascending(leaving));
      leave("in no order", Order.random(leaving, spec.seed()));
    }
  }

  private void grow(Crowd crowd, ProcessMemory before, StallMeter stalls) {
    double seconds = 0;
    for (long count : spec.counts()) {
      long start = System.nanoTime();
      for (long next = crowd.connections(); next < count; ) {
        next = Math.min(count, next + 1_000_000);
        crowd.growTo(next);
        say(Json.object("progress", next));
      }
      seconds += (System.nanoTime() - start) / 1e9;
      crowd.settle();
      look(crowd, count, before, seconds);
    }
    for (var stall : stalls.stalls()) {
      say(
          Json.object(
              "stall", stall.startNanos(),
              "nanos", stall.nanos(),
              "connections", stall.connections()));
    }
    metric(spec.most(), "worst_poll", "nanos", stalls.mostNanos(), "");
    metric(spec.most(), "poll_p9999", "nanos", stalls.percentile(99.99), "");
  }

  private void look(Crowd crowd, long count, ProcessMemory before, double seconds) {
    var lookUps = new LookUps(crowd.records(), crowd.peers(), count);
    metric(count, "lookup_single", "nanos", lookUps.single(), "");
    metric(count, "lookup_in_bursts", "nanos", lookUps.inBursts(), "");
    if (lookUps.touched() == 1) {
      throw new FailedException("records hold nothing");
    }
    var full = new Footprint();
    crowd.footprint(full);
    var after = ProcessMemory.now();
    metric(count, "reserved_bytes", "bytes", full.reservedBytes(), "");
    metric(count, "rss_growth_bytes", "bytes", after.rssBytes() - before.rssBytes(), "");
    metric(count, "bytes_per_connection", "bytes", (double) full.reservedBytes() / count, "");
    metric(count, "growing_seconds", "seconds", seconds, "all up to here, handshakes included");
    metric(count, "setup_rate", "connections/s", count / seconds, "all up to here");
  }

  private void ask(Crowd crowd) {
    long count = Math.min(spec.questions(), crowd.connections());
    if (count == 0) {
      return;
    }
    var order = Order.random(crowd.connections(), spec.seed() + 1);
    var questions = new Questions(crowd.peers(), Crowd.SERVER, order, count);
    crowd.errand(questions);
    long start = System.nanoTime();
    crowd.await(
        "answered",
        () -> {
          questions.clock(crowd.nowNanos());
          return questions.isDone();
        });
    double seconds = (System.nanoTime() - start) / 1e9;
    crowd.settle();
    metric(spec.most(), "questions", "connections", count, "eight bytes each, chosen at random");
    metric(spec.most(), "right_answers", "connections", questions.answered(), "");
    metric(spec.most(), "wrong_packets", "packets", questions.wrong(), "");
    metric(spec.most(), "answer_rate", "connections/s", count / seconds, "");
  }

  private void leave(String how, Order order) {
    var before = ProcessMemory.now();
    try (var crowd = new Crowd(memory(order.count()), spec.seed(), new StallMeter())) {
      crowd.growTo(order.count());
      crowd.settle();
      var resets = new Resets(crowd.peers(), Crowd.SERVER, order);
      crowd.errand(resets);
      for (int step = 0; step <= STEPS; step++) {
        long gone = order.count() * step / STEPS;
        resets.allow(gone);
        crowd.await("gone", () -> crowd.connections() == order.count() - gone);
        crowd.settle();
        held(crowd, how, before);
      }
    }
  }

  private void held(Crowd crowd, String how, ProcessMemory before) {
    var footprint = new Footprint();
    crowd.footprint(footprint);
    var after = report ? ProcessMemory.now() : before;
    long left = crowd.connections();
    metric(left, "reserved_bytes_left", "bytes", footprint.reservedBytes(), how);
    metric(left, "rss_bytes_left", "bytes", after.rssBytes() - before.rssBytes(), how);
  }

  private MemoryStrategy memory(long connections) {
    var keys = StrategyConfig.forConnections((int) connections, spec.seed());
    return Catalog.strategy(spec.strategy())
        .create(
            new StrategyConfig(
                RecordStore.STATE_WORDS,
                (int) connections,
                0,
                keys.hashKey0(),
                keys.hashKey1(),
                spec.parameters()));
  }

  private void metric(long connections, String name, String unit, double value, String scenario) {
    say(
        Json.object(
            "metric", name,
            "unit", unit,
            "value", value,
            "connections", connections,
            "scenario", scenario));
  }

  private void say(Object json) {
    if (report) {
      System.out.println(Json.line(json));
    }
  }
}
