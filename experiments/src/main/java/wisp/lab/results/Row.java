package wisp.lab.results;

import java.util.List;

/**
 * One measured value: one line of {@code data.csv}.
 *
 * @param link {@code inmemory}, {@code tun} …; {@code veth} for the kernel
 * @param connections how many were open, per endpoint
 * @param repetition counts from 1
 * @param value {@link Double#NaN} when it could not be measured; then {@code note} says why
 * @param note {@code recorded}, {@code skipped: …}, {@code slope}, {@code quotient} or empty
 * @param scenario under which conditions, where a suite has several; else empty
 */
public record Row(
    String run,
    String suite,
    String strategy,
    String link,
    long connections,
    int repetition,
    String metric,
    String unit,
    double value,
    String note,
    String scenario) {
  /** Of a suite whose conditions are all the same. */
  public Row(
      String run,
      String suite,
      String strategy,
      String link,
      long connections,
      int repetition,
      String metric,
      String unit,
      double value,
      String note) {
    this(run, suite, strategy, link, connections, repetition, metric, unit, value, note, "");
  }

  /** The same with a note. */
  public Row withNote(String other) {
    return new Row(
        run, suite, strategy, link, connections, repetition, metric, unit, value, other, scenario);
  }

  /** The columns, in the order of {@link #fields}. */
  public static final List<String> COLUMNS =
      List.of(
          "run",
          "suite",
          "strategy",
          "link",
          "connections",
          "repetition",
          "metric",
          "unit",
          "value",
          "note",
          "scenario");

  /** As text, unquoted. */
  public List<String> fields() {
    return List.of(
        run,
        suite,
        strategy,
        link,
        Long.toString(connections),
        Integer.toString(repetition),
        metric,
        unit,
        number(value),
        note,
        scenario);
  }

  /** From a line of {@code data.csv}; further columns are ignored. */
  public static Row of(List<String> fields) {
    if (fields.size() < 9) {
      throw new IllegalArgumentException(
          "a row of data.csv has " + fields.size() + " fields, not 9 or more");
    }
    return new Row(
        fields.get(0),
        fields.get(1),
        fields.get(2),
        fields.get(3),
        Long.parseLong(fields.get(4)),
        Integer.parseInt(fields.get(5)),
        fields.get(6),
        fields.get(7),
        fields.get(8).isEmpty() ? Double.NaN : Double.parseDouble(fields.get(8)),
        fields.size() > 9 ? fields.get(9) : "",
        fields.size() > 10 ? fields.get(10) : "");
  }

  /** Whole numbers without a point, others with at most four decimals, nothing for NaN. */
  static String number(double value) {
    if (Double.isNaN(value)) {
      return "";
    }
    if (value == Math.rint(value) && Math.abs(value) < 1e15) {
      return Long.toString((long) value);
    }
    return java.math.BigDecimal.valueOf(value)
        .setScale(4, java.math.RoundingMode.HALF_EVEN)
        .stripTrailingZeros()
        .toPlainString();
  }
}
