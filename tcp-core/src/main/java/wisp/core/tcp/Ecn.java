package wisp.core.tcp;

import wisp.core.Counters.Event;
import wisp.core.spi.CongestionState;
import wisp.core.spi.EcnMode;
import wisp.core.wire.TcpHeader;
import wisp.core.wire.TcpOptions;

/**
 * Explicit congestion notification (RFC 3168): whether both sides speak it, which packets say so,
 * what a receiver echoes, and how a sender answers an echo. How much it slows down is congestion
 * control's (RFC 8511).
 */
final class Ecn {
  /** Code points of the IP header's ECN field. */
  static final int NOT_ECT = 0;

  static final int ECT_0 = 2;
  static final int CE = 3;

  private static final int SETUP = TcpHeader.ECE | TcpHeader.CWR;

  private Ecn() {}

  // ---- Opening ---------------------------------------------------------------------------------

  /** An active open begins: until the SYN-ACK, {@link Tcb#ecn} says that we ask. */
  static void ask(Tcb tcb) {
    tcb.accurateEcn = tcb.ecnMode == EcnMode.ACCURATE;
    tcb.ecn = tcb.ecnMode == EcnMode.ASK || tcb.accurateEcn;
  }

  /**
   * The SYN was answered by RST, or is lost for the second time: some old middleboxes do that to
   * one that asks (RFC 3168 §6.1.1.1).
   *
   * @return whether we had asked
   */
  static boolean askNoMore(Tcb tcb) {
    boolean asked = tcb.ecn;
    tcb.ecn = false;
    tcb.accurateEcn = false;
    return asked;
  }

  /** A SYN came to a listener. */
  static void synArrived(Tcb tcb, TcpHeader seg, int codePoint) {
    if (tcb.ecnMode == EcnMode.ACCURATE && AccurateEcn.isAskedFor(seg)) {
      AccurateEcn.begin(tcb, codePoint);
      return;
    }
    tcb.ecn = tcb.ecnMode != EcnMode.OFF && isSetupSyn(seg);
  }

  /** A SYN to a listener, of which nothing is kept but whether it asked. */
  static void synAnsweredByCookie(Tcb tcb, TcpHeader seg) {
    tcb.accurateEcn = false;
    tcb.ecn = tcb.ecnMode != EcnMode.OFF && isSetupSyn(seg);
  }

  /**
   * The SYN came again. Who has once sent one that does not ask gets no ECN (RFC 3168 §6.1.1): its
   * first one may have reached us alone, and the peer not know.
   */
  static void synArrivedAgain(Tcb tcb, TcpHeader seg, int codePoint) {
    tcb.ecn &= tcb.accurateEcn ? AccurateEcn.isAskedFor(seg) : isSetupSyn(seg);
    tcb.accurateEcn &= tcb.ecn;
    if (tcb.accurateEcn) {
      AccurateEcn.askedAgain(tcb, codePoint);
    }
  }

  /** In SYN-SENT, the answer came: SYN-ACK, or the SYN of a simultaneous open. */
  static void answered(Tcb tcb, TcpHeader seg, TcpOptions options, int codePoint) {
    if (tcb.accurateEcn && !seg.has(TcpHeader.ACK)) {
      tcb.accurateEcn = false;
      synArrived(tcb, seg, codePoint);
      return;
    }
    if (tcb.accurateEcn && AccurateEcn.answered(tcb, seg, options, codePoint)) {
      return;
    }
    boolean granted =
        seg.has(TcpHeader.ACK) ? (seg.flags() & SETUP) == TcpHeader.ECE : isSetupSyn(seg);
    tcb.ecn &= granted;
  }

  private static boolean isSetupSyn(TcpHeader seg) {
    return seg.has(SETUP);
  }

  /** What SYN or SYN-ACK carries. */
  static int synFlags(Tcb tcb, boolean acknowledge) {
    if (!tcb.ecn) {
      return 0;
    }
    if (tcb.accurateEcn) {
      return AccurateEcn.synFlags(tcb, acknowledge);
    }
    return acknowledge ? TcpHeader.ECE : SETUP;
  }

  // ---- Sending ---------------------------------------------------------------------------------

  /**
   * The code point of a segment: ECT(0) on text that is sent for the first time, and on nothing
   * else (RFC 3168 §6.1.4 to §6.1.6): the loss of an ACK or a probe would go unnoticed, and a copy
   * could be forged to slow us down.
   */
  static int codePoint(Tcb tcb, @SeqNum int seq, int payloadBytes) {
    boolean isNew = payloadBytes > 0 && seq == tcb.sndNxt;
    boolean isProbe = tcb.sndWnd == 0;
    return tcb.ecn && !tcb.ectForbidden && isNew && !isProbe ? ECT_0 : NOT_ECT;
  }

  /**
   * What every segment with an ACK carries: the echo, until the peer says CWR.
   *
   * @param bare whether it has neither text nor SACK blocks
   */
  static int echo(Tcb tcb, boolean bare) {
    if (tcb.accurateEcn) {
      return AccurateEcn.told(tcb, bare);
    }
    return tcb.ecn && tcb.eceOwed ? TcpHeader.ECE : 0;
  }

