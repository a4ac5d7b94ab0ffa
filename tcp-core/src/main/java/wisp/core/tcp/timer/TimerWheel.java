package wisp.core.tcp.timer;

import java.util.Arrays;

/**
 * A hierarchical timing wheel (Varghese and Lauck, 1987): any number of timers, each started, moved
 * and stopped in constant time.
 *
 * <p>Time is counted in ticks of 2^20 ns, about a millisecond. A slot of level 0 is one tick wide,
 * one of level <i>l</i> 64^<i>l</i> ticks. An entry goes to the lowest level that tells its tick
 * from the present one, and moves down when its slot begins; at most four times. Everything on a
 * level lies before everything on the next one, so the lowest level that is not empty tells what
 * comes next:
 *
 * <pre>
 *   elapsed  =  … | level 4 | level 3 | level 2 | level 1 | level 0      six bits each
 *   entry's  =      same      same      differs: slot of level 2
 * </pre>
 *
 * <p>The horizon is 2^50 ns, 13 days; what lies beyond waits in the farthest slot and is looked at
 * again when that one begins.
 *
 * <p>A timer that moves to a <em>later</em> time stays in its slot, and only its deadline changes;
 * when the slot begins it is placed anew. A retransmission timer is restarted by every
 * acknowledgment (RFC 6298 §5.3), and this way that costs one write.
 *
 * <p>Entries are numbers; their links and deadlines lie with the owner, behind {@link Links}, so
 * the wheel itself is of fixed size and allocates nothing.
 */
public final class TimerWheel {
  /** A tick is 2^20 ns. */
  public static final int TICK_BITS = 20;

  /** A tick in nanoseconds. */
  public static final long TICK_NANOS = 1L << TICK_BITS;

  /** No entry, no list. */
  public static final int NONE = -1;

  private static final int LEVELS = 5;
  private static final int LEVEL_BITS = 6;
  private static final int SLOTS = 1 << LEVEL_BITS;

  /**
   * Where an entry's part of the wheel lies: five fields for each entry, which only the wheel
   * writes.
   */
  public interface Links {
    /** The next entry of its list. */
    int next(int entry);

    /** Sets the next entry. */
    void next(int entry, int value);

    /** The previous entry of its list. */
    int previous(int entry);

    /** Sets the previous entry. */
    void previous(int entry, int value);

    /** When it is due. */
    long deadlineNanos(int entry);

    /** Sets when it is due. */
    void deadlineNanos(int entry, long value);

    /**
     * The list that it is in, 0 … 319, or {@link TimerWheel#NONE}, to which the owner sets it once,
     * when it makes the entry.
     */
    int place(int entry);

    /** Sets the list. */
    void place(int entry, int value);
  }

  /** Who is called. */
  @FunctionalInterface
  public interface Expiry {
    /**
     * A timer has run down; it is no longer scheduled. May schedule and cancel this and any other
     * entry.
     *
     * @param nowNanos as given to {@link TimerWheel#expire}
     */
    void expired(int entry, long nowNanos);
  }

  private final Links links;
  private final int[] heads = new int[LEVELS * SLOTS];
  private final int[] tails = new int[LEVELS * SLOTS];

  /** Per level one bit for each list that is not empty. */
  private final long[] occupied = new long[LEVELS];

  /** Every slot that began at or before this tick is empty, but for the open one. */
  private long elapsedTicks;

  /** The list that began at elapsedTicks and is being worked off; nothing is added to it. */
  private int open = NONE;

  private int size;

  /** An empty wheel at time 0. */
  public TimerWheel(Links links) {
    this.links = links;
    Arrays.fill(heads, NONE);
    Arrays.fill(tails, NONE);
  }

  /**
   * Starts a timer, or moves it if it runs. It expires within one tick after its deadline; a
   * deadline that has passed already counts as the tick after the one being worked on, so two
   * timers that start each other let time go on.
   */
  public void schedule(int entry, long deadlineNanos) {
    assert deadlineNanos >= 0 : deadlineNanos;
    if (isScheduled(entry)) {
      if (deadlineNanos >= links.deadlineNanos(entry)) {
        links.deadlineNanos(entry, deadlineNanos); // its place is early enough
        return;
      }
      unlink(entry);
    }
    links.deadlineNanos(entry, deadlineNanos);
    link(entry, Math.max(tickOf(deadlineNanos), elapsedTicks + 1));
  }

  /** Stops a timer; nothing happens if it does not run. */
  public void cancel(int entry) {
    if (isScheduled(entry)) {
      unlink(entry);
    }
  }

  /** Whether the timer runs. */
  public boolean isScheduled(int entry) {
    return links.place(entry) != NONE;
  }

