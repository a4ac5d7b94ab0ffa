package wisp.lab.broadcast;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.Parameter;
import wisp.core.spi.Parameters;
import wisp.lab.FailedException;
import wisp.lab.UsageException;
import wisp.lab.chart.Chart;
import wisp.lab.chart.LineChart;
import wisp.lab.chart.Series;
import wisp.lab.chart.SiFormat;
import wisp.lab.goodput.Spread;
import wisp.lab.kernel.KernelQueues;
import wisp.lab.report.Table;
import wisp.lab.results.Json;
import wisp.lab.results.Row;
import wisp.lab.results.RunFolder;
import wisp.lab.run.ChildJvm;
import wisp.lab.suite.Catalog;
import wisp.lab.suite.Progress;
import wisp.lab.suite.RunOptions;
import wisp.lab.suite.Suite;

/**
 * One message to all connections at once: what memory that takes at its peak beyond the idle
 * connections', by kind, beside what a kernel's sockets queue for the same, each its own copy. Each
 * point in a JVM of its own; every byte that arrives is compared.
 */
public final class BroadcastSuite implements Suite {
  private static final String NAME = "broadcast";
  private static final String KERNEL = "kernel";
  private static final String HEADLINE = "added_bytes_per_connection";
  private static final long MOST_CONNECTIONS = 1_000_000;
  private static final List<Integer> MESSAGES = List.of(1 << 10, 64 << 10, 1 << 20);
  private static final int KERNEL_SOCKETS = 500;

  /** So much is sent in a run by default: with a message of 1 MiB that are 10,000 connections. */
  private static final long MOST_BYTES = 10_500_000_000L;

  private static final List<String> FLAGS = List.of("-XX:+UseSerialGC", "-Xms64m", "-Xmx1g");
  private static final List<Parameter> PARAMETERS =
      List.of(
          new Parameter("rtt", "20", "ms", "round trip of phantom peers"),
          new Parameter("wave", "16384", "", "connections that have a message on its way at once"));

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String description() {
    return "one message to all connections: peak memory, beside a copy for each";
  }

  @Override
  public String headline() {
    return HEADLINE;
  }

  @Override
  public List<Parameter> parameters() {
    return PARAMETERS;
  }

  @Override
  public List<String> childFlags() {
    return FLAGS;
  }

  private static Parameters given(RunOptions options) {
    return Parameters.of(NAME, PARAMETERS, options.parametersOf(NAME));
  }

  @Override
  public void check(RunOptions options) {
    given(options).number("rtt", 0, 10_000);
    given(options).number("wave", 1, 1 << 30);
    for (String link : options.links()) {
      if (!link.equals("inmemory")) {
        throw new UsageException(
            "suite broadcast runs on the in-memory link only; over "
                + link
                + " run experiments/scripts/broadcast_kernel.sh");
      }
    }
    if (!options.peers().equals("phantom") && !options.peers().equals("real")) {
      throw new UsageException("--peers is phantom or real, not '" + options.peers() + "'");
    }
    options
        .strategies()
        .forEach(
            name ->
                Parameters.of(
                    name, Catalog.strategy(name).parameters(), options.parametersOf(name)));
  }

  @Override
  public void run(RunOptions options, RunFolder folder, Progress progress) throws IOException {
    var failures = new ArrayList<String>();
    progress.begin(
        NAME,
        (long) options.repeat()
            * options.strategies().size()
            * options.connections().size()
            * MESSAGES.size());
    long done = 0;
    for (int repetition = 1; repetition <= options.repeat(); repetition++) {
      kernel(options, repetition, folder, progress);
      for (int bytes : MESSAGES) {
        for (long count : options.connections()) {
          for (String strategy : options.strategies()) {
            String problem = skip(options, count, bytes);
            if (problem == null) {
              problem = point(options, repetition, strategy, count, bytes, folder, progress);
              if (problem != null) {
                failures.add(problem);
              }
            }
            if (problem != null) {
              folder.add(
                  List.of(
                      row(folder, strategy, count, bytes, repetition, HEADLINE, "bytes", Double.NaN)
                          .withNote(problem)));
              progress.line(label(strategy, count, bytes) + problem);
            }
            progress.at(++done, strategy);
          }
        }
      }
    }
    if (!failures.isEmpty()) {
      throw new FailedException(failures.size() + " point(s) failed, first " + failures.getFirst());
    }
  }

