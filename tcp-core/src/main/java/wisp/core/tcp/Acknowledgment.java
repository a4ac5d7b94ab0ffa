package wisp.core.tcp;

import wisp.core.Counters.Event;
import wisp.core.memory.Blocks;
import wisp.core.spi.AckSample;
import wisp.core.spi.CongestionState;
import wisp.core.spi.FrameAllocator;
import wisp.core.wire.TcpHeader;
import wisp.core.wire.TcpOptions;

/**
 * The fifth check of RFC 9293 §3.10.7.4 in synchronized states: what an ACK confirms, how the
 * window moves, and what duplicate ACKs say about loss: to {@link SackRecovery} when the peer says
 * what it has, else as in NewReno (RFC 5681, RFC 6582, limited transmit of RFC 3042).
 */
public final class Acknowledgment {
  private static final int DUPLICATES_FOR_LOSS = 3;

  private final TcpEnvironment env;
  private final SendQueue queue;
  private final FrameAllocator frames;
  private final AckSample sample = new AckSample();
  private final Retransmission retransmission;
  private final ConnectionTimers timers;
  private final Sender sender;
  private final MtuDiscovery mtu;
  private final Scoreboard board;
  private final SackRecovery recovery;

  /** For one context. */
  public Acknowledgment(
      TcpEnvironment env,
      SendQueue queue,
      FrameAllocator frames,
      Retransmission retransmission,
      ConnectionTimers timers,
      Sender sender,
      MtuDiscovery mtu,
      Scoreboard board) {
    this.board = board;
    this.recovery = sender.recovery();
    this.env = env;
    this.queue = queue;
    this.frames = frames;
    this.retransmission = retransmission;
    this.timers = timers;
    this.sender = sender;
    this.mtu = mtu;
  }

  /** Whether the ACK number lies where RFC 5961 §5 allows: [SND.UNA − MAX.SND.WND, SND.NXT]. */
  boolean isAcceptable(Tcb tcb, @SeqNum int ack) {
    return Seq.atOrBefore(ack, tcb.sndNxt) && Seq.atOrAfter(ack, tcb.sndUna - tcb.maxSndWnd);
  }

  /**
   * Processes an acceptable ACK. Upcalls happen in here: look at the state afterwards.
   *
   * @param mayEcho whether its flags tell of congestion
   */
  void process(Tcb tcb, TcpHeader seg, TcpOptions options, boolean mayEcho) {
    @SeqNum int ack = seg.ackNo();
    if (Seq.before(ack, tcb.sndUna)) {
      overtaken(tcb, ack, options);
      return;
    }
    boolean echo = mayEcho && Ecn.isEcho(tcb, seg, options);
    if (echo || mayTellOfLoss(tcb, seg, options)) {
      answerEarlier(tcb);
    }
    int windowBefore = tcb.sndWnd;
    boolean windowMoved = updateWindow(tcb, seg);
    if (tcb.sndWnd == 0 && !tcb.applicationClosed) { // MUST-37; an orphan has only R2
      tcb.progressNanos = env.nowNanos;
      tcb.unanswered = 0;
    } else if (windowBefore == 0 && tcb.sndWnd > 0 && tcb.sndUna != tcb.sndNxt && tcb.backOff > 0) {
      resendProbed(tcb);
    }
    if (windowBefore == 0 && tcb.sndWnd > 0 && tcb.queue.isEmpty()) {
      env.persistTimes.over(tcb);
    }
    board.begin(tcb);
    int sacked = recovery.update(tcb, ack, options);
    if (ack != tcb.sndUna) {
      advance(tcb, ack, sacked, options, echo);
    } else {
      if (echo) {
        onEcho(tcb);
      }
      if (sacked > 0 || isDuplicate(tcb, seg, options, windowMoved && tcb.sndWnd != windowBefore)) {
        onDuplicate(tcb, sacked, options.sackBlocks() == 0);
      }
    }
    if (tcb.state != State.CLOSED && tcb.timer == TimerKind.PERSIST && tcb.sndWnd > windowBefore) {
      timers.disarm(tcb);
      tcb.backOff = 0;
    }
  }

