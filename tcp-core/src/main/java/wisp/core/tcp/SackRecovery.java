package wisp.core.tcp;

import wisp.core.Counters.Event;
import wisp.core.memory.Blocks;
import wisp.core.spi.CongestionState;
import wisp.core.wire.TcpOptions;

/**
 * Loss recovery by selective acknowledgments: what is lost and what to send next (RFC 6675), how
 * fast (PRR, RFC 9937), and whether it was a loss at all (Eifel, RFC 3522 and 4015). Works on a
 * {@link Scoreboard}; without one, {@link Acknowledgment} recovers as NewReno does.
 */
final class SackRecovery {
  /** More duplicates than this are waited for on no path, however much it reorders. */
  private static final int MOST_THRESHOLD = 127;

  private final TcpEnvironment env;
  private final Scoreboard board;
  private final Sender sender;

  SackRecovery(TcpEnvironment env, Scoreboard board, Sender sender) {
    this.env = env;
    this.board = board;
    this.sender = sender;
  }

  // ---- What SACK says --------------------------------------------------------------------------

  /**
   * Takes in the blocks of an acknowledgment; before SND.UNA advances to {@code ack}.
   *
   * @return bytes that are news
   */
  int update(Tcb tcb, @SeqNum int ack, TcpOptions options) {
    int blocks = options.sackBlocks();
    if (!tcb.sackPermitted || blocks == 0 || tcb.sndUna == tcb.sndNxt) {
      return 0;
    }
    int news = 0;
    for (int i = 0; i < blocks; i++) {
      @SeqNum int left = options.sackLeftEdge(i);
      @SeqNum int right = options.sackRightEdge(i);
      boolean isSound =
          Seq.after(left, ack) // at or below it: a duplicate's report (RFC 2883)
              && Seq.before(left, right)
              && Seq.atOrBefore(right, tcb.sndNxt);
      if (isSound && board.borrow(tcb)) {
        news += board.add(tcb, left, right);
      }
    }
    return news;
  }

  /** Whether anything that the peer has is known beyond SND.UNA. */
  boolean hasNews(Tcb tcb) {
    return board.count(tcb) > 0;
  }

  /** Segments that must have arrived beyond a hole before it counts as lost: DupThresh. */
  static int threshold(Tcb tcb) {
    return Math.max(3, tcb.reorderingSegments);
  }

  /** IsLost of RFC 6675 §4, for the hole left of range {@code i}. */
  private boolean isLost(Tcb tcb, int i) {
    int n = board.count(tcb);
    int needed = threshold(tcb);
    if (n - i >= needed) {
      return true;
    }
    int above = 0;
    for (int k = i; k < n; k++) {
      above += Seq.distance(board.left(tcb, k), board.right(tcb, k));
    }
    return above > (needed - 1) * tcb.effectiveMss();
  }

  /** Whether the oldest unacknowledged byte is lost. */
  boolean isFirstLost(Tcb tcb) {
    return hasNews(tcb) && Seq.after(board.left(tcb, 0), tcb.sndUna) && isLost(tcb, 0);
  }

  /** Bytes that are thought to be in the network (RFC 6675 §4, SetPipe). */
  int pipeBytes(Tcb tcb) {
    int n = board.count(tcb);
    int pipe = tcb.flightBytes() - board.sackedBytes(tcb);
    for (int i = 0; i < n && isLost(tcb, i); i++) {
      pipe -= Seq.distance(board.resentTo(tcb, i), board.left(tcb, i));
    }
    return pipe;
  }

  // ---- Recovery --------------------------------------------------------------------------------

