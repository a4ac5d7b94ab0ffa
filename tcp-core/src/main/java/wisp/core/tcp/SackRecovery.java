package wisp.core.tcp;

import wisp.core.Counters.Event;
import wisp.core.memory.Blocks;
import wisp.core.spi.CongestionState;
import wisp.core.wire.TcpOptions;

/**
 * Loss recovery by selective acknowledgments: what {@link Rack} says is lost goes again, first
 * holes and then new text (RFC 6675), at the pace of PRR (RFC 9937), after a time-out as slow start
 * allows. Works on a {@link Scoreboard}; without one, {@link Acknowledgment} recovers as NewReno
 * does.
 */
final class SackRecovery {
  private static final int NOTHING = -1;
  private static final int LINK_FULL = -2;

  private final TcpEnvironment env;
  private final Scoreboard board;
  private final Resender resender;
  private final Pacer pacer;
  final Rack rack;
  final Undo undo;

  SackRecovery(TcpEnvironment env, Scoreboard board, Resender resender, Pacer pacer) {
    this.pacer = pacer;
    this.env = env;
    this.board = board;
    this.resender = resender;
    this.rack = new Rack(env, board);
    this.undo = new Undo(env, board, rack);
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
    @SeqNum int known = Seq.max(ack, tcb.sndUna);
    for (int i = isDuplicateReport(tcb, ack, options) ? 1 : 0; i < blocks; i++) {
      @SeqNum int left = options.sackLeftEdge(i);
      @SeqNum int right = options.sackRightEdge(i);
      boolean isSound =
          Seq.after(left, known) && Seq.before(left, right) && Seq.atOrBefore(right, tcb.sndNxt);
      if (isSound && board.borrow(tcb, Blocks.Purpose.ORDINARY)) {
        news += board.add(tcb, left, right);
      }
    }
    return news;
  }

  /**
   * Whether the first block reports a duplicate (RFC 2883 §4): it lies below the acknowledgment, or
   * inside the second block.
   */
  private boolean isDuplicateReport(Tcb tcb, @SeqNum int ack, TcpOptions options) {
    @SeqNum int left = options.sackLeftEdge(0);
    @SeqNum int right = options.sackRightEdge(0);
    boolean isBelow = Seq.atOrBefore(right, ack);
    boolean isInside =
        options.sackBlocks() > 1
            && Seq.atOrAfter(left, options.sackLeftEdge(1))
            && Seq.atOrBefore(right, options.sackRightEdge(1));
    boolean isSound =
        Seq.before(left, right)
            && Seq.atOrBefore(right, tcb.sndNxt)
            && Seq.atOrAfter(left, tcb.sndUna - tcb.maxSndWnd);
    if (!(isBelow || isInside) || !isSound) {
      return false;
    }
    Delivery d = board.delivery;
    d.isDuplicate = true;
    d.duplicateLeft = left;
    d.duplicateRight = right;
    env.counters.add(Event.DUPLICATES_HEARD_OF);
    return true;
  }

  /** Whether anything that the peer has is known beyond SND.UNA. */
  boolean hasNews(Tcb tcb) {
    return board.count(tcb) > 0;
  }

  /** Whether losses are being repaired by what is known here. */
  boolean isActive(Tcb tcb) {
    return board.has(tcb, Scoreboard.TIMED_OUT)
        || (tcb.fastRecovery && board.has(tcb, Scoreboard.BY_SACK));
  }

  /** Whether a recovery has to begin. */
  boolean isLoss(Tcb tcb) {
    return board.lostBytes(tcb) > 0
        || (hasNews(tcb)
            && tcb.duplicateAcks >= Rack.threshold(tcb)
            && board.times.runOf(tcb, tcb.sndUna) < 0);
  }

  // ---- Recovery --------------------------------------------------------------------------------

