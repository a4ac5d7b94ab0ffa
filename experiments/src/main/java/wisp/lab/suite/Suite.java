package wisp.lab.suite;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.Parameter;
import wisp.lab.chart.Chart;
import wisp.lab.report.Table;
import wisp.lab.results.Row;
import wisp.lab.results.RunFolder;

/** An experiment by name: what it varies, measures and draws. */
public interface Suite {
  /** Short, lower case, unique. */
  String name();

  /** One line for {@code wisp list}. */
  String description();

  /** Why it can't run here, in one line; {@code null} when it can. */
  default @Nullable String unavailable() {
    return null;
  }

  /** Checks what was asked before anything long begins. */
  void check(RunOptions options);

  /** What {@code --param NAME.…} can set. */
  default List<Parameter> parameters() {
    return List.of();
  }

  /** Whether it can go on with what an earlier run in the same folder left. */
  default boolean resumes() {
    return false;
  }

  /** Flags of the JVMs that it starts, beside our own. */
  default List<String> childFlags() {
    return List.of();
  }

  /** Measures, and adds each row as soon as it is known. */
  void run(RunOptions options, RunFolder folder, Progress progress) throws IOException;

  /** The charts of a run, by file name, in the order of the page. */
  Map<String, ? extends Chart> charts(List<Row> rows, Map<String, @Nullable Object> info);

  /** The metric that the page's table shows. */
  String headline();

  /** Tables of its own for the page, instead of the headline by strategy and count. */
  default List<Table> tables(List<Row> rows) {
    return List.of();
  }

  /** How many connections when nobody says. */
  default List<Long> usualConnections() {
    return List.of(1_000L, 10_000L, 100_000L, 1_000_000L);
  }

  /** How often it repeats all when nobody says. */
  default int usualRepeat() {
    return 1;
  }
}
