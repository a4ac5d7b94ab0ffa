package wisp.lab.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import wisp.lab.chart.SiFormat;
import wisp.lab.results.Row;

class CountTableTest {
  private static final CountTable TABLE =
      new CountTable("Bytes", "rss", "all_memory", SiFormat::bytes);

  @Test
  void theMedianOfAllRepetitionsStandsBesideTheKernels() {
    var rows =
        List.of(
            row("kernel", 1_000, 1, "all_memory", 4_000),
            row("kernel", 1_000, 1, "rss", 7),
            row("slab", 1_000, 1, "rss", 10),
            row("slab", 1_000, 2, "rss", 40),
            row("slab", 1_000, 3, "rss", 50),
            row("slab", 1_000, 1, "other", 9));

    assertEquals(
        List.of(List.of("kernel", "4 kB"), List.of("slab", "40 B\n1/100 of the kernel’s")),
        TABLE.of(rows, "").lines());
  }

  @Test
  void whatWasNotMeasuredIsADash() {
    var rows =
        List.of(
            row("slab", 1_000, 1, "rss", 40),
            row("heap", 1_000, 1, "rss", Double.NaN),
            row("heap", 2_000, 1, "rss", 80));

    Table table = TABLE.of(rows, "note");

    assertEquals(List.of("", "1,000", "2,000"), table.columns());
    assertEquals(
        List.of(List.of("slab", "40 B", "–"), List.of("heap", "–", "80 B")), table.lines());
  }

  private static Row row(
      String strategy, long connections, int repetition, String metric, double value) {
    return new Row(
        "run", "memory", strategy, "inmemory", connections, repetition, metric, "", value, "");
  }
}
