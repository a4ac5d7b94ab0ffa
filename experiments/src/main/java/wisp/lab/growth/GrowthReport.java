package wisp.lab.growth;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import wisp.lab.results.Row;

/** What a growing JVM has told, and which of its stalls the machine had a part in. */
final class GrowthReport {
  private static final String LINK = "inmemory";
  private final String run;
  private final String strategy;
  private final int repetition;
  private final List<Row> rows = new ArrayList<>();
  private final List<StallMeter.Stall> stalls = new ArrayList<>();
  private final Map<String, Double> last = new HashMap<>();
  private long reached;

  GrowthReport(String run, String strategy, int repetition) {
    this.run = run;
    this.strategy = strategy;
    this.repetition = repetition;
  }

  void accept(Map<String, ? extends @Nullable Object> message) {
    if (message.get("progress") instanceof Number now) {
      reached = now.longValue();
    } else if (message.get("stall") instanceof Number start) {
      stalls.add(
          new StallMeter.Stall(
              start.longValue(), number(message, "nanos"), number(message, "connections")));
    } else if (message.get("metric") instanceof String metric
        && message.get("value") instanceof Number value) {
      add(
          number(message, "connections"),
          metric,
          String.valueOf(message.get("unit")),
          value.doubleValue(),
          String.valueOf(message.get("scenario")));
    }
  }

  private static long number(Map<String, ? extends @Nullable Object> message, String name) {
    return message.get(name) instanceof Number number ? number.longValue() : 0;
  }

  private void add(long connections, String metric, String unit, double value, String scenario) {
    last.put(metric, value);
    rows.add(
        new Row(
            run,
            GrowthSuite.NAME,
            strategy,
            LINK,
            connections,
            repetition,
            metric,
            unit,
            value,
            "",
            scenario));
  }

  long reached() {
    return reached;
  }

  /** The last value of a metric, or NaN. */
  double value(String metric) {
    return last.getOrDefault(metric, Double.NaN);
  }

  /** All rows; the stalls compared with the hiccups beside them. */
  List<Row> rows(long connections, Hiccups hiccups) {
    long worst = 0;
    long worstOfOurs = 0;
    long ours = 0;
    for (var stall : stalls) {
      worst = Math.max(worst, stall.nanos());
      if (!hiccups.disturbed(stall.startNanos(), stall.nanos())) {
        ours++;
        worstOfOurs = Math.max(worstOfOurs, stall.nanos());
      }
    }
    long worstHiccup = hiccups.all().stream().mapToLong(Hiccups.Hiccup::nanos).max().orElse(0);
    add(connections, "stalls", "polls of 1 ms and more", stalls.size(), "");
    add(connections, "stalls_of_ours", "of these beside no hiccup", ours, "");
    add(connections, "worst_stall", "nanos", worst, "");
    add(connections, "worst_stall_of_ours", "nanos", worstOfOurs, "");
    add(connections, "hiccups", "of an idle thread of another process", hiccups.all().size(), "");
    add(connections, "worst_hiccup", "nanos", worstHiccup, "");
    return rows;
  }
}
