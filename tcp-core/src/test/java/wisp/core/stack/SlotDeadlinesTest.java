package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

@DisplayName("Deadlines by slot, four bytes each")
class SlotDeadlinesTest {
  private static final long TICK = 1L << 27;
  private static final long DAY = 86_400_000_000_000L;

  @RepeatedTest(5)
  void givenAnyCalls_whenTimePasses_thenEachComesAtItsTimeWithItsNumber(RepetitionInfo info) {
    var random = new SplittableRandom(info.getCurrentRepetition());
    var deadlines = new SlotDeadlines();
    Map<Integer, long[]> model = new HashMap<>();
    long now = random.nextLong(400 * DAY);
    for (int round = 0; round < 2_000; round++) {
      int slot = random.nextInt(3_000) | (random.nextInt(4) == 0 ? Records.IPV6 : 0);
      if (random.nextInt(5) == 0) {
        deadlines.clear(slot);
        model.remove(slot);
      } else {
        long deadline = now + random.nextLong(random.nextBoolean() ? 40 * DAY : 20 * TICK);
        int number = random.nextInt(SlotDeadlines.MOST_NUMBER + 1);
        deadlines.set(slot, deadline, number);
        model.put(slot, new long[] {deadline, number});
      }
      long next = deadlines.nextDeadlineNanos();
      assertTrue(model.isEmpty() || next < Long.MAX_VALUE, "none is due ever");
      if (random.nextInt(3) == 0) {
        now = random.nextBoolean() && next < Long.MAX_VALUE ? Math.max(now, next) : now + TICK;
      }
      expire(deadlines, model, now);
    }
  }

  private static void expire(SlotDeadlines deadlines, Map<Integer, long[]> model, long now) {
    for (int slot = deadlines.due(now); slot != SlotDeadlines.NONE; slot = deadlines.due(now)) {
      long[] expected = model.remove(slot);
      assertTrue(expected[0] <= now, "early");
      assertEquals(expected[1], deadlines.number(slot));
      deadlines.clear(slot);
    }
    model.forEach(
        (slot, left) -> {
          assertTrue(left[0] > now - TICK, "late by more than a tick");
          long kept = deadlines.deadlineNanos(slot, now) - left[0];
          assertTrue(kept >= 0 && kept < TICK, "rounded by " + kept);
        });
  }

  @Test
  void givenNone_whenAsked_thenNothingIsReservedOrDue() {
    var deadlines = new SlotDeadlines();
    assertEquals(0, deadlines.reservedBytes());
    assertEquals(Long.MAX_VALUE, deadlines.nextDeadlineNanos());
    assertEquals(SlotDeadlines.NONE, deadlines.due(DAY));
    assertEquals(SlotDeadlines.NONE, deadlines.number(5));
  }

  @Test
  void givenAPage_whenItsLastDeadlineGoes_thenItIsGivenBack() {
    var deadlines = new SlotDeadlines();
    deadlines.set(70_000, DAY, 0);
    long withPage = deadlines.reservedBytes();
    deadlines.clear(70_000);
    assertEquals(withPage - 1_024, deadlines.reservedBytes());
  }
}
