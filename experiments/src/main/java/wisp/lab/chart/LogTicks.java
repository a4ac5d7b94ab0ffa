package wisp.lab.chart;

import java.util.ArrayList;
import java.util.List;

/**
 * Ticks of a logarithmic axis: 1-2-5 within short ranges, decades in long ones, never fewer than
 * two if the range allows.
 */
final class LogTicks {
  private static final double MANY_DECADES = 2.7;
  private static final int MOST_LABELS = 9;

  private LogTicks() {}

  /** Values within {@code lower … upper}, ascending. */
  static List<Double> within(double lower, double upper) {
    if (!(lower > 0) || !(upper > lower)) {
      throw new IllegalArgumentException("no logarithmic range: " + lower + " … " + upper);
    }
    double decades = Math.log10(upper / lower);
    int[] steps = decades > MANY_DECADES ? new int[] {1} : new int[] {1, 2, 5};
    int stride = Math.max(1, (int) Math.ceil(decades / MOST_LABELS));
    var ticks = new ArrayList<Double>();
    for (int exponent = (int) Math.floor(Math.log10(lower));
        exponent <= Math.ceil(Math.log10(upper));
        exponent++) {
      for (int step : steps) {
        // parse, since pow(10, -1) * 2 would not be 0.2
        double tick = Double.parseDouble(step + "e" + exponent);
        if (tick >= lower && tick <= upper && Math.floorMod(exponent, stride) == 0) {
          ticks.add(tick);
        }
      }
    }
    return ticks;
  }
}
