package wisp.lab.goodput;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import wisp.core.stack.ConnectionProfile;
import wisp.lab.chart.Chart;
import wisp.lab.chart.DotChart;
import wisp.lab.chart.Series;
import wisp.lab.kernel.KernelHost;
import wisp.lab.path.Job;
import wisp.lab.path.PathLab;
import wisp.lab.path.PathLab.Left;
import wisp.lab.path.PathSpec;
import wisp.lab.report.Table;
import wisp.lab.results.Row;
import wisp.lab.results.RunFolder;
import wisp.lab.suite.Progress;
import wisp.lab.suite.RunOptions;
import wisp.lab.suite.Suite;

/**
 * Bytes per second that arrive, over wires that lose, reorder or do neither: ours beside the
 * kernel's with the same congestion control, in turns, over the same wire.
 */
public final class GoodputSuite implements Suite {
  private static final String NAME = "goodput";
  private static final String METRIC = "goodput";
  private static final double SECONDS = 8;

  private static final List<Scenario> SCENARIOS =
      List.of(
          // Nothing but chance limits these, and chance wants many draws: four flows at once,
          // which the bottleneck has room for.
          Scenario.of(
              "loss", "loss 1 %, RTT 40 ms", "delay=20ms,loss=1%,rate=100mbit,queue=400", 4),
          Scenario.of(
              "reorder",
              "5 % held back 2 ms, RTT 40 ms",
              "delay=20ms,reorder=5%,hold=2ms,rate=100mbit,queue=400",
              1),
          Scenario.of("clean", "no faults, RTT 40 ms", "delay=20ms,rate=100mbit,queue=400", 1));

  /**
   * Who sends.
   *
   * @param beside the kernel-to-kernel flow that it is compared with; {@code null}: it is one
   * @param kernelControl the kernels' congestion control
   * @param control ours
   * @param sends whether the left end sends, or receives
   */
  private record Contestant(
      String name,
      @Nullable String beside,
      Left who,
      String kernelControl,
      String control,
      boolean sends) {}

  private static final List<Contestant> CONTESTANTS =
      List.of(
          new Contestant("kernel cubic", null, Left.KERNEL, "cubic", "cubic", true),
          new Contestant("wisp cubic", "kernel cubic", Left.OURS, "cubic", "cubic", true),
          new Contestant("kernel reno", null, Left.KERNEL, "reno", "newreno", true),
          new Contestant("wisp newreno", "kernel reno", Left.OURS, "reno", "newreno", true),
          new Contestant(
              "kernel cubic to wisp", "kernel cubic", Left.OURS, "cubic", "cubic", false));

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String description() {
    return "goodput under loss and reordering: ours beside the kernel's over the same wire";
  }

  @Override
  public @Nullable String unavailable() {
    return KernelHost.unavailable();
  }

  @Override
  public void check(RunOptions options) {}

  @Override
  public int usualRepeat() {
    return 5;
  }

  @Override
  public void run(RunOptions options, RunFolder folder, Progress progress) throws IOException {
    double seconds = options.seconds() == 0 ? SECONDS : options.seconds();
    progress.begin(NAME, (long) SCENARIOS.size() * options.repeat() * CONTESTANTS.size());
    long done = 0;
    for (Scenario scenario : SCENARIOS) {
      try (var lab = new PathLab(PathSpec.of(scenario.path(), options.seed()))) {
        for (int repetition = 1; repetition <= options.repeat(); repetition++) {
          done = repetition(lab, scenario, repetition, seconds, folder, progress, done);
        }
      }
    }
    tables(folder.rows()).forEach(table -> table.text().forEach(progress::line));
  }

