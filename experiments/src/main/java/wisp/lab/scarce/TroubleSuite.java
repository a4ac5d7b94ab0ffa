package wisp.lab.scarce;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.Footprint.Kind;
import wisp.core.spi.Parameter;
import wisp.core.spi.Parameters;
import wisp.drivers.faults.PathConfig;
import wisp.lab.UsageException;
import wisp.lab.chart.Chart;
import wisp.lab.chart.DotChart;
import wisp.lab.chart.Series;
import wisp.lab.chart.SiFormat;
import wisp.lab.goodput.Spread;
import wisp.lab.report.Table;
import wisp.lab.results.Row;
import wisp.lab.results.RunFolder;
import wisp.lab.suite.Catalog;
import wisp.lab.suite.Progress;
import wisp.lab.suite.RunOptions;
import wisp.lab.suite.Suite;

/**
 * Memory versus trouble, at constant numbers of connections in transfer: what a connection takes
 * while its path loses, reorders, or is long, and that it is all given back when the path is quiet.
 */
public final class TroubleSuite implements Suite {
  private static final String NAME = "trouble";
  private static final String MEAN = "mean_bytes_per_connection";
  private static final String PEAK = "peak_bytes_per_connection";
  private static final String IDLE = "idle_bytes_per_connection";
  private static final double SECONDS = 1;
  private static final int USUAL = 8 << 10;
  private static final List<Parameter> PARAMETERS =
      List.of(new Parameter("connections", "1k+10k", "connections", "in turns, joined by +"));

  /**
   * One path.
   *
   * @param axis what it differs in
   * @param text on that axis
   * @param underWay bytes of each connection, on a path of that length at 80 kB/s
   */
  private record Scenario(String axis, String text, String path, int underWay) {
    String name() {
      return axis + " " + text;
    }
  }

  /** The path that the axes start from is in each of them, and measured once. */
  private static final List<Scenario> SCENARIOS =
      List.of(
          new Scenario("loss", "0 %", "delay=50ms", USUAL),
          new Scenario("loss", "0.1 %", "delay=50ms,loss=0.1%", USUAL),
          new Scenario("loss", "1 %", "delay=50ms,loss=1%", USUAL),
          new Scenario("loss", "5 %", "delay=50ms,loss=5%", USUAL),
          new Scenario("reorder", "0 %", "delay=50ms", USUAL),
          new Scenario("reorder", "1 %", "delay=50ms,reorder=1%,hold=20ms", USUAL),
          new Scenario("reorder", "5 %", "delay=50ms,reorder=5%,hold=20ms", USUAL),
          new Scenario("product", "2 KiB", "delay=12.5ms,loss=1%", 2 << 10),
          new Scenario("product", "8 KiB", "delay=50ms,loss=1%", USUAL),
          new Scenario("product", "32 KiB", "delay=200ms,loss=1%", 32 << 10));

  private static final Map<String, String> TITLES =
      Map.of(
          "loss", "Memory versus loss",
          "reorder", "Memory versus reordering",
          "product", "Memory versus bandwidth-delay product");

  private static final Map<String, String> CONDITIONS =
      Map.of(
          "loss", "RTT 100 ms, 8 KiB of each connection under way, lost as told",
          "reorder", "RTT 100 ms, 8 KiB of each connection under way, held back 20 ms as told",
          "product", "80 kB/s of each connection, RTT 25, 100 and 400 ms, loss 1 %");

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String description() {
    return "memory versus loss, reordering and bandwidth-delay product, at constant connections";
  }

  @Override
  public List<Parameter> parameters() {
    return PARAMETERS;
  }

  @Override
  public void check(RunOptions options) {
    counts(options);
    Catalog.checkStrategies(options);
  }

  private static List<Integer> counts(RunOptions options) {
    var given = Parameters.of(NAME, PARAMETERS, options.parametersOf(NAME));
    try {
      return Trials.turns(given, "connections", 2, 100_000, "1k+10k").stream()
          .map(Long::intValue)
          .toList();
    } catch (IllegalArgumentException e) {
      throw new UsageException("suite " + NAME + ": " + e.getMessage());
    }
  }

  @Override
  public void run(RunOptions options, RunFolder folder, Progress progress) throws IOException {
    var counts = counts(options);
    long work =
        (long) options.repeat()
            * options.strategies().size()
            * SCENARIOS.size()
            * counts.stream().mapToInt(Integer::intValue).sum();
    var trials = new Trials(this, "bytes", work, progress);
    for (int repetition = 1; repetition <= options.repeat(); repetition++) {
      for (int count : counts) {
        for (String strategy : options.strategies()) {
          scenarios(options, repetition, count, strategy, folder, trials);
        }
      }
    }
    progress.close();
    tables(folder.rows()).forEach(table -> table.text().forEach(progress::line));
    trials.end();
  }

  private static void scenarios(
      RunOptions options,
      int repetition,
      int count,
      String strategy,
      RunFolder folder,
      Trials trials)
      throws IOException {
    var known = new HashMap<String, TroubleTrial.Result>();
    for (Scenario scenario : SCENARIOS) {
      var trial =
          new TroubleTrial(
              strategy,
              options.parametersOf(strategy),
              count,
              PathConfig.parse(scenario.path),
              scenario.underWay,
              Trials.nanos(options, SECONDS),
              options.seed() + repetition - 1);
      var rows =
          new TrialRows(folder, NAME, strategy, Trials.LINK, count, repetition, scenario.name());
      String label =
          String.format(
              Locale.ROOT,
              "%d  %-10s %7s  %-15s ",
              repetition,
              strategy,
              SiFormat.whole(count),
              scenario.name());
      trials.run(
          rows,
          label,
          count,
          into -> {
            var result = known.get(scenario.path);
            boolean isNew = result == null;
            if (result == null) {
              result = trial.run();
              known.put(scenario.path, result);
            }
            add(result, count, into);
            return isNew ? told(result, count) : "";
          });
    }
  }

