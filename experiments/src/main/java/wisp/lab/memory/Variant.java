package wisp.lab.memory;

import java.util.ArrayList;
import java.util.List;
import wisp.lab.UsageException;
import wisp.lab.suite.RunOptions;

/**
 * A series of the suite: a strategy, with or without timestamps.
 *
 * @param timestamps whether records have a word for TS.Recent, and connections timestamps
 */
record Variant(String strategy, boolean timestamps) {
  static final String PARAMETER = "timestamps";
  private static final String WITHOUT = "-no-ts";

  /** As data and charts call it. */
  String label() {
    return timestamps ? strategy : strategy + WITHOUT;
  }

  /** Those that were asked for. */
  static List<Variant> of(RunOptions options) {
    String timestamps = options.parametersOf(MemorySuite.NAME).getOrDefault(PARAMETER, "on");
    var variants = new ArrayList<Variant>();
    for (String strategy : options.strategies()) {
      switch (timestamps) {
        case "on" -> variants.add(new Variant(strategy, true));
        case "off" -> variants.add(new Variant(strategy, false));
        case "both" -> {
          variants.add(new Variant(strategy, true));
          variants.add(new Variant(strategy, false));
        }
        default ->
            throw new UsageException(
                "--param memory.timestamps=" + timestamps + " is none of on, off, both");
      }
    }
    return variants;
  }
}
