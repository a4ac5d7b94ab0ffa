package wisp.lab.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import wisp.lab.Main;

/**
 * {@code wisp.pools.example} in the tests of memory-pools is one class and one services line;
 * nobody here names it but this test.
 */
@DisplayName("A fifth strategy appears in the suite, its data and its charts unasked")
class FifthStrategyTest {
  @TempDir Path folder;

  @Test
  void measuredAndDrawnLikeTheOthers() throws IOException {
    Path out = folder.resolve("run");
    int exit =
        Main.commandLine()
            .execute("run", "--connections", "500,1k", "--no-kernel", "--out", out.toString());
    assertEquals(0, exit);

    List<String> points =
        Files.readAllLines(out.resolve("data.csv")).stream()
            .filter(line -> line.contains(",bytes_per_connection,"))
            .toList();
    for (String strategy : List.of("heap", "pool", "slab", "persocket", "packed", "example")) {
      assertEquals(
          2,
          points.stream().filter(line -> line.contains("," + strategy + ",inmemory,")).count(),
          () -> strategy + " in\n" + String.join("\n", points));
    }
    String chart = Files.readString(out.resolve("charts/bytes-per-connection.svg"));
    assertTrue(chart.contains(">example<"), "the legend names it");
    assertTrue(Files.size(out.resolve("charts/bytes-per-connection.png")) > 10_000);
    assertTrue(Files.readString(out.resolve("report.html")).contains("example"));
  }
}
