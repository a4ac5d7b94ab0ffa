package wisp.core.tcp;

import wisp.core.memory.Blocks;

/**
 * Which segments are lost, by time (RACK, RFC 8985 §6): what was sent a reordering window before
 * something that has arrived. Where the time of sending is not known, by what arrived beyond it
 * (RFC 6675 §4, IsLost).
 */
final class Rack {
  /** Segments beyond a hole that make a loss while no reordering was seen: DupThresh. */
  private static final int DUPLICATES_FOR_LOSS = 3;

  /** More duplicates than this are waited for on no path, however much it reorders. */
  private static final int MOST_THRESHOLD = 127;

  /** Hosts deal with bursts: less than a millisecond apart is no order. */
  private static final int LEAST_WINDOW_TICKS = SendTimes.ticks(1_000_000);

  private static final int MOST_STEPS = 15;

  /** Recoveries after which a widened reordering window is as at first (RFC 8985 §6.2). */
  private static final int PERSISTENCE = 16;

  private final TcpEnvironment env;
  private final Scoreboard board;
  private int waitTicks;

  Rack(TcpEnvironment env, Scoreboard board) {
    this.env = env;
    this.board = board;
  }

  /** Takes in what the acknowledgment in hand says has arrived (RFC 8985 §6.2, steps 1 to 3). */
  void delivered(Tcb tcb) {
    Delivery d = board.delivery;
    if (tcb.scoreboard == Blocks.NONE) {
      return;
    }
    if (d.overtakenBytes > 0) {
      learnReordering(tcb, d.overtakenBytes);
    }
    if (d.isDuplicate) {
      widen(tcb);
    }
    if (!d.isTimed) {
      return;
    }
    int roundTrip = Math.max(0, SendTimes.ticks(env.nowNanos) - d.latestTicks);
    if (d.latestResent && roundTrip < SendTimes.ticksOfMicros(tcb.minRttMicros)) {
      return; // the first copy, more likely
    }
    board.set(tcb, Scoreboard.RACK_ROUND_TRIP, roundTrip);
    if (!board.has(tcb, Scoreboard.RACK_VALID)
        || SendTimes.isSentAfter(
            d.latestTicks,
            d.latestEnd,
            board.get(tcb, Scoreboard.RACK_TICKS),
            board.get(tcb, Scoreboard.RACK_END))) {
      board.raise(tcb, Scoreboard.RACK_VALID);
      board.set(tcb, Scoreboard.RACK_TICKS, d.latestTicks);
      board.set(tcb, Scoreboard.RACK_END, d.latestEnd);
    }
  }

  /** So many bytes were overtaken by what was sent later. */
  void learnReordering(Tcb tcb, int bytes) {
    int segments = bytes / Math.max(1, tcb.effectiveMss()) + 1;
    tcb.reorderingSegments = Math.min(MOST_THRESHOLD, Math.max(tcb.reorderingSegments, segments));
  }

  /** Something was resent for nothing: a quarter more is waited, once a round (RFC 8985 §6.2). */
  void widen(Tcb tcb) {
    boolean isSameRound =
        board.has(tcb, Scoreboard.DUPLICATE_SEEN)
            && Seq.before(tcb.sndUna, board.get(tcb, Scoreboard.DUPLICATE_ROUND));
    if (!isSameRound) {
      board.raise(tcb, Scoreboard.DUPLICATE_SEEN);
      board.set(tcb, Scoreboard.DUPLICATE_ROUND, tcb.sndNxt);
      tcb.reorderingSteps = Math.min(MOST_STEPS, tcb.reorderingSteps + 1);
      tcb.reorderingPersistence = PERSISTENCE;
    }
  }

  /** A recovery is over: in the end the window is as at first. */
  void recovered(Tcb tcb) {
    if (tcb.reorderingPersistence > 0 && --tcb.reorderingPersistence == 0) {
      tcb.reorderingSteps = 0;
    }
  }

  /** Segments that must have arrived beyond a hole whose time is not known. */
  static int threshold(Tcb tcb) {
    return Math.max(DUPLICATES_FOR_LOSS, tcb.reorderingSegments);
  }

