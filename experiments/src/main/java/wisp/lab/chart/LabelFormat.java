package wisp.lab.chart;

import java.text.FieldPosition;
import java.text.NumberFormat;
import java.text.ParsePosition;
import java.util.function.DoubleFunction;
import org.jspecify.annotations.Nullable;

/** Labels of an axis by a function of our own. */
final class LabelFormat extends NumberFormat {
  private static final long serialVersionUID = 1;
  private final transient DoubleFunction<String> labels;

  LabelFormat(DoubleFunction<String> labels) {
    this.labels = labels;
  }

  @Override
  public StringBuffer format(double number, StringBuffer to, FieldPosition position) {
    return to.append(labels.apply(number));
  }

  @Override
  public StringBuffer format(long number, StringBuffer to, FieldPosition position) {
    return format((double) number, to, position);
  }

  @Override
  public @Nullable Number parse(String source, ParsePosition position) {
    throw new UnsupportedOperationException("labels are written only");
  }
}
