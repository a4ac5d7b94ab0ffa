package wisp.core.tcp.timer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The timer wheel: never early, at most one tick late, bounded work")
class TimerWheelTest {
  private static final long TICK = TimerWheel.TICK_NANOS;
  private static final long SECOND = 1_000_000_000L;
  private static final long HOUR = 3_600 * SECOND;
  private static final long HORIZON = 1L << 50;

  private final ArrayLinks links = new ArrayLinks(100_000);
  private final TimerWheel wheel = new TimerWheel(links);
  private final List<Integer> expired = new ArrayList<>();
  private final TimerWheel.Expiry remember = (entry, now) -> expired.add(entry);

  @Test
  void anEmptyWheelHasNoDeadline() {
    assertEquals(Long.MAX_VALUE, wheel.nextDeadlineNanos());
    assertEquals(0, wheel.expire(HOUR, 10, remember));
    assertEquals(Long.MAX_VALUE, wheel.nextDeadlineNanos());
    assertEquals(0, wheel.size());
  }

  @ParameterizedTest
  @DisplayName("a deadline is rounded up to the tick, near or far")
  @ValueSource(
      longs = {
        1,
        TICK - 1,
        TICK,
        TICK + 1,
        63 * TICK,
        64 * TICK,
        65 * TICK,
        4_095 * TICK,
        4_096 * TICK,
        SECOND,
        60 * SECOND,
        HOUR,
        100 * HOUR,
        HORIZON - 1,
        HORIZON,
        HORIZON + 1,
        5 * HORIZON
      })
  void expiresWithinOneTick(long deadline) {
    wheel.schedule(7, deadline);
    assertTrue(wheel.isScheduled(7));
    long tick = (deadline + TICK - 1) / TICK * TICK;
    int polls = 0;
    while (expired.isEmpty()) {
      long next = wheel.nextDeadlineNanos();
      assertTrue(next <= tick, next + " is after " + tick);
      wheel.expire(next - 1, 10, remember);
      assertTrue(expired.isEmpty());
      wheel.expire(next, 10, remember);
      assertTrue(expired.isEmpty() || next == tick);
      assertTrue(++polls < 20, "polls in vain");
    }
    assertEquals(List.of(7), expired);
    assertFalse(wheel.isScheduled(7));
    assertEquals(Long.MAX_VALUE, wheel.nextDeadlineNanos());
  }

  @Test
  void aDeadlineThatHasPassedExpiresWithTheNextTick() {
    wheel.expire(100 * TICK, 10, remember);
    wheel.schedule(1, 3 * TICK);
    assertEquals(101 * TICK, wheel.nextDeadlineNanos());
    assertEquals(0, wheel.expire(101 * TICK - 1, 10, remember));
    assertEquals(1, wheel.expire(101 * TICK, 10, remember));
  }

  @Test
  void expiresInOrderOfTicksAcrossAllLevelsInOneJump() {
    long[] deadlines = {HORIZON * 3, HOUR, 5, SECOND, 90 * HOUR, 2 * TICK, 70 * TICK, HORIZON / 3};
    for (int entry = 0; entry < deadlines.length; entry++) {
      wheel.schedule(entry, deadlines[entry]);
    }
    assertEquals(deadlines.length, wheel.expire(HORIZON * 4, 100, remember));
    assertEquals(List.of(2, 5, 6, 3, 1, 4, 7, 0), expired);
  }

  @Test
  void whatExceedsTheLimitIsKeptInOrder() {
    for (int entry = 0; entry < 100; entry++) {
      wheel.schedule(entry, (1 + entry / 10) * TICK);
    }
    for (int call = 0; call < 10; call++) {
      assertTrue(wheel.nextDeadlineNanos() <= 50 * TICK);
      assertEquals(10, wheel.expire(50 * TICK, 10, remember));
    }
    assertEquals(IntStream.range(0, 100).boxed().toList(), expired);
    assertEquals(0, wheel.expire(50 * TICK, 10, remember));
    assertEquals(Long.MAX_VALUE, wheel.nextDeadlineNanos());
  }

  @Test
  void aCancelledTimerIsNeverHeardOf() {
    wheel.schedule(1, TICK);
    wheel.schedule(2, TICK);
    wheel.schedule(3, TICK);
    wheel.cancel(2);
    wheel.cancel(2);
    wheel.cancel(9);
    assertFalse(wheel.isScheduled(2));
    wheel.expire(SECOND, 10, remember);
    assertEquals(List.of(1, 3), expired);
  }

