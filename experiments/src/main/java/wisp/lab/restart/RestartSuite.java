package wisp.lab.restart;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.Parameter;
import wisp.core.spi.Parameters;
import wisp.drivers.tun.TunProvider;
import wisp.lab.FailedException;
import wisp.lab.UsageException;
import wisp.lab.chart.Chart;
import wisp.lab.chart.DotChart;
import wisp.lab.chart.LineChart;
import wisp.lab.chart.Series;
import wisp.lab.chart.SiFormat;
import wisp.lab.kernel.KernelHost;
import wisp.lab.report.Table;
import wisp.lab.results.Row;
import wisp.lab.results.RunFolder;
import wisp.lab.suite.Catalog;
import wisp.lab.suite.Progress;
import wisp.lab.suite.RunOptions;
import wisp.lab.suite.Suite;

/**
 * An echo server is killed ({@code kill -9}) under its kernel peers and started again.
 *
 * <ul>
 *   <li><b>idle</b>, every strategy: all connections sleep at the kill; afterwards each is asked,
 *       and either answers exactly, is reset, or says nothing.
 *   <li><b>handover</b>, the durable one: a second server takes over from the first, which ends in
 *       order, while every connection echoes.
 *   <li><b>echoing</b>, the durable one: every connection echoes without pause while the server is
 *       killed at a random moment, many times over; now and then the next one is killed as well, as
 *       soon as it has taken over.
 * </ul>
 *
 * Beside what the peers' applications see stands what their kernel counted, and how many
 * connections tshark saw a RST on.
 */
public final class RestartSuite implements Suite {
  static final String DURABLE = "mapped";
  private static final String NAME = "restart";
  private static final String SURVIVORS = "survivors";
  private static final long ECHOING = 1_000;
  private static final int KILLS = 20;
  private static final int ALL_KILLS = 100;
  private static final int MOST_KILLS = 100_000;
  private static final int ONE_IN_AGAIN = 4;
  private static final long MOST_AGAIN_MILLIS = 150;
  private static final String CONNECTIONS = "connections";
  private static final String KILLS_DONE = "kills";
  private static final String CAPTURED = "captured_resets";
  private static final String NOT_CAPTURED = "not captured";
  private static final List<Parameter> PARAMETERS =
      List.of(
          new Parameter(
              "kills",
              "",
              "kills",
              "while all echo; empty: " + KILLS + ", with --full " + ALL_KILLS));
  private static final long SLEEP_MILLIS = 3_000;
  private static final int ANSWER_SECONDS = 20;

  /** Longer than the kernel's longest RTO: who says nothing for so long never will. */
  private static final int FOR_EVER_SECONDS = 150;

  private static final int RESEND_MILLIS = 5_000;
  private static final long MOST = 1_000_000;

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String description() {
    return "kernel connections that survive kill -9 of their server, by strategy";
  }

  @Override
  public @Nullable String unavailable() {
    String reason = KernelHost.unavailable();
    return reason == null ? new TunProvider().unavailable() : reason;
  }

  @Override
  public List<Parameter> parameters() {
    return PARAMETERS;
  }

  private static int kills(RunOptions options) {
    var given = Parameters.of(NAME, PARAMETERS, options.parametersOf(NAME));
    if (given.text("kills").isEmpty()) {
      return options.full() ? ALL_KILLS : KILLS;
    }
    return (int) given.number("kills", 0, MOST_KILLS);
  }

  @Override
  public List<Long> usualConnections() {
    return List.of(1_000L);
  }

  @Override
  public void check(RunOptions options) {
    options.strategies().forEach(Catalog::strategy);
    kills(options);
    for (long count : options.connections()) {
      if (count < 1 || count > MOST) {
        throw new UsageException("--connections " + count + " is outside 1 … " + MOST);
      }
    }
  }

  @Override
  public void run(RunOptions options, RunFolder folder, Progress progress) throws IOException {
    boolean durable = options.strategies().contains(DURABLE);
    int kills = kills(options);
    long tasks =
        (long) options.repeat() * options.strategies().size() * options.connections().size()
            + (durable ? kills + 1 : 0);
    progress.begin(NAME, tasks);
    String deaf = ResetWatch.unavailable();
    if (deaf != null) {
      progress.line("RST segments are not counted on the wire: " + deaf);
    }
    long done = 0;
    for (int repetition = 1; repetition <= options.repeat(); repetition++) {
      for (long count : options.connections()) {
        for (String strategy : options.strategies()) {
          progress.at(done, strategy + " " + SiFormat.whole(count));
          idle(options, strategy, count, repetition, folder, progress);
          progress.at(++done, strategy);
        }
      }
    }
    if (durable) {
      echoing(options, kills, folder, progress, done);
    }
    progress.close();
    tables(folder.rows()).forEach(table -> table.text().forEach(progress::line));
  }

