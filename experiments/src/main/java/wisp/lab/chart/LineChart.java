package wisp.lab.chart;

import java.awt.BasicStroke;
import java.awt.Font;
import java.awt.geom.Line2D;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleFunction;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.annotations.XYTextAnnotation;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.renderer.xy.XYErrorRenderer;
import org.jfree.chart.ui.TextAnchor;
import org.jfree.data.xy.YIntervalSeries;
import org.jfree.data.xy.YIntervalSeriesCollection;

/**
 * Lines over two logarithmic axes.
 *
 * @param subtitle the conditions, so that the picture says them even when it is torn from its page
 * @param yLabels how values of y are written, on the axis and at the end of each line
 */
public record LineChart(
    String title,
    List<String> subtitle,
    String xTitle,
    String yTitle,
    DoubleFunction<String> yLabels,
    List<Series> series)
    implements Chart {

  /** Room at the right for the labels of the lines' ends, as a factor of x. */
  private static final double END_ROOM_DECADES = 0.2;

  /** Least distance of two end labels, as a part of the axis. */
  private static final double LABEL_DISTANCE = 0.042;

  @Override
  public boolean isEmpty() {
    return series.stream().allMatch(one -> one.points().isEmpty());
  }

  @Override
  public JFreeChart draw() {
    var styles = Style.of(series.stream().map(Series::name).toList());
    var renderer = new XYErrorRenderer();
    var data = new YIntervalSeriesCollection();
    for (Series one : series) {
      addSeries(one, styles, renderer, data);
    }
    renderer.setCapLength(5);
    renderer.setErrorStroke(new BasicStroke(1.2f));
    renderer.setDrawSeriesLineAsPath(true);

    var x = new LogScale(xTitle, SiFormat::count, xLeast() / 1.5, xMost() * xEndRoom());
    var y = LogScale.around(yTitle, yLabels, yLeast(), yMost());
    var plot = new XYPlot(data, x, y, renderer);
    endLabels(y.getLowerBound(), y.getUpperBound(), styles).forEach(plot::addAnnotation);
    return ChartPage.of(title, subtitle, plot);
  }

  private void addSeries(
      Series one,
      Map<String, Style> styles,
      XYErrorRenderer renderer,
      YIntervalSeriesCollection data) {
    var values = new YIntervalSeries(one.name());
    one.points().forEach(p -> values.add(p.x(), p.y(), p.low(), p.high()));
    data.addSeries(values);
    int index = data.getSeriesCount() - 1;
    Style style =
        styles.getOrDefault(one.name(), new Style(ChartPage.TEXT, new java.awt.Rectangle(6, 6)));
    renderer.setSeriesPaint(index, style.color());
    renderer.setSeriesShape(index, style.marker());
    renderer.setSeriesShapesFilled(index, !one.dashed());
    renderer.setSeriesLinesVisible(index, true);
    renderer.setSeriesStroke(index, one.dashed() ? dashed() : solid());
    renderer.setLegendLine(new Line2D.Double(-12, 0, 12, 0));
  }

  private static BasicStroke solid() {
    return new BasicStroke(2f, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND);
  }

  private static BasicStroke dashed() {
    return new BasicStroke(
        1.6f, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND, 1f, new float[] {5, 5}, 0);
  }

  /** The last value of each line beside its last marker, moved apart where they would overlap. */
  private List<XYTextAnnotation> endLabels(double lower, double upper, Map<String, Style> styles) {
    double distance = Math.log10(upper / lower) * LABEL_DISTANCE;
    var labels = new ArrayList<XYTextAnnotation>();
    var ends =
        series.stream()
            .filter(one -> !one.points().isEmpty())
            .sorted(Comparator.comparingDouble(one -> one.points().getLast().y()))
            .toList();
    double lastX = 0;
    double lastY = Double.NEGATIVE_INFINITY;
    for (Series one : ends) {
      var end = one.points().getLast();
      double y = Math.log10(end.y());
      if (end.x() == lastX) {
        y = Math.max(y, lastY + distance);
      }
      lastX = end.x();
      lastY = y;
      boolean goesOn = series.stream().anyMatch(other -> !other.equals(one) && begins(other, end));
      var label =
          goesOn
              ? new XYTextAnnotation(
                  yLabels.apply(end.y()), end.x(), Math.pow(10, y + distance / 2))
              : new XYTextAnnotation(yLabels.apply(end.y()), end.x() * 1.13, Math.pow(10, y));
      label.setTextAnchor(goesOn ? TextAnchor.BOTTOM_CENTER : TextAnchor.CENTER_LEFT);
      label.setFont(new Font(ChartPage.FONT, Font.BOLD, 11));
      Style style = styles.get(one.name());
      label.setPaint(style == null ? ChartPage.TEXT : style.color().darker());
      labels.add(label);
    }
    return labels;
  }

  private static boolean begins(Series one, Series.Point at) {
    return !one.points().isEmpty() && one.points().getFirst().equals(at);
  }

  private double xLeast() {
    return series.stream()
        .flatMap(one -> one.points().stream())
        .mapToDouble(Series.Point::x)
        .min()
        .orElse(1);
  }

  private double xMost() {
    return series.stream()
        .flatMap(one -> one.points().stream())
        .mapToDouble(Series.Point::x)
        .max()
        .orElse(10);
  }

  private double xEndRoom() {
    double decades = Math.max(1, Math.log10(xMost() / xLeast()));
    return Math.pow(10, 0.1 + END_ROOM_DECADES * decades / 2);
  }

  private double yLeast() {
    return series.stream()
        .flatMap(one -> one.points().stream())
        .mapToDouble(Series.Point::low)
        .min()
        .orElse(1);
  }

  private double yMost() {
    return series.stream()
        .flatMap(one -> one.points().stream())
        .mapToDouble(Series.Point::high)
        .max()
        .orElse(10);
  }
}
