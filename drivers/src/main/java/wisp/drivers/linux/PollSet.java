package wisp.drivers.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Descriptors of a link that are waited for together, and an event that ends the wait early.
 *
 * <pre>
 *   struct pollfd (8 B)   descriptor 4 │ events asked for 2 │ events that are there 2
 * </pre>
 */
public final class PollSet {
  private static final int EVENTS = 4;
  private static final int THERE = 6;
  private static final short POLLERR = 8;
  private final Libc libc;
  private final WakeEvent wakeEvent;
  private final MemorySegment entries;
  private final int count; // with the event, which is last
  private int ready;

  /**
   * Waits for these to become readable.
   *
   * @param arena must be open as long as this is used
   */
  public PollSet(Arena arena, Libc libc, WakeEvent wakeEvent, int... descriptors) {
    this.libc = libc;
    this.wakeEvent = wakeEvent;
    count = descriptors.length + 1;
    entries = arena.allocate((long) count * Libc.POLLFD_BYTES, 8);
    for (int i = 0; i < descriptors.length; i++) {
      add(i, descriptors[i]);
    }
    add(count - 1, wakeEvent.descriptor());
  }

  /**
   * Waits. Whether it was interrupted or the time was over is all the same: the caller looks for
   * itself.
   *
   * @param timeoutNanos ≥ 0
   */
  public void await(long timeoutNanos) {
    ready = libc.poll(entries.address(), count, timeoutNanos);
    if (ready > 0 && there(count - 1) != 0) {
      wakeEvent.reset();
    }
  }

  /** Whether the last wait found nothing. */
  public boolean isSilent() {
    return ready <= 0;
  }

  /** Whether the last wait ended with an error of descriptor {@code i}. */
  public boolean hasError(int i) {
    return ready > 0 && (there(i) & POLLERR) != 0;
  }

  private void add(int i, int descriptor) {
    long at = (long) i * Libc.POLLFD_BYTES;
    entries.set(ValueLayout.JAVA_INT, at, descriptor);
    entries.set(ValueLayout.JAVA_SHORT, at + EVENTS, Libc.POLLIN);
    entries.set(ValueLayout.JAVA_SHORT, at + THERE, (short) 0);
  }

  private int there(int i) {
    return entries.get(ValueLayout.JAVA_SHORT, (long) i * Libc.POLLFD_BYTES + THERE);
  }
}
