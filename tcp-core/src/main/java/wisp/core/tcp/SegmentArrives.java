package wisp.core.tcp;

import wisp.core.Counters.Event;
import wisp.core.memory.Blocks;
import wisp.core.wire.TcpHeader;
import wisp.core.wire.TcpOptions;

/**
 * SEGMENT ARRIVES for a connection that exists (RFC 9293 §3.10.7.3 and .4): one call per numbered
 * check, in order. What arrives for none is {@link wisp.core.stack}'s: a listener or a RST.
 */
public final class SegmentArrives {
  private final TcpEnvironment env;
  private final Handshake handshake;
  private final Acknowledgment acknowledgment;
  private final Receiver receiver;
  private final TcpOutput output;
  private final Ending ending;
  private final Activity activity;
  private final AckLimiter limiter;
  private final Agenda agenda;
  private final Reopening reopening;

  /** Whether a SYN would be taken in the place of a connection in TIME-WAIT. */
  @FunctionalInterface
  public interface Reopening {
    /** Somebody listens at this connection's local endpoint, and there is room. */
    boolean isPossible(Tcb tcb);
  }

  /** For one context. */
  public SegmentArrives(
      TcpEnvironment env,
      Handshake handshake,
      Acknowledgment acknowledgment,
      Receiver receiver,
      TcpOutput output,
      Ending ending,
      Activity activity,
      AckLimiter limiter,
      Agenda agenda,
      Reopening reopening) {
    this.env = env;
    this.handshake = handshake;
    this.acknowledgment = acknowledgment;
    this.receiver = receiver;
    this.output = output;
    this.ending = ending;
    this.activity = activity;
    this.limiter = limiter;
    this.agenda = agenda;
    this.reopening = reopening;
  }

  /**
   * A segment for this connection, checksum verified, options parsed.
   *
   * @param ecn the ECN field of its packet, 0 … 3
   * @return true: the record is CLOSED and the segment is for whoever comes after it: a SYN that
   *     opens the connection anew (from TIME-WAIT, or back in LISTEN), or anything that follows the
   *     end in the same burst; the caller offers it to the listener
   */
  public boolean segmentArrives(Tcb tcb, TcpHeader seg, TcpOptions options, int ecn) {
    return switch (tcb.state) {
      case SYN_SENT -> {
        handshake.segmentArrivesInSynSent(tcb, seg, options, ecn);
        yield false;
      }
      case TIME_WAIT -> inTimeWait(tcb, seg, options);
      case CLOSED, LISTEN -> true; // it ended earlier in this burst
      case SYN_RECEIVED, ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT, CLOSING, LAST_ACK -> {
        boolean owedBefore = tcb.ackOwed;
        boolean reopen = inOtherStates(tcb, seg, options, ecn);
        if (tcb.state != State.CLOSED && tcb.state != State.TIME_WAIT) {
          settleAcknowledgment(tcb, owedBefore);
        }
        yield reopen;
      }
    };
  }