  // ---- Idle ------------------------------------------------------------------------------------

  private static void idle(
      RunOptions options,
      String strategy,
      long count,
      int repetition,
      RunFolder folder,
      Progress progress)
      throws IOException {
    try (var lab = new RestartLab(strategy, options.parametersOf(strategy), count + 1_000)) {
      lab.start(false);
      lab.open(count, options.seed());
      expectAll(lab.ask(ANSWER_SECONDS), count);
      watch(lab);
      RestartLab.pause(SLEEP_MILLIS);
      long resentBefore = lab.kernel("RetransSegs");
      var before = Witnesses.of(lab);
      lab.kill();
      RestartLab.Ready ready = lab.start(false);
      RestartLab.Answer answer = lab.ask(ANSWER_SECONDS);
      var seen = Witnesses.of(lab).since(before);
      var rows = new Rows(folder, strategy, count, repetition, "idle");
      rows.add(answer, count);
      rows.add(seen);
      rows.add("kernel_resent", "segments", lab.kernel("RetransSegs") - resentBefore);
      rows.add("restart_seconds", "s", ready.seconds());
      rows.add("take_over_millis", "ms", ready.millis());
      rows.done();
      progress.line(
          String.format(
              Locale.ROOT,
              "%-10s %9s idle      %s answered, %d reset, %d silent, %d wrong; %s; ready after"
                  + " %.2f s, of these %.1f ms to take over",
              strategy,
              SiFormat.whole(count),
              SiFormat.whole(answer.whole()),
              answer.reset(),
              answer.silent(),
              answer.wrong(),
              seen.text(),
              ready.seconds(),
              ready.millis()));
    }
  }

  private static void watch(RestartLab lab) {
    if (ResetWatch.unavailable() == null) {
      lab.watch();
    }
  }

  private static void expectAll(RestartLab.Answer answer, long count) {
    if (answer.whole() != count) {
      throw new FailedException(
          "before any kill only " + answer.whole() + " of " + count + " connections answered");
    }
  }

  // ---- Echoing ---------------------------------------------------------------------------------

  private static void echoing(
      RunOptions options, int kills, RunFolder folder, Progress progress, long doneBefore)
      throws IOException {
    var random = new SplittableRandom(options.seed());
    progress.line("seed " + options.seed() + ": moments of " + kills + " kills under echo");
    try (var lab = new RestartLab(DURABLE, options.parametersOf(DURABLE), ECHOING + 1_000)) {
      lab.resendWithin(RESEND_MILLIS);
      lab.start(false);
      lab.open(ECHOING, options.seed());
      expectAll(lab.ask(ANSWER_SECONDS), ECHOING);
      watch(lab);
      int killed = 0;
      for (int round = 0; killed < kills || round == 0; round++) {
        boolean handOver = round == 0;
        int killedBefore = killed;
        var before = Witnesses.of(lab);
        lab.run();
        RestartLab.pause(200 + random.nextLong(1_000));
        if (!handOver) {
          lab.kill();
          killed++;
        }
        RestartLab.Ready ready = lab.start(handOver);
        long restored = ready.restored();
        long resetByUs = ready.reset();
        if (!handOver && killed < kills && random.nextInt(ONE_IN_AGAIN) == 0) {
          RestartLab.pause(random.nextLong(MOST_AGAIN_MILLIS));
          lab.kill();
          killed++;
          ready = lab.start(false);
          restored = ready.restored();
          resetByUs += ready.reset();
        }
        RestartLab.pause(500);
        RestartLab.Answer answer = lab.rest(FOR_EVER_SECONDS);
        var seen = Witnesses.of(lab).since(before);
        String what = handOver ? "handover" : "echoing";
        var rows = new Rows(folder, DURABLE, ECHOING, Math.max(1, round), what);
        rows.add(answer, ECHOING);
        rows.add(seen);
        rows.add(KILLS_DONE, "kills", handOver ? 0 : killed - killedBefore);
        rows.add("restart_seconds", "s", ready.seconds());
        rows.add("take_over_millis", "ms", ready.millis());
        rows.done();
        progress.at(doneBefore + killed + 1, what);
        progress.line(
            String.format(
                Locale.ROOT,
                "%-10s %9s %-9s %s whole, %d reset, %d silent, %d wrong; %s; %d were taken over, %d"
                    + " reset by us",
                DURABLE,
                SiFormat.whole(ECHOING),
                what,
                SiFormat.whole(answer.whole()),
                answer.reset(),
                answer.silent(),
                answer.wrong(),
                seen.text(),
                restored,
                resetByUs));
        if (answer.wrong() > 0) {
          throw new FailedException(answer.wrong() + " connections got a wrong byte");
        }
      }
    }
  }

