package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.util.ArrayDeque;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HandleQueueTest {

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void givenAnyHistory_thenWhoCameFirstGoesFirst(long seed) {
    var random = new SplittableRandom(seed);
    var queue = new HandleQueue(20_000);
    var model = new ArrayDeque<Long>();
    for (int i = 0; i < 200_000; i++) {
      boolean adds = random.nextInt(100) < ((i / 20_000) % 2 == 0 ? 70 : 30);
      if (adds) {
        assertEquals(model.size() < 20_000, queue.add(i, 10L * i));
        if (model.size() < 20_000) {
          model.add((long) i);
        }
      } else if (!model.isEmpty()) {
        assertEquals(10 * model.peek(), queue.headDeadlineNanos());
        assertEquals(model.poll(), queue.pop());
      }
      assertEquals(model.isEmpty(), queue.isEmpty());
    }
    while (!model.isEmpty()) {
      assertEquals(model.poll(), queue.pop());
    }
    assertTrue(queue.isEmpty());
    assertEquals(Long.MAX_VALUE, queue.headDeadlineNanos());
  }

  @Test
  void givenMillionsWait_whenTheyAreDue_thenTheMemoryGoesBack() {
    var queue = new HandleQueue(1 << 24);
    long empty = queue.reservedBytes();
    for (int i = 0; i < 2_000_000; i++) {
      assertTrue(queue.add(i, i));
    }
    long full = queue.reservedBytes();
    assertTrue(full >= 32_000_000 && full < 32_500_000, full + " bytes");
    for (int i = 0; i < 2_000_000; i++) {
      assertEquals(i, queue.pop());
    }
    assertTrue(queue.reservedBytes() < empty + 120_000, queue.reservedBytes() + " bytes are left");
  }

  @Test
  void noCallCopiesTheQueue() {
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    var queue = new HandleQueue(1 << 24);
    queue.add(0, 0);
    long most = 0;
    for (int i = 1; i < 3_000_000; i++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      queue.add(i, i);
      most = Math.max(most, threads.getCurrentThreadAllocatedBytes() - before);
    }
    assertTrue(most < 64 << 10, most + " bytes by one call");
  }

  @Test
  void givenItIsFull_thenNobodyElse() {
    var queue = new HandleQueue(3);
    for (int i = 0; i < 3; i++) {
      assertTrue(queue.add(i, i));
    }
    assertFalse(queue.add(3, 3));
    assertEquals(0, queue.pop());
    assertTrue(queue.add(3, 3));
  }
}
