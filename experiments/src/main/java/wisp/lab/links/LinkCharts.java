package wisp.lab.links;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleFunction;
import wisp.lab.chart.Chart;
import wisp.lab.chart.DotChart;
import wisp.lab.chart.Series;
import wisp.lab.goodput.Spread;
import wisp.lab.results.Row;

/** Links along x, ours and the kernel's above each. */
final class LinkCharts {
  private static final String SPREAD_NOTE = "markers: median of repetitions, lines: least to most";

  private LinkCharts() {}

  static Map<String, Chart> of(List<Row> rows) {
    var results = new Results(rows);
    var charts = new LinkedHashMap<String, Chart>();
    charts.put(
        "links-packets",
        chart(
            results,
            "Small packets sent back, by link",
            List.of("UDP of 46 bytes from a kernel that sends all it can; " + SPREAD_NOTE),
            Trial.RATE,
            "million packets/s",
            Spread::millions,
            false));
    charts.put(
        "links-bulk-to",
        chart(
            results,
            "Bulk throughput to the link's stack",
            List.of("One TCP connection from a kernel; " + SPREAD_NOTE),
            "bulk_to",
            "Gbit/s",
            Wording::gigabits,
            false));
    charts.put(
        "links-bulk-from",
        chart(
            results,
            "Bulk throughput from the link's stack",
            List.of("One TCP connection to a kernel; " + SPREAD_NOTE),
            "bulk_from",
            "Gbit/s",
            Wording::gigabits,
            false));
    for (double percentile : List.of(50.0, 99.0, 99.9)) {
      String metric = Trial.latency(percentile);
      String name = metric.substring("latency_".length());
      charts.put(
          "links-" + metric.replace('_', '-').replace('.', '-'),
          chart(
              results,
              "Latency of a small request, " + name + ", by link",
              List.of("From when it was due until its answer was there; " + SPREAD_NOTE),
              metric,
              "latency",
              Wording::micros,
              true));
    }
    return charts;
  }

  private static DotChart chart(
      Results results,
      String title,
      List<String> subtitle,
      String metric,
      String yTitle,
      DoubleFunction<String> labels,
      boolean logarithmic) {
    List<String> links =
        LinkCase.ALL.stream()
            .map(LinkCase::name)
            .filter(
                link ->
                    results.contestants(metric).stream()
                        .anyMatch(who -> results.spread(link, who, metric).count() > 0))
            .toList();
    var series = new ArrayList<Series>();
    for (String who : results.contestants(metric)) {
      var points = new ArrayList<Series.Point>();
      for (int i = 0; i < links.size(); i++) {
        Spread spread = results.spread(links.get(i), who, metric);
        if (spread.count() > 0) {
          points.add(spread.at(i));
        }
      }
      if (!points.isEmpty()) {
        series.add(new Series(who.equals(Trial.KERNEL) ? "Linux kernel" : who, false, points));
      }
    }
    return new DotChart(title, subtitle, links, yTitle, labels, logarithmic, series);
  }
}
