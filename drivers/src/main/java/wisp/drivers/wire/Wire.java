package wisp.drivers.wire;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.spi.LinkOffloads;
import wisp.drivers.Links;
import wisp.drivers.faults.Intake;
import wisp.drivers.faults.Outlet;
import wisp.drivers.faults.PathConfig;
import wisp.drivers.faults.PathModel;
import wisp.drivers.faults.Punctuality;
import wisp.drivers.linux.Libc;
import wisp.drivers.linux.PolledLink;
import wisp.drivers.linux.WakeEvent;

/**
 * Joins two links by a bad path each way, in real time. One thread, whoever calls {@link #run},
 * reads from both, keeps each packet as long as its path asks for, and writes it to the other side.
 *
 * <p>Waiting is a {@code poll} until shortly before the next packet is due, then spinning: a
 * sleeping thread wakes up tens of microseconds late. How late packets really left is in the
 * statistics.
 *
 * <p>Both links must be open without offloads ({@code offload=off}): then every packet fits the MTU
 * and has a complete checksum, which is what finds out a corrupted one. The wire does not own the
 * links; whoever opened them closes them after {@code run} has returned.
 */
public final class Wire {
  private static final long LONGEST_WAIT_NANOS = 100_000_000;
  private static final long SNAPSHOT_NANOS = 100_000_000;

  /** When the links can't be waited for together, one is looked at so often. */
  private static final long ALTERNATE_NANOS = 50_000;

  private static final long TIMER_SLACK_NANOS = 1_000;

  private final Link a;
  private final Link b;
  private final Direction aToB;
  private final Direction bToA;
  private final AtomicBoolean started = new AtomicBoolean();
  private final Object stopLock = new Object();
  private volatile boolean stopped;
  private @Nullable WakeEvent stopEvent; // guarded by stopLock
  private volatile WireStats stats;

  /**
   * A wire.
   *
   * @param a one link, without offloads
   * @param b the other, of the same kind
   * @param aToB what happens to packets that {@code a} receives
   * @param bToA what happens to packets that {@code b} receives
   * @param seed decides every draw; which packet it strikes depends on when the packets come
   */
  public Wire(Link a, Link b, PathConfig aToB, PathConfig bToA, long seed) {
    requireNoOffloads(a);
    requireNoOffloads(b);
    if (a.kind() != b.kind()) {
      throw new IllegalArgumentException(
          "a wire can't join "
              + a.name()
              + " ("
              + a.kind()
              + ") to "
              + b.name()
              + " ("
              + b.kind()
              + ")");
    }
    this.a = a;
    this.b = b;
    int largest = Math.max(a.mtu(), b.mtu()) + Intake.FRAME_ROOM;
    this.aToB = new Direction(a, b, new PathModel(aToB, a.kind(), largest, seed));
    this.bToA = new Direction(b, a, new PathModel(bToA, b.kind(), largest, ~seed));
    this.aToB.path.answersThrough(this.bToA.path);
    this.bToA.path.answersThrough(this.aToB.path);
    stats = snapshot();
  }

  /**
   * Carries packets until {@link #stop}. Once only; on a platform thread, which it keeps busy while
   * packets are about to be due. What is still under way at the end is lost.
   *
   * @throws wisp.drivers.LinkDownException when a device is gone
   */
  public void run() {
    if (!started.compareAndSet(false, true)) {
      throw new IllegalStateException("this wire has been run before");
    }
    try (Waiting waiting = waiting()) {
      long origin = System.nanoTime();
      long nextSnapshot = 0;
      while (!stopped) {
        long now = System.nanoTime() - origin;
        if (now >= nextSnapshot) {
          stats = snapshot();
          nextSnapshot = now + SNAPSHOT_NANOS;
        }
        int moved = aToB.in.take(now) + bToA.in.take(now);
        // At most a burst, so that the other direction is not kept waiting.
        moved += aToB.out.deliver(now, Burst.CAPACITY) + bToA.out.deliver(now, Burst.CAPACITY);
        if (moved == 0) {
          pause(waiting, now);
        }
      }
    } finally {
      stats = snapshot();
      synchronized (stopLock) {
        if (stopEvent != null) {
          stopEvent.close();
          stopEvent = null;
        }
      }
      aToB.path.close();
      bToA.path.close();
    }
  }

