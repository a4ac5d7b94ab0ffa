package wisp.core.tcp;

import wisp.core.memory.Blocks;

/**
 * When what is in flight was sent first (RFC 8985 §5.2 wants it for each segment): up to seven runs
 * of text that was sent at about the same time, in the {@link Scoreboard}'s block. A run goes on
 * for an eighth of the least round trip, which is half the reordering window, and counts as sent
 * when it began: what arrives of it never seems to have been sent after what really went later.
 * When there are too many, that one is joined to the one before it which makes the shortest of the
 * whole.
 *
 * <pre>
 *   runs (4) | known from (4) | end of run (4), ticks (4) | end, ticks | …
 * </pre>
 *
 * <p>A tick is 1,024 ns; 32 bits of them are 73 minutes.
 */
public final class SendTimes {
  private static final int MOST = 7;
  static final int BYTES = 8 + 8 * MOST;
  private static final int COUNT = Scoreboard.TIMES;
  private static final int KNOWN_FROM = COUNT + 4;
  private static final int RUNS = COUNT + 8;
  private static final int TICK_SHIFT = 10;
  static final long TICKS_A_SECOND = 1_000_000_000L >> TICK_SHIFT;
  private static final int LEAST_RUN_TICKS = 16;

  private final Blocks blocks;

  SendTimes(Blocks blocks) {
    this.blocks = blocks;
  }

  static int ticks(long nanos) {
    return (int) (nanos >>> TICK_SHIFT);
  }

  static long nanos(int ticks) {
    return (long) ticks << TICK_SHIFT;
  }

  static int ticksOfMicros(int micros) {
    return (int) (micros * 1_000L >>> TICK_SHIFT);
  }

  /** RACK_sent_after of RFC 8985 §6.2: by time, and among equals by sequence number. */
  static boolean isSentAfter(int ticks, @SeqNum int end, int thanTicks, @SeqNum int thanEnd) {
    return ticks - thanTicks > 0 || (ticks == thanTicks && Seq.after(end, thanEnd));
  }

  /** Nothing is known of what was sent so far. */
  void forget(Tcb tcb) {
    if (tcb.scoreboard != Blocks.NONE) {
      blocks.setInt(tcb.scoreboard, COUNT, 0);
      blocks.setInt(tcb.scoreboard, KNOWN_FROM, tcb.sndNxt);
    }
  }

  /** The very first times of a fresh block: what was in flight before was sent then. */
  void begin(Tcb tcb, @SeqNum int from, @SeqNum int end, int ticks) {
    blocks.setInt(tcb.scoreboard, KNOWN_FROM, from);
    blocks.setInt(tcb.scoreboard, COUNT, 0);
    append(tcb, end, ticks);
  }

  /** New text was sent, up to SND.NXT. */
  void sent(Tcb tcb, long nowNanos) {
    int n = count(tcb);
    int now = ticks(nowNanos);
    int run = Math.max(LEAST_RUN_TICKS, ticksOfMicros(tcb.minRttMicros) / 8);
    if (n > 0 && now - ticks(tcb, n - 1) < run) {
      set(tcb, n - 1, tcb.sndNxt, ticks(tcb, n - 1));
    } else {
      append(tcb, tcb.sndNxt, now);
    }
  }

  private void append(Tcb tcb, @SeqNum int end, int ticks) {
    int n = count(tcb);
    if (n == MOST) {
      join(tcb, shortest(tcb, ticks));
      n--;
    }
    set(tcb, n, end, ticks);
    blocks.setInt(tcb.scoreboard, COUNT, n + 1);
  }

  /** The run that makes the shortest one when it is joined to the one before it. */
  private int shortest(Tcb tcb, int nowTicks) {
    int best = 1;
    int least = Integer.MAX_VALUE;
    for (int i = 1; i < MOST; i++) {
      int until = i + 1 < MOST ? ticks(tcb, i + 1) : nowTicks;
      int length = until - ticks(tcb, i - 1);
      if (length < least) {
        least = length;
        best = i;
      }
    }
    return best;
  }

  private void join(Tcb tcb, int run) {
    int n = count(tcb);
    set(tcb, run - 1, end(tcb, run), ticks(tcb, run - 1));
    for (int i = run + 1; i < n; i++) {
      set(tcb, i - 1, end(tcb, i), ticks(tcb, i));
    }
    blocks.setInt(tcb.scoreboard, COUNT, n - 1);
  }

  /** SND.UNA has advanced. */
  void advance(Tcb tcb) {
    int n = count(tcb);
    int gone = 0;
    while (gone < n && Seq.atOrBefore(end(tcb, gone), tcb.sndUna)) {
      gone++;
    }
    if (gone > 0) {
      for (int i = gone; i < n; i++) {
        set(tcb, i - gone, end(tcb, i), ticks(tcb, i));
      }
      blocks.setInt(tcb.scoreboard, COUNT, n - gone);
    }
    if (Seq.before(knownFrom(tcb), tcb.sndUna)) {
      blocks.setInt(tcb.scoreboard, KNOWN_FROM, tcb.sndUna);
    }
  }

  int count(Tcb tcb) {
    return blocks.getInt(tcb.scoreboard, COUNT);
  }

  /** Of what lies before it no time is known. */
  @SeqNum
  int knownFrom(Tcb tcb) {
    return blocks.getInt(tcb.scoreboard, KNOWN_FROM);
  }

  /** How much was sent last, at one time; all that is in flight if that is not known. */
  int latestBytes(Tcb tcb) {
    int n = count(tcb);
    return n < 2 ? tcb.flightBytes() : Seq.distance(end(tcb, n - 2), tcb.sndNxt);
  }

  /** The run in which {@code seq} was sent; −1: not known. */
  int runOf(Tcb tcb, @SeqNum int seq) {
    if (Seq.before(seq, knownFrom(tcb))) {
      return -1;
    }
    int n = count(tcb);
    for (int i = 0; i < n; i++) {
      if (Seq.before(seq, end(tcb, i))) {
        return i;
      }
    }
    return -1;
  }

  @SeqNum
  int end(Tcb tcb, int run) {
    return blocks.getInt(tcb.scoreboard, RUNS + 8 * run);
  }

  int ticks(Tcb tcb, int run) {
    return blocks.getInt(tcb.scoreboard, RUNS + 8 * run + 4);
  }

  /**
   * What was sent last, at one time, was really sent at another: its call came between two polls.
   */
  public void postpone(Tcb tcb, long thenNanos, long nowNanos) {
    int n = tcb.scoreboard == Blocks.NONE ? 0 : count(tcb);
    if (n > 0 && ticks(tcb, n - 1) == ticks(thenNanos)) {
      set(tcb, n - 1, end(tcb, n - 1), ticks(nowNanos));
    }
  }

  private void set(Tcb tcb, int run, @SeqNum int end, int ticks) {
    blocks.setInt(tcb.scoreboard, RUNS + 8 * run, end);
    blocks.setInt(tcb.scoreboard, RUNS + 8 * run + 4, ticks);
  }
}