  private static boolean mayTellOfLoss(Tcb tcb, TcpHeader seg, TcpOptions options) {
    boolean isDuplicate = seg.ackNo() == tcb.sndUna && seg.payloadLength() == 0;
    return isDuplicate || options.sackBlocks() > 0;
  }

  /**
   * Limited transmit and PRR answer one ACK at a time, and a reduction goes by what is in flight:
   * an ACK that may tell of congestion finds the connection as if each before it in its burst had
   * been answered when it came.
   */
  private void answerEarlier(Tcb tcb) {
    if (tcb.block != Blocks.NONE && tcb.sndUna != tcb.sndNxt) {
      sender.output(tcb);
    }
  }

  /** An ACK that a later one overtook: its SACK blocks may say what no other has said. */
  private void overtaken(Tcb tcb, @SeqNum int ack, TcpOptions options) {
    if (tcb.block == Blocks.NONE || options.sackBlocks() == 0) {
      return;
    }
    answerEarlier(tcb);
    board.begin(tcb);
    int sacked = recovery.update(tcb, ack, options);
    if (sacked > 0) {
      onDuplicate(tcb, sacked, false);
    }
  }

  /** RFC 9293 §3.10.7.4: SND.WL1 and SND.WL2 keep old segments from setting the window. */
  private static boolean updateWindow(Tcb tcb, TcpHeader seg) {
    @SeqNum int seq = seg.seq();
    @SeqNum int ack = seg.ackNo();
    boolean newer =
        Seq.before(tcb.sndWl1, seq) || (tcb.sndWl1 == seq && Seq.atOrBefore(tcb.sndWl2, ack));
    if (newer) {
      tcb.sndWnd = seg.windowUnscaled() << tcb.sndScale;
      tcb.maxSndWnd = Math.max(tcb.maxSndWnd, tcb.sndWnd);
      tcb.sndWl1 = seq;
      tcb.sndWl2 = ack;
    }
    return newer;
  }

  /**
   * The window opened after probes: what the peer threw away goes again at once, without a
   * congestion reaction. After a time-out that is under way already.
   */
  private void resendProbed(Tcb tcb) {
    recovery.endPlain(tcb);
    if (!board.has(tcb, Scoreboard.TIMED_OUT)) {
      tcb.resending = true;
      joinProbe(tcb);
      tcb.resendNext = tcb.sndUna;
      tcb.resendEnd = tcb.sndNxt;
      if (tcb.fastRecovery) {
        tcb.fastRecovery = false;
        tcb.congestion.cwndBytes = tcb.congestion.ssthreshBytes;
      }
    }
    tcb.backOff = 0;
    retransmission.restart(tcb);
  }

  /** The probe's octet takes with it what waits behind it, where that makes a segment worth it. */
  private static void joinProbe(Tcb tcb) {
    int unsent = Sender.unsentBytes(tcb);
    int together = Math.min(tcb.flightBytes() + unsent, tcb.effectiveMss());
    boolean isWorthIt = together == tcb.effectiveMss() || !tcb.corked;
    if (unsent > 0
        && isWorthIt
        && !tcb.queue.hasRecords
        && together > tcb.flightBytes()
        && together <= Math.min(tcb.sndWnd, tcb.congestion.cwndBytes)) {
      tcb.sndNxt = tcb.sndUna + together;
    }
  }

  /** An echo without progress. While a loss is being repaired the window has paid already. */
  private void onEcho(Tcb tcb) {
    if (tcb.fastRecovery) {
      recovery.forbidUndo(tcb);
    } else if (tcb.sndUna != tcb.sndNxt) {
      Ecn.acknowledged(env, tcb, true, 0);
    }
  }

