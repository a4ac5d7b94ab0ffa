package wisp.lab.matrix;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.Parameter;
import wisp.core.spi.Parameters;
import wisp.lab.FailedException;
import wisp.lab.chart.Chart;
import wisp.lab.kernel.CongestionControls;
import wisp.lab.kernel.KernelHost;
import wisp.lab.report.Table;
import wisp.lab.results.Row;
import wisp.lab.results.RunFolder;
import wisp.lab.suite.Progress;
import wisp.lab.suite.RunOptions;
import wisp.lab.suite.Suite;

/**
 * Transfers between us and the kernel under everything that the two can differ in. Usually the
 * cells that cover all pairs of levels; {@code --full} goes on through the product, as far as its
 * time goes, and a later run with {@code --resume} goes on from there, once more with what failed.
 */
public final class MatrixSuite implements Suite {
  static final String NAME = "matrix";
  static final String OURS = "wisp";
  static final String KERNEL = "kernel";
  static final String GOODPUT = "goodput";
  static final String RATIO = "goodput_ratio";
  static final String SECONDS = "cell_seconds";
  static final String BYTES = "bytes";
  static final String CHECKSUMS = "checksum_drops";
  static final String MARKS = "congestion_marks";
  static final String FAILED = "failed: ";
  private static final String SKIPPED = "skipped: ";
  private static final List<Parameter> PARAMETERS =
      List.of(
          new Parameter(
              "only", "", "factor=level|level,…", "such as loss=1%|10%,delay=0; empty: all levels"),
          new Parameter(
              "minutes", "0", "min", "begin no cell after so long; 0: until all are done"));
  private static final int LONGEST_MINUTES = 100_000;

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String description() {
    return "transfers with the kernel over all pairs of options, sizes, offloads and bad wires";
  }

  @Override
  public @Nullable String unavailable() {
    return KernelHost.unavailable();
  }

  @Override
  public List<Parameter> parameters() {
    return PARAMETERS;
  }

  @Override
  public boolean resumes() {
    return true;
  }

  @Override
  public void check(RunOptions options) {
    space(options);
    minutes(options);
  }

  private static Parameters parameters(RunOptions options) {
    return Parameters.of(NAME, PARAMETERS, options.parametersOf(NAME));
  }

  private static Space space(RunOptions options) {
    String only = parameters(options).text("only");
    return only.isEmpty() ? new Space() : new Space().only(only);
  }

  private static long minutes(RunOptions options) {
    return parameters(options).number("minutes", 0, LONGEST_MINUTES);
  }

  @Override
  public void run(RunOptions options, RunFolder folder, Progress progress) throws IOException {
    Space space = available(space(options), folder, progress);
    long minutes = minutes(options);
    long end = minutes == 0 ? Long.MAX_VALUE : now() + 60 * minutes;
    long most = options.full() ? space.product() : Walk.pairs(space, options.seed()).size();
    progress.begin(NAME, most * options.repeat());
    try (var worker = new Worker(seconds(options))) {
      walk(space, options, folder, progress, worker, most, end);
    }
    progress.close();
    MatrixPage.summary(folder.rows()).forEach(progress::line);
    long failed = MatrixPage.failed(folder.rows());
    if (failed > 0) {
      throw new FailedException(failed + " cell(s) failed; the page and data.csv say why");
    }
  }

  /** Tries what has not passed yet, as far as the time goes. */
  static void walk(
      Space space,
      RunOptions options,
      RunFolder folder,
      Progress progress,
      Worker worker,
      long most,
      long end)
      throws IOException {
    for (int repetition = 1; repetition <= options.repeat(); repetition++) {
      Set<String> passed = Attempts.passed(folder.rows(), repetition);
      Iterator<Cell> walk = new Walk(space, options.full(), options.seed());
      long count = (repetition - 1) * most;
      while (walk.hasNext() && now() < end) {
        Cell cell = walk.next();
        progress.at(++count, cell.at(Factor.LOSS) + " lost");
        if (!passed.contains(cell.text())) {
          var trial = worker.run(cell, options.seed() + repetition - 1);
          folder.add(rows(folder, trial, repetition));
          progress.line(line(count, trial));
        }
      }
    }
  }

