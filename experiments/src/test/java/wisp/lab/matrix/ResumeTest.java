package wisp.lab.matrix;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import wisp.lab.results.Json;
import wisp.lab.results.Row;
import wisp.lab.results.RunFolder;
import wisp.lab.suite.Progress;
import wisp.lab.suite.RunOptions;

@DisplayName("A run that is resumed tries what failed again, and what broke off, and nothing else")
@Timeout(60)
class ResumeTest {
  private static final Space THREE =
      new Space()
          .only(
              "open=ours,data=both,ip=4,link=tun,offload=on,mtu=1500,ts=on,sack=on,ws=on,"
                  + "control=cubic,loss=0|1%|10%,delay=0,reorder=0,duplicate=0,corrupt=0,ecn=on");
  private static final int BAD_DAY = 1;
  private static final int GOOD_DAY = 2;
  private static final String LOSES = "loss=1%";

  @TempDir Path folder;

  /** On a bad day what loses one of a hundred fails. */
  static final class Moody {
    public static void main(String[] args) throws IOException {
      var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        String[] asked = line.split(" ", 3);
        Cell cell = Cell.parse(asked[2]);
        boolean fails = Integer.parseInt(asked[0]) == BAD_DAY && asked[2].contains(LOSES);
        var good = new Transfer(2e6, "0123abcd", "");
        var trial =
            fails
                ? Trial.failed(cell, "lost a byte", 1)
                : new Trial(cell, 7, good, new Transfer(1e6, "4567", ""), 0, 0, 1);
        System.out.println(Json.line(trial.toJson()));
      }
    }
  }

  private static RunFolder run(RunFolder folder, int day, long endSeconds) throws IOException {
    var options =
        new RunOptions(
            List.of("slab"),
            List.of(),
            List.of(),
            1,
            day,
            "phantom",
            Map.of(),
            false,
            0,
            Duration.ofSeconds(9),
            1,
            false);
    var progress = new Progress(new PrintStream(OutputStream.nullOutputStream()), false);
    try (var worker = new Worker(Moody.class, Duration.ofSeconds(20), 1)) {
      MatrixSuite.walk(THREE, options, folder, progress, worker, 3, endSeconds);
    }
    return RunFolder.open(folder.path());
  }

  private static long attempts(RunFolder folder, String level) {
    return folder.rows().stream()
        .filter(Attempts::isFirst)
        .filter(row -> row.scenario().contains(level + ","))
        .count();
  }

  private static String verdict(RunFolder folder) {
    return MatrixPage.summary(folder.rows()).getFirst();
  }

  @Test
  void givenACellThatFailed_whenTheRunIsResumed_thenThatOneIsTriedAgainAndTheLastAttemptCounts()
      throws IOException {
    var run = run(RunFolder.create(folder), BAD_DAY, Long.MAX_VALUE);
    assertEquals("2 of 3 passed, 3 different cells", verdict(run));
    assertEquals(1, MatrixPage.failed(run.rows()));

    run = run(run, BAD_DAY, Long.MAX_VALUE);
    assertEquals("2 of 3 passed, 3 different cells", verdict(run));
    assertEquals(2, attempts(run, LOSES));

    run = run(run, GOOD_DAY, Long.MAX_VALUE);
    assertEquals("3 of 3 passed, 3 different cells; 1 had failed before", verdict(run));
    assertEquals(0, MatrixPage.failed(run.rows()));
    assertEquals(3, attempts(run, LOSES), "former attempts stay in the data");
    assertEquals(1, attempts(run, "loss=0"));
    assertEquals(1, attempts(run, "loss=10%"));
    var cells = MatrixPage.tables(run.rows()).get(1).lines();
    assertEquals(3, cells.size());
    assertTrue(cells.stream().allMatch(line -> line.contains("passed")), cells.toString());

    int rows = run.rows().size();
    assertEquals(rows, run(run, GOOD_DAY, Long.MAX_VALUE).rows().size(), "all have passed");
  }

  @Test
  void givenNoTime_whenTheRunIsResumed_thenWhatFailedIsStillTold() throws IOException {
    var run = run(RunFolder.create(folder), BAD_DAY, Long.MAX_VALUE);
    run = run(run, GOOD_DAY, Long.MIN_VALUE);
    assertEquals(1, MatrixPage.failed(run.rows()));
  }

  @Test
  void givenACellThatBrokeOff_whenTheRunIsResumed_thenItsRowsAreCountedOnce() throws IOException {
    var whole = run(RunFolder.create(folder), GOOD_DAY, Long.MAX_VALUE).rows();
    var broken = RunFolder.create(folder);
    broken.add(whole.subList(0, 3)); // as a kill in the middle of the write leaves them
    var run = run(broken, GOOD_DAY, Long.MAX_VALUE);
    assertEquals("3 of 3 passed, 3 different cells", verdict(run));
    assertEquals(whole.size(), Attempts.last(run.rows()).stream().map(Row::fields).count());
  }
}