  private static @Nullable String skip(RunOptions options, long count, int bytes) {
    if (count > MOST_CONNECTIONS) {
      return "skipped: more than " + SiFormat.whole(MOST_CONNECTIONS) + " connections";
    }
    return !options.full() && count * bytes > MOST_BYTES
        ? "skipped: " + SiFormat.bytes((double) count * bytes) + " to send (--full does)"
        : null;
  }

  private static @Nullable String point(
      RunOptions options,
      int repetition,
      String strategy,
      long count,
      int bytes,
      RunFolder folder,
      Progress progress)
      throws IOException {
    var given = given(options);
    var spec =
        new BroadcastPoint.Spec(
            strategy,
            (int) count,
            bytes,
            options.peers(),
            options.seed() + repetition,
            (int) given.number("rtt", 0, 10_000),
            (int) given.number("wave", 1, 1 << 30),
            options.parametersOf(strategy));
    var values = new LinkedHashMap<String, Double>();
    var rows = new ArrayList<Row>();
    var child =
        ChildJvm.start(
            label(strategy, count, bytes).strip(),
            List.of(),
            FLAGS,
            BroadcastPoint.class,
            spec.arguments());
    try (child) {
      child.await(
          line -> {
            if (line.startsWith("{")
                && Json.parseObject(line).get("value") instanceof Number value) {
              var message = Json.parseObject(line);
              String metric = String.valueOf(message.get("metric"));
              values.put(metric, value.doubleValue());
              rows.add(
                  row(
                      folder,
                      strategy,
                      count,
                      bytes,
                      repetition,
                      metric,
                      String.valueOf(message.get("unit")),
                      value.doubleValue()));
            }
          },
          options.timeout());
    } catch (FailedException e) {
      return e.getMessage();
    }
    folder.add(rows);
    progress.line(
        label(strategy, count, bytes)
            + String.format(
                Locale.ROOT,
                "peak +%8s, %8s/connection, %.3f %% of a copy each   frames %8s   %s Gbit/s",
                SiFormat.bytes(values.getOrDefault("added_bytes", Double.NaN)),
                SiFormat.bytes(values.getOrDefault(HEADLINE, Double.NaN)),
                100 * values.getOrDefault("share_of_a_copy_each", Double.NaN),
                SiFormat.bytes(values.getOrDefault("peak_frames_in_use_bytes", Double.NaN)),
                String.format(Locale.ROOT, "%.2f", values.getOrDefault("goodput", 0.0) / 1e9)));
    return null;
  }

  private static void kernel(
      RunOptions options, int repetition, RunFolder folder, Progress progress) throws IOException {
    String reason = options.kernel() ? KernelQueues.unavailable() : "not asked for";
    if (reason != null) {
      progress.line("kernel     not measured (" + reason + ")");
      return;
    }
    for (int bytes : MESSAGES) {
      for (boolean all : new boolean[] {false, true}) {
        var queues = KernelQueues.measure(KERNEL_SOCKETS, bytes, all);
        String name = all ? KERNEL + " with room" : KERNEL;
        folder.add(
            List.of(
                kernelRow(folder, name, bytes, repetition, HEADLINE, queues.senderBytes()),
                kernelRow(folder, name, bytes, repetition, "taken_bytes", queues.takenBytes()),
                kernelRow(
                    folder, name, bytes, repetition, "receiver_bytes", queues.receiverBytes())));
        progress.line(
            label(name, KERNEL_SOCKETS, bytes)
                + String.format(
                    Locale.ROOT,
                    "%8s/connection in the sender's socket, which took %s of the message",
                    SiFormat.bytes(queues.senderBytes()),
                    SiFormat.bytes(queues.takenBytes())));
      }
    }
  }

