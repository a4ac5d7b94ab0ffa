package wisp.lab.chart;

import java.awt.BasicStroke;
import java.util.List;
import java.util.function.DoubleFunction;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.chart.axis.SymbolAxis;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.renderer.xy.XYErrorRenderer;
import org.jfree.data.xy.YIntervalSeries;
import org.jfree.data.xy.YIntervalSeriesCollection;

/**
 * Values over a few named conditions: a marker at the median, a line from the least to the largest.
 *
 * @param subtitle the conditions, so that the picture says them even when it is torn from its page
 * @param conditions along x; a point's x is the index of one
 * @param yLabels how values are written on the axis
 * @param logarithmic for values that lie orders of magnitude apart; else the axis begins at zero
 */
public record DotChart(
    String title,
    List<String> subtitle,
    List<String> conditions,
    String yTitle,
    DoubleFunction<String> yLabels,
    boolean logarithmic,
    List<Series> series)
    implements Chart {
  /** How far the markers of one condition stand apart. */
  private static final double SPREAD = 0.5;

  private static final double HEADROOM = 1.1;

  /** With an axis that begins at zero. */
  public DotChart(
      String title,
      List<String> subtitle,
      List<String> conditions,
      String yTitle,
      DoubleFunction<String> yLabels,
      List<Series> series) {
    this(title, subtitle, conditions, yTitle, yLabels, false, series);
  }

  @Override
  public boolean isEmpty() {
    return series.stream().allMatch(one -> one.points().isEmpty());
  }

  @Override
  public JFreeChart draw() {
    var styles = Style.of(series.stream().map(Series::name).toList());
    var renderer = new XYErrorRenderer();
    var data = new YIntervalSeriesCollection();
    for (int i = 0; i < series.size(); i++) {
      Series one = series.get(i);
      double aside = series.size() == 1 ? 0 : SPREAD * ((double) i / (series.size() - 1) - 0.5);
      var values = new YIntervalSeries(one.name());
      one.points().forEach(p -> values.add(p.x() + aside, p.y(), p.low(), p.high()));
      data.addSeries(values);
      Style style = styles.get(one.name());
      if (style != null) {
        renderer.setSeriesPaint(i, style.color());
        renderer.setSeriesShape(i, style.marker());
      }
      renderer.setSeriesShapesFilled(i, !one.dashed());
    }
    renderer.setCapLength(5);
    renderer.setErrorStroke(new BasicStroke(1.4f));
    var x = new SymbolAxis("", conditions.toArray(String[]::new));
    x.setGridBandsVisible(false);
    x.setRange(-0.5, conditions.size() - 0.5);
    var y = logarithmic ? LogScale.around(yTitle, yLabels, least(), most()) : fromZero();
    return ChartPage.of(title, subtitle, new XYPlot(data, x, y, renderer));
  }

  private NumberAxis fromZero() {
    var axis = new NumberAxis(yTitle);
    axis.setRange(0, HEADROOM * most());
    axis.setNumberFormatOverride(new LabelFormat(yLabels));
    return axis;
  }

  private double least() {
    return series.stream()
        .flatMap(one -> one.points().stream())
        .mapToDouble(Series.Point::low)
        .min()
        .orElse(1);
  }

  private double most() {
    return series.stream()
        .flatMap(one -> one.points().stream())
        .mapToDouble(Series.Point::high)
        .max()
        .orElse(1);
  }
}
