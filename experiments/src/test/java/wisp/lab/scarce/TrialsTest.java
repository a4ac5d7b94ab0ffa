package wisp.lab.scarce;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import wisp.core.spi.Parameter;
import wisp.core.spi.Parameters;
import wisp.lab.FailedException;
import wisp.lab.results.RunFolder;
import wisp.lab.suite.Progress;

@DisplayName("Trials one after the other: one that fails does not end the others")
class TrialsTest {
  @TempDir Path folder;

  private static TrialRows rows(RunFolder run, String scenario) {
    return new TrialRows(run, "scarcity", "slab", Trials.LINK, 2, 1, scenario);
  }

  @Test
  void givenATrialThatFails_whenTheOthersHaveRun_thenItIsARowWithoutAValueAndTheRunFails()
      throws IOException {
    var out = new ByteArrayOutputStream();
    var run = RunFolder.create(folder);
    var progress = new Progress(new PrintStream(out, true, StandardCharsets.UTF_8), false);
    var trials = new Trials(new ScarcitySuite(), "bit/s", 3, progress);
    trials.run(
        rows(run, "a"),
        "a: ",
        1,
        rows -> {
          throw new FailedException("a byte was lost");
        });
    trials.run(
        rows(run, "b"),
        "b: ",
        1,
        rows -> {
          rows.add("goodput", "bit/s", 7).add("timeouts", "events", 3, "few");
          return "well";
        });
    trials.run(rows(run, "c"), "c: ", 1, rows -> "");

    assertEquals("a: failed: a byte was lost\nb: well\n", out.toString(StandardCharsets.UTF_8));
    var data = RunFolder.open(folder).rows();
    assertEquals(
        List.of("a goodput NaN", "b goodput 7.0", "b timeouts 3.0"),
        data.stream().map(r -> r.scenario() + " " + r.metric() + " " + r.value()).toList());
    assertEquals(
        List.of("failed: a byte was lost", "", "few"), data.stream().map(r -> r.note()).toList());
    assertEquals(
        "1 trial(s) failed, first a, a byte was lost",
        assertThrows(FailedException.class, trials::end).getMessage());
  }

  @Test
  void valuesInTurnsAreJoinedByPlus() {
    var known = List.of(new Parameter("pools", "8Ki+64Ki", "bytes", "in turns"));
    assertEquals(
        List.of(8_192L, 65_536L),
        Trials.turns(Parameters.of("x", known, Map.of()), "pools", 1, 1 << 20, "8Ki+64Ki"));
    for (var wrong : Map.of("8Ki+", "is not like 8Ki+64Ki", "1+2M", "is outside 1").entrySet()) {
      var given = Parameters.of("x", known, Map.of("pools", wrong.getKey()));
      String message =
          assertThrows(
                  IllegalArgumentException.class,
                  () -> Trials.turns(given, "pools", 1, 1 << 20, "8Ki+64Ki"))
              .getMessage();
      assertTrue(message.contains("pools=" + wrong.getKey() + " " + wrong.getValue()), message);
    }
  }
}
