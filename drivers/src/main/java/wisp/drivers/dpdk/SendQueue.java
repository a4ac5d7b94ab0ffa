package wisp.drivers.dpdk;

import java.lang.foreign.Arena;
import java.util.concurrent.TimeUnit;
import wisp.core.spi.Burst;

/**
 * Packets on their way to the driver. What it does not take at once is offered again on the next
 * calls, for a while: it is given up when nothing moves for 20 ms, or too many wait.
 */
final class SendQueue {
  private static final int MOST = 8 * Burst.CAPACITY;
  private static final long PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  private final Librte librte;
  private final Port port;
  private final Lookout lookout;
  private final MbufList list;
  private int count;
  private long stuckSinceNanos;
  private long drops;

  SendQueue(Librte librte, Port port, Lookout lookout, Arena arena) {
    this.librte = librte;
    this.port = port;
    this.lookout = lookout;
    list = new MbufList(arena, MOST);
  }

  /** One more, owned from now on. */
  void add(long mbuf) {
    list.set(count++, mbuf);
    if (count % Burst.CAPACITY == 0) {
      flush();
    }
    if (count == MOST) {
      drop(MOST - Burst.CAPACITY);
    }
  }

  boolean isEmpty() {
    return count == 0;
  }

  /** Offers all to the driver. */
  void flush() {
    int sent = 0;
    while (sent < count && lookout.isUsable()) {
      int taken = port.transmit(list.address(sent), Math.min(count - sent, Burst.CAPACITY));
      if (taken == 0) {
        break;
      }
      sent += Math.min(taken, count - sent);
    }
    if (sent == count) {
      count = 0;
      stuckSinceNanos = 0;
    } else {
      keep(sent);
    }
  }

  private void keep(int sent) {
    long now = System.nanoTime();
    if (sent > 0 || stuckSinceNanos == 0) {
      stuckSinceNanos = now | 1; // 0: nothing is stuck
      count -= sent;
      list.moveToFront(sent, count);
    } else if (now - stuckSinceNanos > PATIENCE_NANOS) {
      drop(0);
    }
  }

  /** Gives up those from the {@code from}th on. */
  private void drop(int from) {
    drops += count - from;
    list.free(librte, from, count);
    count = from;
  }

  /** Packets given up. */
  long drops() {
    return drops;
  }

  /** All go to the pool. */
  void close() {
    list.free(librte, 0, count);
    count = 0;
  }
}
