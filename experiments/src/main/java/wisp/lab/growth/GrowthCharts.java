package wisp.lab.growth;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import wisp.lab.chart.LineChart;
import wisp.lab.chart.Series;
import wisp.lab.chart.SiFormat;
import wisp.lab.report.OverConnections;
import wisp.lab.report.Provenance;
import wisp.lab.results.Row;

/** Look-ups over the number of connections, and what is held while a crowd leaves. */
final class GrowthCharts {
  private GrowthCharts() {}

  static Map<String, LineChart> of(List<Row> rows, Map<String, @Nullable Object> info) {
    var charts = new LinkedHashMap<String, LineChart>();
    charts.put(
        "look-ups",
        new LineChart(
            "Finding a record and touching it",
            subtitle(
                info, "keys in no order; in bursts: 32 index lines are fetched, then 32 found"),
            "Connections",
            "Nanoseconds each",
            value -> SiFormat.count(value) + " ns",
            lookUps(rows)));
    charts.put(
        "memory-given-back",
        new LineChart(
            "Memory held while connections leave",
            subtitle(info, "reset one after the other, oldest first or in no order"),
            "Connections that are left",
            "Memory reserved, everything included",
            SiFormat::bytes,
            leaving(rows, "reserved_bytes_left")));
    charts.put(
        "resident-memory-given-back",
        new LineChart(
            "Resident memory while connections leave",
            subtitle(info, "growth of the resident set, after a full collection"),
            "Connections that are left",
            "Resident memory",
            SiFormat::bytes,
            leaving(rows, "rss_bytes_left")));
    return charts;
  }

  private static List<Series> lookUps(List<Row> rows) {
    var all = new ArrayList<Series>();
    for (String strategy : strategies(rows)) {
      add(all, rows, strategy, strategy + ", one by one", r -> r.metric().equals("lookup_single"));
      add(
          all,
          rows,
          strategy,
          strategy + ", in bursts",
          r -> r.metric().equals("lookup_in_bursts"));
    }
    return all;
  }

  private static List<Series> leaving(List<Row> rows, String metric) {
    var all = new ArrayList<Series>();
    for (String strategy : strategies(rows)) {
      for (String order : List.of("oldest first", "in no order")) {
        add(
            all,
            rows,
            strategy,
            strategy + ", " + order,
            r -> r.metric().equals(metric) && r.scenario().equals(order));
      }
    }
    return all;
  }

  private static LinkedHashSet<String> strategies(List<Row> rows) {
    var names = new LinkedHashSet<String>();
    rows.forEach(row -> names.add(row.strategy()));
    return names;
  }

  private static void add(
      List<Series> all, List<Row> rows, String strategy, String name, Predicate<Row> which) {
    var own = rows.stream().filter(r -> r.strategy().equals(strategy) && which.test(r)).toList();
    var points = OverConnections.points(own, Row::value);
    if (!points.isEmpty()) {
      all.add(
          new Series(name, name.endsWith("in no order") || name.endsWith("one by one"), points));
    }
  }

  private static List<String> subtitle(Map<String, @Nullable Object> info, String what) {
    return List.of(what, Provenance.line(info));
  }
}