  @Test
  void aTimerThatMovesExpiresOnceAtItsLastDeadline() {
    wheel.schedule(1, SECOND);
    wheel.schedule(1, 3 * SECOND);
    wheel.schedule(2, 5 * SECOND);
    wheel.schedule(2, 2 * SECOND);
    assertEquals(2, wheel.size());
    wheel.expire(2 * SECOND + TICK, 10, remember);
    assertEquals(List.of(2), expired);
    wheel.expire(3 * SECOND - TICK, 10, remember);
    assertEquals(List.of(2), expired);
    wheel.expire(3 * SECOND + TICK, 10, remember);
    assertEquals(List.of(2, 1), expired);
  }

  @Test
  @DisplayName("RFC 6298 §5.3: restarting a timer touches no other entry")
  void movingToALaterTimeIsOneWrite() {
    for (int entry = 0; entry < 3; entry++) {
      wheel.schedule(entry, SECOND);
    }
    long before = links.writes;
    wheel.schedule(1, 2 * SECOND);
    assertEquals(before + 1, links.writes);
  }

  @Test
  void callbacksMayScheduleAndCancelAnything() {
    for (int entry = 0; entry < 5; entry++) {
      wheel.schedule(entry, TICK);
    }
    wheel.expire(
        TICK,
        10,
        (entry, now) -> {
          expired.add(entry);
          if (entry == 0) {
            wheel.cancel(1); // the next one of the list being worked off
            wheel.cancel(4); // its last
            wheel.schedule(2, now + SECOND); // moves out of it
            wheel.schedule(0, now); // itself, at once
          }
        });
    assertEquals(List.of(0, 3), expired);
    wheel.expire(2 * TICK, 10, remember);
    assertEquals(List.of(0, 3, 0), expired);
    wheel.expire(2 * SECOND, 10, remember);
    assertEquals(List.of(0, 3, 0, 2), expired);
  }

  @Test
  @DisplayName("a timer that restarts itself in the past does not hold up time")
  void expireEndsThoughTheCallbackStartsTheTimerAgain() {
    wheel.schedule(1, TICK);
    int calls =
        wheel.expire(1_000 * TICK, Integer.MAX_VALUE, (entry, now) -> wheel.schedule(entry, now));
    assertEquals(2, calls, "at tick 1, and at the present tick");
  }

  @Test
  void anExceptionInACallbackHarmsNoOther() {
    wheel.schedule(1, TICK);
    wheel.schedule(2, TICK);
    try {
      wheel.expire(
          TICK,
          10,
          (entry, now) -> {
            throw new IllegalStateException();
          });
    } catch (IllegalStateException expected) {
      assertFalse(wheel.isScheduled(1));
    }
    wheel.expire(TICK, 10, remember);
    assertEquals(List.of(2), expired);
  }

  @Test
  @DisplayName("I3: however many timers share a slot, one call does bounded work")
  void oneCallMovesABoundedNumberOfEntries() {
    for (int entry = 0; entry < 100_000; entry++) {
      wheel.schedule(entry, HOUR + entry % 1_000 * TICK);
    }
    int calls = 0;
    while (wheel.size() > 0) {
      long before = links.writes;
      wheel.expire(2 * HOUR, 16, remember);
      assertTrue(links.writes - before < 2_000, "writes: " + (links.writes - before));
      assertTrue(++calls < 100_000, "does not end");
    }
    assertEquals(100_000, expired.size());
  }

  @Test
  void theFootprintIsThatOfItsArrays() {
    assertTrue(wheel.reservedBytes() > 2 * 4 * 320 && wheel.reservedBytes() < 3_000);
  }

  /** Random histories against a list of deadlines that is searched from end to end. */
  @Test
  void agreesWithANaiveModel() {
    for (long seed = 0; seed < 400; seed++) {
      new History(seed).run();
    }
  }

  /** One history: entries 0 … 39, time in steps from nanoseconds to weeks. */
  private static final class History {
    private static final int ENTRIES = 40;
    private static final long NEVER = Long.MAX_VALUE;

    private final String message;
    private final SplittableRandom random;
    private final ArrayLinks links = new ArrayLinks(ENTRIES);
    private final TimerWheel wheel = new TimerWheel(links);
    private final long[] deadlines = new long[ENTRIES];

    /**
     * The tick with which an entry must have expired: its deadline's, or the next one if that is
     * past.
     */
    private final long[] latestTicks = new long[ENTRIES];

    private final boolean[] past = new boolean[ENTRIES];
    private final boolean callbacksAct;
    private long now;
    private long lastTick;

