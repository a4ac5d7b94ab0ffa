package wisp.lab.growth;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.Parameter;
import wisp.core.spi.Parameters;
import wisp.lab.FailedException;
import wisp.lab.UsageException;
import wisp.lab.chart.LineChart;
import wisp.lab.chart.SiFormat;
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
 * One context grows through all counts without a stop: what a look-up costs on the way, how long
 * the longest polls took beside a thread of another process that does nothing, whether connections
 * chosen at random still answer, and what goes back to the machine when they go.
 */
public final class GrowthSuite implements Suite {
  static final String NAME = "growth";
  private static final String LINK = "inmemory";
  private static final double USABLE_MEMORY = 0.85;
  private static final List<Parameter> PARAMETERS =
      List.of(
          new Parameter("questions", "1000000", "connections", "asked at the largest count"),
          new Parameter(
              "leaving", "1000000", "connections", "of the crowds that leave; 0: nobody does"));

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String description() {
    return "growing without pauses and back: stalls, look-ups, answers, memory given back";
  }

  @Override
  public String headline() {
    return "worst_stall";
  }

  @Override
  public List<Parameter> parameters() {
    return PARAMETERS;
  }

  @Override
  public List<String> childFlags() {
    long most = Math.min(31L << 30, (long) (Machine.availableBytes() * USABLE_MEMORY));
    return List.of(
        "-XX:+UseSerialGC", "-Xms96m", "-Xmn64m", "-Xmx" + Math.max(256, most >> 20) + "m");
  }

  @Override
  public void check(RunOptions options) {
    if (!options.links().equals(List.of(LINK))) {
      throw new UsageException("suite growth runs on the in-memory link only");
    }
    Catalog.checkStrategies(options);
    numbers(options);
    for (long count : options.connections()) {
      if (count < 1 || count > Math.min(PhantomPeers.MOST, 1 << 29)) {
        throw new UsageException("--connections " + count + " is outside 1 … " + (1 << 29));
      }
    }
  }

  private static Parameters numbers(RunOptions options) {
    return Parameters.of(NAME, PARAMETERS, options.parametersOf(NAME));
  }

  @Override
  public void run(RunOptions options, RunFolder folder, Progress progress) throws IOException {
    var failures = new Failures("run(s)");
    for (int repetition = 1; repetition <= options.repeat(); repetition++) {
      for (String strategy : options.strategies()) {
        try {
          one(options, repetition, strategy, folder, progress);
        } catch (FailedException e) {
          failures.add(String.valueOf(e.getMessage()));
          progress.line(strategy + " failed: " + e.getMessage());
        }
      }
    }
    progress.close();
    failures.report();
  }

  private void one(
      RunOptions options, int repetition, String strategy, RunFolder folder, Progress progress)
      throws IOException {
    var given = numbers(options);
    var spec =
        new GrowthSpec(
            strategy,
            options.connections(),
            given.number("questions", 0, Long.MAX_VALUE),
            given.number("leaving", 0, 1 << 29),
            options.seed() + repetition,
            options.parametersOf(strategy));
    var report = new GrowthReport(folder.name(), strategy, repetition);
    progress.begin(NAME + " " + strategy, spec.most());
    try (var hiccups = new Hiccups();
        var child =
            ChildJvm.start(
                NAME + " " + strategy,
                List.of(),
                childFlags(),
                GrowthPoint.class,
                List.of(spec.toJson()))) {
      child.await(
          line -> {
            if (line.startsWith("{")) {
              report.accept(Json.parseObject(line));
              progress.at(report.reached(), strategy);
            }
          },
          options.timeout());
      folder.add(report.rows(spec.most(), hiccups));
    }
    progress.line(
        String.format(
            Locale.ROOT,
            "%-10s %s connections   worst stall %.2f ms, beside no hiccup %.2f ms   look-up %.0f ns"
                + "   right answers %s of %s",
            strategy,
            SiFormat.whole(spec.most()),
            report.value("worst_stall") / 1e6,
            report.value("worst_stall_of_ours") / 1e6,
            report.value("lookup_in_bursts"),
            SiFormat.count(report.value("right_answers")),
            SiFormat.count(report.value("questions"))));
  }

  @Override
  public List<Table> tables(List<Row> rows) {
    return GrowthTables.of(rows);
  }

  @Override
  public Map<String, LineChart> charts(List<Row> rows, Map<String, @Nullable Object> info) {
    return GrowthCharts.of(rows, info);
  }
}
