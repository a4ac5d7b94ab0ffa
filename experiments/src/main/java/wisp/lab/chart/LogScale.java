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
  private final transient DoubleFunction<String> labels;

  LogScale(String title, DoubleFunction<String> labels, double lower, double upper) {
    super(title);
    this.labels = labels;
    setAutoRange(false);
    setRange(lower, upper);
    setMinorTickMarksVisible(false);
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