  /** SYN-RECEIVED or later (§3.10.7.4). */
  private boolean inOtherStates(Tcb tcb, TcpHeader seg, TcpOptions options, int ecn) {
    if (tcb.state == State.SYN_RECEIVED && isSynAgain(tcb, seg)) {
      if (!seg.has(TcpHeader.ACK)) {
        Ecn.synArrivedAgain(tcb, seg, ecn);
        if (limiter.permits(tcb.identity, env.nowNanos)) {
          output.sendSyn(tcb, true); // ours was lost
        }
        return false;
      }
    } else {
      AccurateEcn.synAckAgain(tcb, seg, ecn);
      if (!passesPaws(tcb, seg, options) || !isAcceptable(tcb, seg)) {
        return false; // first: sequence number
      }
    }
    if (seg.has(TcpHeader.RST)) { // second: RST
      onReset(tcb, seg);
      return false;
    } // third: security, not implemented
    boolean synOfOpen = tcb.state == State.SYN_RECEIVED && isSynAgain(tcb, seg);
    if (seg.has(TcpHeader.SYN) && !synOfOpen) { // fourth: SYN
      return onSyn(tcb);
    }
    if (!seg.has(TcpHeader.ACK)) { // fifth: ACK
      env.counters.add(Event.DROP_FLAGS);
      return false;
    }
    if (!onAck(tcb, seg, options)) {
      return false;
    }
    if (tcb.userTimeoutOption && options.userTimeoutSeconds() > 0) {
      env.userTimeouts.advised(tcb, options.userTimeoutSeconds() * 1_000_000_000L);
    }
    if (tcb.keepAliveNanos > 0) {
      agenda.heardFrom(tcb);
    }
    if (synOfOpen) {
      tcb.ackNow = true;
      return false;
    }
    if (tcb.accurateEcn) {
      AccurateEcn.arrived(env, tcb, ecn, seg.payloadLength());
    }
    boolean windowShut = Seq.atOrBefore(tcb.rcvAdv, tcb.rcvNxt);
    if (seg.has(TcpHeader.URG)) { // sixth: URG
      onUrgent(tcb, seg);
    }
    boolean live = tcb.state != State.CLOSED;
    boolean fin = seg.has(TcpHeader.FIN);
    if (live && (seg.payloadLength() > 0 || fin)) { // seventh: text; eighth: FIN
      if (windowShut && seg.payloadLength() > 0) {
        tcb.ackNow = true; // a probe: its ACK counted, its text does not
      } else if (tcb.state.mayReceive()) {
        if (seg.payloadLength() > 0) {
          Ecn.textArrived(env, tcb, seg, ecn);
        }
        receiver.text(tcb, seg.seq(), seg.memory(), seg.payloadStart(), seg.payloadLength(), fin);
      } else {
        tcb.ackNow = true; // after the peer's FIN: nothing but an old copy
      }
    }
    if (AccurateEcn.isTellingDue(tcb) && tcb.state.isSynchronized()) {
      output.sendAck(tcb);
    }
    if (tcb.urgentPending && !activity.wake(tcb, Blocks.Purpose.ORDINARY)) {
      tcb.urgentPending = false; // a hint: the bytes come in line anyway (RFC 6093)
    }
    return false;
  }

  /** The SYN of an open that is still going on: a copy, or the SYN-ACK of a simultaneous open. */
  private static boolean isSynAgain(Tcb tcb, TcpHeader seg) {
    // The number of its SYN: text that came on it has moved RCV.NXT.
    return seg.has(TcpHeader.SYN) && !seg.has(TcpHeader.RST) && seg.seq() == tcb.sndWl1;
  }

  // ---- First: sequence number ------------------------------------------------------------------

  /** RFC 7323 §5.3, R1. */
  private boolean passesPaws(Tcb tcb, TcpHeader seg, TcpOptions options) {
    if (!tcb.timestamps || seg.has(TcpHeader.RST)) {
      return true;
    }
    if (!options.hasTimestamp()) {
      if (seg.has(TcpHeader.SYN)) {
        return true; // draws a challenge (RFC 5961 §4): a peer that rebooted must get through
      }
      env.counters.add(Event.DROP_PAWS);
      return false;
    }
    if (tcb.tsRecentAge < 3 && options.tsVal() - tcb.tsRecent < 0) {
      env.counters.add(Event.DROP_PAWS);
      answer(tcb, seg);
      return false;
    }
    return true;
  }

  private boolean isAcceptable(Tcb tcb, TcpHeader seg) {
    int length = seg.seqLength();
    int window = Math.max(0, Seq.distance(tcb.rcvNxt, tcb.rcvAdv));
    @SeqNum int first = seg.seq();
    boolean acceptable;
    if (window == 0) {
      // With a closed window ACK, URG and RST of the next segment still count (MUST-66).
      acceptable = first == tcb.rcvNxt;
    } else {
      acceptable =
          Seq.inWindow(first, tcb.rcvNxt, window)
              || (length > 0 && Seq.inWindow(first + length - 1, tcb.rcvNxt, window));
    }
    if (!acceptable) {
      env.counters.add(Event.DROP_WINDOW);
      if (!seg.has(TcpHeader.RST)) {
        answer(tcb, seg);
      }
    }
    return acceptable;
  }

  /**
   * An ACK for an unacceptable segment: at once if it carries text or FIN (a retransmission whose
   * ACK was lost, a probe), limited if it is bare, or two stacks could talk for ever.
   */
  private void answer(Tcb tcb, TcpHeader seg) {
    if (seg.payloadLength() > 0 || seg.has(TcpHeader.FIN)) {
      tcb.ackNow = true;
      reportDuplicate(tcb, seg);
    } else {
      challenge(tcb);
    }
  }

