package wisp.lab.links;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.lab.UsageException;
import wisp.lab.results.Row;
import wisp.lab.results.RunFolder;
import wisp.lab.suite.Progress;
import wisp.lab.suite.RunOptions;

@DisplayName("The suite links: all that is asked for is measured, and its counts add up")
@Tag("interop")
@Timeout(180)
class LinksSuiteTest {
  /** What the peer's device receives besides: ARP. */
  private static final int STRANGERS = 16;

  @TempDir Path folder;

  private static RunOptions options(Map<String, String> parameters) {
    return new RunOptions(
        List.of("slab"),
        List.of(),
        List.of(),
        1,
        1,
        "phantom",
        parameters,
        true,
        0,
        Duration.ofSeconds(60),
        0.3,
        false);
  }

  private List<Row> run(Map<String, String> parameters) throws Exception {
    var suite = new LinksSuite();
    String reason = suite.unavailable();
    assumeTrue(reason == null, reason);
    var results = RunFolder.create(folder.resolve("run"));
    RunOptions options = options(parameters);
    suite.check(options);
    try (var progress = new Progress()) {
      suite.run(options, results, progress);
    }
    List<Row> rows = results.rows();
    assertFalse(suite.tables(rows).isEmpty());
    suite.charts(rows, Map.of()).values().stream()
        .filter(chart -> !chart.isEmpty())
        .forEach(chart -> chart.draw());
    return rows;
  }

  private static Row row(List<Row> rows, String link, String who, String metric) {
    return rows.stream()
        .filter(row -> row.link().equals(link) && row.strategy().equals(who))
        .filter(row -> row.metric().equals(metric))
        .findFirst()
        .orElseThrow(() -> new AssertionError(who + " has no " + metric + " on " + link));
  }

  private static double value(List<Row> rows, String link, String who, String metric) {
    Row row = row(rows, link, who, metric);
    assertEquals("", row.note(), row.toString());
    return row.value();
  }

  @Test
  void packetsThatCameBackWereSentAndEchoed() throws Exception {
    List<Row> rows =
        run(
            Map.of(
                "links.only", "inmemory/tun/afpacket",
                "links.metrics", "packets",
                "links.warm", "200"));
    for (String link : List.of("inmemory", "tun", "afpacket")) {
      assertCounts(rows, link, Trial.WISP);
      assertTrue(value(rows, link, Trial.STACK, "packets_arrived") > 0);
      if (!link.equals("inmemory")) {
        assertCounts(rows, link, Trial.KERNEL);
        if (row(rows, link, Trial.C, Trial.RATE).note().isEmpty()) { // there is a compiler
          assertCounts(rows, link, Trial.C);
        }
      }
    }
  }

  private static void assertCounts(List<Row> rows, String link, String who) {
    double sent = value(rows, link, who, "packets_sent");
    double echoed = value(rows, link, who, "packets_echoed");
    double arrived = value(rows, link, who, "packets_arrived");
    String what = who + " on " + link + ": " + sent + ", " + echoed + ", " + arrived;
    assertTrue(arrived > 0, what);
    assertTrue(echoed <= sent, what);
    assertTrue(arrived <= echoed + STRANGERS, what);
    assertEquals(Math.max(0, sent - arrived), value(rows, link, who, "packets_lost"), what);
  }

  @Test
  void connectionsAreMeasuredBothWaysAndEveryRequestIsAnswered() throws Exception {
    List<Row> rows =
        run(
            Map.of(
                "links.only", "tun/afpacket",
                "links.metrics", "bulk/latency",
                "links.rate", "1k",
                "links.warm", "100"));
    for (String link : List.of("tun", "afpacket")) {
      for (String who : List.of(Trial.KERNEL, Trial.WISP)) {
        assertTrue(value(rows, link, who, "bulk_to") > 0);
        assertTrue(value(rows, link, who, "bulk_from") > 0);
      }
      for (String who : List.of(Trial.KERNEL, Trial.WISP, Trial.BUSY)) {
        assertEquals(300, value(rows, link, who, "latency_answers"));
        double before = 0;
        for (double percentile : Trial.PERCENTILES) {
          double nanos = value(rows, link, who, Trial.latency(percentile));
          assertTrue(nanos > 0 && nanos >= before);
          before = nanos;
        }
      }
    }
  }

  @Test
  void aLinkThatFailsIsARowWithTheReason() throws Exception {
    List<Row> rows =
        run(
            Map.of(
                "links.only", "tun",
                "links.metrics", "packets",
                "links.wrappers", "none;pcap:/nowhere/at/all",
                "links.warm", "100"));
    assertTrue(value(rows, "tun", Trial.WISP, "packets_arrived") > 0);
    Row failed = row(rows, "tun", Trial.WISP + "+pcap:/nowhere/at/all", Trial.RATE);
    assertTrue(failed.note().startsWith("failed: "), failed.note());
    assertTrue(failed.note().contains("/nowhere/at/all"), failed.note());
    assertTrue(Double.isNaN(failed.value()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"only=tunn", "metrics=speed", "wrappers=nonsense:1", "rate=0"})
  void whatDoesNotExistIsRefusedBeforeAnythingRuns(String parameter) {
    String[] parts = parameter.split("=", 2);
    RunOptions options = options(Map.of("links." + parts[0], parts[1]));
    RuntimeException refused = assertThrows(RuntimeException.class, () -> LinksSpec.of(options));
    assertTrue(
        refused instanceof UsageException || refused instanceof IllegalArgumentException,
        refused.toString());
    assertFalse(String.valueOf(refused.getMessage()).contains("\n"));
  }
}
