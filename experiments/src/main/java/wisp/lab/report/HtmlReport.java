package wisp.lab.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import wisp.lab.chart.Chart;
import wisp.lab.chart.ChartFiles;
import wisp.lab.chart.SiFormat;
import wisp.lab.results.Json;
import wisp.lab.results.Row;
import wisp.lab.results.RunFolder;
import wisp.lab.suite.Suite;

/** Draws the charts of a run and writes {@code report.html}: one file, which needs no other. */
public final class HtmlReport {
  private HtmlReport() {}

  /** Of what the folder holds: {@code data.csv} and {@code run.json}. */
  public static Path write(RunFolder folder, Suite suite) throws IOException {
    var rows = folder.rows();
    var info = folder.info();
    var page = new StringBuilder();
    page.append(head(suite.name() + " · " + folder.name()));
    page.append("<h1>").append(escaped(suite.description())).append("</h1>\n");
    page.append("<p class=dim>").append(escaped(when(info))).append("</p>\n");
    if (Boolean.TRUE.equals(info.get("noisy"))) {
      page.append(
          "<p class=warn>Noisy: the machine was busy with other things while this ran."
              + " Read rates with care.</p>\n");
    }
    for (var chart : suite.charts(rows, info).entrySet()) {
      page.append(figure(chart.getKey(), chart.getValue(), folder.path().resolve("charts")));
    }
    var tables = suite.tables(rows);
    tables.forEach(table -> page.append(table(table)));
    if (tables.isEmpty()) {
      String metric = suite.headline();
      var all = new CountTable(metric.replace('_', ' '), metric, metric, SiFormat::bytes);
      page.append(table(all.of(rows, "Small: compared with the kernel's.")));
    }
    page.append(problems(rows));
    page.append("<h2>How to run it again</h2>\n<pre>")
        .append(escaped(String.valueOf(info.getOrDefault("command", "wisp run " + suite.name()))))
        .append("</pre>\n");
    page.append("<h2>Configuration and machine</h2>\n").append(facts(info));
    page.append(
        "<p class=dim>All values: <a href=data.csv>data.csv</a>, <a"
            + " href=run.json>run.json</a>.</p>\n"
            + "</main></body></html>\n");
    Path file = folder.path().resolve("report.html");
    Files.writeString(file, page);
    return file;
  }

  private static String head(String title) {
    return """
    <!doctype html>
    <html lang=en><head><meta charset=utf-8>
    <meta name=viewport content="width=device-width,initial-scale=1">
    <title>%s</title>
    <style>
    :root{color-scheme:light dark;--text:#222;--dim:#666;--line:#ddd;--page:#fff;--box:#f6f6f6;--warn:#8a4b00}
    @media (prefers-color-scheme:dark){:root{--text:#ddd;--dim:#999;--line:#444;--page:#181818;--box:#242424;--warn:#e69f00}}
    body{margin:0;background:var(--page);color:var(--text);font:16px/1.5 "DejaVu Sans",system-ui,sans-serif}
    main{max-width:900px;margin:0 auto;padding:24px 16px 48px}
    h1{font-size:1.4rem;line-height:1.25;margin:0 0 4px}h2{font-size:1.1rem;margin:32px 0 8px}
    .dim{color:var(--dim);font-size:.875rem;margin:0 0 16px}.warn{color:var(--warn)}
    figure{margin:24px 0;background:#fff;border:1px solid var(--line);border-radius:6px;overflow:hidden}
    figure svg{display:block;width:100%%;height:auto}
    .wide{overflow-x:auto}
    table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.9rem}
    th,td{padding:5px 14px 5px 0;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap;vertical-align:top}
    th:first-child,td:first-child{text-align:left}thead th{font-weight:600}
    .facts{width:100%%}.facts td{text-align:left;white-space:normal;overflow-wrap:anywhere}.facts td:first-child{color:var(--dim);width:10em}
    pre{background:var(--box);padding:12px;border-radius:6px;overflow-x:auto;font:.85rem/1.45 "DejaVu Sans Mono",monospace;white-space:pre-wrap;overflow-wrap:anywhere}
    small{color:var(--dim)}a{color:inherit}
    </style></head><body><main>
    """
        .formatted(escaped(title));
  }

  private static String when(Map<String, @Nullable Object> info) {
    return info.containsKey("start")
        ? info.get("start") + " to " + info.get("end")
        : "run.json is missing: the run broke off";
  }

  private static String figure(String name, Chart chart, Path folder) throws IOException {
    if (chart.isEmpty()) {
      return "<p class=dim>No data for chart " + escaped(name) + ".</p>\n";
    }
    ChartFiles.write(chart.draw(), folder, name);
    String svg = Files.readString(folder.resolve(name + ".svg"));
    return "<figure role=img aria-label=\""
        + escaped(chart.title())
        + "\">\n"
        + svg.substring(Math.max(0, svg.indexOf("<svg")))
        + "</figure>\n";
  }

  private static String table(Table table) {
    var text = new StringBuilder("<h2>" + escaped(table.title()) + "</h2>\n<div class=wide>");
    text.append("<table>\n<thead><tr>");
    table.columns().forEach(name -> text.append("<th>").append(escaped(name)).append("</th>"));
    text.append("</tr></thead>\n");
    for (List<String> line : table.lines()) {
      text.append("<tr>");
      line.forEach(cell -> text.append("<td>").append(lines(cell)).append("</td>"));
      text.append("</tr>\n");
    }
    text.append("</table></div>\n<p class=dim>").append(escaped(table.note()));
    return text.append("</p>\n").toString();
  }

  /** The second line of a cell is a remark. */
  private static String lines(String cell) {
    String text = escaped(cell);
    int end = text.indexOf('\n');
    return end < 0
        ? text
        : text.substring(0, end) + "<br><small>" + text.substring(end + 1) + "</small>";
  }

  private static String problems(List<Row> rows) {
    var lines = new LinkedHashMap<String, String>();
    for (Row row : rows) {
      String what =
          row.strategy()
              + (row.scenario().isEmpty()
                  ? " at " + SiFormat.whole(row.connections())
                  : ", " + row.scenario());
      if (row.note().startsWith("skipped") || row.note().startsWith("failed")) {
        lines.put(what, row.note());
      } else if (row.note().startsWith("recorded") && row.metric().equals("bytes_per_connection")) {
        lines.put(what, row.note());
      }
    }
    if (lines.isEmpty()) {
      return "";
    }
    var text = new StringBuilder("<h2>Not measured in this run</h2>\n<ul>\n");
    lines.forEach(
        (what, why) -> text.append("<li>").append(escaped(what + ": " + why)).append("</li>\n"));
    return text.append("</ul>\n").toString();
  }

  private static String facts(Map<String, @Nullable Object> info) {
    var text = new StringBuilder("<table class=facts>\n");
    for (String group : List.of("options", "machine")) {
      if (info.get(group) instanceof Map<?, ?> map) {
        map.forEach((name, value) -> text.append(fact(String.valueOf(name), value)));
      }
    }
    for (String name : List.of("load_before", "load_after", "child_flags")) {
      if (info.containsKey(name)) {
        text.append(fact(name, info.get(name)));
      }
    }
    return text.append("</table>\n").toString();
  }

  private static String fact(String name, @Nullable Object value) {
    String shown =
        switch (value) {
          case null -> "";
          case String string -> string;
          case List<?> list -> String.join(" ", list.stream().map(String::valueOf).toList());
          default -> Json.line(value);
        };
    return "<tr><td>"
        + escaped(name.replace('_', ' '))
        + "</td><td>"
        + escaped(shown)
        + "</td></tr>\n";
  }

  static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