  /** RFC 2883 §4: text that lies wholly left of RCV.NXT. */
  private void reportDuplicate(Tcb tcb, TcpHeader seg) {
    @SeqNum int end = seg.seq() + seg.payloadLength();
    if (Seq.atOrBefore(end, tcb.rcvNxt)) {
      output.duplicates().add(tcb, seg.seq(), end);
    }
  }

  private void challenge(Tcb tcb) {
    if (limiter.permits(tcb.identity, env.nowNanos)) {
      env.counters.add(Event.CHALLENGE_ACKS);
      output.sendAck(tcb);
    }
  }

  // ---- Second: RST ------------------------------------------------------------------------------

  /** RFC 5961 §3: only the exact number resets. */
  private void onReset(Tcb tcb, TcpHeader seg) {
    if (seg.seq() != tcb.rcvNxt) {
      challenge(tcb);
      return;
    }
    env.counters.add(Event.RESETS_RECEIVED);
    if (tcb.fastOpened) {
      handshake.fastOpenReset(tcb);
    }
    ending.end(tcb, causeOfReset(tcb));
  }

  /**
   * In CLOSING and LAST-ACK with nothing but our FIN outstanding the end is an orderly one all the
   * same.
   */
  private static EndCause causeOfReset(Tcb tcb) {
    return switch (tcb.state) {
      case SYN_SENT -> EndCause.REFUSED;
      case SYN_RECEIVED -> tcb.passive ? EndCause.RESET : EndCause.REFUSED;
      case CLOSING, LAST_ACK -> tcb.queue.isEmpty() ? EndCause.CLOSED : EndCause.RESET;
      case CLOSED, LISTEN, ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT, TIME_WAIT ->
          EndCause.RESET;
    };
  }

  // ---- Fourth: SYN ------------------------------------------------------------------------------

  /** RFC 5961 §4; a half-open connection from LISTEN goes back there. */
  private boolean onSyn(Tcb tcb) {
    if (tcb.halfOpen) {
      ending.end(tcb, EndCause.RESET);
      return true;
    }
    challenge(tcb);
    return false;
  }

  // ---- Fifth: ACK -------------------------------------------------------------------------------

  private boolean onAck(Tcb tcb, TcpHeader seg, TcpOptions options) {
    @SeqNum int ack = seg.ackNo();
    boolean handshakeTold = false;
    if (tcb.state == State.SYN_RECEIVED) {
      if (Seq.atOrBefore(ack, tcb.sndUna) || Seq.after(ack, tcb.sndNxt)) {
        env.counters.add(Event.DROP_ACK);
        output.sendReset(tcb, ack, 0, false);
        return false;
      }
      if (tcb.halfOpen && tcb.backlog != null && !tcb.backlog.mayOpen()) {
        env.counters.add(Event.DROP_NOT_ACCEPTED); // SYN-ACK goes again, and draws another ACK
        return false;
      }
      rememberTimestamp(tcb, seg, options);
      handshakeTold = AccurateEcn.handshakeTold(tcb, seg, options);
      handshake.established(tcb, ack, seg, tcb.passive ? Event.ACCEPTED : Event.CONNECTED);
      boolean hasNews = tcb.sndUna != tcb.sndNxt && options.sackBlocks() > 0; // of a fast open
      if (tcb.state == State.CLOSED || (ack == tcb.sndUna && !hasNews)) {
        return tcb.state != State.CLOSED;
      }
    }
    if (!acknowledgment.isAcceptable(tcb, ack)) {
      env.counters.add(Event.DROP_ACK);
      challenge(tcb);
      return false;
    }
    rememberTimestamp(tcb, seg, options);
    acknowledgment.process(tcb, seg, options, !handshakeTold);
    if (tcb.state == State.CLOSED) {
      return false;
    }
    boolean finAcknowledged = tcb.finSent && tcb.sndUna == tcb.sndNxt;
    return !finAcknowledged || onFinAcknowledged(tcb);
  }

