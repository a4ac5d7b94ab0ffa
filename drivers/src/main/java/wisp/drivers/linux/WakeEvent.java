package wisp.drivers.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Ends another thread's {@code poll}: an {@code eventfd} to wait on beside others. {@link #wake}
 * comes from any thread, also before the wait and after {@link #close}; the rest belongs to the
 * waiter.
 */
public final class WakeEvent implements AutoCloseable {
  private final Arena arena = Arena.ofShared();
  private final Libc waker = new Libc(arena);
  private final Libc waiter = new Libc(arena);
  private final MemorySegment one = arena.allocate(ValueLayout.JAVA_LONG);
  private final MemorySegment count = arena.allocate(ValueLayout.JAVA_LONG);
  private final int descriptor;
  private boolean closed;

  /** An event that has not happened. */
  public WakeEvent() {
    one.set(ValueLayout.JAVA_LONG, 0, 1);
    descriptor = waker.eventfd();
    if (descriptor < 0) {
      String reason = waker.describe(descriptor);
      arena.close();
      throw new IllegalStateException("no eventfd: " + reason);
    }
  }

  /** To be polled for {@link Libc#POLLIN}. */
  public int descriptor() {
    return descriptor;
  }

  /** Makes it happen. */
  public synchronized void wake() {
    if (!closed) {
      waker.write(
          descriptor, one.address(), Long.BYTES); // when it is full already, so much the better
    }
  }

  /** Forgets that it happened. */
  public void reset() {
    waiter.read(descriptor, count.address(), Long.BYTES);
  }

  /** Frees it. Idempotent. Not while {@code poll} waits on it. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      waiter.close(descriptor);
      arena.close();
    }
  }
}
