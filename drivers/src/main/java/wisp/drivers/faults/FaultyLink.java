package wisp.drivers.faults;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.spi.LinkOffloads;
import wisp.core.spi.TransmitPacket;
import wisp.drivers.Claim;
import wisp.drivers.LinkWrapper;

/**
 * A link with a bad path on it: one {@link PathModel} for what it sends, one for what it receives.
 *
 * <p>Either whoever drives it says what time it is ({@link #advanceTo}) and comes back at {@link
 * #nextDeadlineNanos}, as a simulator with a virtual clock does; before {@code receive}, {@code
 * commit} and {@code flush} the time should be up to date, for it is what packets are stamped with.
 * Or it has a clock of its own ({@link #inRealTime}): then it is a link as any other, {@link
 * #awaitReadable} returns in time for whatever is due, and {@code receive} sends what has to leave.
 *
 * <p>It offers {@link LinkOffloads#NONE}, so that the path meets packets as a wire carries them,
 * each with a complete checksum to be found out by. What the wrapped link <em>receives</em> uncut
 * is cut before it enters the path ({@link Intake}).
 */
public final class FaultyLink extends LinkWrapper {
  private static final int CACHE_LINE = 64;
  private static final int MOST_BURSTS = 4; // then what is due goes first

  private final PathModel sending;
  private final PathModel receiving;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment staging;
  private final Intake arrivals;
  private final Outlet departures;
  private final String label;
  private final @Nullable LongSupplier clock;
  private final int[] lent = new int[Burst.CAPACITY];
  private int lentCount;
  private final Claim claim = new Claim();
  private long nowNanos;
  private long drops;
  private boolean closed;

  /**
   * Wraps a link, and owns it from now on. Its time is what {@link #advanceTo} says.
   *
   * @param link closed with this one
   * @param sending what happens to packets that the stack sends
   * @param receiving what happens to packets that arrive
   * @param seed of both paths
   */
  public FaultyLink(Link link, PathConfig sending, PathConfig receiving, long seed) {
    this(link, sending, receiving, seed, "faults", null);
  }

  /**
   * Wraps a link, and owns it from now on.
   *
   * @param label what its name begins with
   * @param clock nanoseconds that never run back, from 0 on; {@code null}: {@link #advanceTo}
   */
  FaultyLink(
      Link link,
      PathConfig sending,
      PathConfig receiving,
      long seed,
      String label,
      @Nullable LongSupplier clock) {
    super(link);
    this.label = label;
    this.clock = clock;
    int largest = link.mtu() + Intake.FRAME_ROOM;
    this.sending = new PathModel(sending, link.kind(), largest, seed);
    this.receiving = new PathModel(receiving, link.kind(), largest, ~seed);
    this.sending.answersThrough(this.receiving);
    this.receiving.answersThrough(this.sending);
    arrivals = new Intake(link, this.receiving);
    departures = new Outlet(this.sending, link);
    staging = arena.allocate(largest, CACHE_LINE);
  }

  /**
   * As the constructor, and time is that of the machine, from now on.
   *
   * @param label what its name begins with
   */
  public static FaultyLink inRealTime(
      Link link, PathConfig sending, PathConfig receiving, long seed, String label) {
    long origin = System.nanoTime();
    return new FaultyLink(link, sending, receiving, seed, label, () -> System.nanoTime() - origin);
  }

  /** What happened to packets that the stack sent. */
  public PathStats sendingStats() {
    return sending.stats();
  }

  /** What happened to packets that arrived. */
  public PathStats receivingStats() {
    return receiving.stats();
  }

  /** It is now so late; sends what is due. Time never runs backwards. Not with a clock. */
  public void advanceTo(long nowNanos) {
    if (clock != null) {
      throw new IllegalStateException(name() + " has a clock of its own");
    }
    if (nowNanos < this.nowNanos) {
      throw new IllegalArgumentException("time ran back from " + this.nowNanos + " to " + nowNanos);
    }
    this.nowNanos = nowNanos;
    if (!closed) {
      sendDue();
    }
  }

  private void look() {
    if (clock != null) {
      nowNanos = clock.getAsLong();
    }
  }

  /**
   * When {@link #advanceTo} and {@link #receive} have something to do; {@link Long#MAX_VALUE}:
   * nothing is under way.
   */
  public long nextDeadlineNanos() {
    return Math.min(sending.nextDeadlineNanos(), receiving.nextDeadlineNanos());
  }

  @Override
  public String name() {
    return label + ":" + link.name();
  }

  /** With a clock: until a packet comes out of a path. */
  @Override
  public long nanosUntilDue() {
    look();
    long deadline = nextDeadlineNanos();
    return Math.min(
        super.nanosUntilDue(),
        deadline == Long.MAX_VALUE ? deadline : Math.max(0, deadline - nowNanos));
  }

  @Override
  public LinkOffloads offloads() {
    return LinkOffloads.NONE;
  }

  @Override
  public int receive(Burst burst) {
    if (closed) {
      return 0;
    }
    for (int i = 0; i < lentCount; i++) {
      receiving.release(lent[i]);
    }
    lentCount = 0;
    look();
    takeArrivals();
    if (clock != null) {
      sendDue();
    }
    int before = burst.size();
    while (!burst.isFull()) {
      int slot = receiving.poll(nowNanos);
      if (slot == PathModel.NONE) {
        break;
      }
      burst.add(
          receiving.memory(slot),
          receiving.start(slot),
          receiving.length(slot),
          receiving.flags(slot),
          receiving.segmentBytes(slot));
      lent[lentCount++] = slot;
    }
    return burst.size() - before;
  }

  @Override
  public boolean claim(int bytes, TransmitPacket packet) {
    if (closed || bytes > staging.byteSize()) {
      drops++;
      return false;
    }
    claim.begin(this, bytes);
    packet.lend(staging, 0);
    return true;
  }

  @Override
  public void commit(TransmitPacket packet) {
    claim.commit(this, packet);
    if (closed || packet.length <= 0) {
      drops++;
      return;
    }
    look();
    sending.offer(staging, 0, packet.length, 0, nowNanos);
  }

  @Override
  public void cancel(TransmitPacket packet) {
    claim.cancel();
  }

  @Override
  public void flush() {
    if (!closed) {
      look();
      sendDue();
    }
  }

  @Override
  public void awaitReadable(long timeoutNanos) {
    if (closed) {
      return;
    }
    long left = nanosUntilDue();
    if (clock == null) {
      link.awaitReadable(Math.min(timeoutNanos, left));
    } else {
      long sleep = Punctuality.sleepNanos(left, timeoutNanos);
      if (sleep > 0) {
        link.awaitReadable(sleep);
      } else {
        Thread.onSpinWait(); // the caller looks again
      }
      look();
      sendDue();
    }
  }

  /** What the wrapped link lost, and what was too long. What the path lost is in the statistics. */
  @Override
  public long drops() {
    return drops + link.drops();
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      link.close();
      sending.close();
      receiving.close();
      arena.close();
    }
  }

  private void takeArrivals() {
    int count = Burst.CAPACITY;
    for (int round = 0; round < MOST_BURSTS && count == Burst.CAPACITY; round++) {
      count = arrivals.take(nowNanos);
    }
  }

  private void sendDue() {
    departures.deliver(nowNanos, Integer.MAX_VALUE);
  }
}
