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

/** What share of a bottleneck each of two flows gets. */
public final class FairnessSuite implements Suite {
  private static final String NAME = "fairness";
  private static final String METRIC = "share";
  private static final double SECONDS = 60;

  /** While the flows find out about the bottleneck and each other: five of CUBIC's epochs. */
  private static final double SETTLING = 1.0 / 4;

  /**
   * A queue of 3/4 of what the path holds. Without jitter of at least the time that a packet takes
   * the same flow would always come to a full queue last: phase effects, which no long path has.
   */
  private static final Scenario WIRE =
      Scenario.of(
          "bottleneck",
          "20 Mbit/s, RTT 40 ± 2 ms, queue 50 packets",
          "delay=20ms,jitter=1ms,rate=20mbit,queue=50",
          2);

  /**
   * Two flows.
   *
   * @param control ours; the kernel's is CUBIC
   */
  private record Duel(String name, Left first, Left second, String control) {}

  private static final List<Duel> DUELS =
      List.of(
          new Duel("kernel cubic : kernel cubic", Left.KERNEL, Left.KERNEL, "cubic"),
          new Duel("wisp cubic : kernel cubic", Left.OURS, Left.KERNEL, "cubic"),
          new Duel("wisp cubic : wisp cubic", Left.OURS, Left.OURS, "cubic"),
          new Duel("wisp newreno : kernel cubic", Left.OURS, Left.KERNEL, "newreno"));

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String description() {
    return "one flow of ours against one of the kernel's on a shared bottleneck";
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
    progress.begin(NAME, (long) options.repeat() * DUELS.size());
    long done = 0;
    try (var lab = new PathLab(PathSpec.of(WIRE.path(), options.seed()))) {
      lab.congestion("cubic");
      for (int repetition = 1; repetition <= options.repeat(); repetition++) {
        for (Duel duel : DUELS) {
          // Who comes first takes turns too.
          long[] bits = measure(lab, duel, seconds, repetition % 2 == 0);
          double share = (double) bits[0] / (bits[0] + bits[1]);
          folder.add(
              List.of(
                  row(folder, duel, repetition, METRIC, "of both", share),
                  row(folder, duel, repetition, "goodput", "bit/s", bits[0]),
                  row(folder, duel, repetition, "goodput_of_other", "bit/s", bits[1])));
          progress.at(++done, duel.name());
          progress.line(
              String.format(
                  Locale.ROOT,
                  "%d  %-28s %6s : %6s Mbit/s   share of the first %s",
                  repetition,
                  duel.name(),
                  Spread.millions(bits[0]),
                  Spread.millions(bits[1]),
                  Spread.percent(share)));
        }
      }
    }
    tables(folder.rows()).forEach(table -> table.text().forEach(progress::line));
  }

  private static Row row(
      RunFolder folder, Duel duel, int repetition, String metric, String unit, double value) {
    return new Row(
        folder.name(),
        NAME,
        duel.name(),
        "tun",
        WIRE.flows(),
        repetition,
        metric,
        unit,
        value,
        "",
        WIRE.name());
  }

  /** Bits per second of the first and the second flow, once they have settled. */
  private static long[] measure(PathLab lab, Duel duel, double seconds, boolean secondOpensFirst) {
    var profile = ConnectionProfile.NO_DELAY.with(b -> b.congestionControl = duel.control());
    Left opener = secondOpensFirst ? duel.second() : duel.first();
    Left other = secondOpensFirst ? duel.first() : duel.second();
    try (var one = lab.open(opener, true, profile, Job.FLOOD, Job.SINK);
        var two = lab.open(other, true, profile, Job.FLOOD, Job.SINK)) {
      PathLab.pause((long) (1000 * seconds * SETTLING));
      long start = System.nanoTime();
      long oneBefore = one.right().receivedBytes();
      long twoBefore = two.right().receivedBytes();
      PathLab.pause((long) (1000 * seconds * (1 - SETTLING)));
      double nanos = System.nanoTime() - start;
      long oneBits = (long) (8e9 * (one.right().receivedBytes() - oneBefore) / nanos);
      long twoBits = (long) (8e9 * (two.right().receivedBytes() - twoBefore) / nanos);
      return secondOpensFirst ? new long[] {twoBits, oneBits} : new long[] {oneBits, twoBits};
    } finally {
      lab.drain();
    }
  }

  @Override
  public Map<String, ? extends Chart> charts(List<Row> rows, Map<String, @Nullable Object> info) {
    var series = new ArrayList<Series>();
    for (Duel duel : DUELS) {
      Spread share = Spread.of(rows, WIRE.name(), duel.name(), METRIC);
      if (share.count() > 0) {
        String name = duel.name().replaceFirst("^kernel", "Linux kernel");
        series.add(new Series(name, false, List.of(share.at(0))));
      }
    }
    var charts = new LinkedHashMap<String, Chart>();
    charts.put(
        NAME,
        new DotChart(
            "Share of the first of two flows on one bottleneck",
            List.of(WIRE.text(), "markers: median of repetitions, lines: least to most"),
            List.of(WIRE.text()),
            "share of what both got",
            Spread::percent,
            series));
    return charts;
  }

  @Override
  public List<Table> tables(List<Row> rows) {
    var lines = new ArrayList<List<String>>();
    for (Duel duel : DUELS) {
      Spread share = Spread.of(rows, WIRE.name(), duel.name(), METRIC);
      if (share.count() > 0) {
        lines.add(
            List.of(
                duel.name(),
                share.text(Spread::percent),
                Spread.of(rows, WIRE.name(), duel.name(), "goodput").text(Spread::millions),
                Spread.of(rows, WIRE.name(), duel.name(), "goodput_of_other")
                    .text(Spread::millions)));
      }
    }
    return List.of(
        new Table(
            "Share of the first flow",
            List.of("Flows", "Share, median (least … most)", "First, Mbit/s", "Second, Mbit/s"),
            lines,
            WIRE.text() + "; measured after the flows had settled."));
  }

  @Override
  public String headline() {
    return METRIC;
  }
}
