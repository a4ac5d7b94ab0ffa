package wisp.lab.matrix;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import wisp.lab.results.Json;

@DisplayName("A cell that hangs or dies is failed, and the next one is tried all the same")
@Timeout(60)
class WorkerTest {
  private static final int HANGS = 1;
  private static final int DIES = 2;
  private static final int ANSWERS = 3;
  private static final Cell CELL = Walk.pairs(new Space(), 1).iterator().next();

  /** Does as the seed says, and cannot be interrupted. */
  static final class Moody {
    public static void main(String[] args) throws IOException {
      var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        switch (Integer.parseInt(line.split(" ", 2)[0])) {
          case HANGS -> {
            while (true) {
              LockSupport.parkNanos(1_000_000_000);
            }
          }
          case DIES -> throw new IllegalStateException("an Error of its own");
          default -> {
            System.out.println("a library has something to say");
            var good = new Transfer(2e6, "0123abcd", "");
            var trial = new Trial(CELL, 7, good, new Transfer(1e6, "4567", ""), 3, 4, 5);
            System.out.println(Json.line(trial.toJson()));
          }
        }
      }
    }
  }

  private static void assertGood(Trial trial) {
    assertEquals("", trial.trouble());
    assertEquals(2, trial.ratio());
    assertEquals(
        "7 3 4 5.0",
        trial.bytes() + " " + trial.checksums() + " " + trial.marks() + " " + trial.seconds());
    assertEquals("0123abcd", trial.ours().digest());
  }

  @Test
  void oneThatHangsIsKilledAtItsLimit() {
    try (var worker = new Worker(Moody.class, Duration.ofSeconds(4), 1)) {
      assertGood(worker.run(CELL, ANSWERS));
      long pid = worker.pid();
      Trial trial = worker.run(CELL, HANGS);
      assertEquals("killed: not done within 4 s", trial.trouble());
      assertFalse(trial.isGood());
      assertTrue(ProcessHandle.of(pid).isEmpty(), "process " + pid + " is still there");
      assertGood(worker.run(CELL, ANSWERS));
    }
  }

  @Test
  void oneThatDiesSaysWhy() {
    try (var worker = new Worker(Moody.class, Duration.ofSeconds(20), 1)) {
      Trial trial = worker.run(CELL, DIES);
      assertTrue(trial.trouble().contains("an Error of its own"), trial.trouble());
      assertGood(worker.run(CELL, ANSWERS));
    }
  }
}