  /** A loss was found: RecoveryPoint, PRR's variables, what to put back if it was none. */
  void enter(Tcb tcb) {
    CongestionState c = tcb.congestion;
    int cwnd = c.cwndBytes;
    int ssthresh = c.ssthreshBytes;
    Ecn.lossFound(env, tcb);
    tcb.recover = tcb.sndNxt;
    tcb.fastRecovery = true;
    env.counters.add(Event.FAST_RETRANSMITS);
    board.set(tcb, Scoreboard.DELIVERED, 0);
    board.set(tcb, Scoreboard.OUT, 0);
    board.set(tcb, Scoreboard.RESCUED, 0);
    board.set(tcb, Scoreboard.RECOVER_FLIGHT, Math.max(tcb.flightBytes(), c.mss));
    board.set(tcb, Scoreboard.PRIOR_CWND, cwnd);
    board.set(tcb, Scoreboard.PRIOR_SSTHRESH, ssthresh);
    board.set(tcb, Scoreboard.RESENT_TIMESTAMP, tcb.timestamps ? env.timestampNow(tcb) : 0);
  }

  /**
   * An acknowledgment in recovery: how much may be sent for it (RFC 9937 §6).
   *
   * @param delivered bytes that it says have arrived, acknowledged or SACKed
   * @param safe it moved SND.UNA and showed no further loss
   */
  void pace(Tcb tcb, int delivered, boolean safe) {
    noticeLostResent(tcb);
    CongestionState c = tcb.congestion;
    int total = board.get(tcb, Scoreboard.DELIVERED) + delivered;
    board.set(tcb, Scoreboard.DELIVERED, total);
    int out = board.get(tcb, Scoreboard.OUT);
    int pipe = pipeBytes(tcb);
    long send;
    if (pipe > c.ssthreshBytes) {
      int flight = board.get(tcb, Scoreboard.RECOVER_FLIGHT);
      if (flight == 0) { // recovery began without SACK
        flight = Math.max(tcb.flightBytes(), c.mss);
        board.set(tcb, Scoreboard.RECOVER_FLIGHT, flight);
      }
      send = ((long) total * c.ssthreshBytes + flight - 1) / flight - out;
    } else {
      send = Math.max(total - out, delivered) + (safe ? c.mss : 0);
      send = Math.min(c.ssthreshBytes - pipe, send);
    }
    if (out == 0) {
      send = Math.max(send, c.mss); // the first retransmission always leaves
    }
    c.cwndBytes = (int) Math.max(c.mss, Math.min(pipe + Math.max(0, send), 1 << 30));
  }

  /**
   * A retransmission is lost too when as much as makes a loss was SACKed of what was sent after it
   * (RFC 6675 leaves that to the time-out).
   */
  private void noticeLostResent(Tcb tcb) {
    int n = board.count(tcb);
    int needed = (threshold(tcb) - 1) * tcb.effectiveMss();
    for (int i = 0; i < n; i++) {
      @SeqNum int start = board.holeStart(tcb, i);
      if (board.resentTo(tcb, i) == start || start == board.left(tcb, i)) {
        continue;
      }
      @SeqNum int at = board.resentAt(tcb, i);
      if (board.sackedBytes(tcb) - board.sackedBefore(tcb, at) > needed) {
        board.resent(tcb, i, start);
      }
    }
  }

  /**
   * Whether the acknowledgment answers what was sent before anything was resent: nothing had been
   * lost (RFC 3522). Then the window goes back to what it was, and more disorder is put up with.
   */
  boolean undoes(Tcb tcb, TcpOptions options) {
    if (tcb.scoreboard == Blocks.NONE || !tcb.timestamps) {
      return false;
    }
    int resent = board.get(tcb, Scoreboard.RESENT_TIMESTAMP);
    if (resent == 0 || !options.hasTimestamp() || options.tsEcr() - resent >= 0) {
      return false;
    }
    CongestionState c = tcb.congestion;
    c.cwndBytes = Math.max(c.cwndBytes, board.get(tcb, Scoreboard.PRIOR_CWND));
    c.ssthreshBytes = board.get(tcb, Scoreboard.PRIOR_SSTHRESH);
    tcb.control.onUndo(c, env.nowNanos);
    env.counters.add(Event.RECOVERIES_UNDONE);
    return true;
  }

