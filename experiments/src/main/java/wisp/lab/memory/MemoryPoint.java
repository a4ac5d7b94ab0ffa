package wisp.lab.memory;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.Footprint;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.RecordStore;
import wisp.core.spi.StrategyConfig;
import wisp.lab.FailedException;
import wisp.lab.measure.ProcessMemory;
import wisp.lab.results.Json;
import wisp.lab.run.ParentWatch;
import wisp.lab.suite.Catalog;

/**
 * Measures one strategy with one number of connections, in a JVM of its own, and prints what it
 * found as lines of JSON. First the same is done small and thrown away: then classes are loaded and
 * methods compiled, and what grows afterwards is connections.
 */
public final class MemoryPoint {
  private static final long WARM_UP = 5_000;

  private MemoryPoint() {}

  /** Expects a {@link PointSpec} as its only argument. */
  public static void main(String[] args) {
    ParentWatch.start();
    int code = 0;
    try {
      var spec = PointSpec.of(args[0]);
      measure(spec.warmUp(WARM_UP), false);
      touchYoungGeneration();
      measure(spec, true);
    } catch (FailedException | IllegalArgumentException | IllegalStateException | IOException e) {
      System.err.println("Error: " + e.getMessage());
      code = 1;
    } catch (UnsupportedOperationException e) {
      System.err.println("Error: the stack can't do this yet: " + e.getMessage());
      code = 1;
    } catch (OutOfMemoryError e) {
      System.err.println("Error: out of memory: " + e.getMessage());
      code = 1;
    }
    System.out.flush();
    // Not exit: hooks and cleaners of a measured JVM are of no interest.
    Runtime.getRuntime().halt(code);
  }

  /** Pages that the collector will use anyway shall not be counted as growth. */
  private static void touchYoungGeneration() {
    long sum = 0;
    for (int i = 0; i < 2_000; i++) {
      sum += new byte[64 << 10].length;
    }
    if (sum < 0) {
      throw new IllegalStateException();
    }
  }

  private static void measure(PointSpec spec, boolean report) throws IOException {
    var before = ProcessMemory.now();
    Capture capture = spec.capture() == null ? null : new Capture(Path.of(spec.capture()));
    try (Population population = populate(spec, capture)) {
      var empty = new Footprint();
      population.footprint(empty);
      long start = System.nanoTime();
      population.establish(spec.connections(), done -> say(report, Json.object("progress", done)));
      double seconds = (System.nanoTime() - start) / 1e9;
      population.settle();
      if (population.endpoints() != endpoints(spec)) {
        throw new FailedException(
            population.endpoints() + " ends are open, not " + endpoints(spec));
      }
      if (report) {
        var full = new Footprint();
        population.footprint(full);
        new PointReport(population.endpoints()).print(empty, full, before, ProcessMemory.now());
        metric("setup_rate", "connections/s", spec.connections() / seconds);
        population.facts().forEach((name, value) -> metric(name, "", value));
      }
    } finally {
      if (capture != null) {
        capture.close();
      }
    }
  }

  private static long endpoints(PointSpec spec) {
    return spec.peers().equals("real") ? 2 * spec.connections() : spec.connections();
  }

  private static Population populate(PointSpec spec, @Nullable Capture capture) {
    if (spec.peers().equals("real")) {
      return new RealPopulation(memory(spec, 0), memory(spec, 1), spec.seed());
    }
    return new PhantomPopulation(memory(spec, 0), spec.timestamps(), spec.seed(), capture);
  }

  private static MemoryStrategy memory(PointSpec spec, int side) {
    var keys = StrategyConfig.forConnections((int) spec.connections(), spec.seed() + side);
    var config =
        new StrategyConfig(
            RecordStore.STATE_WORDS,
            (int) spec.connections(),
            0,
            keys.hashKey0(),
            keys.hashKey1(),
            spec.parameters());
    return Catalog.strategy(spec.strategy())
        .create(spec.timestamps() ? config : config.withoutTimestamps());
  }

  static void metric(String name, String unit, double value) {
    say(true, Json.object("metric", name.toLowerCase(Locale.ROOT), "unit", unit, "value", value));
  }

  private static void say(boolean report, Object json) {
    if (report) {
      System.out.println(Json.line(json));
    }
  }
}
