package wisp.lab.memory;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.Parameter;
import wisp.core.spi.RecordStore;
import wisp.core.spi.StrategyConfig;
import wisp.lab.FailedException;
import wisp.lab.UsageException;
import wisp.lab.chart.LineChart;
import wisp.lab.chart.SiFormat;
import wisp.lab.kernel.KernelBaseline;
import wisp.lab.kernel.KernelPoint;
import wisp.lab.measure.Machine;
import wisp.lab.phantom.PhantomPeers;
import wisp.lab.report.Table;
import wisp.lab.results.Json;
import wisp.lab.results.Row;
import wisp.lab.results.RunFolder;
import wisp.lab.run.ChildJvm;
import wisp.lab.suite.Catalog;
import wisp.lab.suite.Failures;
import wisp.lab.suite.Progress;
import wisp.lab.suite.RunOptions;
import wisp.lab.suite.Suite;

/**
 * Bytes per idle connection: strategies × counts, each point in a JVM of its own, beside what the
 * same connections cost the kernel.
 *
 * <p>Up to a million connections the figure is the plain quotient of all reserved bytes; from a
 * million on it is the slope between counts of which one is twice the other at least, where such
 * were run, with the fixed part told apart.
 */
public final class MemorySuite implements Suite {
  static final String NAME = "memory";
  static final String KERNEL = "kernel";
  private static final String LINK = "inmemory";
  private static final long MOST_CONNECTIONS = 1 << 29;
  private static final double USABLE_MEMORY = 0.85;
  private static final long JVM_BYTES = 400L << 20;

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String description() {
    return "bytes per idle connection: strategies x counts, beside the kernel's";
  }

  @Override
  public String headline() {
    return "bytes_per_connection";
  }

  @Override
  public List<String> childFlags() {
    return flags();
  }

  /** The last one is there for the slope. */
  @Override
  public List<Long> usualConnections() {
    return List.of(1_000L, 10_000L, 100_000L, 1_000_000L, 2_000_000L);
  }

  @Override
  public List<Parameter> parameters() {
    return Variant.PARAMETERS;
  }

  private static StrategyConfig small(Map<String, String> parameters) {
    return new StrategyConfig(RecordStore.STATE_WORDS, 1, 0, 1, 1, parameters);
  }

  @Override
  public void check(RunOptions options) {
    for (String link : options.links()) {
      if (!link.equals(LINK)) {
        throw new UsageException(
            "suite memory runs on the in-memory link only; kernel peers over "
                + link
                + " are held by wisp serve --link "
                + link);
      }
    }
    Catalog.checkStrategies(options);
    for (String strategy : options.strategies()) {
      var small = small(options.parametersOf(strategy));
      Catalog.strategy(strategy).create(small).close(); // values are checked by it
    }
    Variant.of(options);
    if (!options.peers().equals("phantom") && !options.peers().equals("real")) {
      throw new UsageException("--peers is phantom or real, not '" + options.peers() + "'");
    }
    long most = options.peers().equals("phantom") ? PhantomPeers.MOST : MOST_CONNECTIONS / 2;
    for (long count : options.connections()) {
      if (count < 1 || count > Math.min(most, MOST_CONNECTIONS)) {
        throw new UsageException(
            "--connections " + count + " is outside 1 … " + Math.min(most, MOST_CONNECTIONS));
      }
    }
  }

  @Override
  public void run(RunOptions options, RunFolder folder, Progress progress) throws IOException {
    var failures = new Failures("point(s)");
    for (int repetition = 1; repetition <= options.repeat(); repetition++) {
      kernel(options, repetition, folder, progress);
      strategies(options, repetition, folder, progress, failures);
    }
    failures.report();
  }

