package wisp.lab.links;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What the end that is measured has counted so far, as it says on a line of its output: {@code
 * tally received=5 echoed=5 drops=0}.
 */
record Tally(Map<String, Long> counts) {
  private static final String WORD = "tally";

  /** Keeps a copy. */
  Tally {
    counts = Map.copyOf(counts);
  }

  static boolean isOne(String line) {
    return line.startsWith(WORD + " ");
  }

  static Tally parse(String line) {
    var counts = new LinkedHashMap<String, Long>();
    for (String item : line.substring(WORD.length() + 1).split(" ", -1)) {
      int equals = item.indexOf('=');
      counts.put(item.substring(0, equals), Long.parseLong(item.substring(equals + 1)));
    }
    return new Tally(counts);
  }

  /** One of them; 0 when it is not counted there. */
  long get(String name) {
    return counts.getOrDefault(name, 0L);
  }

  /** As a line. */
  String line() {
    var text = new StringBuilder(WORD);
    counts.forEach((name, count) -> text.append(' ').append(name).append('=').append(count));
    return text.toString();
  }

  /** What has been added since. */
  Tally since(Tally before) {
    var counts = new LinkedHashMap<String, Long>();
    this.counts.forEach((name, count) -> counts.put(name, count - before.get(name)));
    return new Tally(counts);
  }
}
