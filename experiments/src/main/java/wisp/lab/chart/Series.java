package wisp.lab.chart;

import java.util.List;

/**
 * One line of a chart.
 *
 * @param name as the legend says; also chooses colour and marker, the same in every chart
 * @param dashed for what was not measured in this run
 */
public record Series(String name, boolean dashed, List<Point> points) {
  /**
   * One marker.
   *
   * @param y the median
   * @param low the least value measured
   * @param high the largest
   */
  public record Point(double x, double y, double low, double high) {}
}
