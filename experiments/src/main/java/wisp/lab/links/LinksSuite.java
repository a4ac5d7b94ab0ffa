package wisp.lab.links;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.Parameter;
import wisp.lab.chart.Chart;
import wisp.lab.kernel.KernelHost;
import wisp.lab.report.Table;
import wisp.lab.results.Row;
import wisp.lab.results.RunFolder;
import wisp.lab.suite.Progress;
import wisp.lab.suite.RunOptions;
import wisp.lab.suite.Suite;

/**
 * Every link beside the kernel on a veth pair, in turns: packets per second with and without a
 * stack, beside C on the same ring or call; bulk throughput both ways; latency at a given rate.
 */
public final class LinksSuite implements Suite {
  static final String NAME = "links";
  private static final int REPETITIONS = 3;

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String description() {
    return "every link beside the kernel and C: packets a second, bulk throughput, latency";
  }

  @Override
  public @Nullable String unavailable() {
    return KernelHost.unavailable();
  }

  @Override
  public List<Parameter> parameters() {
    return LinksSpec.PARAMETERS;
  }

  @Override
  public void check(RunOptions options) {
    LinksSpec.of(options);
  }

  @Override
  public int usualRepeat() {
    return REPETITIONS;
  }

  @Override
  public void run(RunOptions options, RunFolder folder, Progress progress) throws IOException {
    LinksSpec spec = LinksSpec.of(options);
    progress.begin(NAME, (long) options.repeat() * spec.cases().size());
    long done = 0;
    try (var c = NativeReflector.build()) {
      for (int repetition = 1; repetition <= options.repeat(); repetition++) {
        for (LinkCase link : spec.cases()) {
          new Trial(link, spec, c, repetition, folder, progress).run();
          progress.at(++done, link.name());
        }
      }
    }
    tables(folder.rows())
        .forEach(
            table -> {
              progress.line("");
              table.text().forEach(progress::line);
            });
  }

  @Override
  public Map<String, ? extends Chart> charts(List<Row> rows, Map<String, @Nullable Object> info) {
    return LinkCharts.of(rows);
  }

  @Override
  public List<Table> tables(List<Row> rows) {
    return LinkTables.of(rows);
  }

  @Override
  public String headline() {
    return Trial.RATE;
  }
}