  private void advance(Tcb tcb, @SeqNum int ack, int sacked, TcpOptions options, boolean echo) {
    int acknowledged = Seq.distance(tcb.sndUna, ack);
    int flightBefore = tcb.flightBytes();
    int delivered = acknowledged - board.acknowledge(tcb, ack) + sacked;
    retransmission.sample(tcb, ack, options.hasTimestamp(), options.tsEcr());
    tcb.sndUna = ack;
    board.advanced(tcb);
    tcb.progressNanos = env.nowNanos;
    tcb.unanswered = 0;
    mtu.acknowledged(tcb);
    env.reachability.confirmed(tcb);
    if (tcb.urgentQueued && Seq.atOrAfter(ack, tcb.sndUp)) {
      tcb.urgentQueued = false;
    }
    noticeReneging(tcb);
    boolean probePaidFor = recovery.isProbePaidFor(tcb);
    congestion(tcb, acknowledged, delivered, flightBefore, options, echo);
    recovery.judgeProbe(tcb, false, flightBefore, probePaidFor);
    if (tcb.sndUna == tcb.sndNxt) {
      board.release(tcb);
      timers.disarm(tcb);
      tcb.timing = false;
      tcb.resending = false;
    } else {
      retransmission.restart(tcb);
      sender.tail().awaitReordering(tcb, recovery.rack.waitNanos());
    }
    boolean finAcknowledged = tcb.finSent && ack == tcb.sndNxt;
    int payload = finAcknowledged ? acknowledged - 1 : acknowledged;
    confirmed(tcb, payload);
  }

  /** So many bytes of text, up to SND.UNA: the application hears, and has whole frames back. */
  void confirmed(Tcb tcb, int payload) {
    if (payload > 0) {
      env.counters.add(Event.BYTES_ACKNOWLEDGED, payload);
      env.upcalls.acknowledged(tcb, payload);
    }
    if (queue.headEndsBy(tcb.queue, tcb.sndUna)) {
      env.persistTimes.over(tcb);
    }
    while (tcb.state != State.CLOSED && queue.headEndsBy(tcb.queue, tcb.sndUna)) {
      int frame = queue.pop(tcb.queue);
      env.upcalls.released(tcb, frame, frames.length(frame));
      frames.release(frame);
    }
    if (tcb.state != State.CLOSED && tcb.waiting) {
      tcb.waiting = false;
      env.upcalls.writable(tcb);
    }
  }

  /**
   * Acknowledged up to what it had SACKed and no further: the peer threw that away (RFC 2018 §8).
   */
  private void noticeReneging(Tcb tcb) {
    if (recovery.hasNews(tcb) && Seq.atOrBefore(board.left(tcb, 0), tcb.sndUna)) {
      board.clear(tcb);
      if (recovery.isActive(tcb)) {
        board.allLost(tcb); // nothing it said counts: all of it goes again
      }
    }
  }

  private void congestion(
      Tcb tcb,
      int acknowledged,
      int delivered,
      int flightBefore,
      TcpOptions options,
      boolean echo) {
    tcb.duplicateAcks = 0;
    if (echo && tcb.fastRecovery) {
      recovery.forbidUndo(tcb);
    }
    recovery.rack.delivered(tcb);
    boolean undone =
        recovery.undo.byEcho(tcb, options)
            || recovery.undo.byDuplicate(tcb)
            || recovery.undo.byOriginal(tcb, true)
            || recovery.undo.byAdvance(tcb);
    boolean furtherLoss = recovery.rack.detect(tcb);
    if (undone) {
      return;
    }
    if (tcb.fastRecovery && board.has(tcb, Scoreboard.BY_SACK)) {
      if (Seq.before(tcb.sndUna, tcb.recover)) {
        recovery.pace(tcb, delivered, !furtherLoss);
        return;
      }
      recovery.leave(tcb);
    } else if (tcb.fastRecovery) {
      inNewRenoRecovery(tcb, acknowledged);
      return;
    } else {
      tcb.recover = Seq.max(tcb.recover, tcb.sndUna - 2);
      boolean timedOut = board.has(tcb, Scoreboard.TIMED_OUT);
      // One that tells of a loss makes the window smaller, and not larger first.
      if (!Ecn.acknowledged(env, tcb, echo, acknowledged) && !mayEnter(tcb)) {
        onAck(tcb, timedOut ? delivered : acknowledged);
      }
      if (timedOut && Seq.atOrAfter(tcb.sndUna, tcb.recover)) {
        board.lower(tcb, Scoreboard.TIMED_OUT | Scoreboard.SUSPICIOUS | Scoreboard.TRIED_NEW);
      }
    }
    if (mayEnter(tcb)) {
      lost(tcb, delivered, flightBefore);
    }
  }

