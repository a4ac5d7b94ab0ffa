package wisp.lab.scarce;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.Parameter;
import wisp.core.spi.Parameters;
import wisp.drivers.faults.PathConfig;
import wisp.lab.UsageException;
import wisp.lab.chart.Chart;
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
 * Goodput of many connections over a bad path while there are few blocks, fewer, and hardly any:
 * alone, beside a greedy peer that has its share, and beside one whom nothing limits; in virtual
 * time, all bytes compared. As root also beside the kernel with buffers that add up to as much.
 */
public final class ScarcitySuite implements Suite {
  static final String NAME = "scarcity";
  static final String GOODPUT = "goodput";
  private static final double SECONDS = 3;
  private static final long LEAST_POOL = 6 << 10;
  private static final long MOST_POOL = 1 << 30;
  private static final List<Parameter> PARAMETERS =
      List.of(
          new Parameter("connections", "32", "connections", "of modest peers, one each"),
          new Parameter("greedy", "32", "connections", "of each kind of the greedy peer"),
          new Parameter(
              "pools",
              "8Ki+16Ki+32Ki+64Ki+128Ki+256Ki+1Mi",
              "bytes",
              "of blocks, in turns, joined by +"),
          new Parameter(
              "path",
              "delay=20ms+loss=1%+reorder=1%+hold=5ms",
              "",
              "each way, as of wisp wire, joined by +"));

  /** What was asked for. */
  private record Plan(int connections, int greedy, List<Long> pools, PathConfig path, long nanos) {
    static Plan of(RunOptions options) {
      var given = Parameters.of(NAME, PARAMETERS, options.parametersOf(NAME));
      try {
        return new Plan(
            (int) given.number("connections", 1, 10_000),
            (int) given.number("greedy", 1, 1_000),
            Trials.turns(given, "pools", LEAST_POOL, MOST_POOL, "8Ki+64Ki"),
            PathConfig.parse(given.text("path").replace('+', ',')),
            Trials.nanos(options, SECONDS));
      } catch (IllegalArgumentException e) {
        throw new UsageException("suite " + NAME + ": " + e.getMessage());
      }
    }
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String description() {
    return "goodput versus bytes of blocks, beside a greedy peer and, as root, the kernel's";
  }

  @Override
  public List<Parameter> parameters() {
    return PARAMETERS;
  }

  @Override
  public int usualRepeat() {
    return 3;
  }

  @Override
  public void check(RunOptions options) {
    Plan.of(options);
    Catalog.checkStrategies(options);
  }

  @Override
  public void run(RunOptions options, RunFolder folder, Progress progress) throws IOException {
    Plan plan = Plan.of(options);
    var strategies = options.strategies().stream().filter(ScarcityTrial::canLimit).toList();
    long work =
        (long) options.repeat() * plan.pools.size() * strategies.size() * Company.values().length;
    var trials = new Trials(this, "bit/s", work, progress);
    for (int repetition = 1; repetition <= options.repeat(); repetition++) {
      for (long pool : plan.pools) {
        for (String strategy : strategies) {
          for (Company company : Company.values()) {
            var trial =
                new ScarcityTrial(
                    strategy,
                    options.parametersOf(strategy),
                    pool,
                    plan.connections,
                    company.greedy ? plan.greedy : 0,
                    company.limits(),
                    plan.path,
                    plan.nanos,
                    options.seed() + repetition - 1);
            String scenario = company.scenario(pool);
            var rows =
                new TrialRows(
                    folder, NAME, strategy, Trials.LINK, plan.connections, repetition, scenario);
            String label =
                String.format(
                    Locale.ROOT,
                    "%d  %-10s %8s  %-10s ",
                    repetition,
                    strategy,
                    ScarcityCharts.binary(pool),
                    company.label);
            trials.run(rows, label, 1, into -> tell(trial.run(), into));
          }
        }
      }
    }
    progress.close();
    if (options.kernel()) {
      KernelShortage.measure(options, folder, progress);
    }
    tables(folder.rows()).forEach(table -> table.text().forEach(progress::line));
    trials.end();
  }

  private static String tell(ScarcityTrial.Result result, TrialRows rows) {
    rows.add(GOODPUT, "bit/s", result.bitsPerSecond())
        .add("goodput_least", "bit/s", result.leastBitsPerSecond())
        .add("pool_bytes", "bytes", (double) result.poolBytes())
        .add("peak_block_bytes", "bytes", (double) result.peakBytes())
        .add("drain_time", "s", result.drainSeconds())
        .add("timeouts", "events", (double) result.timeouts());
    result
        .reasons()
        .forEach((reason, n) -> rows.add(reason.name().toLowerCase(Locale.ROOT), "events", n));
    return String.format(
        Locale.ROOT,
        "%8s Mbit/s   slowest %6s   peak %8s   all arrived after %4.1f s",
        Spread.millions(result.bitsPerSecond()),
        Spread.millions(result.leastBitsPerSecond()),
        SiFormat.bytes((double) result.peakBytes()),
        result.drainSeconds());
  }

  @Override
  public Map<String, ? extends Chart> charts(List<Row> rows, Map<String, @Nullable Object> info) {
    return ScarcityCharts.of(rows);
  }

  @Override
  public List<Table> tables(List<Row> rows) {
    return ScarcityCharts.tables(rows);
  }

  @Override
  public String headline() {
    return GOODPUT;
  }
}
