package wisp.lab.matrix;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.DoubleFunction;
import wisp.lab.chart.Chart;
import wisp.lab.chart.DotChart;
import wisp.lab.chart.Series;
import wisp.lab.goodput.Spread;
import wisp.lab.report.Table;
import wisp.lab.results.Row;

/** What a run of the matrix shows: a line a cell, and what each level does to goodput. */
final class MatrixPage {
  private static final int MOST_LINES = 400;
  private static final double LONGEST_SECONDS = 20;
  private static final List<Factor> OPTIONS =
      List.of(Factor.TIMESTAMPS, Factor.SACK, Factor.SCALING, Factor.ECN);

  private MatrixPage() {}

  /** The cells that were tried, in order. */
  private static Set<Cell> cells(List<Row> rows) {
    var cells = new LinkedHashSet<Cell>();
    for (Row row : rows) {
      if (Attempts.isLast(row)) {
        cells.add(Cell.parse(row.scenario()));
      }
    }
    return cells;
  }

  private static List<Row> goodputs(List<Row> rows) {
    return rows.stream().filter(Attempts::isFirst).toList();
  }

  /** Cells that did not go well at the last attempt, each repetition by itself. */
  static long failed(List<Row> rows) {
    return Attempts.last(rows).stream().filter(Attempts::isFailed).count();
  }

  private static Spread spread(List<Row> rows, String strategy, String metric) {
    return Spread.of(
        rows.stream()
            .filter(row -> row.strategy().equals(strategy) && row.metric().equals(metric))
            .mapToDouble(Row::value)
            .toArray());
  }

  /** What a run ends with. */
  static List<String> summary(List<Row> all) {
    var rows = Attempts.last(all);
    long again = Attempts.passedAgain(all);
    var cells = cells(rows);
    long tried = goodputs(rows).size();
    Spread ratio = spread(rows, MatrixSuite.OURS, MatrixSuite.RATIO);
    Spread seconds = spread(rows, MatrixSuite.OURS, MatrixSuite.SECONDS);
    var space = new Space();
    return List.of(
        tried
            - failed(rows)
            + " of "
            + tried
            + " passed, "
            + cells.size()
            + " different cells"
            + (again == 0 ? "" : "; " + again + " had failed before"),
        String.format(
            Locale.ROOT,
            "of all combinations of levels: %s of twos, %s of threes, %s of fours; of the product"
                + " of %,d cells %.4f %%",
            Spread.percent(Walk.share(space, cells, 2)),
            Spread.percent(Walk.share(space, cells, 3)),
            Spread.percent(Walk.share(space, cells, 4)),
            space.product(),
            100.0 * cells.size() / space.product()),
        "goodput as a share of the kernel's, cell by cell: " + ratio.text(MatrixPage::ratio),
        String.format(Locale.ROOT, "a cell took %s s", seconds.text(MatrixPage::one))
            + (seconds.most() > LONGEST_SECONDS ? ": more than 20 s, see the table" : ""));
  }

  private static String one(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }

  static List<Table> tables(List<Row> all) {
    var rows = Attempts.last(all);
    return List.of(verdict(all), cellTable(rows), levelTable(rows));
  }

  private static Table verdict(List<Row> rows) {
    var lines = new ArrayList<List<String>>();
    for (String line : summary(rows)) {
      lines.add(List.of(line));
    }
    return new Table("Verdict", List.of("Of this run"), lines, "");
  }

  private static Table cellTable(List<Row> rows) {
    var byCell = new LinkedHashMap<String, List<Row>>();
    for (Row row : rows) {
      byCell.computeIfAbsent(row.scenario(), cell -> new ArrayList<>()).add(row);
    }
    var lines = new ArrayList<List<String>>();
    int number = 0;
    for (Cell cell : cells(rows)) {
      var own = byCell.getOrDefault(cell.text(), List.of());
      number++;
      if (lines.size() < MOST_LINES || failed(own) > 0) {
        lines.add(line(number, cell, own));
      }
    }
    return new Table(
        "Cells",
        List.of(
            "Cell",
            "Opens, data",
            "Network",
            "Options off",
            "Kernel, we",
            "Wire, each way",
            "Size",
            "Verdict",
            "SHA-256",
            "Ours, Mbit/s",
            "Kernel’s",
            "Ratio",
            "Seconds"),
        lines,
        "Options off: at one end only, ours or the kernel's, so that neither may use them. SHA-256:"
            + " its first digits, of what arrived, the same as of what was sent. Kernel's: of two"
            + " kernels on the same path in the same run, the one in our place with our settings"
            + " and our congestion control. One transfer is one draw: ratios of single cells are"
            + " chance where the wire is bad."
            + (number > lines.size()
                ? " Shown: the first " + MOST_LINES + " and what failed; data.csv has all."
                : ""));
  }

  private static List<String> line(int number, Cell cell, List<Row> rows) {
    var conditions = new Conditions(cell);
    var goodput = goodputs(rows);
    String verdict = "passed";
    String digest = "";
    for (Row row : goodput) {
      if (Attempts.isFailed(row)) {
        verdict = row.note();
      } else {
        digest = row.note().replace("sha256 ", "");
      }
    }
    return List.of(
        String.valueOf(number),
        who(cell),
        network(cell),
        options(cell),
        conditions.kernelControl() + ", " + conditions.control(),
        wire(cell),
        size(conditions.bytes()),
        verdict,
        digest,
        text(spread(rows, MatrixSuite.OURS, MatrixSuite.GOODPUT), MatrixPage::megabits),
        text(spread(rows, MatrixSuite.KERNEL, MatrixSuite.GOODPUT), MatrixPage::megabits),
        text(spread(rows, MatrixSuite.OURS, MatrixSuite.RATIO), MatrixPage::ratio),
        text(spread(rows, MatrixSuite.OURS, MatrixSuite.SECONDS), MatrixPage::one));
  }

