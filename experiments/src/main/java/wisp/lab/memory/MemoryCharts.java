package wisp.lab.memory;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import wisp.lab.chart.LineChart;
import wisp.lab.chart.Series;
import wisp.lab.chart.SiFormat;
import wisp.lab.kernel.KernelPoint;
import wisp.lab.report.OverConnections;
import wisp.lab.report.Provenance;
import wisp.lab.results.Row;

/** Bytes per connection, and memory in all, over the number of connections. */
final class MemoryCharts {
  private static final String PER_CONNECTION = "bytes_per_connection";

  private MemoryCharts() {}

  static Map<String, LineChart> of(List<Row> rows, Map<String, @Nullable Object> info) {
    var charts = new LinkedHashMap<String, LineChart>();
    charts.put(
        "bytes-per-connection",
        new LineChart(
            "Memory per idle TCP connection",
            subtitle(rows, info),
            "Connections",
            "Bytes per connection, everything included",
            SiFormat::bytes,
            series(rows, asked(info), PER_CONNECTION, Row::value)));
    charts.put(
        "total-memory",
        new LineChart(
            "Total memory of idle TCP connections",
            subtitle(rows, info),
            "Connections",
            "Memory reserved, everything included",
            SiFormat::bytes,
            series(rows, asked(info), "reserved_bytes", MemoryCharts::total)));
    return charts;
  }

  private static List<String> asked(Map<String, @Nullable Object> info) {
    return info.get("options") instanceof Map<?, ?> options
            && options.get("strategies") instanceof List<?> names
        ? names.stream().map(String::valueOf).toList()
        : List.of();
  }

  /** The kernel has no total of its own: as many ends as ours times its cost of one. */
  private static double total(Row row) {
    return row.metric().equals(PER_CONNECTION) ? row.value() * row.connections() : row.value();
  }

  private static List<Series> series(
      List<Row> rows, List<String> asked, String metric, ToDoubleFunction<Row> value) {
    // As they were asked for, not as they happened to end.
    var names = new LinkedHashSet<String>(asked);
    rows.forEach(row -> names.add(row.strategy()));
    names.remove(MemorySuite.KERNEL);
    var all = new ArrayList<Series>();
    addKernel(all, rows, value);
    for (String name : names) {
      var own =
          rows.stream()
              .filter(row -> row.strategy().equals(name) && row.metric().equals(metric))
              .toList();
      all.add(new Series(name, false, OverConnections.points(own, value)));
    }
    all.removeIf(one -> one.points().isEmpty());
    return all;
  }

  /** What was measured, and dashed from there on what had been recorded at another time. */
  private static void addKernel(List<Series> all, List<Row> rows, ToDoubleFunction<Row> value) {
    var own =
        rows.stream()
            .filter(row -> row.strategy().equals(MemorySuite.KERNEL))
            .filter(row -> row.metric().equals(PER_CONNECTION))
            .toList();
    var live = OverConnections.points(own.stream().filter(row -> !isRecorded(row)).toList(), value);
    var recorded =
        OverConnections.points(own.stream().filter(MemoryCharts::isRecorded).toList(), value);
    all.add(new Series("Linux kernel", false, live));
    if (!recorded.isEmpty()) {
      var joined = new ArrayList<>(live.isEmpty() ? List.of() : List.of(live.getLast()));
      joined.addAll(recorded);
      all.add(new Series("Linux kernel (recorded earlier)", true, joined));
    }
  }

  private static boolean isRecorded(Row row) {
    return row.note().equals(KernelPoint.RECORDED);
  }

  private static List<String> subtitle(List<Row> rows, Map<String, @Nullable Object> info) {
    int runs = rows.stream().mapToInt(Row::repetition).max().orElse(1);
    var options = info.get("options") instanceof Map<?, ?> map ? map : Map.of();
    return List.of(
        "IPv4, idle after a real handshake with "
            + (options.get("peers") == null ? "phantom" : options.get("peers"))
            + " peers, all timers run out; "
            + (runs == 1 ? "n = 1 run" : "median of n = " + runs + " runs, bars: least to most")
            + "; one JVM per point",
        "Linux kernel: pages of the slab caches that grow with connections, per end, without"
            + " buffers",
        Provenance.line(info));
  }
}
