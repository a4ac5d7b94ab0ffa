package wisp.lab.report;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import wisp.lab.chart.Series;
import wisp.lab.goodput.Spread;
import wisp.lab.results.Row;

/** Lines over the number of connections. */
public final class OverConnections {
  private OverConnections() {}

  /**
   * A point for each count, of all repetitions. What is not above 0, or was not measured, has no
   * place on two logarithmic axes.
   */
  public static List<Series.Point> points(List<Row> rows, ToDoubleFunction<Row> value) {
    var byCount = new TreeMap<Long, List<Double>>();
    for (Row row : rows) {
      double y = value.applyAsDouble(row);
      if (row.connections() > 0 && y > 0) {
        byCount.computeIfAbsent(row.connections(), n -> new ArrayList<>()).add(y);
      }
    }
    var points = new ArrayList<Series.Point>();
    byCount.forEach(
        (count, values) ->
            points.add(
                Spread.of(values.stream().mapToDouble(Double::doubleValue).toArray()).at(count)));
    return points;
  }
}