  private static String told(TroubleTrial.Result result, double n) {
    return String.format(
        Locale.ROOT,
        "mean %8s  peak %8s  idle again %6s after %4.1f s   %s Mbit/s",
        SiFormat.bytes(TroubleTrial.Result.ofConnections(result.mean()) / n),
        SiFormat.bytes(TroubleTrial.Result.ofConnections(result.peak()) / n),
        SiFormat.bytes(TroubleTrial.Result.ofConnections(result.idle()) / n),
        result.restSeconds(),
        Spread.millions(result.bitsPerSecond()));
  }

  private static void add(TroubleTrial.Result result, double n, TrialRows rows) {
    Map<String, Map<Kind, Double>> kinds = new LinkedHashMap<>();
    kinds.put(MEAN, result.mean());
    kinds.put(PEAK, result.peak());
    kinds.put(IDLE, result.idle());
    kinds.forEach(
        (metric, bytes) -> {
          rows.add(metric, "bytes", TroubleTrial.Result.ofConnections(bytes) / n);
          bytes.forEach(
              (kind, value) ->
                  rows.add(
                      kind.name().toLowerCase(Locale.ROOT) + "_" + metric, "bytes", value / n));
        });
    rows.add(
            "idle_reserved_bytes_per_connection",
            "bytes",
            result.idleReserved() / n,
            "the context's tables included")
        .add("rest_time", "s", result.restSeconds())
        .add("goodput", "bit/s", result.bitsPerSecond())
        .add("resent", "share", result.resent());
  }

  @Override
  public Map<String, ? extends Chart> charts(List<Row> rows, Map<String, @Nullable Object> info) {
    var charts = new LinkedHashMap<String, Chart>();
    for (String axis : List.of("loss", "reorder", "product")) {
      var scenarios = SCENARIOS.stream().filter(s -> s.axis.equals(axis)).toList();
      var series = new ArrayList<Series>();
      for (Group group : groups(rows)) {
        var points = new ArrayList<Series.Point>();
        for (int i = 0; i < scenarios.size(); i++) {
          double mean = group.median(rows, scenarios.get(i), MEAN);
          double peak = group.median(rows, scenarios.get(i), PEAK);
          double idle = group.median(rows, scenarios.get(i), IDLE);
          if (!Double.isNaN(mean)) {
            points.add(new Series.Point(i, mean, idle, peak));
          }
        }
        series.add(new Series(group.text(), false, points));
      }
      charts.put(
          "memory-" + axis,
          new DotChart(
              Objects.requireNonNull(TITLES.get(axis)),
              List.of(
                  Objects.requireNonNull(CONDITIONS.get(axis))
                      + "; half of them send, half receive; virtual time",
                  "markers: mean in transfer; lines: from idle again to the peak, bytes in use"
                      + " without frames"),
              scenarios.stream().map(Scenario::text).toList(),
              "Bytes per connection",
              SiFormat::bytes,
              series));
    }
    return charts;
  }

  /** Who is measured. */
  private record Group(String strategy, long connections) {
    double median(List<Row> rows, Scenario scenario, String metric) {
      var own = rows.stream().filter(row -> row.connections() == connections).toList();
      return Spread.of(own, scenario.name(), strategy, metric).median();
    }

    String text() {
      return strategy + ", " + SiFormat.whole(connections);
    }
  }

  private static List<Group> groups(List<Row> rows) {
    return rows.stream()
        .map(row -> new Group(row.strategy(), row.connections()))
        .distinct()
        .toList();
  }

  @Override
  public List<Table> tables(List<Row> rows) {
    var lines = new ArrayList<List<String>>();
    for (Group group : groups(rows)) {
      for (Scenario scenario : SCENARIOS) {
        if (Double.isNaN(group.median(rows, scenario, MEAN))) {
          continue;
        }
        lines.add(
            List.of(
                group.strategy,
                SiFormat.whole(group.connections),
                scenario.name(),
                bytes(group, rows, scenario, "blocks_" + MEAN),
                bytes(group, rows, scenario, "blocks_" + PEAK),
                bytes(group, rows, scenario, MEAN),
                bytes(group, rows, scenario, IDLE),
                bytes(group, rows, scenario, "blocks_" + IDLE),
                Spread.percent(group.median(rows, scenario, "resent")),
                Spread.millions(group.median(rows, scenario, "goodput"))));
      }
    }
    return List.of(
        new Table(
            "Memory in trouble, and after it",
            List.of(
                "Strategy",
                "Connections",
                "Path",
                "Blocks, mean B/connection",
                "peak",
                "All kinds, mean",
                "All kinds, idle again",
                "Blocks, idle again",
                "Resent",
                "Mbit/s"),
            lines,
            "Bytes in use per connection: records, index, blocks and socket buffers; the"
                + " application's frames and the context's tables are not in it."));
  }

  private static String bytes(Group group, List<Row> rows, Scenario scenario, String metric) {
    return SiFormat.bytes(group.median(rows, scenario, metric));
  }

  @Override
  public String headline() {
    return MEAN;
  }
}