  /**
   * What others than the peers' applications saw.
   *
   * @param resets of the kernel's connections, by RST
   * @param gaveUp times that the kernel ended one itself
   * @param captured connections that tshark saw a RST on; −1: it did not look
   */
  private record Witnesses(long resets, long gaveUp, long captured) {
    static Witnesses of(RestartLab lab) {
      ResetWatch.Seen seen = lab.seen();
      return new Witnesses(
          lab.kernelResets(), lab.kernelGaveUp(), seen == null ? -1 : seen.connections());
    }

    Witnesses since(Witnesses before) {
      return new Witnesses(
          resets - before.resets,
          gaveUp - before.gaveUp,
          captured < 0 ? captured : captured - before.captured);
    }

    String text() {
      return "the kernel counts "
          + resets
          + " reset and "
          + gaveUp
          + " given up, tshark "
          + (captured < 0 ? "did not look" : "sees RST on " + captured);
    }
  }

  /** Rows that differ in metric and value. */
  private static final class Rows {
    private final RunFolder folder;
    private final String strategy;
    private final long count;
    private final int repetition;
    private final String condition;
    private final List<Row> rows = new ArrayList<>();

    Rows(RunFolder folder, String strategy, long count, int repetition, String condition) {
      this.folder = folder;
      this.strategy = strategy;
      this.count = count;
      this.repetition = repetition;
      this.condition = condition;
    }

    void add(String metric, String unit, double value) {
      rows.add(
          new Row(
              folder.name(),
              NAME,
              strategy,
              "tun",
              count,
              repetition,
              metric,
              unit,
              value,
              "",
              condition));
    }

    void add(RestartLab.Answer answer, long of) {
      add(SURVIVORS, "share", (double) answer.whole() / of);
      add("reset", CONNECTIONS, answer.reset());
      add("wrong", CONNECTIONS, answer.wrong());
      add("silent", CONNECTIONS, answer.silent());
    }

    /** What nobody looked for has no row. */
    void add(Witnesses seen) {
      add("kernel_resets", CONNECTIONS, seen.resets);
      add("kernel_gave_up", CONNECTIONS, seen.gaveUp);
      if (seen.captured >= 0) {
        add(CAPTURED, CONNECTIONS, seen.captured);
      }
    }

    void done() throws IOException {
      folder.add(rows);
    }
  }

  // ---- What is shown ---------------------------------------------------------------------------

  @Override
  public Map<String, ? extends Chart> charts(List<Row> rows, Map<String, @Nullable Object> info) {
    var charts = new LinkedHashMap<String, Chart>();
    charts.put("survivors", survivors(rows));
    charts.put("restart-time", restartTime(rows));
    return charts;
  }

  private static Chart survivors(List<Row> rows) {
    var idle = of(rows, "idle", SURVIVORS);
    var strategies = idle.stream().map(Row::strategy).distinct().toList();
    var names = new ArrayList<>(strategies);
    var points = new ArrayList<Series.Point>();
    for (int i = 0; i < strategies.size(); i++) {
      String strategy = strategies.get(i);
      points.add(spread(i, idle.stream().filter(r -> r.strategy().equals(strategy)).toList()));
    }
    for (String condition : List.of("handover", "echoing")) {
      var own = of(rows, condition, SURVIVORS);
      if (!own.isEmpty()) {
        points.add(spread(names.size(), own));
        names.add(DURABLE + ", " + condition);
      }
    }
    return new DotChart(
        "Kernel connections that go on when their server is killed",
        List.of(
            "kill -9 and a new process; idle, but where it says that they echo at that moment",
            "markers: median, lines: least to most; the others were reset, none got a wrong byte"),
        names,
        "Share of connections that answer exactly",
        value -> Math.round(value * 100) + " %",
        List.of(new Series("survivors", false, points)));
  }