  /** Routers say that there is congestion: the window stays down, lost or not (RFC 4015 §3.3). */
  void forbidUndo(Tcb tcb) {
    if (tcb.scoreboard != Blocks.NONE) {
      board.set(tcb, Scoreboard.RESENT_TIMESTAMP, 0);
    }
  }

  /** The hole at SND.UNA was filled late: so many segments had overtaken it. */
  void learnReordering(Tcb tcb, int extentBytes) {
    int segments = extentBytes / Math.max(1, tcb.effectiveMss()) + 1;
    tcb.reorderingSegments = Math.min(MOST_THRESHOLD, Math.max(threshold(tcb), segments));
  }

  /** From the oldest unacknowledged byte to the last SACKed one. */
  int extentBytes(Tcb tcb) {
    int n = board.count(tcb);
    return n == 0 ? 0 : Seq.distance(tcb.sndUna, board.right(tcb, n - 1));
  }

  // ---- What to send ----------------------------------------------------------------------------

  /**
   * NextSeg of RFC 6675 §4, as long as cwnd leaves room beside what is in the network: lost holes,
   * then new text, then holes that may be lost, then the last segment once.
   *
   * @return false: the link was full
   */
  boolean output(Tcb tcb) {
    while (true) {
      int room = tcb.congestion.cwndBytes - pipeBytes(tcb);
      boolean first = board.get(tcb, Scoreboard.OUT) == 0;
      if (room < tcb.effectiveMss() && !first) {
        tcb.cwndLimited = true;
        return true;
      }
      int sent = resendHole(tcb, !first); // what began the recovery goes first, lost or not
      if (sent == NOTHING) {
        int before = tcb.sndNxt;
        if (!sender.sendNewInRecovery(tcb)) {
          return false;
        }
        sent = Seq.distance(before, tcb.sndNxt);
      }
      if (sent == 0) {
        sent = resendHole(tcb, false);
      }
      if (sent == NOTHING) {
        sent = rescue(tcb);
      }
      if (sent == LINK_FULL) {
        return false;
      }
      if (sent <= 0) {
        return true;
      }
      board.set(tcb, Scoreboard.OUT, board.get(tcb, Scoreboard.OUT) + sent);
    }
  }

  private static final int NOTHING = -1;
  private static final int LINK_FULL = -2;

  private int resendHole(Tcb tcb, boolean onlyLost) {
    int n = board.count(tcb);
    for (int i = 0; i < n; i++) {
      if (onlyLost && !isLost(tcb, i)) {
        return NOTHING;
      }
      @SeqNum int from = board.resentTo(tcb, i);
      int bytes = Seq.distance(from, board.left(tcb, i));
      if (bytes > 0 && isInWindow(tcb, from)) {
        int sent = sender.resendAt(tcb, from, bytes);
        if (sent == 0) {
          return LINK_FULL;
        }
        board.resent(tcb, i, from + sent);
        return sent;
      }
    }
    return NOTHING;
  }

  /** What lies beyond a window that shrank waits (SHLD-16); the oldest byte may always go. */
  private static boolean isInWindow(Tcb tcb, @SeqNum int seq) {
    return seq == tcb.sndUna || Seq.before(seq, tcb.sndUna + tcb.sndWnd);
  }

  /** Rule 4: the last segment, once a recovery, lest a loss of the tail cost a time-out. */
  private int rescue(Tcb tcb) {
    int n = board.count(tcb);
    if (n == 0 || board.get(tcb, Scoreboard.RESCUED) != 0) {
      return NOTHING;
    }
    @SeqNum int tail = board.right(tcb, n - 1);
    int bytes = Seq.distance(tail, tcb.recover);
    if (bytes <= 0 || tcb.recover != tcb.sndNxt) {
      return NOTHING;
    }
    int back = Math.min(bytes, tcb.effectiveMss());
    int sent = sender.resendAt(tcb, tcb.sndNxt - back, back);
    if (sent == 0) {
      return LINK_FULL;
    }
    board.set(tcb, Scoreboard.RESCUED, 1);
    return sent;
  }
}