  private boolean onFinAcknowledged(Tcb tcb) {
    tcb.finSent = false;
    tcb.finQueued = false;
    State next = tcb.state.onFinAcked();
    switch (next) {
      case CLOSED -> ending.end(tcb, EndCause.CLOSED);
      case TIME_WAIT -> {
        if (tcb.ackNow) {
          output.sendAck(tcb); // of the peer's FIN, which came in this very burst
        }
        ending.enterTimeWait(tcb);
      }
      default -> tcb.state = next;
    }
    return next == State.FIN_WAIT_2;
  }

  // ---- Timestamps -------------------------------------------------------------------------------

  /** RFC 7323 §4.3: from the segment that the next ACK answers, not from a later one. */
  private static void rememberTimestamp(Tcb tcb, TcpHeader seg, TcpOptions options) {
    if (tcb.timestamps
        && options.hasTimestamp()
        && Seq.atOrBefore(seg.seq(), tcb.lastAckSent)
        && (tcb.tsRecentAge == 3 || options.tsVal() - tcb.tsRecent >= 0)) {
      tcb.tsRecent = options.tsVal();
      tcb.tsRecentAge = 0;
    }
  }

  // ---- Sixth: URG -------------------------------------------------------------------------------

  /** MUST-32, MUST-62: the pointer names the octet after the urgent ones; told when it is news. */
  private void onUrgent(Tcb tcb, TcpHeader seg) {
    if (!tcb.state.mayReceive() || tcb.applicationClosed) {
      return;
    }
    @SeqNum int up = seg.seq() + seg.urgentPointer();
    boolean news = !tcb.urgentPending || Seq.after(up, tcb.rcvUp);
    if (news && Seq.after(up, tcb.rcvNxt)) {
      activity.wake(tcb, Blocks.Purpose.ORDINARY); // before it is noted: waking begins at rest
      tcb.urgentPending = true;
      tcb.rcvUp = up;
      env.upcalls.urgent(tcb, Seq.distance(tcb.rcvNxt, up));
    }
  }

  // ---- TIME-WAIT --------------------------------------------------------------------------------

  private boolean inTimeWait(Tcb tcb, TcpHeader seg, TcpOptions options) {
    if (seg.has(TcpHeader.RST)) {
      env.counters.add(Event.DROP_FLAGS); // RFC 1337
      return false;
    }
    if (seg.has(TcpHeader.SYN) && !seg.has(TcpHeader.ACK)) {
      if (mayReopen(tcb, seg, options) && reopening.isPossible(tcb)) {
        tcb.state = State.CLOSED;
        return true;
      }
      challenge(tcb);
      return false;
    }
    if (!passesPaws(tcb, seg, options)) {
      if (tcb.ackNow) {
        output.sendAck(tcb);
      }
      return false;
    }
    if (!seg.has(TcpHeader.ACK) && !seg.has(TcpHeader.SYN)) {
      env.counters.add(Event.DROP_FLAGS); // fifth check
      return false;
    }
    boolean finAgain = seg.has(TcpHeader.FIN) && seg.seq() + seg.seqLength() == tcb.rcvNxt;
    if (finAgain) {
      tcb.timeWaitRestart = true;
    }
    if (seg.seqLength() > 0) {
      env.counters.add(Event.DROP_WINDOW);
      output.sendAck(tcb);
    } else if (Seq.before(seg.seq(), tcb.rcvNxt)) {
      challenge(tcb); // first check: an old ACK, or a peer that asks whether we are there
    }
    return false;
  }

  /** RFC 6191 by timestamp, else MAY-2 by sequence number. */
  private static boolean mayReopen(Tcb tcb, TcpHeader seg, TcpOptions options) {
    if (tcb.timestamps && options.hasTimestamp()) {
      int newer = options.tsVal() - tcb.tsRecent;
      return newer > 0 || (newer == 0 && Seq.after(seg.seq(), tcb.rcvNxt));
    }
    return Seq.after(seg.seq(), tcb.rcvNxt);
  }

  // ---- Afterwards -------------------------------------------------------------------------------

  private void settleAcknowledgment(Tcb tcb, boolean owedBefore) {
    if (tcb.ackNow || tcb.duplicateAcksOwed > 0 || tcb.block != Blocks.NONE) {
      agenda.atEndOfBurst(tcb);
    }
    if (tcb.ackOwed && !owedBefore && !tcb.ackNow) {
      agenda.delayAck(tcb);
    }
  }
}