    History(long seed) {
      message = "seed " + seed;
      random = new SplittableRandom(seed);
      callbacksAct = random.nextBoolean();
      Arrays.fill(deadlines, NEVER);
      now = random.nextBoolean() ? 0 : random.nextLong(1L << random.nextInt(1, 58));
      if (random.nextBoolean()) {
        wheel.expire(now, 1, this::expired);
        lastTick = now / TICK;
      }
    }

    void run() {
      for (int step = 0; step < 600; step++) {
        switch (random.nextInt(8)) {
          case 0, 1, 2 -> schedule();
          case 3 -> cancel();
          case 4, 5 -> now += step();
          case 6 -> now = Math.max(now, Math.min(wheel.nextDeadlineNanos(), now + HORIZON));
          default -> expireAll();
        }
        agree();
      }
    }

    private void schedule() {
      int entry = random.nextInt(ENTRIES);
      long deadline = random.nextInt(10) == 0 ? random.nextLong(now + 1) : now + step();
      wheel.schedule(entry, deadline);
      long tick = -Math.floorDiv(-deadline, TICK);
      deadlines[entry] = deadline;
      latestTicks[entry] = Math.max(tick, lastTick + 1);
      past[entry] = tick <= now / TICK;
    }

    private void cancel() {
      int entry = random.nextInt(ENTRIES);
      wheel.cancel(entry);
      deadlines[entry] = NEVER;
    }

    /** From nanoseconds to twice the horizon, each magnitude as likely as any other. */
    private long step() {
      return random.nextLong(1L << random.nextInt(1, 52));
    }

    private long inOrder;

    private void expireAll() {
      lastTick = now / TICK;
      inOrder = 0;
      int limit = random.nextBoolean() ? random.nextInt(1, 5) : Integer.MAX_VALUE;
      int calls = 0;
      do {
        assertTrue(wheel.expire(now, limit, this::expired) <= limit, message);
        assertTrue(++calls < 10_000, message);
      } while (wheel.nextDeadlineNanos() <= now);
      for (int entry = 0; entry < ENTRIES; entry++) {
        boolean due = deadlines[entry] != NEVER && latestTicks[entry] <= now / TICK;
        assertFalse(due, message + ": " + entry + " is late");
      }
    }

    private void expired(int entry, long at) {
      assertEquals(now, at, message);
      assertTrue(deadlines[entry] <= now, message + ": " + entry + " is early or cancelled");
      if (!past[entry]) {
        assertTrue(deadlines[entry] > inOrder - TICK, message + ": " + entry + " out of order");
        inOrder = Math.max(inOrder, deadlines[entry]);
      }
      deadlines[entry] = NEVER;
      assertFalse(wheel.isScheduled(entry), message);
      if (callbacksAct && random.nextInt(3) == 0) {
        schedule();
        cancel();
      }
    }

    private void agree() {
      int running = 0;
      long first = NEVER;
      for (int entry = 0; entry < ENTRIES; entry++) {
        assertEquals(deadlines[entry] != NEVER, wheel.isScheduled(entry), message);
        if (deadlines[entry] != NEVER) {
          running++;
          first = Math.min(first, latestTicks[entry] * TICK);
        }
      }
      assertEquals(running, wheel.size(), message);
      assertTrue(wheel.nextDeadlineNanos() <= first, message);
      assertEquals(running == 0, wheel.nextDeadlineNanos() == NEVER, message);
    }
  }

  /** Links in arrays, as an owner would have them in its blocks. */
  private static final class ArrayLinks implements TimerWheel.Links {
    private final int[] next;
    private final int[] previous;
    private final long[] deadlines;
    private final int[] places;
    long writes;

    ArrayLinks(int entries) {
      next = new int[entries];
      previous = new int[entries];
      deadlines = new long[entries];
      places = new int[entries];
      Arrays.fill(places, TimerWheel.NONE);
    }

    @Override
    public int next(int entry) {
      return next[entry];
    }

    @Override
    public void next(int entry, int value) {
      writes++;
      next[entry] = value;
    }

    @Override
    public int previous(int entry) {
      return previous[entry];
    }

    @Override
    public void previous(int entry, int value) {
      writes++;
      previous[entry] = value;
    }

    @Override
    public long deadlineNanos(int entry) {
      return deadlines[entry];
    }

    @Override
    public void deadlineNanos(int entry, long value) {
      writes++;
      deadlines[entry] = value;
    }

    @Override
    public int place(int entry) {
      return places[entry];
    }

    @Override
    public void place(int entry, int value) {
      writes++;
      places[entry] = value;
    }
  }
}