  /**
   * A loss was found: RecoveryPoint, PRR's variables, what to put back if it was none.
   *
   * @param delivered bytes that the acknowledgment in hand says have arrived
   * @param flightBefore bytes in flight before it
   */
  void enter(Tcb tcb, int delivered, int flightBefore) {
    CongestionState c = tcb.congestion;
    undo.end(tcb);
    undo.remember(tcb);
    board.lower(tcb, Scoreboard.PROBED);
    board.raise(tcb, Scoreboard.BY_SACK);
    board.set(tcb, Scoreboard.DELIVERED, 0);
    board.set(tcb, Scoreboard.OUT, 0);
    int yetToArrive = tcb.flightBytes() - board.sackedBytes(tcb) + delivered;
    board.set(tcb, Scoreboard.RECOVER_FLIGHT, Math.max(yetToArrive, c.mss)); // RecoverFS
    Ecn.lossFound(env, tcb, flightBefore);
    tcb.recover = tcb.sndNxt;
    tcb.fastRecovery = true;
    env.counters.add(Event.FAST_RETRANSMITS);
    if (board.lostBytes(tcb) == 0) {
      @SeqNum int left = board.left(tcb, 0);
      board.lost(tcb, 0, Seq.min(left, tcb.sndUna + c.mss));
    }
  }