  /** The median; of several also how far they lie apart. */
  private static String text(Spread spread, DoubleFunction<String> format) {
    return spread.count() == 1 ? format.apply(spread.median()) : spread.text(format);
  }

  private static String size(long bytes) {
    return String.format(Locale.ROOT, "%,d KiB", Math.max(1, bytes >> 10));
  }

  static String megabits(double bits) {
    return String.format(Locale.ROOT, bits < 1e6 ? "%.3f" : "%.1f", bits / 1e6);
  }

  static String ratio(double value) {
    return Spread.ratio(value);
  }

  /** A cell in words. */
  static String text(Cell cell) {
    return String.join(
        "; ",
        who(cell),
        network(cell),
        options(cell).equals("–") ? "all options" : "off: " + options(cell),
        cell.at(Factor.CONTROL),
        wire(cell));
  }

  private static String who(Cell cell) {
    return (cell.is(Factor.OPEN, "ours") ? "we" : "kernel")
        + ", "
        + cell.at(Factor.DATA).replace('-', ' ');
  }

  private static String network(Cell cell) {
    return "IPv"
        + cell.at(Factor.FAMILY)
        + ", "
        + cell.at(Factor.LINK)
        + ", MTU "
        + new Conditions(cell).mtu()
        + (cell.is(Factor.OFFLOAD, Factor.ON) ? ", offloads" : "");
  }

  private static String options(Cell cell) {
    var off = new ArrayList<String>();
    for (Factor option : OPTIONS) {
      if (!cell.is(option, Factor.ON)) {
        off.add(option.text() + (cell.is(option, Factor.NOT_OURS) ? " (ours)" : " (kernel's)"));
      }
    }
    return off.isEmpty() ? "–" : String.join(", ", off);
  }

  private static String wire(Cell cell) {
    var items = new ArrayList<String>();
    for (Factor factor :
        List.of(Factor.LOSS, Factor.DELAY, Factor.REORDER, Factor.DUPLICATE, Factor.CORRUPT)) {
      if (!cell.is(factor, "0")) {
        items.add(factor.text() + " " + cell.at(factor).replace("%", " %").replace("ms", " ms"));
      }
    }
    return items.isEmpty() ? "no faults" : String.join(", ", items);
  }

  private static Table levelTable(List<Row> rows) {
    var lines = new ArrayList<List<String>>();
    for (Factor factor : Factor.values()) {
      for (String level : factor.levels()) {
        var own = with(rows, factor, level);
        Spread ratio = spread(own, MatrixSuite.OURS, MatrixSuite.RATIO);
        if (!goodputs(own).isEmpty()) {
          lines.add(
              List.of(
                  factor.text() + " " + level,
                  goodputs(own).size() - failed(own) + " of " + goodputs(own).size(),
                  ratio.text(MatrixPage::ratio)));
        }
      }
    }
    return new Table(
        "Levels",
        List.of("Level", "Passed", "Ratio, median (least … most)"),
        lines,
        "Of all cells with this level, whatever else they have.");
  }

  private static List<Row> with(List<Row> rows, Factor factor, String level) {
    String item = factor.text() + "=" + level;
    return rows.stream()
        .filter(row -> Arrays.asList(row.scenario().split(",")).contains(item))
        .filter(row -> row.scenario().contains(","))
        .toList();
  }

  /** Cells that have something in common, under a short name. */
  private record Group(String name, List<Row> rows) {}

  static Map<String, Chart> charts(List<Row> all) {
    var rows = Attempts.last(all);
    var path = new ArrayList<Group>();
    for (Factor factor : List.of(Factor.LOSS, Factor.DELAY, Factor.MTU)) {
      for (String level : factor.levels()) {
        boolean first = level.equals(factor.levels().getFirst());
        path.add(new Group(first ? factor.text() + " " + level : level, with(rows, factor, level)));
      }
    }
    var options = new ArrayList<Group>();
    for (Factor factor : OPTIONS) {
      var off = new ArrayList<>(with(rows, factor, Factor.NOT_OURS));
      off.addAll(with(rows, factor, Factor.NOT_KERNELS));
      options.add(new Group(factor.text(), with(rows, factor, Factor.ON)));
      options.add(new Group("no " + factor.text(), off));
    }
    for (String control : Factor.CONTROL.levels()) {
      options.add(new Group(control, with(rows, Factor.CONTROL, control)));
    }
    var charts = new LinkedHashMap<String, Chart>();
    charts.put("matrix-path", ratios("by what the wire does", path));
    charts.put("matrix-options", ratios("by options, and the kernel's control", options));
    return charts;
  }

  private static Chart ratios(String by, List<Group> groups) {
    var names = new ArrayList<String>();
    var points = new ArrayList<Series.Point>();
    for (Group group : groups) {
      Spread ratio = spread(group.rows(), MatrixSuite.OURS, MatrixSuite.RATIO);
      if (ratio.count() > 0) {
        points.add(ratio.at(names.size()));
        names.add(group.name());
      }
    }
    return new DotChart(
        "Goodput as a share of the kernel's, " + by,
        List.of(
            "Ours divided by kernel to kernel on the same path in the same run, one transfer each",
            "markers: median of the cells that have it, lines: least to most"),
        names,
        "ratio",
        MatrixPage::ratio,
        true,
        points.isEmpty() ? List.of() : List.of(new Series(MatrixSuite.OURS, false, points)));
  }
}