  private void strategies(
      RunOptions options, int repetition, RunFolder folder, Progress progress, Failures failures)
      throws IOException {
    var series = Variant.of(options).stream().map(Measured::new).toList();
    long done = 0;
    progress.begin(
        "memory", series.size() * options.connections().stream().mapToLong(Long::longValue).sum());
    // Strategies take turns, so that what changes on the machine meanwhile strikes all alike.
    for (long count : options.connections()) {
      for (Measured measured : series) {
        String problem =
            measured.misfit(count, (long) (Machine.availableBytes() * USABLE_MEMORY) - JVM_BYTES);
        if (problem == null) {
          problem = point(options, repetition, measured, count, done, folder, progress);
          if (problem != null) {
            failures.add(problem);
            problem = "failed: " + problem;
          }
        } else {
          problem = "skipped: " + problem;
        }
        if (problem != null) {
          folder.add(
              List.of(
                  row(
                      folder,
                      measured.label(),
                      LINK,
                      count,
                      repetition,
                      "bytes_per_connection",
                      "bytes",
                      Double.NaN,
                      problem)));
          progress.line(label(measured.label(), count) + problem);
        }
        done += count;
        progress.at(done, measured.label());
      }
    }
    for (Measured measured : series) {
      folder.add(rows(folder, options, repetition, measured));
      measured
          .residentSlopes()
          .forEach(
              (count, slope) ->
                  progress.line(
                      label(measured.label(), count)
                          + String.format(
                              java.util.Locale.ROOT,
                              "resident set grows by %.3f of what is reserved (%s)",
                              slope.value(),
                              slope.note())));
    }
    progress.close();
  }

  /** Measures a point; returns what went wrong, or {@code null}. */
  private @Nullable String point(
      RunOptions options,
      int repetition,
      Measured measured,
      long count,
      long done,
      RunFolder folder,
      Progress progress) {
    String name = measured.label();
    // The largest point is the last to write it.
    String capture = folder.captures().resolve(name + ".pcap").toString();
    boolean captured = options.peers().equals("phantom") && repetition == 1;
    var spec =
        new PointSpec(
            measured.variant().strategy(),
            measured.variant().timestamps(),
            count,
            options.peers(),
            options.seed() + repetition,
            options.parametersOf(measured.variant().strategy()),
            captured ? capture : null);
    progress.at(done, label(name, count));
    var flags = new ArrayList<>(flags());
    flags.addAll(measured.variant().flags());
    var child =
        ChildJvm.start(
            label(name, count).strip(),
            List.of(),
            flags,
            MemoryPoint.class,
            List.of(spec.toJson()));
    try (child) {
      child.await(line -> accept(line, measured, count, done, progress), options.timeout());
    } catch (FailedException e) {
      measured.forget(count);
      return e.getMessage();
    }
    progress.line(
        label(name, count)
            + String.format(
                java.util.Locale.ROOT,
                "%10s/connection   rss %8s   heap %8s   %s connections/s",
                SiFormat.bytes(measured.get(count, "bytes_per_connection")),
                SiFormat.bytes(measured.get(count, "rss_bytes_per_connection")),
                SiFormat.bytes(measured.get(count, "heap_bytes_per_connection")),
                SiFormat.count(measured.get(count, "setup_rate"))));
    return null;
  }

  private static String label(String strategy, long count) {
    return String.format(java.util.Locale.ROOT, "%-15s %11s ", strategy, SiFormat.whole(count));
  }

  /**
   * The collector gives back what it does not need at each full collection, and its young
   * generation is touched before the first look: else the resident set would tell of the collector,
   * not of connections.
   */
  static List<String> flags() {
    long most = Math.min(31L << 30, (long) (Machine.availableBytes() * USABLE_MEMORY));
    return List.of(
        "-XX:+UseSerialGC",
        "-Xms96m",
        "-Xmn64m",
        "-Xmx" + Math.max(256, most >> 20) + "m",
        "-XX:MinHeapFreeRatio=1",
        "-XX:MaxHeapFreeRatio=2",
        "-XX:MarkSweepDeadRatio=0", // else a twentieth may stay where it lies, dead
        "-XX:-ShrinkHeapInSteps");
  }

  private static void accept(
      String line, Measured measured, long count, long done, Progress progress) {
    if (!line.startsWith("{")) {
      return; // a library that greets
    }
    var message = Json.parseObject(line);
    if (message.get("progress") instanceof Number now) {
      progress.at(done + now.longValue(), label(measured.label(), count));
    } else if (message.get("metric") instanceof String metric
        && message.get("value") instanceof Number value) {
      measured.put(count, metric, String.valueOf(message.get("unit")), value.doubleValue());
    }
  }

