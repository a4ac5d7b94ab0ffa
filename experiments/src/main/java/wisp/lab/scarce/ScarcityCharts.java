package wisp.lab.scarce;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import wisp.core.Counters.Event;
import wisp.lab.chart.Chart;
import wisp.lab.chart.LineChart;
import wisp.lab.chart.Series;
import wisp.lab.chart.SiFormat;
import wisp.lab.goodput.Spread;
import wisp.lab.report.Table;
import wisp.lab.results.Row;

/** Goodput over bytes of blocks. */
final class ScarcityCharts {
  private ScarcityCharts() {}

  static Map<String, Chart> of(List<Row> rows) {
    var charts = new LinkedHashMap<String, Chart>();
    for (Company company : Company.values()) {
      charts.put(
          "goodput-" + company.label,
          chart("Goodput versus blocks: " + company.text, rows, perStrategy(rows, company)));
    }
    for (String strategy : strategies(rows)) {
      charts.put(
          "company-" + strategy,
          chart(
              "What a greedy peer costs the others: " + strategy,
              rows,
              perCompany(rows, strategy)));
    }
    var kernel = KernelShortage.series(rows);
    if (!kernel.isEmpty()) {
      charts.put(
          "beside-kernel",
          new LineChart(
              "Goodput versus memory, beside the Linux kernel",
              List.of(
                  KernelShortage.CONDITIONS,
                  "kernel: tcp_rmem such that all receive buffers together may have as much"),
              "Bytes of blocks, or of all receive buffers",
              "Mbit/s of all flows",
              Spread::millions,
              kernel));
    }
    charts.values().removeIf(Chart::isEmpty);
    return charts;
  }

  private static LineChart chart(String title, List<Row> rows, List<Series> series) {
    long connections =
        rows.stream()
            .filter(r -> r.link().equals("inmemory"))
            .mapToLong(Row::connections)
            .max()
            .orElse(0);
    int runs = rows.stream().mapToInt(Row::repetition).max().orElse(1);
    return new LineChart(
        title,
        List.of(
            connections
                + " connections, each both ways, over a path that loses and reorders;"
                + " virtual time",
            "median of n = " + runs + ", bars: least to most; every byte compared, all arrived"),
        "Bytes of blocks",
        "Mbit/s of all modest connections",
        Spread::millions,
        series);
  }

  private static List<Series> perStrategy(List<Row> rows, Company company) {
    var series = new ArrayList<Series>();
    for (String strategy : strategies(rows)) {
      series.add(new Series(strategy, false, points(rows, company, strategy)));
    }
    return series;
  }

  private static List<Series> perCompany(List<Row> rows, String strategy) {
    var series = new ArrayList<Series>();
    for (Company company : Company.values()) {
      series.add(new Series(company.text, false, points(rows, company, strategy)));
    }
    return series;
  }

  private static List<Series.Point> points(List<Row> rows, Company company, String strategy) {
    var points = new ArrayList<Series.Point>();
    for (long pool : pools(rows)) {
      Spread spread = Spread.of(rows, company.scenario(pool), strategy, ScarcitySuite.GOODPUT);
      if (spread.count() > 0 && spread.least() > 0) {
        points.add(spread.at((double) pool));
      }
    }
    return points;
  }

  static List<Long> pools(List<Row> rows) {
    var pools = new TreeSet<Long>();
    rows.forEach(
        row ->
            pools.add(Long.parseLong(row.scenario().substring(row.scenario().indexOf('/') + 1))));
    return List.copyOf(pools);
  }

  /** Powers of two as such: {@code 64 KiB}. */
  static String binary(long bytes) {
    return bytes >= 1 << 20 && bytes % (1 << 20) == 0
        ? (bytes >> 20) + " MiB"
        : bytes % (1 << 10) == 0 ? (bytes >> 10) + " KiB" : bytes + " B";
  }

  private static List<String> strategies(List<Row> rows) {
    return rows.stream()
        .filter(row -> row.link().equals("inmemory"))
        .map(Row::strategy)
        .distinct()
        .toList();
  }

  static List<Table> tables(List<Row> rows) {
    var tables = new ArrayList<Table>();
    tables.add(goodput(rows));
    tables.add(reasons(rows));
    var kernel = KernelShortage.table(rows);
    if (!kernel.lines().isEmpty()) {
      tables.add(kernel);
    }
    return tables;
  }

  private static Table goodput(List<Row> rows) {
    var lines = new ArrayList<List<String>>();
    for (String strategy : strategies(rows)) {
      for (long pool : pools(rows)) {
        var line = new ArrayList<>(List.of(strategy, binary(pool)));
        double alone = Double.NaN;
        for (Company company : Company.values()) {
          Spread spread = Spread.of(rows, company.scenario(pool), strategy, ScarcitySuite.GOODPUT);
          alone = company == Company.ALONE ? spread.median() : alone;
          line.add(spread.text(Spread::millions));
          if (company.greedy) {
            line.add(Spread.percent(spread.median() / alone));
          }
        }
        Spread peak = Spread.of(rows, Company.ALONE.scenario(pool), strategy, "peak_block_bytes");
        line.add(SiFormat.bytes(peak.median()));
        if (peak.count() > 0) {
          lines.add(line);
        }
      }
    }
    return new Table(
        "Goodput of the modest peers",
        List.of(
            "Strategy",
            "Blocks",
            "Mbit/s alone, median (least … most)",
            "beside a greedy peer",
            "of alone",
            "beside one without limit",
            "of alone",
            "Peak alone"),
        lines,
        "Virtual time. The greedy peer: connections with holes that never close, shut windows with"
            + " all queued behind them that may be, and SYNs that are never confirmed, from one"
            + " address.");
  }

  /** By whom and why something was refused, summed over the repetitions. */
  private static Table reasons(List<Row> rows) {
    var lines = new ArrayList<List<String>>();
    for (String strategy : strategies(rows)) {
      for (long pool : pools(rows)) {
        for (Company company : List.of(Company.ALONE, Company.GREEDY)) {
          var line = new ArrayList<>(List.of(strategy, binary(pool), company.label));
          String scenario = company.scenario(pool);
          for (Event reason : ScarcityTrial.REASONS) {
            double sum =
                rows.stream()
                    .filter(row -> row.scenario().equals(scenario))
                    .filter(row -> row.strategy().equals(strategy))
                    .filter(row -> row.metric().equals(reason.name().toLowerCase(Locale.ROOT)))
                    .mapToDouble(Row::value)
                    .sum();
            line.add(SiFormat.whole((long) sum));
          }
          lines.add(line);
        }
      }
    }
    var columns = new ArrayList<>(List.of("Strategy", "Blocks", "Company"));
    ScarcityTrial.REASONS.forEach(
        reason -> columns.add(reason.name().toLowerCase(Locale.ROOT).replace('_', ' ')));
    return new Table(
        "Who was refused, and what was dropped",
        columns,
        lines,
        "Our stack's counters from the first SYN to the last byte, all repetitions together.");
  }
}
