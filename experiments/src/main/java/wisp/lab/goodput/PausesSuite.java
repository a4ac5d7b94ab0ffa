package wisp.lab.goodput;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import wisp.core.stack.ConnectionProfile;
import wisp.drivers.faults.PathConfig;
import wisp.lab.FailedException;
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
 * A sender that writes, waits until all has arrived, pauses and writes again. While it pauses for
 * less than a retransmission timeout its window is still good (RFC 5681 §4.1), so each write goes
 * out as fast as the one before; after a longer one it starts anew.
 */
public final class PausesSuite implements Suite {
  private static final String NAME = "pauses";
  private static final String METRIC = "goodput";
  private static final long WRITE_BYTES = 256 << 10;
  private static final int ROUNDS = 20;

  /** The first writes, while the window still opens. */
  private static final int OPENING_ROUNDS = 5;

  private static final PathConfig WIRE = PathConfig.parse("delay=20ms,rate=100mbit,queue=400");
  private static final long WAIT_NANOS = 20_000_000_000L;
  private static final List<Integer> PAUSE_MILLIS = List.of(10, 50, 150, 2_000);
  private static final int LONG_MILLIS = 1_000;
  private static final int LONG_ROUNDS = 3;

  private record Contestant(String name, Left who) {}

  private static final List<Contestant> CONTESTANTS =
      List.of(new Contestant("kernel cubic", Left.KERNEL), new Contestant("wisp cubic", Left.OURS));

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String description() {
    return "goodput of a sender that pauses between writes, beside the kernel's";
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
    progress.begin(NAME, (long) options.repeat() * PAUSE_MILLIS.size() * CONTESTANTS.size());
    long done = 0;
    try (var lab = new PathLab(PathSpec.of(WIRE, options.seed()))) {
      lab.congestion("cubic");
      for (int repetition = 1; repetition <= options.repeat(); repetition++) {
        for (int pause : PAUSE_MILLIS) {
          double kernel = Double.NaN;
          for (Contestant one : CONTESTANTS) {
            double value = measure(lab, one.who(), pause);
            kernel = one.who() == Left.KERNEL ? value : kernel;
            double ratio = value / kernel;
            folder.add(
                List.of(
                    row(folder, pause, one, repetition, METRIC, "bit/s", value),
                    row(folder, pause, one, repetition, "goodput_ratio", "of kernel", ratio)));
            progress.at(++done, text(pause));
            progress.line(
                String.format(
                    Locale.ROOT,
                    "%d  pause %-8s %-13s %7s Mbit/s while it writes   %s of the kernel's",
                    repetition,
                    text(pause),
                    one.name(),
                    Spread.millions(value),
                    Spread.ratio(ratio)));
          }
        }
      }
    }
    tables(folder.rows()).forEach(table -> table.text().forEach(progress::line));
  }

  private static Row row(
      RunFolder folder,
      int pause,
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
        1,
        repetition,
        metric,
        unit,
        value,
        "",
        text(pause));
  }

  private static String text(int pauseMillis) {
    return pauseMillis + " ms";
  }

  /**
   * Bits per second from each write until the answer to it has come, pauses and first writes left
   * out.
   */
  private static double measure(PathLab lab, Left who, int pauseMillis) {
    boolean isLong = pauseMillis >= LONG_MILLIS;
    int rounds = OPENING_ROUNDS + (isLong ? LONG_ROUNDS : ROUNDS);
    long nanos = 0;
    try (var pair = lab.open(who, true, ConnectionProfile.NO_DELAY, Job.SINK, Job.SINK)) {
      for (int round = 1; round <= rounds; round++) {
        long start = System.nanoTime();
        pair.left().send(WRITE_BYTES);
        await(pair, () -> pair.right().receivedBytes(), round * WRITE_BYTES);
        pair.right().send(1);
        await(pair, () -> pair.left().receivedBytes(), round);
        boolean counts = round > OPENING_ROUNDS;
        nanos += counts ? System.nanoTime() - start : 0;
        PathLab.pause(counts || round == OPENING_ROUNDS ? pauseMillis : 0);
      }
    }
    lab.drain();
    return 8e9 * WRITE_BYTES * (rounds - OPENING_ROUNDS) / nanos;
  }

  private interface Bytes {
    long soFar();
  }

  private static void await(PathLab.Pair pair, Bytes bytes, long wanted) {
    long limit = System.nanoTime() + WAIT_NANOS;
    while (bytes.soFar() < wanted) {
      if (System.nanoTime() > limit || !pair.trouble().isEmpty()) {
        throw new FailedException(
            "a write did not arrive: " + bytes.soFar() + " of " + wanted + " B " + pair.trouble());
      }
      PathLab.pause(1);
    }
  }

  @Override
  public Map<String, ? extends Chart> charts(List<Row> rows, Map<String, @Nullable Object> info) {
    var series = new ArrayList<Series>();
    for (Contestant one : CONTESTANTS) {
      var points = new ArrayList<Series.Point>();
      for (int i = 0; i < PAUSE_MILLIS.size(); i++) {
        Spread spread = Spread.of(rows, text(PAUSE_MILLIS.get(i)), one.name(), METRIC);
        if (spread.count() > 0) {
          points.add(spread.at(i));
        }
      }
      String name = one.name().replaceFirst("^kernel", "Linux kernel");
      series.add(new Series(name, one.who() == Left.KERNEL, points));
    }
    var charts = new LinkedHashMap<String, Chart>();
    charts.put(
        NAME,
        new DotChart(
            "Goodput of a sender that pauses between writes",
            List.of(
                "RTT 40 ms, 100 Mbit/s; writes of 256 KiB, each until its answer; pauses left out",
                "markers: median of repetitions, lines: least to most"),
            PAUSE_MILLIS.stream().map(PausesSuite::text).toList(),
            "Mbit/s while it writes",
            Spread::millions,
            series));
    return charts;
  }

  @Override
  public List<Table> tables(List<Row> rows) {
    var lines = new ArrayList<List<String>>();
    for (int pause : PAUSE_MILLIS) {
      for (Contestant one : CONTESTANTS) {
        Spread goodput = Spread.of(rows, text(pause), one.name(), METRIC);
        if (goodput.count() > 0) {
          Spread ratio = Spread.of(rows, text(pause), one.name(), "goodput_ratio");
          lines.add(
              List.of(
                  text(pause),
                  one.name(),
                  goodput.text(Spread::millions),
                  one.who() == Left.KERNEL ? "–" : ratio.text(Spread::ratio)));
        }
      }
    }
    return List.of(
        new Table(
            "Goodput while it writes",
            List.of("Pause", "Sender", "Mbit/s, median (least … most)", "Ratio"),
            lines,
            "A write is 256 KiB; RTT 40 ms, 100 Mbit/s; ratio: to the kernel of the same"
                + " repetition."));
  }

  @Override
  public String headline() {
    return METRIC;
  }
}
