package wisp.lab.broadcast;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import wisp.core.spi.Footprint;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.RecordStore;
import wisp.core.spi.StrategyConfig;
import wisp.core.stack.Endpoint;
import wisp.lab.FailedException;
import wisp.lab.measure.Peak;
import wisp.lab.measure.ProcessMemory;
import wisp.lab.results.Json;
import wisp.lab.run.ParentWatch;
import wisp.lab.serve.BroadcastSettings;
import wisp.lab.suite.Catalog;

/**
 * Measures one strategy, count and message in a JVM of its own, and prints what it found as lines
 * of JSON. First the same is done small and thrown away.
 */
public final class BroadcastPoint {
  static final Endpoint SERVER = Endpoint.of("10.9.1.1", 7);
  private static final int WARM_UP = 500;

  private BroadcastPoint() {}

  /**
   * What to measure.
   *
   * @param peers phantom or real
   * @param roundTripMillis of phantoms
   * @param wave connections that have the message on its way at once
   */
  record Spec(
      String strategy,
      int connections,
      int bytes,
      String peers,
      long seed,
      int roundTripMillis,
      int wave,
      Map<String, String> parameters) {
    List<String> arguments() {
      var all =
          new java.util.ArrayList<>(
              List.of(
                  strategy,
                  String.valueOf(connections),
                  String.valueOf(bytes),
                  peers,
                  String.valueOf(seed),
                  String.valueOf(roundTripMillis),
                  String.valueOf(wave)));
      parameters.forEach((name, value) -> all.add(name + "=" + value));
      return all;
    }

    static Spec of(String[] a) {
      var parameters = new TreeMap<String, String>();
      for (String pair : Arrays.asList(a).subList(7, a.length)) {
        int equals = pair.indexOf('=');
        parameters.put(pair.substring(0, equals), pair.substring(equals + 1));
      }
      return new Spec(
          a[0],
          Integer.parseInt(a[1]),
          Integer.parseInt(a[2]),
          a[3],
          Long.parseLong(a[4]),
          Integer.parseInt(a[5]),
          Integer.parseInt(a[6]),
          parameters);
    }

    Spec warmUp() {
      int few = Math.min(connections, WARM_UP);
      int part = Math.min(bytes, 256 << 10);
      return new Spec(strategy, few, part, peers, seed, roundTripMillis, wave, parameters);
    }
  }

  /** Expects {@link Spec#arguments}. */
  public static void main(String[] args) {
    ParentWatch.start();
    int code = 0;
    try {
      var spec = Spec.of(args);
      measure(spec.warmUp(), false);
      measure(spec, true);
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

  private static void measure(Spec spec, boolean report) {
    byte[] message = new byte[spec.bytes()];
    new SplittableRandom(spec.seed()).nextBytes(message);
    message[message.length - 1] = '\n';
    Audience audience =
        spec.peers().equals("real")
            ? new RealAudience(spec.connections(), message, memory(spec, 1), spec.seed())
            : new PhantomAudience(spec.connections(), message, spec.roundTripMillis(), spec.seed());
    var usual = BroadcastSettings.DEFAULT;
    var settings = new BroadcastSettings(usual.behindBytes(), usual.closes(), spec.wave());
    try (var speech =
        new Speech(audience, memory(spec, 0), spec.connections(), settings, spec.seed())) {
      speech.assemble();
      var idle = new Footprint();
      speech.context().footprint(idle);
      var before = ProcessMemory.now();
      long start = System.nanoTime();
      Peak peak = speech.tell(message);
      double seconds = (System.nanoTime() - start) / 1e9;
      if (report) {
        report(spec, idle, before, peak, seconds);
      }
    }
  }

  private static void report(
      Spec spec, Footprint idle, ProcessMemory before, Peak peak, double seconds) {
    double all = (double) spec.bytes() * spec.connections();
    long added = peak.reserved() - idle.reservedBytes();
    metric("idle_reserved_bytes", "bytes", idle.reservedBytes());
    metric("peak_reserved_bytes", "bytes", peak.reserved());
    metric("added_bytes", "bytes", added);
    metric("added_bytes_per_connection", "bytes", (double) added / spec.connections());
    metric("share_of_a_copy_each", "ratio", added / all);
    metric("rss_added_bytes", "bytes", Math.max(0, peak.rss() - before.rssBytes()));
    for (Footprint.Kind kind : Footprint.Kind.values()) {
      String name = kind.name().toLowerCase(Locale.ROOT);
      metric("peak_" + name + "_in_use_bytes", "bytes", peak.inUse(kind));
    }
    metric("seconds", "s", seconds);
    metric("goodput", "bit/s", 8 * all / seconds);
  }

  private static MemoryStrategy memory(Spec spec, int side) {
    var keys = StrategyConfig.forConnections(spec.connections(), spec.seed() + side);
    return Catalog.strategy(spec.strategy())
        .create(
            new StrategyConfig(
                RecordStore.STATE_WORDS,
                spec.connections(),
                0,
                keys.hashKey0(),
                keys.hashKey1(),
                spec.parameters()));
  }

  private static void metric(String name, String unit, double value) {
    System.out.println(Json.line(Json.object("metric", name, "unit", unit, "value", value)));
  }
}