  /** What the next segment with new text carries: that we have slowed down. */
  static int reduced(Tcb tcb, int payloadBytes) {
    return tcb.cwrOwed && payloadBytes > 0 ? TcpHeader.CWR : 0;
  }

  // ---- Receiving text --------------------------------------------------------------------------

  /**
   * An acceptable segment with text came (RFC 3168 §6.1.3). A mark that is news, and a CWR, are
   * acknowledged at once: the sender's window may be down to a single segment.
   */
  static void textArrived(TcpEnvironment env, Tcb tcb, TcpHeader seg, int codePoint) {
    if (!tcb.ecn || tcb.accurateEcn) {
      return;
    }
    if (seg.has(TcpHeader.CWR)) {
      tcb.ackNow = true;
      tcb.eceOwed = false;
    }
    if (codePoint == CE) {
      env.counters.add(Event.ECN_CE_RECEIVED);
      tcb.ackNow |= !tcb.eceOwed;
      tcb.eceOwed = true;
    }
  }

  // ---- Hearing the echo ------------------------------------------------------------------------

  /** Whether a segment echoes congestion to a sender that has something in flight, or just had. */
  static boolean isEcho(Tcb tcb, TcpHeader seg, TcpOptions options) {
    if (!tcb.ecn || seg.has(TcpHeader.SYN)) {
      return false;
    }
    return tcb.accurateEcn ? AccurateEcn.isEcho(tcb, seg, options) : seg.has(TcpHeader.ECE);
  }

  /**
   * An ACK arrived outside recovery, SND.UNA has moved: slows down if it is an echo, at most once
   * for a window of data (RFC 3168 §6.1.2).
   *
   * @param acknowledged bytes that it confirmed
   * @return whether cwnd must not grow for it
   */
  static boolean acknowledged(TcpEnvironment env, Tcb tcb, boolean echo, int acknowledged) {
    if (tcb.reducedByEcho && Seq.after(tcb.sndUna, tcb.roundEndSeq)) {
      tcb.reducedByEcho = false; // the first segment after the cut has arrived, and CWR with it
    }
    boolean isNews =
        echo
            && !tcb.reducedByEcho
            && !tcb.resending
            && Seq.after(tcb.sndUna - 1, tcb.recover); // else a loss has slowed us down already
    if (isNews) {
      reduce(env, tcb, tcb.flightBytes() + acknowledged);
    }
    return echo;
  }

  private static void reduce(TcpEnvironment env, Tcb tcb, int flightBytes) {
    CongestionState c = tcb.congestion;
    int before = c.cwndBytes;
    tcb.control.onEcnEcho(c, tcb.windowInUse(flightBytes), env.nowNanos);
    c.cwndBytes = Math.min(before, c.cwndBytes);
    // With one segment there is nothing to cut: the next one waits for the timer (§6.1.2).
    tcb.heldByEcho = before <= c.mss;
    tcb.reducedByEcho = true;
    tcb.roundEndSeq = tcb.sndNxt;
    tcb.cwrOwed = !tcb.accurateEcn;
    env.counters.add(Event.ECN_REDUCTIONS);
  }

  // ---- Losses ----------------------------------------------------------------------------------

  /**
   * A loss was found: it costs window unless the echo of the same window has done so already. The
   * peer hears of it by CWR either way (RFC 3168 §6.1.2).
   *
   * @param flightBytes in flight before the acknowledgment in hand
   */
  static void lossFound(TcpEnvironment env, Tcb tcb, int flightBytes) {
    boolean isPaidFor = tcb.reducedByEcho && Seq.before(tcb.sndUna, tcb.roundEndSeq);
    if (!isPaidFor) {
      tcb.control.onLoss(tcb.congestion, tcb.windowInUse(flightBytes), env.nowNanos);
    }
    tcb.reducedByEcho = false;
    tcb.cwrOwed = tcb.ecn && !tcb.accurateEcn;
  }

  /**
   * Whether an echo has cost window for the one that ends at {@code end}; to be asked before the
   * acknowledgment beyond it is processed.
   */
  static boolean isPaidFor(Tcb tcb, @SeqNum int end) {
    return tcb.reducedByEcho && Seq.atOrAfter(tcb.roundEndSeq, end);
  }

  /**
   * A loss was found after it had been repaired, by a probe of the tail: it costs window like any
   * other. No recovery follows that would keep the echo of the same window from costing again, so
   * it counts as a cut for an echo.
   */
  static void lossRepaired(TcpEnvironment env, Tcb tcb, int flightBytes) {
    if (tcb.reducedByEcho) {
      return; // by an echo that came with the news
    }
    tcb.control.onLoss(tcb.congestion, tcb.windowInUse(flightBytes), env.nowNanos);
    tcb.congestion.cwndBytes = tcb.congestion.ssthreshBytes;
    if (tcb.ecn) {
      tcb.reducedByEcho = true;
      tcb.roundEndSeq = tcb.sndNxt;
      tcb.cwrOwed = !tcb.accurateEcn;
    }
  }

  /** A time-out has brought cwnd down to one segment. */
  static void timedOut(Tcb tcb) {
    tcb.reducedByEcho = false;
    tcb.heldByEcho = false;
    tcb.cwrOwed = tcb.ecn && !tcb.accurateEcn;
  }
}
