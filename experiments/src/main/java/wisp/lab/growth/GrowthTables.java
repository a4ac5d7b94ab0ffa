package wisp.lab.growth;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import java.util.function.DoubleFunction;
import wisp.lab.chart.SiFormat;
import wisp.lab.report.CountTable;
import wisp.lab.report.Table;
import wisp.lab.results.Row;

/** What it was like to grow: sizes and look-ups on the way, the stalls, the answers at the end. */
final class GrowthTables {
  private GrowthTables() {}

  static List<Table> of(List<Row> rows) {
    return List.of(
        byCount(
                "Bytes per connection, everything included",
                "bytes_per_connection",
                SiFormat::bytes)
            .of(rows, "One context that grows through all counts."),
        byCount("Growth of the resident set", "rss_growth_bytes", SiFormat::bytes)
            .of(rows, "After a full collection."),
        byCount("Finding a record and touching it, one by one", "lookup_single", GrowthTables::ns)
            .of(rows, "Keys in no order."),
        byCount("The same in bursts", "lookup_in_bursts", GrowthTables::ns)
            .of(rows, "32 lines of the index are fetched, then 32 connections found."),
        byCount("Connections set up per second", "setup_rate", rate -> SiFormat.count(rate) + "/s")
            .of(rows, "Full handshakes, all up to here."),
        stalls(rows),
        answers(rows));
  }

  private static CountTable byCount(String title, String metric, DoubleFunction<String> format) {
    return new CountTable(title, metric, metric, format);
  }

  private static String ns(double value) {
    return String.format(Locale.ROOT, "%.0f ns", value);
  }

  private static Table stalls(List<Row> rows) {
    return eachRun(
        rows,
        "Polls that took 1 ms and more",
        List.of(
            "Stalls",
            "Beside no hiccup",
            "Worst of all",
            "Worst beside no hiccup",
            "Hiccups",
            "Worst hiccup"),
        List.of(
            "stalls",
            "stalls_of_ours",
            "worst_stall",
            "worst_stall_of_ours",
            "hiccups",
            "worst_hiccup"),
        "Hiccup: an idle thread of another process slept 1 ms longer than it wished, or more. A"
            + " stall beside a hiccup is the machine's.");
  }

  private static Table answers(List<Row> rows) {
    return eachRun(
        rows,
        "Connections chosen at random receive eight bytes and answer",
        List.of("Asked", "Right answers", "Wrong packets", "A second"),
        List.of("questions", "right_answers", "wrong_packets", "answer_rate"),
        "At the largest count.");
  }

  private static Table eachRun(
      List<Row> rows, String title, List<String> heads, List<String> metrics, String note) {
    var columns = new ArrayList<String>(List.of("Run"));
    columns.addAll(heads);
    var lines = new ArrayList<List<String>>();
    var strategies = new LinkedHashSet<String>();
    var repetitions = new TreeSet<Integer>();
    for (Row row : rows) {
      if (row.metric().equals(metrics.getFirst())) {
        strategies.add(row.strategy());
        repetitions.add(row.repetition());
      }
    }
    for (String strategy : strategies) {
      for (int repetition : repetitions) {
        var line = new ArrayList<String>(List.of(strategy + ", " + repetition));
        metrics.forEach(metric -> line.add(cell(rows, strategy, repetition, metric)));
        lines.add(line);
      }
    }
    return new Table(title, columns, lines, note);
  }

  private static String cell(List<Row> rows, String strategy, int repetition, String metric) {
    return rows.stream()
        .filter(row -> row.strategy().equals(strategy) && row.repetition() == repetition)
        .filter(row -> row.metric().equals(metric))
        .map(
            row ->
                row.unit().equals("nanos")
                    ? String.format(Locale.ROOT, "%.2f ms", row.value() / 1e6)
                    : SiFormat.whole(Math.round(row.value())))
        .findFirst()
        .orElse("–");
  }
}