  private static List<Row> rows(
      RunFolder folder, RunOptions options, int repetition, Measured measured) {
    var rows = new ArrayList<Row>();
    for (long count : measured.counts()) {
      int ends = options.peers().equals("real") ? 2 : 1;
      var values = measured.at(count, ends);
      var slope = measured.residentSlopes().get(count);
      if (slope != null) {
        values.add(slope);
      }
      for (var value : values) {
        rows.add(
            row(
                folder,
                measured.label(),
                LINK,
                count,
                repetition,
                value.metric(),
                value.unit(),
                value.value(),
                value.note()));
      }
    }
    return rows;
  }

  private static Row row(
      RunFolder folder,
      String strategy,
      String link,
      long count,
      int repetition,
      String metric,
      String unit,
      double value,
      String note) {
    return new Row(
        folder.name(), NAME, strategy, link, count, repetition, metric, unit, value, note);
  }

  private void kernel(RunOptions options, int repetition, RunFolder folder, Progress progress)
      throws IOException {
    if (!options.kernel()) {
      return;
    }
    var counts = options.connections().stream().filter(n -> n <= options.kernelLimit()).toList();
    String reason = KernelBaseline.unavailable();
    while (reason == null && !counts.isEmpty() && KernelBaseline.misfit(counts.getLast()) != null) {
      counts = counts.subList(0, counts.size() - 1);
    }
    var measured = new ArrayList<Long>();
    var rows = new ArrayList<Row>();
    if (reason == null && !counts.isEmpty()) {
      try {
        KernelBaseline.measure(
            counts,
            point -> {
              measured.add(point.connections());
              rows.addAll(kernelRows(folder, repetition, point));
              progress.line(
                  label(KERNEL, point.connections())
                      + String.format(
                          java.util.Locale.ROOT,
                          "%10s/connection   all slab %s, all kernel memory %s   %s connections/s",
                          SiFormat.bytes(point.socketBytes()),
                          SiFormat.bytes(point.slabBytes()),
                          SiFormat.bytes(point.allBytes()),
                          SiFormat.count(point.setupRate())));
            },
            options.timeout());
      } catch (FailedException e) {
        reason = e.getMessage();
      }
    } else if (reason == null) {
      reason = "all counts are above --kernel-limit " + options.kernelLimit();
    }
    if (reason != null) {
      progress.line("kernel      not measured (" + reason + "): the recorded figure is shown");
    }
    for (long count : options.connections()) {
      if (!measured.contains(count)) {
        rows.add(
            row(
                folder,
                KERNEL,
                "veth",
                count,
                repetition,
                "bytes_per_connection",
                "bytes",
                KernelPoint.RECORDED_SOCKET_BYTES,
                KernelPoint.RECORDED));
        rows.add(
            row(
                folder,
                KERNEL,
                "veth",
                count,
                repetition,
                "all_memory_bytes_per_connection",
                "bytes",
                KernelPoint.RECORDED_ALL_BYTES,
                KernelPoint.RECORDED));
      }
    }
    folder.add(rows);
  }

  private static List<Row> kernelRows(RunFolder folder, int repetition, KernelPoint point) {
    var rows = new ArrayList<Row>();
    long n = point.connections();
    String note = "both ends counted and halved";
    KernelRow measured =
        (metric, unit, value, remark) ->
            rows.add(row(folder, KERNEL, "veth", n, repetition, metric, unit, value, remark));
    measured.add("bytes_per_connection", "bytes", point.socketBytes(), note);
    measured.add("slab_bytes_per_connection", "bytes", point.slabBytes(), note);
    measured.add("all_memory_bytes_per_connection", "bytes", point.allBytes(), note);
    measured.add("setup_rate", "connections/s", point.setupRate(), "");
    String perConnection = "objects/connection";
    point
        .caches()
        .forEach(
            (cache, count) -> measured.add("slab_objects_" + cache, perConnection, count, note));
    return rows;
  }

  /** What differs between the rows of one point of the kernel's. */
  @FunctionalInterface
  private interface KernelRow {
    void add(String metric, String unit, double value, String remark);
  }

  @Override
  public List<Table> tables(List<Row> rows) {
    return MemoryTables.of(rows);
  }

  @Override
  public Map<String, LineChart> charts(List<Row> rows, Map<String, @Nullable Object> info) {
    return MemoryCharts.of(rows, info);
  }

  /** Long enough for the slowest point that a machine of today can hold. */
  public static Duration defaultTimeout() {
    return Duration.ofMinutes(15);
  }
}
