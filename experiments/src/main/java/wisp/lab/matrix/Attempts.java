package wisp.lab.matrix;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Set;
import wisp.lab.results.Row;

/**
 * What was tried of a run's cells. One that failed, or broke off, is tried again when the run is
 * resumed; its former rows stay in the data, and the last attempt is the one that counts.
 */
final class Attempts {
  private Attempts() {}

  /** One repetition of a cell. */
  private record Place(String cell, int repetition) {
    static Place of(Row row) {
      return new Place(row.scenario(), row.repetition());
    }
  }

  /** Whether it is the row that an attempt begins with. */
  static boolean isFirst(Row row) {
    return row.metric().equals(MatrixSuite.GOODPUT) && row.strategy().equals(MatrixSuite.OURS);
  }

  /** Whether it is the row that an attempt ends with: one that has none broke off. */
  static boolean isLast(Row row) {
    return row.metric().equals(MatrixSuite.SECONDS);
  }

  /** Whether it is the first row of an attempt that failed. */
  static boolean isFailed(Row row) {
    return isFirst(row) && row.note().startsWith(MatrixSuite.FAILED);
  }

  /** Those of the last attempt at each cell in each repetition, in the order of the first ones. */
  static List<Row> last(List<Row> rows) {
    var attempts = new LinkedHashMap<Place, List<Row>>();
    for (Row row : rows) {
      var attempt = attempts.computeIfAbsent(Place.of(row), place -> new ArrayList<>());
      if (isFirst(row)) {
        attempt.clear();
      }
      attempt.add(row);
    }
    return attempts.values().stream().flatMap(List::stream).toList();
  }

  /** The cells that need not be tried again in this repetition. */
  static Set<String> passed(List<Row> rows, int repetition) {
    var passed = new HashSet<String>();
    var own = last(rows).stream().filter(row -> row.repetition() == repetition).toList();
    own.stream().filter(Attempts::isLast).forEach(row -> passed.add(row.scenario()));
    own.stream().filter(Attempts::isFailed).forEach(row -> passed.remove(row.scenario()));
    return passed;
  }

  /** How many passed after they had failed, each repetition by itself. */
  static long passedAgain(List<Row> rows) {
    var failed = new HashSet<Place>();
    rows.stream().filter(Attempts::isFailed).forEach(row -> failed.add(Place.of(row)));
    last(rows).stream().filter(Attempts::isFailed).forEach(row -> failed.remove(Place.of(row)));
    return failed.size();
  }
}
