package wisp.lab.chart;

import java.awt.Graphics2D;
import java.awt.geom.Rectangle2D;
import java.util.List;
import java.util.function.DoubleFunction;
import org.jfree.chart.axis.LogAxis;
import org.jfree.chart.axis.NumberTick;
import org.jfree.chart.ui.RectangleEdge;
import org.jfree.chart.ui.TextAnchor;

/**
 * JFreeChart's logarithmic axis with ticks at {@link LogTicks} and labels by a function: its own
 * collide.
 */
final class LogScale extends LogAxis {
  private static final long serialVersionUID = 1;

  /** Between the values and the ends of the axis, as a factor. */
  private static final double ROOM = 1.3;

  private final transient DoubleFunction<String> labels;

  LogScale(String title, DoubleFunction<String> labels, double lower, double upper) {
    super(title);
    this.labels = labels;
    setAutoRange(false);
    setRange(lower, upper);
    setMinorTickMarksVisible(false);
  }

  /** From the next 1, 2 or 5 times a power of ten below these values to the next above them. */
  static LogScale around(String title, DoubleFunction<String> labels, double least, double most) {
    return new LogScale(
        title, labels, roundedDown(least / ROOM), 1 / roundedDown(1 / (most * ROOM)));
  }

  private static double roundedDown(double value) {
    double power = Math.pow(10, Math.floor(Math.log10(value)));
    double digit = value / power;
    return power * (digit >= 5 ? 5 : digit >= 2 ? 2 : 1);
  }

  @Override
  protected List<NumberTick> refreshTicksHorizontal(
      Graphics2D g2, Rectangle2D dataArea, RectangleEdge edge) {
    return ticks(TextAnchor.TOP_CENTER);
  }

  @Override
  protected List<NumberTick> refreshTicksVertical(
      Graphics2D g2, Rectangle2D dataArea, RectangleEdge edge) {
    return ticks(TextAnchor.CENTER_RIGHT);
  }

  private List<NumberTick> ticks(TextAnchor anchor) {
    return LogTicks.within(getLowerBound(), getUpperBound()).stream()
        .map(value -> new NumberTick(value, labels.apply(value), anchor, TextAnchor.CENTER, 0))
        .toList();
  }
}
