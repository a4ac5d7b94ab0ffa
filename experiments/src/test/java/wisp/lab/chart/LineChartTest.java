package wisp.lab.chart;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LineChartTest {
  @TempDir Path folder;

  private static LineChart chart() {
    var slab =
        List.of(new Series.Point(1e3, 800, 790, 820), new Series.Point(1e6, 30.7, 30.7, 30.7));
    var other = List.of(new Series.Point(1e6, 31, 31, 31));
    return new LineChart(
        "Title",
        List.of("conditions"),
        "Connections",
        "Bytes",
        SiFormat::bytes,
        List.of(new Series("slab", false, slab), new Series("a fifth one", true, other)));
  }

  @Test
  void writesBothKindsOfFile() throws IOException {
    ChartFiles.write(chart().draw(), folder, "x");
    String svg = Files.readString(folder.resolve("x.svg"));
    assertTrue(svg.contains("viewBox='0.0 0.0 860.0 560.0'"));
    for (String text :
        List.of("Title", "conditions", "Connections", "a fifth one", "30.7 B", "1k")) {
      assertTrue(svg.contains(">" + text + "<"), text + " is not in the picture");
    }
    assertEquals(2 * 860, ImageIO.read(folder.resolve("x.png").toFile()).getWidth());
  }

  @Test
  void theSameDataGivesTheSameBytes() throws IOException {
    ChartFiles.write(chart().draw(), folder.resolve("1"), "x");
    ChartFiles.write(chart().draw(), folder.resolve("2"), "x");
    for (String file : List.of("x.svg", "x.png")) {
      assertArrayEquals(
          Files.readAllBytes(folder.resolve("1").resolve(file)),
          Files.readAllBytes(folder.resolve("2").resolve(file)));
    }
  }

  @Test
  void everyStrategyHasALookOfItsOwn() {
    var names = List.of("heap", "pool", "slab", "persocket", "x1", "x2", "x3", "Linux kernel");
    var styles = Style.of(names);
    assertEquals(names.size(), styles.values().stream().distinct().count());
    assertEquals(Style.of(List.of("slab")).get("slab").color(), styles.get("slab").color());
  }

  @Test
  void namesThatNobodyKnowsHaveColoursOfTheirOwnAsLongAsThereAreSome() {
    var three = Style.of(List.of("alone", "beside one", "beside another")).values();
    assertEquals(3, three.stream().map(Style::color).distinct().count());

    var beside = Style.of(List.of("slab", "heap", "pool", "x1", "x2", "x3", "Linux kernel"));
    assertEquals(7, beside.values().stream().map(Style::color).distinct().count());

    var many = IntStream.range(0, 18).mapToObj(i -> "x" + i).toList();
    assertEquals(18, Style.of(many).values().stream().distinct().count());
  }

  @Test
  void givenAllStrategies_whenThereIsASeventh_thenItIsNoneOfThem() {
    var names = List.of("heap", "pool", "slab", "persocket", "packed", "mapped", "x1", "x2");
    assertEquals(8, Style.of(names).values().stream().distinct().count());
  }
}
