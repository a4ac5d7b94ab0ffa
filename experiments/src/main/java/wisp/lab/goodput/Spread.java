package wisp.lab.goodput;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleFunction;
import wisp.lab.chart.Series;
import wisp.lab.results.Row;

/** What several repetitions have given: never a figure without how far they lie apart. */
public record Spread(double median, double least, double most, int count) {
  /** Of all values that were measured. */
  public static Spread of(double... values) {
    double[] sorted = Arrays.stream(values).filter(v -> !Double.isNaN(v)).sorted().toArray();
    int n = sorted.length;
    if (n == 0) {
      return new Spread(Double.NaN, Double.NaN, Double.NaN, 0);
    }
    double median = (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
    return new Spread(median, sorted[0], sorted[n - 1], n);
  }

  /** Of the rows of one strategy under one condition. */
  public static Spread of(List<Row> rows, String scenario, String strategy, String metric) {
    return of(
        rows.stream()
            .filter(row -> row.scenario().equals(scenario))
            .filter(row -> row.strategy().equals(strategy))
            .filter(row -> row.metric().equals(metric))
            .mapToDouble(Row::value)
            .toArray());
  }

  /** As a point of a chart. */
  public Series.Point at(double x) {
    return new Series.Point(x, median, least, most);
  }

  /** {@code 3.42 (3.10 … 3.71)}. */
  public String text(DoubleFunction<String> format) {
    return count == 0
        ? "–"
        : format.apply(median) + " (" + format.apply(least) + " … " + format.apply(most) + ")";
  }

  /** {@code 3.42}, in millions. */
  public static String millions(double value) {
    return String.format(Locale.ROOT, "%.2f", value / 1e6);
  }

  /** {@code 0.97}. */
  public static String ratio(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }

  /** {@code 52 %}. */
  public static String percent(double value) {
    return String.format(Locale.ROOT, "%.0f %%", 100 * value);
  }
}
