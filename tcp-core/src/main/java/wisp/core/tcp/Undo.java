package wisp.core.tcp;

import wisp.core.Counters.Event;
import wisp.core.memory.Blocks;
import wisp.core.spi.CongestionState;
import wisp.core.wire.TcpOptions;

/**
 * Whether a reduction of cwnd was for nothing, and taking it back: by an echo that is older than
 * what was resent (Eifel, RFC 3522 and 4015), by reports that all of it were duplicates (RFC 3708),
 * and after a time-out by the arrival of what was not resent (F-RTO, RFC 5682 §2 and, with SACK,
 * §3).
 */
final class Undo {
  private final TcpEnvironment env;
  private final Scoreboard board;
  private final Rack rack;

  Undo(TcpEnvironment env, Scoreboard board, Rack rack) {
    this.env = env;
    this.board = board;
    this.rack = rack;
  }

  /**
   * cwnd is about to be reduced; with copies of an earlier loss under way nobody could tell later.
   * A probe of the tail is no such: what lies before it has no copy, and it counts as one resent.
   */
  void remember(Tcb tcb) {
    int probes = board.hasProbeBehindOthers(tcb) ? 1 : 0;
    if (board.holesResent(tcb) > probes) {
      return;
    }
    board.raise(tcb, Scoreboard.UNDOABLE);
    board.set(tcb, Scoreboard.PRIOR_CWND, tcb.congestion.cwndBytes);
    board.set(tcb, Scoreboard.PRIOR_SSTHRESH, tcb.congestion.ssthreshBytes);
    board.set(tcb, Scoreboard.RESENT_TIMESTAMP, tcb.timestamps ? env.timestampNow(tcb) : 0);
    board.set(tcb, Scoreboard.RESENT_SEGMENTS, probes);
    board.set(tcb, Scoreboard.UNDO_FROM, tcb.sndUna);
  }

  /** One segment was resent. */
  void resent(Tcb tcb) {
    board.set(tcb, Scoreboard.RESENT_SEGMENTS, board.get(tcb, Scoreboard.RESENT_SEGMENTS) + 1);
  }

  /** SND.UNA has advanced: whether what advanced it was sent before anything was resent. */
  boolean byEcho(Tcb tcb, TcpOptions options) {
    if (!board.has(tcb, Scoreboard.UNDOABLE) || !isReduced(tcb) || !tcb.timestamps) {
      return false;
    }
    int resent = board.get(tcb, Scoreboard.RESENT_TIMESTAMP);
    if (resent == 0 || !options.hasTimestamp() || options.tsEcr() - resent >= 0) {
      return false;
    }
    undo(tcb);
    return true;
  }

  private boolean isReduced(Tcb tcb) {
    return tcb.fastRecovery || isAfterTimeout(tcb);
  }

  private boolean isAfterTimeout(Tcb tcb) {
    return board.has(tcb, Scoreboard.TIMED_OUT)
        || (tcb.resending && board.has(tcb, Scoreboard.PLAIN));
  }

  /** A duplicate was reported: whether by now all that was resent was one. */
  boolean byDuplicate(Tcb tcb) {
    Delivery d = board.delivery;
    if (!d.isDuplicate || !board.has(tcb, Scoreboard.UNDOABLE)) {
      return false;
    }
    @SeqNum int from = board.get(tcb, Scoreboard.UNDO_FROM);
    int left = board.get(tcb, Scoreboard.RESENT_SEGMENTS);
    boolean isOfThisLoss =
        Seq.atOrAfter(d.duplicateLeft, from)
            && Seq.distance(from, d.duplicateRight) <= board.get(tcb, Scoreboard.RECOVER_FLIGHT);
    if (left == 0 || !isOfThisLoss) {
      return false;
    }
    int mss = tcb.effectiveMss();
    int segments = (Seq.distance(d.duplicateLeft, d.duplicateRight) + mss - 1) / mss;
    board.set(tcb, Scoreboard.RESENT_SEGMENTS, Math.max(0, left - segments));
    if (segments < left) {
      return false;
    }
    undo(tcb);
    return true;
  }

