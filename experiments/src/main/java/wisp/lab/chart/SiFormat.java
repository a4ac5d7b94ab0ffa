package wisp.lab.chart;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;

/**
 * Numbers as people read them: {@code 1k}, {@code 2.5M}; bytes as {@code 44 B}, {@code 4.97 kB}
 * (thousands, as the decades of an axis).
 */
public final class SiFormat {
  private static final String[] PREFIXES = {"", "k", "M", "G", "T", "P"};

  private SiFormat() {}

  /** A count with three significant digits: {@code 1k}, {@code 131k}, {@code 1.05M}. */
  public static String count(double value) {
    return scaled(value, "", "");
  }

  /** Bytes with three significant digits: {@code 44 B}, {@code 4.97 kB}, {@code 1.2 GB}. */
  public static String bytes(double value) {
    return scaled(value, " ", "B");
  }

  private static String scaled(double value, String space, String unit) {
    if (!Double.isFinite(value)) {
      return "–";
    }
    BigDecimal rounded = BigDecimal.valueOf(value).round(new MathContext(3, RoundingMode.HALF_UP));
    int thousands = 0;
    while (rounded.abs().compareTo(BigDecimal.valueOf(1000)) >= 0
        && thousands < PREFIXES.length - 1) {
      rounded = rounded.movePointLeft(3);
      thousands++;
    }
    if (rounded.scale() > 2) {
      rounded = rounded.setScale(2, RoundingMode.HALF_UP);
    }
    String number = rounded.signum() == 0 ? "0" : rounded.stripTrailingZeros().toPlainString();
    return number + space + PREFIXES[thousands] + unit;
  }

  /** A whole number with separators: {@code 1,000,000}. */
  public static String whole(long value) {
    return String.format(Locale.ROOT, "%,d", value);
  }
}
