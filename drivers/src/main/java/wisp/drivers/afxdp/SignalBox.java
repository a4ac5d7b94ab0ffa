package wisp.drivers.afxdp;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import wisp.core.spi.Burst;
import wisp.drivers.linux.WakeEvent;

/**
 * The last frames that a link tells the other links of its interface. Only it writes; the others
 * read, each at its own pace and without keeping it waiting: who is too slow misses some.
 */
final class SignalBox {
  /** Bytes of a place; a longer frame is not told. */
  static final int PLACE_BYTES = 2048;

  private static final int PLACES = 64;
  private static final int FLAGS = 4;
  private static final int FRAME = 64;
  private static final VarHandle BEGUN;
  private static final VarHandle WRITTEN;

  static {
    try {
      var lookup = MethodHandles.lookup();
      BEGUN = lookup.findVarHandle(SignalBox.class, "begun", long.class);
      WRITTEN = lookup.findVarHandle(SignalBox.class, "written", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final int queue;
  private final WakeEvent wakeEvent;
  private final MemorySegment places = Arena.ofAuto().allocate((long) PLACES * PLACE_BYTES, 64);
  private long begun; // frames whose places may have been written to
  private long written; // frames that are there whole

  /**
   * An empty one.
   *
   * @param wakeEvent of the link that it belongs to
   */
  SignalBox(int queue, WakeEvent wakeEvent) {
    this.queue = queue;
    this.wakeEvent = wakeEvent;
  }

  /** Of the link that it belongs to. */
  int queue() {
    return queue;
  }

  /** Has the link that it belongs to look into those of the others. From any thread. */
  void wake() {
    wakeEvent.wake();
  }

  /** Writes a frame over the oldest; false when it is too long. */
  boolean post(Burst burst, int i) {
    int length = burst.length(i);
    if (length > PLACE_BYTES - FRAME) {
      return false;
    }
    long place = place(begun);
    BEGUN.setOpaque(this, begun + 1);
    VarHandle.storeStoreFence();
    places.set(JAVA_INT, place, length);
    places.set(JAVA_INT, place + FLAGS, burst.flags(i));
    MemorySegment.copy(burst.memory(i), burst.start(i), places, place + FRAME, length);
    WRITTEN.setRelease(this, begun);
    return true;
  }

  /** Frames that were told since the beginning. From any thread. */
  long told() {
    return (long) WRITTEN.getAcquire(this);
  }

  /** The oldest frame that can be there still, of so many that were told. */
  static long oldest(long told) {
    return Math.max(0, told - PLACES + 1);
  }

  /**
   * Copies a frame and adds it to a burst; nothing happens when it has been written over. From any
   * thread.
   *
   * @param number less than what {@link #told} has said
   * @param into a place of {@link #PLACE_BYTES}, which the burst borrows
   */
  void read(long number, MemorySegment into, long at, Burst burst) {
    long place = place(number);
    MemorySegment.copy(places, place, into, at, PLACE_BYTES);
    VarHandle.loadLoadFence();
    int length = into.get(JAVA_INT, at);
    boolean whole = (long) BEGUN.getOpaque(this) <= number + PLACES;
    if (whole && length >= 0 && length <= PLACE_BYTES - FRAME) {
      burst.add(into, at + FRAME, length, into.get(JAVA_INT, at + FLAGS));
    }
  }

  private static long place(long number) {
    return number % PLACES * PLACE_BYTES;
  }
}
