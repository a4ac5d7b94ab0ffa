package wisp.lab.matrix;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import wisp.lab.kernel.CongestionControls;
import wisp.lab.kernel.KernelHost;

@DisplayName("Transfers with the kernel over all pairs of what the two can differ in")
@Tag("interop")
class MatrixInteropTest {
  private static final int AT_ONCE = 2;
  private static final long SEED = 1;

  /** After so long no cell is begun; usually all are done in a third of it. */
  private static final long LONGEST = 360;

  /** Then even one that had to be killed is over. */
  private static final long GIVEN_UP = LONGEST + Worker.LIMIT.toSeconds() + 60;

  @TestFactory
  Stream<DynamicTest> allBytesArriveAsTheyWereSent() {
    String reason = KernelHost.unavailable();
    assumeTrue(reason == null, reason);
    var missing = new LinkedHashMap<String, String>();
    Space space = new Space();
    for (String control : Factor.CONTROL.levels()) {
      String why = CongestionControls.unavailable(control);
      if (why != null) {
        missing.put(control, why);
        space = space.without(Factor.CONTROL, control);
      }
    }
    var tests = new ArrayList<DynamicTest>();
    missing.forEach(
        (control, why) -> tests.add(dynamicTest(control, () -> assumeTrue(false, why))));
    var trials = begin(space);
    trials.forEach(
        (cell, trial) -> tests.add(dynamicTest(cell.text(), () -> judge(cell, trial.get()))));
    Space tried = space;
    tests.add(dynamicTest("over all", () -> judge(tried, trials)));
    return tests.stream();
  }

  private static Map<Cell, CompletableFuture<Trial>> begin(Space space) {
    long end = System.nanoTime() + SECONDS.toNanos(LONGEST);
    var cells = new ConcurrentLinkedQueue<Cell>(Walk.pairs(space, SEED));
    var trials = new LinkedHashMap<Cell, CompletableFuture<Trial>>();
    cells.forEach(
        cell -> trials.put(cell, new CompletableFuture<Trial>().orTimeout(GIVEN_UP, SECONDS)));
    for (int i = 0; i < AT_ONCE; i++) {
      Thread.ofPlatform().daemon().name("matrix").start(() -> work(cells, trials, end));
    }
    return trials;
  }

  private static void work(
      Queue<Cell> cells, Map<Cell, CompletableFuture<Trial>> trials, long end) {
    try (var worker = new Worker()) {
      for (Cell cell = cells.poll(); cell != null; cell = cells.poll()) {
        Trial trial =
            System.nanoTime() < end
                ? worker.run(cell, SEED)
                : Trial.failed(cell, "not begun: those before it took too long", 0);
        trials.get(cell).complete(trial);
      }
    }
  }

  private static void judge(Cell cell, Trial trial) {
    assertEquals("", trial.trouble(), cell.text());
    if (cell.is(Factor.CORRUPT, "0")) {
      assertEquals(0, trial.checksums(), "wrong checksums where nothing corrupts");
    }
    if (!cell.is(Factor.ECN, Factor.ON)) {
      assertEquals(0, trial.marks(), "marks where ECN was not agreed on");
    }
  }

  private static void judge(Space space, Map<Cell, CompletableFuture<Trial>> trials)
      throws Exception {
    assertEquals(1, Walk.share(space, trials.keySet(), 2), "share of pairs that were tried");
    long checksums = 0;
    long marks = 0;
    var slow = new ArrayList<String>();
    for (CompletableFuture<Trial> future : trials.values()) {
      Trial trial = future.get();
      checksums += trial.checksums();
      marks += trial.marks();
      if (trial.seconds() > 20) {
        slow.add(trial.cell().text() + ": " + trial.seconds() + " s");
      }
    }
    assertTrue(checksums > 0, "no corrupted packet has reached us");
    assertTrue(marks > 0, "no mark was seen");
    // Chance may strike one; then the sizes are still right.
    assertTrue(slow.size() <= 1, "cells of more than 20 s: " + List.copyOf(slow));
  }
}
