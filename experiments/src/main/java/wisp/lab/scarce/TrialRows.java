package wisp.lab.scarce;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import wisp.lab.results.Row;
import wisp.lab.results.RunFolder;

/** The rows of one trial: they differ in what was measured, and in nothing else. */
final class TrialRows {
  private final RunFolder folder;
  private final Row like;
  private final List<Row> rows = new ArrayList<>();

  /** None yet. */
  TrialRows(
      RunFolder folder,
      String suite,
      String strategy,
      String link,
      int connections,
      int repetition,
      String scenario) {
    this.folder = folder;
    like =
        new Row(
            folder.name(),
            suite,
            strategy,
            link,
            connections,
            repetition,
            "",
            "",
            Double.NaN,
            "",
            scenario);
  }

  /** One value. */
  TrialRows add(String metric, String unit, double value) {
    return add(metric, unit, value, "");
  }

  /** One value, and what there is to say about it. */
  TrialRows add(String metric, String unit, double value, String note) {
    rows.add(
        new Row(
            like.run(),
            like.suite(),
            like.strategy(),
            like.link(),
            like.connections(),
            like.repetition(),
            metric,
            unit,
            value,
            note,
            like.scenario()));
    return this;
  }

  String strategy() {
    return like.strategy();
  }

  String scenario() {
    return like.scenario();
  }

  /** To the end of {@code data.csv}. */
  void write() throws IOException {
    folder.add(rows);
  }
}