  /**
   * An acknowledgment in recovery: how much may be sent for it (RFC 9937 §6).
   *
   * @param delivered bytes that it says have arrived, acknowledged or SACKed
   * @param safe it moved SND.UNA and showed no further loss
   */
  void pace(Tcb tcb, int delivered, boolean safe) {
    CongestionState c = tcb.congestion;
    int total = board.get(tcb, Scoreboard.DELIVERED) + delivered;
    board.set(tcb, Scoreboard.DELIVERED, total);
    int out = board.get(tcb, Scoreboard.OUT);
    int pipe = board.pipeBytes(tcb);
    long send;
    if (pipe > c.ssthreshBytes) {
      int flight = board.get(tcb, Scoreboard.RECOVER_FLIGHT);
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

  /** All that was in flight when it began has been acknowledged. */
  void leave(Tcb tcb) {
    tcb.fastRecovery = false;
    board.lower(tcb, Scoreboard.BY_SACK | Scoreboard.RESCUED);
    tcb.congestion.cwndBytes = tcb.congestion.ssthreshBytes; // PRR has brought the flight there
    rack.recovered(tcb);
  }

  /**
   * The retransmission timer fired: all that is in flight counts as lost; before cwnd is reduced.
   *
   * @param again whether it is not the first time in a row
   * @return false: there is no scoreboard
   */
  boolean afterTimeout(Tcb tcb, boolean again) {
    if (!tcb.sackPermitted || !board.borrow(tcb, Blocks.Purpose.ORDINARY)) {
      return false;
    }
    boolean isFresh = !isActive(tcb) && !tcb.fastRecovery;
    undo.end(tcb);
    if (again) {
      board.clear(tcb); // what was resent between the ranges did not help: believe none of them
    }
    if (isFresh && !again) {
      undo.remember(tcb);
      board.raise(tcb, Scoreboard.SUSPICIOUS);
    }
    board.lower(tcb, Scoreboard.PROBED);
    board.raise(tcb, Scoreboard.TIMED_OUT);
    board.allLost(tcb);
    board.set(tcb, Scoreboard.OUT, 0);
    board.set(tcb, Scoreboard.RECOVER_FLIGHT, Math.max(tcb.flightBytes(), tcb.congestion.mss));
    return true;
  }

  /**
   * NewReno is about to repair, or a time-out to resend, and the peer does not speak SACK: what to
   * put back is kept, if there is memory to spare. Before cwnd is reduced.
   *
   * @param suspicious a time-out that may be for nothing
   */
  void beginPlain(Tcb tcb, boolean suspicious) {
    if (tcb.sackPermitted || !board.borrow(tcb, Blocks.Purpose.HELD_TEXT)) {
      return;
    }
    undo.end(tcb);
    undo.remember(tcb);
    board.raise(tcb, suspicious ? Scoreboard.PLAIN | Scoreboard.SUSPICIOUS : Scoreboard.PLAIN);
  }

  /** What was to be put back is settled some other way. */
  void endPlain(Tcb tcb) {
    if (board.has(tcb, Scoreboard.PLAIN)) {
      undo.end(tcb);
    }
  }

  /** Routers say that there is congestion: the window stays down, lost or not (RFC 4015 §3.3). */
  void forbidUndo(Tcb tcb) {
    if (tcb.scoreboard != Blocks.NONE) {
      board.lower(tcb, Scoreboard.UNDOABLE);
    }
  }

  /** Somebody else resends what is in flight, without an account: nothing more is done here. */
  void standBack(Tcb tcb) {
    if (tcb.scoreboard != Blocks.NONE && !board.has(tcb, Scoreboard.PLAIN)) {
      undo.end(tcb);
      board.lower(tcb, Scoreboard.PROBED);
      board.noneLost(tcb);
      board.times.forget(tcb);
    }
  }

  // ---- What to send ----------------------------------------------------------------------------

  /**
   * NextSeg of RFC 6675 §4, as long as cwnd leaves room beside what is in the network: lost holes,
   * then new text, then the last segment once. What only may be lost waits for {@link Rack}.
   *
   * @return false: the link was full
   */
  boolean output(Tcb tcb) {
    if (!tryNew(tcb)) {
      return false;
    }
    if (isAwaitingNew(tcb)) {
      return true;
    }
    while (true) {
      int room = tcb.congestion.cwndBytes - board.pipeBytes(tcb);
      boolean first = board.get(tcb, Scoreboard.OUT) == 0;
      if (room < tcb.effectiveMss() && !first) {
        tcb.cwndLimited = true;
        return true;
      }
      if (pacer.holds(tcb, true) && !first) {
        return true;
      }
      int sent = resendHole(tcb);
      if (sent == NOTHING) {
        int before = tcb.sndNxt;
        if (!resender.sendNew(tcb)) {
          return false;
        }
        sent = Seq.distance(before, tcb.sndNxt);
      }
      if (sent == 0) {
        sent = rescue(tcb);
      }
      if (sent == LINK_FULL) {
        return false;
      }
      if (sent <= 0) {
        return true;
      }
      board.set(tcb, Scoreboard.OUT, board.get(tcb, Scoreboard.OUT) + sent);
      pacer.sent(tcb, sent);
    }
  }

  /** Whether the answer to new text decides if anything else goes again (RFC 5682). */
  boolean isAwaitingNew(Tcb tcb) {
    return board.has(tcb, Scoreboard.TRIED_NEW);
  }

  /**
   * If it is time for them, two new segments instead of old ones (RFC 5682 §2.1 and §3.1, step 2b).
   *
   * @return false: the link was full
   */
  boolean tryNew(Tcb tcb) {
    if (!board.has(tcb, Scoreboard.TRYING_NEW)) {
      return true;
    }
    @SeqNum int before = tcb.sndNxt;
    for (int i = 0; i < 2; i++) {
      if (!resender.sendNew(tcb)) {
        return false;
      }
    }
    board.lower(tcb, Scoreboard.TRYING_NEW);
    if (tcb.sndNxt == before) {
      board.lower(tcb, Scoreboard.SUSPICIOUS);
    } else {
      board.raise(tcb, Scoreboard.TRIED_NEW);
    }
    return true;
  }

  private int resendHole(Tcb tcb) {
    if (board.lostBytes(tcb) == 0) {
      return NOTHING;
    }
    int n = board.count(tcb);
    for (int i = 0; i < n; i++) {
      @SeqNum int from = board.resentTo(tcb, i);
      int bytes = Math.min(Seq.distance(from, board.lostTo(tcb, i)), windowBytes(tcb, from));
      if (bytes > 0) {
        int sent = resender.resend(tcb, from, bytes);
        if (sent == 0) {
          return LINK_FULL;
        }
        board.resent(tcb, i, from + sent, env.nowNanos);
        undo.resent(tcb);
        return sent;
      }
    }
    return NOTHING;
  }

  /**
   * Bytes from {@code seq} to the edge of the window: what lies beyond one that shrank waits
   * (SHLD-16). The oldest byte may always go.
   */
  private static int windowBytes(Tcb tcb, @SeqNum int seq) {
    return Math.max(tcb.sndWnd, 1) - Seq.distance(tcb.sndUna, seq);
  }

  /** Rule 4: the last segment, once a recovery, lest a loss of the tail cost a time-out. */
  private int rescue(Tcb tcb) {
    int n = board.count(tcb);
    if (n == 0 || !tcb.fastRecovery || board.has(tcb, Scoreboard.RESCUED)) {
      return NOTHING;
    }
    @SeqNum int tail = board.right(tcb, n - 1);
    int bytes = Seq.distance(tail, tcb.recover);
    if (bytes <= 0 || tcb.recover != tcb.sndNxt) {
      return NOTHING;
    }
    int sent = resendTail(tcb, Math.min(bytes, tcb.effectiveMss()));
    if (sent > 0) {
      board.raise(tcb, Scoreboard.RESCUED);
    }
    return sent;
  }

  /** Resends the last so many bytes, one segment; they become a hole of their own. */
  private int resendTail(Tcb tcb, int bytes) {
    @SeqNum int from = tcb.sndNxt - bytes;
    if (bytes > windowBytes(tcb, from) || !board.mark(tcb, from) || !board.mark(tcb, tcb.sndNxt)) {
      return NOTHING;
    }
    int i = board.rangeAt(tcb, tcb.sndNxt);
    if (i < 0) {
      return NOTHING;
    }
    int sent = resender.resend(tcb, from, bytes);
    if (sent == 0) {
      return LINK_FULL;
    }
    board.resent(tcb, i, from + sent, env.nowNanos);
    undo.resent(tcb);
    return sent;
  }

  // ---- Tail loss probe -------------------------------------------------------------------------

  /**
   * Nothing was heard for two round trips (RFC 8985 §7.3): new text if there is some, else the last
   * segment again, whatever cwnd says.
   *
   * @return whether something was sent
   */
  boolean probe(Tcb tcb) {
    if (!board.borrow(tcb, Blocks.Purpose.ORDINARY)) {
      return false;
    }
    board.raise(tcb, Scoreboard.PROBED);
    board.lower(tcb, Scoreboard.PROBE_RESENT);
    @SeqNum int before = tcb.sndNxt;
    boolean linkHadRoom = resender.sendNew(tcb);
    boolean sent = tcb.sndNxt != before;
    if (!sent && linkHadRoom) {
      board.raise(tcb, Scoreboard.PROBE_RESENT);
      sent = resendTail(tcb, probeBytes(tcb)) > 0;
    }
    if (sent) {
      env.counters.add(Event.TAIL_LOSS_PROBES);
      board.set(tcb, Scoreboard.PROBE_END, tcb.sndNxt);
    } else {
      board.lower(tcb, Scoreboard.PROBED);
    }
    return sent;
  }

  /** As much of what was sent last, at one time, as goes into one segment, FIN counted. */
  private int probeBytes(Tcb tcb) {
    int most = Math.min(tcb.flightBytes(), tcb.effectiveMss() + (tcb.finSent ? 1 : 0));
    int bytes = Math.min(most, board.times.latestBytes(tcb));
    int unknown = Seq.distance(board.beyondSacked(tcb, tcb.sndNxt - bytes), tcb.sndNxt);
    return unknown > 0 ? unknown : bytes; // what came of it already would tell nothing
  }

  /** Whether a loss that the probe repairs has cost window already, by an echo. */
  boolean isProbePaidFor(Tcb tcb) {
    return board.has(tcb, Scoreboard.PROBED)
        && Ecn.isPaidFor(tcb, board.get(tcb, Scoreboard.PROBE_END));
  }

  /**
   * What became of a probe (RFC 8985 §7.4): a loss that it repaired is one all the same.
   *
   * @param bare whether the acknowledgment neither advanced SND.UNA nor had SACK blocks or data
   * @param paidFor what {@link #isProbePaidFor} said before the acknowledgment was processed
   */
  void judgeProbe(Tcb tcb, boolean bare, int flightBefore, boolean paidFor) {
    if (!board.has(tcb, Scoreboard.PROBED)) {
      return;
    }
    @SeqNum int end = board.get(tcb, Scoreboard.PROBE_END);
    if (Seq.before(tcb.sndUna, end)) {
      return;
    }
    Delivery d = board.delivery;
    boolean isOver =
        !board.has(tcb, Scoreboard.PROBE_RESENT) || (d.isDuplicate && d.duplicateRight == end);
    if (!isOver && Seq.after(tcb.sndUna, end) && !tcb.fastRecovery) {
      if (!paidFor) {
        Ecn.lossRepaired(env, tcb, flightBefore);
      }
      isOver = true;
    }
    if (isOver || bare) {
      board.lower(tcb, Scoreboard.PROBED);
    }
  }
}
