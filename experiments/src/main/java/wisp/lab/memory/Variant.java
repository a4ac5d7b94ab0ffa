package wisp.lab.memory;

import java.util.ArrayList;
import java.util.List;
import wisp.core.spi.Parameter;
import wisp.lab.UsageException;
import wisp.lab.suite.RunOptions;

/**
 * A series of the suite: a strategy, with or without timestamps, in a JVM with small or usual
 * object headers.
 *
 * @param timestamps whether records have a word for TS.Recent, and connections timestamps
 * @param compactHeaders whether Java objects have headers of 8 bytes instead of 12 (JEP 519)
 */
record Variant(String strategy, boolean timestamps, boolean compactHeaders) {
  private static final String TIMESTAMPS = "timestamps";
  private static final String HEADERS = "headers";

  static final List<Parameter> PARAMETERS =
      List.of(
          new Parameter(
              TIMESTAMPS,
              "on",
              "",
              "on; off: records without a word for TS.Recent, and no timestamps; or both, side by"
                  + " side"),
          new Parameter(
              HEADERS, "compact", "", "of Java objects: compact, 8 bytes; usual, 12; or both"));

  /** As data and charts call it. */
  String label() {
    return strategy + (timestamps ? "" : "-no-ts") + (compactHeaders ? "" : "-usual-headers");
  }

  /** Flags that its JVM needs beside those of all. */
  List<String> flags() {
    return compactHeaders ? List.of() : List.of("-XX:-UseCompactObjectHeaders");
  }

  /** Those that were asked for. */
  static List<Variant> of(RunOptions options) {
    var variants = new ArrayList<Variant>();
    for (String strategy : options.strategies()) {
      for (boolean timestamps : either(options, TIMESTAMPS, "on", "off")) {
        for (boolean compact : either(options, HEADERS, "compact", "usual")) {
          variants.add(new Variant(strategy, timestamps, compact));
        }
      }
    }
    return variants;
  }

  private static List<Boolean> either(
      RunOptions options, String parameter, String usual, String other) {
    String value = options.parametersOf(MemorySuite.NAME).getOrDefault(parameter, usual);
    if (value.equals(usual)) {
      return List.of(true);
    }
    if (value.equals(other)) {
      return List.of(false);
    }
    if (value.equals("both")) {
      return List.of(true, false);
    }
    throw new UsageException(
        "--param memory."
            + parameter
            + "="
            + value
            + " is none of "
            + usual
            + ", "
            + other
            + ", both");
  }
}