  /** Whether a recovery begins: not twice for what was in flight when the last one did. */
  private boolean mayEnter(Tcb tcb) {
    return !tcb.resending
        && !board.has(tcb, Scoreboard.TIMED_OUT)
        && Seq.atOrAfter(tcb.sndUna, tcb.recover)
        && recovery.isLoss(tcb);
  }

  private void inNewRenoRecovery(Tcb tcb, int acknowledged) {
    CongestionState c = tcb.congestion;
    if (Seq.atOrAfter(tcb.sndUna, tcb.recover)) {
      tcb.fastRecovery = false;
      c.cwndBytes = Math.min(c.ssthreshBytes, Math.max(tcb.flightBytes(), c.mss) + c.mss);
      return;
    }
    c.cwndBytes = Math.max(c.cwndBytes - acknowledged, c.mss);
    if (acknowledged >= c.mss) {
      c.cwndBytes += c.mss;
    }
    sender.resendAt(tcb, tcb.sndUna, Integer.MAX_VALUE);
  }

  private void onAck(Tcb tcb, int acknowledged) {
    sample.nowNanos = env.nowNanos;
    sample.ackedBytes = acknowledged;
    sample.flightBytes = tcb.flightBytes() + acknowledged;
    sample.limited = isValidated(tcb, sample.flightBytes);
    sample.rttMicros = retransmission.latestRttMicros();
    sample.srttMicros = tcb.srttMicros;
    sample.roundOver = Seq.after(tcb.sndUna, tcb.roundEndSeq);
    if (sample.roundOver) {
      tcb.roundEndSeq = tcb.sndNxt;
    }
    CwndValidation.acknowledged(tcb, sample.limited, sample.flightBytes, env.nowNanos);
    tcb.control.onAck(tcb.congestion, sample);
  }

  /**
   * Whether cwnd is no larger than what is made use of. In slow start, that is less than twice what
   * is in flight (RFC 7661 §4.2): a window that doubles is filled a round later.
   */
  private boolean isValidated(Tcb tcb, int flightBytes) {
    CongestionState c = tcb.congestion;
    boolean slowStart = c.cwndBytes < c.ssthreshBytes;
    return tcb.cwndLimited
        || tcb.resending
        || board.has(tcb, Scoreboard.TIMED_OUT)
        || (slowStart && flightBytes > c.cwndBytes / 2);
  }

  /**
   * RFC 5681 §2; with SACK blocks it is one even if the window moved. One with news is a duplicate
   * in any case (RFC 6675 §2).
   */
  private static boolean isDuplicate(
      Tcb tcb, TcpHeader seg, TcpOptions options, boolean windowChanged) {
    return tcb.block != Blocks.NONE
        && tcb.sndUna != tcb.sndNxt
        && seg.payloadLength() == 0
        && !seg.has(TcpHeader.FIN)
        && (!windowChanged || (tcb.sackPermitted && options.sackBlocks() > 0));
  }