  /**
   * Calls back for every timer whose deadline, rounded up to the tick, has come: tick by tick, in
   * no promised order within one. No timer expires early. Not to be called by a callback.
   *
   * <p>One call does bounded work: at most {@code limit} callbacks, and moves of entries between
   * lists in proportion. What is left is due: {@link #nextDeadlineNanos} then lies in the past.
   *
   * @param nowNanos never less than before
   * @return callbacks made
   */
  public int expire(long nowNanos, int limit, Expiry expiry) {
    long nowTicks = nowNanos >> TICK_BITS;
    long moves = 64 + 4L * limit;
    int expired = 0;
    while (expired < limit && moves > 0) {
      if (!hasOpen() && !openNext(nowTicks)) {
        elapsedTicks = Math.max(elapsedTicks, nowTicks);
        break;
      }
      int entry = heads[open];
      unlink(entry);
      long tick = tickOf(links.deadlineNanos(entry));
      if (tick <= elapsedTicks) {
        expired++;
        expiry.expired(entry, nowNanos);
      } else {
        moves--;
        link(entry, tick);
      }
    }
    return expired;
  }

  /**
   * When {@link #expire} should be called next: not after the first deadline, rounded up to the
   * tick; perhaps before, when entries only have to move. {@link Long#MAX_VALUE}: no timer runs.
   */
  public long nextDeadlineNanos() {
    if (hasOpen()) {
      return elapsedTicks << TICK_BITS;
    }
    int level = lowestOccupiedLevel();
    return level == LEVELS ? Long.MAX_VALUE : firstSlotTick(level) << TICK_BITS;
  }

  /** Timers that run. */
  public int size() {
    return size;
  }

  /** Bytes of the wheel itself; entries lie with their owner. */
  public long reservedBytes() {
    return 4L * (heads.length + tails.length)
        + 8L * occupied.length
        + 4 * 16
        + 40; // headers and fields
  }

  private boolean hasOpen() {
    return open != NONE && heads[open] != NONE;
  }

  /**
   * Moves time on to the next slot that holds anything and opens it; false: none begins until
   * {@code nowTicks}.
   */
  private boolean openNext(long nowTicks) {
    open = NONE;
    int level = lowestOccupiedLevel();
    if (level == LEVELS) {
      return false;
    }
    long tick = firstSlotTick(level);
    if (tick > nowTicks) {
      return false;
    }
    elapsedTicks = tick;
    open = list(level, tick);
    return true;
  }

  private int lowestOccupiedLevel() {
    int level = 0;
    while (level < LEVELS && occupied[level] == 0) {
      level++;
    }
    return level;
  }

  /**
   * The tick with which the first occupied slot of a level begins. Counted from the present slot
   * on, since the top level is round.
   */
  private long firstSlotTick(int level) {
    int shift = level * LEVEL_BITS;
    long present = elapsedTicks >> shift;
    int ahead = Long.numberOfTrailingZeros(Long.rotateRight(occupied[level], (int) present));
    return (present + ahead) << shift;
  }

  private void link(int entry, long tick) {
    assert tick > elapsedTicks : tick + " is not after " + elapsedTicks;
    int level = level(tick);
    int top = (LEVELS - 1) * LEVEL_BITS;
    if (level == LEVELS - 1 && (tick >> top) - (elapsedTicks >> top) >= SLOTS) {
      tick = ((elapsedTicks >> top) + SLOTS - 1) << top; // beyond the horizon
    }
    int list = list(level, tick);
    assert list != open || heads[open] == NONE : "slot " + list + " is being worked off";
    int tail = tails[list];
    links.place(entry, list);
    links.previous(entry, tail);
    links.next(entry, NONE);
    if (tail == NONE) {
      heads[list] = entry;
      occupied[level] |= 1L << list;
    } else {
      links.next(tail, entry);
    }
    tails[list] = entry;
    size++;
  }

  private void unlink(int entry) {
    int list = links.place(entry);
    int next = links.next(entry);
    int previous = links.previous(entry);
    links.place(entry, NONE);
    if (previous == NONE) {
      heads[list] = next;
    } else {
      links.next(previous, next);
    }
    if (next == NONE) {
      tails[list] = previous;
    } else {
      links.previous(next, previous);
    }
    if (heads[list] == NONE) {
      occupied[list >> LEVEL_BITS] &= ~(1L << list);
    }
    size--;
  }

  /** The lowest level on which this tick and the present one are in different slots. */
  private int level(long tick) {
    int highestBit = 63 - Long.numberOfLeadingZeros(tick ^ elapsedTicks);
    return Math.min(highestBit / LEVEL_BITS, LEVELS - 1);
  }

  private static int list(int level, long tick) {
    return level * SLOTS + ((int) (tick >> (level * LEVEL_BITS)) & (SLOTS - 1));
  }

  /** Rounded up: no timer is early. */
  private static long tickOf(long deadlineNanos) {
    return ((deadlineNanos - 1) >> TICK_BITS) + 1;
  }
}
