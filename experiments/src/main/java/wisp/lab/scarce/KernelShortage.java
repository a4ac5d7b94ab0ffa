package wisp.lab.scarce;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import wisp.core.stack.ConnectionProfile;
import wisp.drivers.faults.PathConfig;
import wisp.lab.chart.Series;
import wisp.lab.goodput.Spread;
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

/**
 * Flows from a kernel to our stack with so many bytes of blocks, beside flows from that kernel to
 * another whose receive buffers may have as much together, over the same wire in turns.
 */
final class KernelShortage {
  static final String CONDITIONS =
      "8 flows to one receiver; 100 Mbit/s, RTT 40 ms, loss 1 %; sender: Linux, CUBIC";
  private static final String LABEL = "kernel";
  private static final String KERNEL = "kernel";
  private static final String OURS = "wisp slab";
  private static final int FLOWS = 8;
  private static final double SECONDS = 5;
  private static final int LEAST_BUFFER = 4_608; // the kernel makes no smaller ones
  private static final PathConfig WIRE =
      PathConfig.parse("delay=20ms,loss=1%,rate=100mbit,queue=400");
  private static final List<Long> POOLS =
      List.of(32L << 10, 64L << 10, 128L << 10, 256L << 10, 1L << 20, 4L << 20);

  private KernelShortage() {}

  static void measure(RunOptions options, RunFolder folder, Progress progress) throws IOException {
    String reason = KernelHost.unavailable();
    if (reason != null) {
      progress.line("kernel      not measured: " + reason);
      return;
    }
    double seconds = options.seconds() == 0 ? SECONDS : options.seconds();
    for (long pool : POOLS) {
      var spec = PathSpec.of(WIRE, options.seed());
      try (var lab = new PathLab(spec, Map.of("blocks", Long.toString(pool)))) {
        long buffer = Math.max(LEAST_BUFFER, pool / FLOWS);
        lab.kernel(true).sysctl("tcp_rmem", "'4096 " + buffer + ' ' + buffer + "'");
        for (int repetition = 1; repetition <= options.repeat(); repetition++) {
          double kernel = goodput(lab, Left.KERNEL, seconds);
          double ours = goodput(lab, Left.OURS, seconds);
          rows(folder, KERNEL, pool, repetition)
              .add(ScarcitySuite.GOODPUT, "bit/s", kernel)
              .write();
          rows(folder, OURS, pool, repetition)
              .add(ScarcitySuite.GOODPUT, "bit/s", ours)
              .add("goodput_ratio", "of kernel", ours / kernel)
              .write();
          progress.line(
              String.format(
                  Locale.ROOT,
                  "%d  %8s  kernel %7s Mbit/s   ours %7s Mbit/s   ratio %s",
                  repetition,
                  ScarcityCharts.binary(pool),
                  Spread.millions(kernel),
                  Spread.millions(ours),
                  Spread.ratio(ours / kernel)));
        }
      }
    }
  }

  private static TrialRows rows(RunFolder folder, String strategy, long pool, int repetition) {
    return new TrialRows(
        folder, ScarcitySuite.NAME, strategy, "tun", FLOWS, repetition, scenario(pool));
  }

  private static String scenario(long pool) {
    return LABEL + "/" + pool;
  }

  /** Of all flows together, in bits per second; the right kernel sends. */
  private static double goodput(PathLab lab, Left who, double seconds) {
    var pairs = new ArrayList<PathLab.Pair>();
    try {
      for (int i = 0; i < FLOWS; i++) {
        pairs.add(lab.open(who, true, ConnectionProfile.NO_DELAY, Job.SINK, Job.FLOOD));
      }
      PathLab.pause(1_000);
      long before = received(pairs);
      long start = System.nanoTime();
      PathLab.pause((long) (seconds * 1_000));
      return 8e9 * (received(pairs) - before) / (System.nanoTime() - start);
    } finally {
      pairs.forEach(PathLab.Pair::close);
      lab.drain();
    }
  }

  private static long received(List<PathLab.Pair> pairs) {
    return pairs.stream().mapToLong(pair -> pair.left().receivedBytes()).sum();
  }

  static List<Series> series(List<Row> rows) {
    var series = new ArrayList<Series>();
    for (String who : List.of(KERNEL, OURS)) {
      var points = new ArrayList<Series.Point>();
      for (long pool : POOLS) {
        Spread spread = Spread.of(rows, scenario(pool), who, ScarcitySuite.GOODPUT);
        if (spread.count() > 0) {
          points.add(spread.at((double) pool));
        }
      }
      if (!points.isEmpty()) {
        series.add(new Series(who.equals(KERNEL) ? "Linux kernel" : who, false, points));
      }
    }
    return series;
  }

  static Table table(List<Row> rows) {
    var lines = new ArrayList<List<String>>();
    for (long pool : POOLS) {
      String scenario = scenario(pool);
      Spread kernel = Spread.of(rows, scenario, KERNEL, ScarcitySuite.GOODPUT);
      Spread ours = Spread.of(rows, scenario, OURS, ScarcitySuite.GOODPUT);
      if (kernel.count() > 0) {
        lines.add(
            List.of(
                ScarcityCharts.binary(pool),
                kernel.text(Spread::millions),
                ours.text(Spread::millions),
                Spread.of(rows, scenario, OURS, "goodput_ratio").text(Spread::ratio)));
      }
    }
    return new Table(
        "Beside the Linux kernel",
        List.of(
            "Blocks, or receive buffers",
            "Kernel, Mbit/s, median (least … most)",
            "Ours",
            "Ours / kernel's"),
        lines,
        CONDITIONS
            + ". The kernel's buffers bound its windows too; ours are 4 MiB, since text in"
            + " order needs no memory.");
  }
}