  private static long repetition(
      PathLab lab,
      Scenario scenario,
      int repetition,
      double seconds,
      RunFolder folder,
      Progress progress,
      long done)
      throws IOException {
    var values = new LinkedHashMap<String, Double>();
    for (Contestant one : CONTESTANTS) {
      double value = measure(lab, one, scenario.flows(), seconds);
      values.put(one.name(), value);
      var rows = new ArrayList<Row>();
      rows.add(row(folder, scenario, one, repetition, METRIC, "bit/s", value));
      Double kernel = one.beside() == null ? null : values.get(one.beside());
      if (kernel != null) {
        rows.add(
            row(folder, scenario, one, repetition, "goodput_ratio", "of kernel", value / kernel));
      }
      folder.add(rows);
      progress.at(++done, scenario.name());
      progress.line(
          String.format(
              Locale.ROOT,
              "%-8s %d  %-22s %8s Mbit/s%s",
              scenario.name(),
              repetition,
              one.name(),
              Spread.millions(value),
              kernel == null ? "" : "   " + Spread.ratio(value / kernel) + " of the kernel's"));
    }
    return done;
  }

  private static Row row(
      RunFolder folder,
      Scenario scenario,
      Contestant one,
      int repetition,
      String metric,
      String unit,
      double value) {
    return new Row(
        folder.name(),
        NAME,
        one.name(),
        "tun",
        scenario.flows(),
        repetition,
        metric,
        unit,
        value,
        "",
        scenario.name());
  }

  /** Mean goodput of a flow, in bits per second, from before its handshake on. */
  private static double measure(PathLab lab, Contestant one, int flows, double seconds) {
    lab.congestion(one.kernelControl());
    var profile = ConnectionProfile.NO_DELAY.with(b -> b.congestionControl = one.control());
    var pairs = new ArrayList<PathLab.Pair>();
    long nanos = 0;
    long bytes = 0;
    try {
      for (int i = 0; i < flows; i++) {
        long start = System.nanoTime();
        pairs.add(
            lab.open(
                one.who(),
                true,
                profile,
                one.sends() ? Job.FLOOD : Job.SINK,
                one.sends() ? Job.SINK : Job.FLOOD));
        nanos -= start;
      }
      PathLab.pause((long) (seconds * 1000));
      for (PathLab.Pair pair : pairs) {
        bytes += (one.sends() ? pair.right() : pair.left()).receivedBytes();
        nanos += System.nanoTime();
      }
    } finally {
      pairs.forEach(PathLab.Pair::close);
    }
    lab.drain();
    return 8e9 * bytes / nanos;
  }

  @Override
  public Map<String, ? extends Chart> charts(List<Row> rows, Map<String, @Nullable Object> info) {
    var charts = new LinkedHashMap<String, Chart>();
    for (Scenario scenario : SCENARIOS) {
      var series = new ArrayList<Series>();
      for (Contestant one : CONTESTANTS) {
        Spread spread = Spread.of(rows, scenario.name(), one.name(), METRIC);
        if (spread.count() > 0) {
          String name = one.name().replaceFirst("^kernel", "Linux kernel");
          series.add(new Series(name, one.beside() == null, List.of(spread.at(0))));
        }
      }
      charts.put(
          "goodput-" + scenario.name(),
          new DotChart(
              "Goodput: " + scenario.text(),
              List.of(
                  "One wire, flows in turns; markers: median of repetitions, lines: least to most",
                  scenario.flows() == 1
                      ? "bottleneck 100 Mbit/s, queue 400 packets"
                      : scenario.flows() + " flows at once, mean of a flow"),
              List.of(scenario.text()),
              "Mbit/s",
              Spread::millions,
              series));
    }
    return charts;
  }

  @Override
  public List<Table> tables(List<Row> rows) {
    var lines = new ArrayList<List<String>>();
    for (Scenario scenario : SCENARIOS) {
      for (Contestant one : CONTESTANTS) {
        Spread goodput = Spread.of(rows, scenario.name(), one.name(), METRIC);
        if (goodput.count() > 0) {
          Spread ratio = Spread.of(rows, scenario.name(), one.name(), "goodput_ratio");
          lines.add(
              List.of(
                  scenario.text(),
                  one.name(),
                  goodput.text(Spread::millions),
                  one.beside() == null ? "–" : one.beside(),
                  ratio.text(Spread::ratio)));
        }
      }
    }
    return List.of(
        new Table(
            "Goodput",
            List.of("Wire", "Flow", "Mbit/s, median (least … most)", "Beside", "Ratio"),
            lines,
            "Ratio: to the kernel-to-kernel flow of the same repetition. "
                + "All flows go to or come from a kernel."));
  }

  @Override
  public String headline() {
    return METRIC;
  }
}
