package wisp.lab.growth;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * A thread that has nothing to do and notes when it could not do that in time: how the machine
 * treats everybody. It belongs into another process than what is measured, whose collector would
 * stop it too.
 */
final class Hiccups implements AutoCloseable {
  private static final long NAP_NANOS = 250_000;
  private static final long LATE_NANOS = StallMeter.STALL_NANOS;

  /** A time in which the thread should have run and did not, by {@link System#nanoTime}. */
  record Hiccup(long startNanos, long endNanos) {
    long nanos() {
      return endNanos - startNanos;
    }
  }

  private final List<Hiccup> hiccups = new ArrayList<>();
  private final Thread thread = Thread.ofPlatform().daemon().name("hiccups").start(this::watch);
  private volatile boolean closed;

  private void watch() {
    long last = System.nanoTime();
    while (!closed) {
      LockSupport.parkNanos(NAP_NANOS);
      long now = System.nanoTime();
      if (now - last - NAP_NANOS > LATE_NANOS) {
        synchronized (hiccups) {
          hiccups.add(new Hiccup(last + NAP_NANOS, now));
        }
      }
      last = now;
    }
  }

  /** Whether one fell into this time. */
  boolean disturbed(long startNanos, long nanos) {
    synchronized (hiccups) {
      return hiccups.stream()
          .anyMatch(h -> h.startNanos() < startNanos + nanos && h.endNanos() > startNanos);
    }
  }

  /** All so far. */
  List<Hiccup> all() {
    synchronized (hiccups) {
      return List.copyOf(hiccups);
    }
  }

  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(thread);
  }
}