  /**
   * An acknowledgment after a time-out (RFC 5682 §3.1): one that confirms what was in flight then
   * and has not been resent shows that the time-out was spurious.
   */
  boolean byOriginal(Tcb tcb, boolean advanced) {
    if (!isSuspicious(tcb) || board.has(tcb, Scoreboard.PLAIN)) {
      return false;
    }
    boolean tried = board.has(tcb, Scoreboard.TRIED_NEW);
    Delivery d = board.delivery;
    if (d.isOriginalTimed && (advanced || Seq.atOrBefore(d.latestEnd, tcb.recover))) {
      undo(tcb);
      return true;
    }
    if (advanced && !tried) {
      board.raise(tcb, Scoreboard.TRYING_NEW); // step 2b: new text tells the two cases apart
    } else {
      tryNoMore(tcb);
    }
    return false;
  }

  /**
   * The same without SACK (§2.1), of an acknowledgment that advanced SND.UNA: the first one lets
   * new text go instead of copies, a second one confirms what was never resent. One that leaves
   * some of the copy open ends it: the next could be the answer to the rest of the copy.
   */
  boolean byAdvance(Tcb tcb) {
    if (!isTrying(tcb)) {
      return false;
    }
    if (board.has(tcb, Scoreboard.TRIED_NEW)) {
      undo(tcb);
      return true;
    }
    boolean coversCopy = Seq.atOrAfter(tcb.sndUna, tcb.resendNext);
    if (coversCopy && Seq.before(tcb.sndUna, tcb.resendEnd)) {
      board.raise(tcb, Scoreboard.TRYING_NEW);
    } else {
      tryNoMore(tcb);
    }
    return false;
  }

  /** A duplicate instead (§2.1, steps 2a and 3a): what was in flight is lost. */
  void notByAdvance(Tcb tcb) {
    if (isTrying(tcb)) {
      CongestionState c = tcb.congestion;
      c.cwndBytes = Math.min(c.cwndBytes, 3 * c.mss);
      tryNoMore(tcb);
    }
  }

  private boolean isTrying(Tcb tcb) {
    return tcb.resending && board.has(tcb, Scoreboard.PLAIN) && isSuspicious(tcb);
  }

  private boolean isSuspicious(Tcb tcb) {
    return board.has(tcb, Scoreboard.SUSPICIOUS) && board.has(tcb, Scoreboard.UNDOABLE);
  }

  private void tryNoMore(Tcb tcb) {
    board.lower(tcb, Scoreboard.SUSPICIOUS | Scoreboard.TRYING_NEW | Scoreboard.TRIED_NEW);
  }

  private void undo(Tcb tcb) {
    CongestionState c = tcb.congestion;
    boolean timedOut = isAfterTimeout(tcb);
    int prior = board.get(tcb, Scoreboard.PRIOR_CWND);
    // NewReno's cwnd holds a segment for each duplicate: room in the network, no window earned.
    boolean isInflated = tcb.fastRecovery && board.has(tcb, Scoreboard.PLAIN);
    c.cwndBytes = isInflated ? prior : Math.max(c.cwndBytes, prior);
    c.ssthreshBytes = board.get(tcb, Scoreboard.PRIOR_SSTHRESH);
    tcb.control.onUndo(c, env.nowNanos);
    if (timedOut) {
      env.counters.add(Event.TIMEOUTS_UNDONE);
      tcb.backOff = 0;
    } else {
      env.counters.add(Event.RECOVERIES_UNDONE);
    }
    if (!timedOut && !board.has(tcb, Scoreboard.PLAIN)) {
      rack.learnReordering(tcb, Math.max(1, board.extentBytes(tcb)));
      rack.widen(tcb);
    }
    end(tcb);
    tcb.fastRecovery = false;
    tcb.resending = false;
    tcb.recover = tcb.sndUna - 2;
    board.noneLost(tcb);
  }

  /** Whatever reduction there was is over, or not to be taken back any more. */
  void end(Tcb tcb) {
    if (tcb.scoreboard != Blocks.NONE) {
      board.lower(
          tcb,
          Scoreboard.UNDOABLE
              | Scoreboard.TIMED_OUT
              | Scoreboard.SUSPICIOUS
              | Scoreboard.TRYING_NEW
              | Scoreboard.TRIED_NEW
              | Scoreboard.RESCUED
              | Scoreboard.BY_SACK);
    }
  }
}