  /** RACK.reo_wnd. */
  private int reorderingTicks(Tcb tcb) {
    boolean enough =
        tcb.fastRecovery
            || board.has(tcb, Scoreboard.TIMED_OUT)
            || tcb.duplicateAcks >= DUPLICATES_FOR_LOSS
            || isBeyond(tcb, board.sackedBytes(tcb), 0, DUPLICATES_FOR_LOSS);
    if (tcb.reorderingSegments == 0 && enough) {
      return 0;
    }
    long quarters = (tcb.reorderingSteps + 1L) * (tcb.minRttMicros / 4);
    int window = SendTimes.ticksOfMicros((int) Math.min(quarters, tcb.srttMicros));
    return Math.max(LEAST_WINDOW_TICKS, window);
  }

  /** Whether so many bytes in so many islands are what makes a loss. */
  private static boolean isBeyond(Tcb tcb, int bytes, int islands, int segments) {
    return islands >= segments || bytes > (segments - 1) * tcb.effectiveMss();
  }

  /**
   * RACK_detect_loss of RFC 8985 §6.2, step 5, for all holes.
   *
   * @return whether more is lost than was known
   */
  boolean detect(Tcb tcb) {
    waitTicks = 0;
    int n = board.count(tcb);
    if (n == 0 || tcb.resending) {
      return false;
    }
    int lostBefore = board.lostBytes(tcb);
    int above = board.sackedBytes(tcb);
    int islands = 0;
    for (int i = 0; i < n; i++) {
      islands += board.left(tcb, i) == board.right(tcb, i) ? 0 : 1;
    }
    boolean valid = board.has(tcb, Scoreboard.RACK_VALID);
    int window = reorderingTicks(tcb);
    for (int i = 0; i < n; i++) {
      if (valid) {
        detectResent(tcb, i, window);
      }
      if (isBeyond(tcb, above, islands, threshold(tcb))) {
        untimedLost(tcb, i, valid);
      }
      if (valid) {
        detectOriginal(tcb, i, window);
      }
      int bytes = Seq.distance(board.left(tcb, i), board.right(tcb, i));
      above -= bytes;
      islands -= bytes == 0 ? 0 : 1;
    }
    return board.lostBytes(tcb) > lostBefore;
  }

  /** Only by what was sent later, not at the same moment: then order says nothing about copies. */
  private void detectResent(Tcb tcb, int i, int window) {
    @SeqNum int resentTo = board.resentTo(tcb, i);
    if (resentTo != board.holeStart(tcb, i)
        && board.get(tcb, Scoreboard.RACK_TICKS) - board.resentTicks(tcb, i) > 0
        && isOverdue(tcb, board.resentTicks(tcb, i), resentTo, window)) {
      board.resentLost(tcb, i);
    }
  }

  private void untimedLost(Tcb tcb, int i, boolean valid) {
    @SeqNum int left = board.left(tcb, i);
    @SeqNum int to = valid ? Seq.min(left, board.times.knownFrom(tcb)) : left;
    if (Seq.after(to, board.lostTo(tcb, i))) {
      board.lost(tcb, i, to);
    }
  }

  private void detectOriginal(Tcb tcb, int i, int window) {
    @SeqNum int left = board.left(tcb, i);
    @SeqNum int from = board.lostTo(tcb, i);
    if (!Seq.before(from, left)) {
      return;
    }
    SendTimes times = board.times;
    int run = times.runOf(tcb, from);
    int runs = times.count(tcb);
    while (run >= 0 && run < runs && Seq.before(from, left)) {
      @SeqNum int to = Seq.min(left, times.end(tcb, run));
      if (!isOverdue(tcb, times.ticks(tcb, run), to, window)) {
        return;
      }
      board.lost(tcb, i, to);
      from = to;
      run++;
    }
  }

  /** Whether what was sent then is lost; if it only may be, how long to wait is noted. */
  private boolean isOverdue(Tcb tcb, int ticks, @SeqNum int end, int window) {
    int rackTicks = board.get(tcb, Scoreboard.RACK_TICKS);
    if (!SendTimes.isSentAfter(rackTicks, board.get(tcb, Scoreboard.RACK_END), ticks, end)) {
      return false;
    }
    int roundTrip = board.get(tcb, Scoreboard.RACK_ROUND_TRIP);
    int remaining = ticks + roundTrip + window - SendTimes.ticks(env.nowNanos);
    if (remaining <= 0) {
      return true;
    }
    waitTicks = Math.max(waitTicks, remaining);
    return false;
  }

  /** How long until the last of what {@link #detect} left alone is overdue; 0: nothing is. */
  long waitNanos() {
    return SendTimes.nanos(waitTicks);
  }
}
