package wisp.lab.report;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.TreeSet;
import java.util.function.DoubleFunction;
import wisp.lab.chart.SiFormat;
import wisp.lab.results.Row;

/**
 * One line a strategy, one column a count; below each value how much that is of the kernel's.
 *
 * @param metric of the rows that are shown
 * @param kernelMetric what stands beside it in the kernel's rows
 * @param format how a value is written
 */
public record CountTable(
    String title, String metric, String kernelMetric, DoubleFunction<String> format) {
  private static final String KERNEL = "kernel";
  private static final String NOTHING = "–";

  /** The medians of all repetitions; what was not measured is a dash. */
  public Table of(List<Row> rows, String note) {
    var strategies = new LinkedHashSet<String>();
    var counts = new TreeSet<Long>();
    for (Row row : rows) {
      if (row.metric().equals(metricOf(row.strategy()))) {
        strategies.add(row.strategy());
        counts.add(row.connections());
      }
    }
    var columns = new ArrayList<String>(List.of(""));
    counts.forEach(count -> columns.add(SiFormat.whole(count)));
    var lines = new ArrayList<List<String>>();
    for (String strategy : strategies) {
      var line = new ArrayList<String>(List.of(strategy));
      for (long count : counts) {
        line.add(cell(rows, strategy, count));
      }
      lines.add(line);
    }
    return new Table(title, columns, lines, note);
  }

  private String metricOf(String strategy) {
    return strategy.equals(KERNEL) ? kernelMetric : metric;
  }

  private String cell(List<Row> rows, String strategy, long count) {
    double own = median(rows, strategy, count);
    if (Double.isNaN(own)) {
      return NOTHING;
    }
    double kernel = median(rows, KERNEL, count);
    return format.apply(own)
        + (strategy.equals(KERNEL) || own <= 0 || !(kernel > 0) ? "" : '\n' + ratio(own / kernel));
  }

  private double median(List<Row> rows, String strategy, long count) {
    double[] sorted =
        rows.stream()
            .filter(row -> row.connections() == count && row.strategy().equals(strategy))
            .filter(row -> row.metric().equals(metricOf(strategy)))
            .mapToDouble(Row::value)
            .filter(value -> !Double.isNaN(value))
            .sorted()
            .toArray();
    return sorted.length == 0 ? Double.NaN : sorted[sorted.length / 2];
  }

  private static String ratio(double ratio) {
    return ratio < 1
        ? "1/" + SiFormat.count(1 / ratio) + " of the kernel’s"
        : SiFormat.count(ratio) + " × the kernel’s";
  }
}