  private static Row kernelRow(
      RunFolder folder, String name, int bytes, int repetition, String metric, double value) {
    return new Row(
        folder.name(),
        NAME,
        name,
        "lo",
        KERNEL_SOCKETS,
        repetition,
        metric,
        "bytes",
        value,
        "receivers that do not read",
        text(bytes));
  }

  private static Row row(
      RunFolder folder,
      String strategy,
      long count,
      int bytes,
      int repetition,
      String metric,
      String unit,
      double value) {
    return new Row(
        folder.name(),
        NAME,
        strategy,
        "inmemory",
        count,
        repetition,
        metric,
        unit,
        value,
        "",
        text(bytes));
  }

  private static String label(String strategy, long count, int bytes) {
    return String.format(
        Locale.ROOT, "%-16s %9s x %-6s ", strategy, SiFormat.whole(count), text(bytes));
  }

  private static String text(int bytes) {
    return bytes >= 1 << 20 ? (bytes >> 20) + " MiB" : (bytes >> 10) + " KiB";
  }

  @Override
  public Map<String, ? extends Chart> charts(List<Row> rows, Map<String, @Nullable Object> info) {
    var charts = new LinkedHashMap<String, Chart>();
    for (int bytes : MESSAGES) {
      var of = rows.stream().filter(row -> row.scenario().equals(text(bytes))).toList();
      var series = series(of, bytes);
      if (!series.isEmpty()) {
        charts.put(
            "peak-" + text(bytes).replace(" ", "").toLowerCase(Locale.ROOT),
            new LineChart(
                "Memory to send " + text(bytes) + " to all connections at once",
                List.of(
                    "peak of all that is reserved, less what the idle connections have reserved",
                    "in-memory link; every byte that arrived was compared; one JVM per point"),
                "Connections",
                "Bytes more than idle",
                SiFormat::bytes,
                series));
      }
    }
    return charts;
  }

  private static List<Series> series(List<Row> rows, int bytes) {
    var all = new ArrayList<Series>();
    var counts =
        rows.stream()
            .filter(row -> row.link().equals("inmemory") && row.metric().equals("added_bytes"))
            .map(Row::connections)
            .distinct()
            .sorted()
            .toList();
    all.add(
        new Series(
            "a copy for each",
            true,
            counts.stream()
                .map(
                    n ->
                        new Series.Point(
                            n, (double) n * bytes, (double) n * bytes, (double) n * bytes))
                .toList()));
    for (String name : rows.stream().map(Row::strategy).distinct().toList()) {
      if (name.startsWith(KERNEL)) {
        continue;
      }
      var points = new ArrayList<Series.Point>();
      for (long n : counts) {
        Spread spread =
            Spread.of(
                rows.stream()
                    .filter(row -> row.strategy().equals(name) && row.connections() == n)
                    .filter(row -> row.metric().equals("added_bytes") && row.value() > 0)
                    .mapToDouble(Row::value)
                    .toArray());
        if (spread.count() > 0) {
          points.add(spread.at(n));
        }
      }
      all.add(new Series(name, false, points));
    }
    all.removeIf(one -> one.points().isEmpty());
    return all;
  }

  @Override
  public List<Table> tables(List<Row> rows) {
    var lines = new ArrayList<List<String>>();
    for (int bytes : MESSAGES) {
      rows.stream()
          .filter(row -> row.scenario().equals(text(bytes)) && row.metric().equals(HEADLINE))
          .filter(row -> !Double.isNaN(row.value()))
          .forEach(
              row ->
                  lines.add(
                      List.of(
                          text(bytes),
                          row.strategy(),
                          SiFormat.whole(row.connections()),
                          SiFormat.bytes(row.value()),
                          String.format(Locale.ROOT, "%.3f %%", 100 * row.value() / bytes))));
    }
    return List.of(
        new Table(
            "Memory at the peak, beyond that of idle connections",
            List.of("Message", "Strategy", "Connections", "Bytes a connection", "Of a copy each"),
            lines,
            "kernel: what a sender's socket holds (skmem of ss) when its receiver does not read,"
                + " with the usual send buffer, and with room for the whole message."));
  }
}