  private static Chart restartTime(List<Row> rows) {
    var series = new ArrayList<Series>();
    for (String metric : List.of("restart_seconds", "take_over_millis")) {
      var points = new ArrayList<Series.Point>();
      var own =
          of(rows, "idle", metric).stream().filter(r -> r.strategy().equals(DURABLE)).toList();
      double unit = metric.endsWith("millis") ? 1e-3 : 1;
      for (long count : own.stream().map(Row::connections).distinct().sorted().toList()) {
        var p = spread(count, own.stream().filter(r -> r.connections() == count).toList());
        if (p.y() > 0) {
          points.add(new Series.Point(count, p.y() * unit, p.low() * unit, p.high() * unit));
        }
      }
      series.add(
          new Series(
              metric.endsWith("millis") ? "of these, to take over" : "until it is ready",
              false,
              points));
    }
    return new LineChart(
        "Time to go on after a kill, " + DURABLE,
        List.of("from the start of the new process, that of its JVM included"),
        "Connections",
        "Seconds",
        value -> String.format(Locale.ROOT, "%.3g s", value),
        series);
  }

  private static List<Row> of(List<Row> rows, String condition, String metric) {
    return rows.stream()
        .filter(r -> r.scenario().equals(condition) && r.metric().equals(metric))
        .toList();
  }

  private static Series.Point spread(double x, List<Row> rows) {
    double[] values = rows.stream().mapToDouble(Row::value).sorted().toArray();
    return new Series.Point(x, values[values.length / 2], values[0], values[values.length - 1]);
  }

  @Override
  public List<Table> tables(List<Row> rows) {
    var lines = new ArrayList<List<String>>();
    var seen = new LinkedHashMap<String, List<Row>>();
    for (Row row : rows) {
      String key = row.scenario() + "\t" + row.strategy() + "\t" + row.connections();
      seen.computeIfAbsent(key, k -> new ArrayList<>()).add(row);
    }
    seen.forEach(
        (key, own) -> {
          String[] words = key.split("\t");
          lines.add(
              List.of(
                  words[0],
                  words[1],
                  SiFormat.whole(Long.parseLong(words[2])),
                  kills(words[0], own),
                  share(own),
                  sum(own, "reset"),
                  sum(own, "kernel_resets"),
                  sum(own, "kernel_gave_up"),
                  captured(own),
                  sum(own, "silent"),
                  sum(own, "wrong"),
                  seconds(own)));
        });
    return List.of(
        new Table(
            "Connections after a kill",
            List.of(
                "At the kill",
                "Strategy",
                "Connections",
                "Kills",
                "Answered, least … most",
                "Reset",
                "Kernel: reset",
                "Kernel: gave up",
                "tshark: RST on",
                "Silent",
                "Wrong bytes",
                "Ready after"),
            lines,
            "Each connection either answers exactly, is reset, or says nothing for "
                + ANSWER_SECONDS
                + " s (echoing: "
                + FOR_EVER_SECONDS
                + ", longer than the kernel's longest RTO); sums over all kills. A handover is no"
                + " kill: the old server ends in order. Kernel: its EstabResets, and its OutRsts"
                + " and TCPAbort… together, in the namespace of the peers. tshark: connections with"
                + " a RST from either side, on the server's device."));
  }

  private static String share(List<Row> rows) {
    var point = spread(0, rows.stream().filter(r -> r.metric().equals(SURVIVORS)).toList());
    return String.format(Locale.ROOT, "%.1f … %.1f %%", point.low() * 100, point.high() * 100);
  }

  private static String kills(String condition, List<Row> rows) {
    return switch (condition) {
      case "handover" -> "0";
      case "idle" -> Long.toString(rows.stream().filter(r -> r.metric().equals(SURVIVORS)).count());
      default -> sum(rows, KILLS_DONE);
    };
  }

  /** Only if somebody looked each time. */
  private static String captured(List<Row> rows) {
    long looks = rows.stream().filter(r -> r.metric().equals(CAPTURED)).count();
    long times = rows.stream().filter(r -> r.metric().equals(SURVIVORS)).count();
    return looks == times ? sum(rows, CAPTURED) : NOT_CAPTURED;
  }

  private static String sum(List<Row> rows, String metric) {
    double sum = rows.stream().filter(r -> r.metric().equals(metric)).mapToDouble(Row::value).sum();
    return Long.toString((long) sum);
  }

  private static String seconds(List<Row> rows) {
    var point = spread(0, rows.stream().filter(r -> r.metric().equals("restart_seconds")).toList());
    return String.format(Locale.ROOT, "%.2f s", point.y());
  }

  @Override
  public String headline() {
    return SURVIVORS;
  }
}
