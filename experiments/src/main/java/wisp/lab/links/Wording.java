package wisp.lab.links;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import wisp.lab.results.Row;

/** Values with their units, for people. */
final class Wording {
  private Wording() {}

  /** One line for what was measured at once. */
  static String of(List<Row> rows) {
    return rows.stream()
        .map(row -> row.metric() + "=" + value(row.unit(), row.value()))
        .collect(Collectors.joining(" "));
  }

  /** {@code 1.35 M}, {@code 17.2 Gbit/s}, {@code 31.2 µs}. */
  static String value(String unit, double value) {
    return switch (unit) {
      case "packets/s" -> millions(value);
      case "bit/s" -> gigabits(value);
      case "ns" -> micros(value);
      case "s/GiB" -> String.format(Locale.ROOT, "%.3f", value);
      default -> String.format(Locale.ROOT, "%.0f", value);
    };
  }

  static String millions(double value) {
    return String.format(Locale.ROOT, "%.3f M", value / 1e6);
  }

  static String gigabits(double value) {
    return String.format(Locale.ROOT, "%.2f", value / 1e9);
  }

  static String micros(double nanos) {
    return nanos < 1e6
        ? String.format(Locale.ROOT, "%.1f µs", nanos / 1e3)
        : String.format(Locale.ROOT, "%.2f ms", nanos / 1e6);
  }
}