  private static double seconds(RunOptions options) {
    return options.seconds() == 0 ? Conditions.SECONDS : options.seconds();
  }

  private static long now() {
    return System.nanoTime() / 1_000_000_000L;
  }

  /** Without the levels that this machine does not have; they are told, and stand on the page. */
  private static Space available(Space all, RunFolder folder, Progress progress)
      throws IOException {
    Space space = all;
    for (String control : all.levels(Factor.CONTROL)) {
      String reason = CongestionControls.unavailable(control);
      if (reason != null) {
        space = space.without(Factor.CONTROL, control);
        progress.line(SKIPPED + reason);
        Row row =
            row(
                folder,
                KERNEL,
                1,
                Factor.CONTROL.text() + "=" + control,
                GOODPUT,
                "bit/s",
                Double.NaN,
                SKIPPED + reason);
        if (!folder.rows().contains(row)) {
          folder.add(List.of(row));
        }
      }
    }
    return space;
  }

  private static List<Row> rows(RunFolder folder, Trial trial, int repetition) {
    var rows = new ArrayList<Row>();
    String cell = trial.cell().text();
    String note = trial.isGood() ? "sha256 " + trial.ours().digest() : FAILED + trial.trouble();
    String other = trial.kernels().isGood() ? "sha256 " + trial.kernels().digest() : "";
    double ours = trial.ours().bitsPerSecond();
    double kernels = trial.kernels().bitsPerSecond();
    rows.add(row(folder, OURS, repetition, cell, GOODPUT, "bit/s", ours, note));
    rows.add(row(folder, KERNEL, repetition, cell, GOODPUT, "bit/s", kernels, other));
    rows.add(row(folder, OURS, repetition, cell, RATIO, "of kernel", trial.ratio(), ""));
    rows.add(row(folder, OURS, repetition, cell, BYTES, "bytes", trial.bytes(), ""));
    rows.add(row(folder, OURS, repetition, cell, CHECKSUMS, "packets", trial.checksums(), ""));
    rows.add(row(folder, OURS, repetition, cell, MARKS, "marks", trial.marks(), ""));
    // The last: a cell that has it was tried to the end.
    rows.add(row(folder, OURS, repetition, cell, SECONDS, "s", trial.seconds(), ""));
    return rows;
  }

  private static Row row(
      RunFolder folder,
      String strategy,
      int repetition,
      String cell,
      String metric,
      String unit,
      double value,
      String note) {
    return new Row(
        folder.name(), NAME, strategy, "tun", 1, repetition, metric, unit, value, note, cell);
  }

  private static String line(long number, Trial trial) {
    return String.format(
        Locale.ROOT,
        "%3d  %-6s %s%s",
        number,
        trial.isGood() ? "ok" : "FAILED",
        MatrixPage.text(trial.cell()),
        trial.isGood()
            ? String.format(
                Locale.ROOT,
                ": %s beside %s Mbit/s, %s; %.1f s",
                MatrixPage.megabits(trial.ours().bitsPerSecond()),
                MatrixPage.megabits(trial.kernels().bitsPerSecond()),
                MatrixPage.ratio(trial.ratio()),
                trial.seconds())
            : ": " + trial.trouble() + "; again with --param matrix.only=" + trial.cell().text());
  }

  @Override
  public Map<String, ? extends Chart> charts(List<Row> rows, Map<String, @Nullable Object> info) {
    return MatrixPage.charts(rows);
  }

  @Override
  public List<Table> tables(List<Row> rows) {
    return MatrixPage.tables(rows);
  }

  @Override
  public String headline() {
    return GOODPUT;
  }
}