  private void lost(Tcb tcb, int delivered, int flightBefore) {
    if (mtu.isProbeLost(tcb)) {
      board.noneLost(tcb);
      retransmission.restart(tcb);
      return;
    }
    recovery.enter(tcb, delivered, flightBefore);
    recovery.pace(tcb, delivered, false);
    retransmission.restart(tcb);
  }

  private void onDuplicate(Tcb tcb, int sacked, boolean bare) {
    recovery.rack.delivered(tcb);
    if (tcb.sndWnd == 0 || tcb.resending) {
      recovery.undo.notByAdvance(tcb);
      return;
    }
    boolean undone =
        recovery.undo.byDuplicate(tcb) || (sacked > 0 && recovery.undo.byOriginal(tcb, false));
    boolean isReport = board.delivery.isDuplicate && sacked == 0;
    tcb.duplicateAcks += isReport ? 0 : 1; // of what had arrived before: no sign of a loss
    recovery.judgeProbe(tcb, bare, tcb.flightBytes(), recovery.isProbePaidFor(tcb));
    retransmission.sampleSacked(tcb);
    recovery.rack.detect(tcb);
    if (board.has(tcb, Scoreboard.TIMED_OUT)) {
      if (sacked > 0) {
        onAck(tcb, sacked);
      }
    } else if (tcb.fastRecovery && board.has(tcb, Scoreboard.BY_SACK)) {
      recovery.pace(tcb, sacked, false);
    } else if (recovery.hasNews(tcb)) {
      if (!undone && mayEnter(tcb)) {
        lost(tcb, sacked, tcb.flightBytes());
      }
    } else if (!isReport) {
      duplicateWithoutSack(tcb);
    }
    sender.tail().awaitReordering(tcb, recovery.rack.waitNanos());
  }

  private void duplicateWithoutSack(Tcb tcb) {
    CongestionState c = tcb.congestion;
    if (tcb.fastRecovery) {
      int most = c.ssthreshBytes + tcb.flightBytes();
      c.cwndBytes = Math.min(c.cwndBytes + c.mss, most);
    } else if (tcb.duplicateAcks == DUPLICATES_FOR_LOSS && Seq.after(tcb.sndUna - 1, tcb.recover)) {
      if (mtu.isProbeLost(tcb)) {
        retransmission.restart(tcb);
        return;
      }
      board.release(tcb); // of an earlier recovery: this one goes without
      recovery.beginPlain(tcb, false);
      Ecn.lossFound(env, tcb, tcb.flightBytes());
      tcb.recover = tcb.sndNxt;
      tcb.fastRecovery = true;
      env.counters.add(Event.FAST_RETRANSMITS);
      sender.resendAt(tcb, tcb.sndUna, Integer.MAX_VALUE);
      c.cwndBytes = c.ssthreshBytes + DUPLICATES_FOR_LOSS * c.mss;
      retransmission.restart(tcb);
    }
  }

  /** The next segment may leave, unless the time-out is due: it has waited for its turn. */
  public void onPacingTimer(Tcb tcb) {
    if (tcb.sndUna != tcb.sndNxt
        && env.nowNanos - tcb.progressNanos >= Retransmission.rtoNanos(env, tcb)) {
      retransmission.onTimeout(tcb);
      return;
    }
    timers.disarm(tcb);
    sender.tail().resume(tcb);
    if (recovery.hasNews(tcb)) {
      onReorderingTimer(tcb);
    } else {
      sender.output(tcb);
    }
  }

  /** What was overtaken, and not lost so far, is overdue by now. */
  public void onReorderingTimer(Tcb tcb) {
    recovery.rack.detect(tcb);
    if (mayEnter(tcb)) {
      lost(tcb, 0, tcb.flightBytes());
    } else {
      if (recovery.isActive(tcb) && tcb.fastRecovery) {
        recovery.pace(tcb, 0, false);
      }
      retransmission.restart(tcb);
    }
    sender.tail().awaitReordering(tcb, recovery.rack.waitNanos());
    sender.output(tcb);
  }
}