  /** Ends {@link #run} soon. From any thread, also before it. */
  public void stop() {
    stopped = true;
    synchronized (stopLock) {
      if (stopEvent != null) {
        stopEvent.wake();
      }
    }
  }

  /**
   * What happened so far, at most a tenth of a second old while packets pass; exact after {@link
   * #run}. From any thread.
   */
  public WireStats stats() {
    return stats;
  }

  private void pause(Waiting waiting, long now) {
    long deadline = Math.min(aToB.path.nextDeadlineNanos(), bToA.path.nextDeadlineNanos());
    long left = deadline == Long.MAX_VALUE ? deadline : deadline - now;
    left = Math.min(left, Math.min(Links.nanosUntilDue(a), Links.nanosUntilDue(b)));
    long sleep = Punctuality.sleepNanos(left, LONGEST_WAIT_NANOS);
    if (sleep > 0) {
      waiting.await(sleep);
    } else {
      Thread.onSpinWait();
    }
  }

  private WireStats snapshot() {
    long departures = aToB.out.departures() + bToA.out.departures();
    long lateness = aToB.out.latenessNanos() + bToA.out.latenessNanos();
    return new WireStats(
        aToB.path.path(),
        aToB.path.stats(),
        bToA.path.path(),
        bToA.path.stats(),
        departures == 0 ? 0 : (double) lateness / departures,
        Math.max(aToB.out.worstLatenessNanos(), bToA.out.worstLatenessNanos()),
        a.drops() + b.drops());
  }

  private static void requireNoOffloads(Link link) {
    if (!link.offloads().equals(LinkOffloads.NONE)) {
      throw new IllegalArgumentException(
          link.name() + " must be open without offloads for a wire; add offload=off");
    }
  }

  /**
   * From one link to the other: what a {@link wisp.drivers.faults.FaultyLink} has on each side of a
   * stack.
   */
  private static final class Direction {
    final PathModel path;
    final Intake in;
    final Outlet out;

    Direction(Link from, Link to, PathModel path) {
      this.path = path;
      in = new Intake(from, path);
      out = new Outlet(path, to);
    }
  }

  /** How to wait for two links at once. */
  private interface Waiting extends AutoCloseable {
    void await(long nanos);

    @Override
    void close();
  }

  private Waiting waiting() {
    return Links.innermost(a) instanceof PolledLink polledA
            && Links.innermost(b) instanceof PolledLink polledB
        ? new PollBoth(polledA, polledB)
        : new Alternate();
  }

  /** One {@code poll} for both links and for {@link #stop}. */
  private final class PollBoth implements Waiting {
    private static final int COUNT = 3;
    private final Arena arena = Arena.ofConfined();
    private final Libc libc = new Libc(arena);
    private final MemorySegment descriptors = arena.allocate((long) COUNT * Libc.POLLFD_BYTES, 8);

    PollBoth(PolledLink a, PolledLink b) {
      var event = new WakeEvent();
      synchronized (stopLock) {
        stopEvent = event;
      }
      libc.timerSlack(TIMER_SLACK_NANOS);
      pollFor(0, a.readableDescriptor());
      pollFor(1, b.readableDescriptor());
      pollFor(2, event.descriptor());
    }

    private void pollFor(int index, int descriptor) {
      long at = (long) index * Libc.POLLFD_BYTES;
      descriptors.set(ValueLayout.JAVA_INT, at, descriptor);
      descriptors.set(ValueLayout.JAVA_SHORT, at + 4, Libc.POLLIN);
    }

    @Override
    public void await(long nanos) {
      libc.poll(descriptors.address(), COUNT, nanos);
    }

    @Override
    public void close() {
      arena.close();
    }
  }

  /** Waits for one link and looks at the other in between. */
  private final class Alternate implements Waiting {
    @Override
    public void await(long nanos) {
      a.awaitReadable(Math.min(nanos, ALTERNATE_NANOS));
    }

    @Override
    public void close() {}
  }
}
