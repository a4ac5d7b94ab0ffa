package wisp.drivers.dpdk;

import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Waits without a descriptor to wait on: looks for packets, at ever longer intervals of up to a
 * millisecond while none come. Any thread can end it.
 */
final class Waiting {
  private static final int SPINS = 64;
  private static final long SHORTEST_NAP_NANOS = 1_000;
  private static final long LONGEST_NAP_NANOS = 1_000_000;

  private final Receiver receiver;
  private final SendQueue queue;
  private final Lookout lookout;
  private volatile boolean woken;
  private volatile @Nullable Thread waiter;

  Waiting(Receiver receiver, SendQueue queue, Lookout lookout) {
    this.receiver = receiver;
    this.queue = queue;
    this.lookout = lookout;
  }

  /** See {@link wisp.core.spi.Link#awaitReadable}. */
  void await(long timeoutNanos) {
    waiter = Thread.currentThread();
    long begun = System.nanoTime();
    long now = begun;
    for (int round = 0; !woken && !finds() && now - begun < timeoutNanos; round++) {
      if (round < SPINS) {
        Thread.onSpinWait();
      } else {
        // An eighth of the time that it has been quiet: late by an eighth at most.
        long nap = Math.clamp((now - begun) >> 3, SHORTEST_NAP_NANOS, LONGEST_NAP_NANOS);
        LockSupport.parkNanos(this, Math.min(nap, timeoutNanos - (now - begun)));
      }
      now = System.nanoTime();
      lookout.look(now);
    }
    waiter = null;
    woken = false;
  }

  /** What the driver has not taken yet is offered again meanwhile. */
  private boolean finds() {
    if (!queue.isEmpty()) {
      queue.flush();
    }
    return receiver.finds();
  }

  /** See {@link wisp.core.spi.Link#wake}. */
  void wake() {
    woken = true;
    Thread waiting = waiter;
    if (waiting != null) {
      LockSupport.unpark(waiting);
    }
  }
}
