package wisp.core.tcp;

import java.util.Objects;
import wisp.core.Counters.Event;
import wisp.core.spi.CongestionState;
import wisp.core.spi.FastOpenMode;
import wisp.core.spi.FrameAllocator;
import wisp.core.tcp.timer.RttEstimator;
import wisp.core.wire.TcpHeader;
import wisp.core.wire.TcpOptions;

/**
 * Both opens: our SYN, the peer's, what their options agree on (RFC 9293 §3.10.1, §3.10.7.2,
 * §3.10.7.3).
 */
public final class Handshake {
  private final TcpEnvironment env;
  private final TcpOutput output;
  private final Sender sender;
  private final ConnectionTimers timers;
  private final ReceiveWindow window;
  private final Ending ending;
  private final Receiver receiver;
  private final Agenda agenda;
  private final HalfOpen halfOpen;
  private final SynCookies cookies;
  private final SendText text;
  private final FastOpenCache fastOpens;
  private final Acknowledgment acknowledgment;

  /** For one context. */
  public Handshake(
      TcpEnvironment env,
      TcpOutput output,
      Sender sender,
      ConnectionTimers timers,
      ReceiveWindow window,
      Ending ending,
      Receiver receiver,
      Agenda agenda,
      HalfOpen halfOpen,
      SynCookies cookies,
      SendText text,
      FastOpenCache fastOpens,
      Acknowledgment acknowledgment) {
    this.env = env;
    this.output = output;
    this.sender = sender;
    this.timers = timers;
    this.window = window;
    this.ending = ending;
    this.receiver = receiver;
    this.agenda = agenda;
    this.halfOpen = halfOpen;
    this.cookies = cookies;
    this.text = text;
    this.fastOpens = fastOpens;
    this.acknowledgment = acknowledgment;
  }

  /**
   * Active open of a fresh, awake connection: SYN-SENT.
   *
   * @param frame queued, and with Fast Open sent as far as the SYN has room; NONE: nothing to say
   * @return false: no memory to queue it in
   */
  public boolean open(Tcb tcb, @SeqNum int iss, int frame) {
    tcb.state = State.SYN_SENT;
    tcb.passive = false;
    begin(tcb, iss);
    tcb.peerMss = TcpConfig.defaultMss(tcb.isIpv6());
    output.updateMss(tcb);
    if (frame != FrameAllocator.NONE && !text.append(tcb, frame, false)) {
      return false;
    }
    Ecn.ask(tcb);
    askFast(tcb);
    sender.sendSyn(tcb);
    startTimer(tcb);
    return true;
  }

  private void askFast(Tcb tcb) {
    int room = roomOnSyn(tcb);
    tcb.askedFast = room >= 0;
    int textBytes = Math.min(Sender.unsentBytes(tcb), room);
    if (textBytes > 0) {
      env.counters.add(Event.FAST_OPENS_SENT);
      tcb.sndNxt += textBytes;
    }
  }

  /**
   * Bytes of text that our SYN may bring (RFC 7413 §4.2.1). Takes the server's MSS from the last
   * time.
   *
   * @param tcb addresses and profile are laid out
   * @return 0: none, it asks for a cookie; −1: it does not speak Fast Open
   */
  public int roomOnSyn(Tcb tcb) {
    int entry = fastOpens.find(tcb);
    if (tcb.fastOpenMode == FastOpenMode.OFF || !fastOpens.mayAsk(entry, env.nowNanos)) {
      return -1;
    }
    int cookieBytes = fastOpens.cookieBytes(entry);
    if (tcb.fastOpenMode == FastOpenMode.ON) {
      if (!output.hasRoomForFastOpen(tcb, cookieBytes, fastOpens.isExperimental(entry))) {
        return -1;
      }
      if (cookieBytes == 0) {
        return 0;
      }
    }
    tcb.peerMss = fastOpens.mss(entry);
    output.updateMss(tcb);
    // what fits this way fits with any options
    return Math.max(0, tcb.effectiveMss() - TcpOptions.MOST_BYTES);
  }

  /**
   * The path is too narrow for our SYN with text: it goes again without, which is no sign of what
   * the server thinks of it.
   */
  void synTooBig(Tcb tcb) {
    if (tcb.state == State.SYN_SENT && tcb.askedFast && !tcb.synResent && tcb.flightBytes() > 1) {
      tcb.askedFast = false;
      tcb.timing = false;
      env.counters.add(Event.SEGMENTS_RETRANSMITTED);
      sender.sendSyn(tcb);
      startTimer(tcb);
    }
  }

  /** A SYN came to a listener: SYN-RECEIVED. Text and FIN on it are left to be resent. */
  public void accept(Tcb tcb, @SeqNum int iss, TcpHeader seg, TcpOptions options, int ecn) {
    tcb.state = State.SYN_RECEIVED;
    tcb.passive = true;
    begin(tcb, iss);
    onSyn(tcb, seg, options);
    Ecn.synArrived(tcb, seg, ecn);
    sender.sendSyn(tcb);
    startTimer(tcb);
  }

  /**
   * Answers a SYN without keeping anything of it.
   *
   * @param tcb endpoints and profile of the listener are laid out; no record is behind them
   */
  public void answerByCookie(Tcb tcb, TcpHeader seg, TcpOptions options) {
    onSyn(tcb, seg, options);
    Ecn.synAnsweredByCookie(tcb, seg);
    if (!tcb.timestamps) {
      tcb.ecn = false;
      tcb.windowScaling = false;
      tcb.sackPermitted = false;
    }
    tcb.sndUna = cookies.make(tcb, cookiePeriodNanos(tcb), env.nowNanos);
    if (output.sendSynCookie(tcb)) {
      env.counters.add(Event.SYN_COOKIES_SENT);
    }
  }

  private static long cookiePeriodNanos(Tcb tcb) {
    return Objects.requireNonNull(tcb.backlog, "a cookie of no listener").cookiePeriodNanos();
  }

  /** What a segment with ACK says about cookies of ours. */
  public enum Confirmation {
    /** Of one that holds. */
    GOOD,
    /** Of one that did, within the last 64 periods; only told where that was asked. */
    EXPIRED,
    /** Of none. */
    NONE
  }

  /**
   * Whether a segment with ACK confirms a cookie of ours.
   *
   * @param tcb endpoints, profile and backlog are laid out; its variables are as after the SYN if
   *     so
   * @param irs the number of the SYN that it would be for
   * @param remembersOld whether to tell one that is too old from none
   */
  public Confirmation confirmsCookie(
      Tcb tcb, TcpHeader seg, TcpOptions options, @SeqNum int irs, boolean remembersOld) {
    tcb.rcvNxt = irs + 1;
    int age =
        cookies.check(tcb, seg.ackNo() - 1, cookiePeriodNanos(tcb), env.nowNanos, remembersOld);
    if (age == SynCookies.NEVER_MADE) {
      return Confirmation.NONE;
    }
    if (age >= SynCookies.HOLDS) {
      return Confirmation.EXPIRED;
    }
    tcb.timestamps = tcb.offerTimestamps && options.hasTimestamp();
    tcb.windowScaling = false;
    tcb.sackPermitted = false;
    tcb.ecn = false;
    tcb.sndScale = 0;
    if (tcb.timestamps) {
      SynCookies.recall(tcb, options.tsEcr());
    }
    return Confirmation.GOOD;
  }

  /**
   * Answers a peer that asks whether we are there (RFC 9293 §3.8.4) and of which nothing is kept.
   *
   * @param tcb where {@link #confirmsCookie} found a good one
   */
  public void answerProbe(Tcb tcb, TcpHeader seg, TcpOptions options) {
    tcb.sndUna = seg.ackNo();
    tcb.tsRecent = options.tsVal();
    tcb.rcvScale = window.shift(tcb);
    window.restoreEdge(tcb);
    if (output.sendCookieAck(tcb)) {
      env.counters.add(Event.STATELESS_PROBES);
    }
  }

  /**
   * SYN-RECEIVED of the connection that a cookie stood for, as if we had kept it.
   *
   * @param confirmed where {@link #confirmsCookie} found a good one
   */
  public void acceptByCookie(Tcb tcb, Tcb confirmed, TcpHeader seg, TcpOptions options) {
    tcb.state = State.SYN_RECEIVED;
    begin(tcb, seg.ackNo() - 1);
    tcb.timing = false;
    tcb.rcvNxt = seg.seq();
    tcb.lastAckSent = tcb.rcvNxt;
    tcb.peerMss = confirmed.peerMss;
    tcb.timestamps = confirmed.timestamps;
    tcb.tsRecent = options.tsVal();
    tcb.sackPermitted = confirmed.sackPermitted;
    tcb.ecn = confirmed.ecn;
    tcb.windowScaling = confirmed.windowScaling;
    tcb.sndScale = confirmed.sndScale;
    tcb.rcvScale = window.shift(tcb);
    tcb.sndWl1 = seg.seq() - 1;
    tcb.sndWl2 = tcb.sndUna;
    output.updateMss(tcb);
    window.restoreEdge(tcb);
    env.counters.add(Event.SYN_COOKIES_ACCEPTED);
  }

  /**
   * A SYN with a good Fast Open cookie came to a listener: the connection is the application's at
   * once, its text is delivered, and answers may leave before the handshake is over (RFC 7413
   * §4.2.2).
   */
  public void acceptFast(Tcb tcb, @SeqNum int iss, TcpHeader seg, TcpOptions options, int ecn) {
    tcb.state = State.SYN_RECEIVED;
    tcb.passive = true;
    begin(tcb, iss);
    onSyn(tcb, seg, options);
    Ecn.synArrived(tcb, seg, ecn);
    tcb.fastOpened = true;
    fastOpens(tcb).began();
    env.counters.add(Event.FAST_OPENS_ACCEPTED);
    env.upcalls.opened(tcb);
    if (tcb.state != State.CLOSED && seg.payloadLength() > 0) {
      receiver.text(
          tcb, seg.seq() + 1, seg.memory(), seg.payloadStart(), seg.payloadLength(), false);
      tcb.delaysAck = false; // the SYN-ACK confirms it, so the next text is the first that waits
    }
    if (tcb.state != State.CLOSED) {
      sender.sendSyn(tcb); // first: what the application has sent meanwhile follows it
      startTimer(tcb);
      agenda.atEndOfBurst(tcb);
    }
  }

  private static FastOpens fastOpens(Tcb tcb) {
    return Objects.requireNonNull(tcb.backlog, "opened fast, but from no listener").fastOpens();
  }

  /** The handshake is over, one way or the other. */
  static void endFastOpen(Tcb tcb) {
    tcb.fastOpened = false;
    fastOpens(tcb).ended();
  }

  /** It was reset before its handshake was over. */
  void fastOpenReset(Tcb tcb) {
    fastOpens(tcb).reset(env.nowNanos);
  }

  private void begin(Tcb tcb, @SeqNum int iss) {
    tcb.sndUna = iss;
    tcb.sndNxt = iss + 1;
    tcb.sndWnd = 0;
    tcb.maxSndWnd = 0;
    tcb.sndScale = 0;
    tcb.rcvScale = 0;
    tcb.rcvNxt = 0;
    tcb.rcvAdv = 0;
    tcb.lastAckSent = 0;
    tcb.windowScaling = false;
    tcb.sackPermitted = false;
    tcb.timestamps = false;
    tcb.tsRecent = 0;
    tcb.tsRecentAge = 0;
    tcb.ecn = false;
    tcb.accurateEcn = false;
    tcb.ectForbidden = false;
    tcb.tellsHandshake = false;
    tcb.markedBytes.reset();
    tcb.eceOwed = false;
    tcb.ackOwed = false;
    tcb.delaysAck = false;
    tcb.ackNow = false;
    tcb.flushListed = false;
    tcb.paused = false;
    tcb.applicationClosed = false;
    tcb.waiting = false;
    tcb.recover = iss - 1;
    tcb.roundEndSeq = iss;
    tcb.progressNanos = env.nowNanos;
    tcb.backOffInherited = false;
    tcb.unanswered = 0;
    tcb.backOff = 0; // what an earlier connection left behind is not about the SYN
    tcb.timing = true;
    tcb.timedSeq = iss + 1;
    tcb.timedAtNanos = env.nowNanos;
  }

  private void startTimer(Tcb tcb) {
    timers.arm(tcb, TimerKind.RETRANSMISSION, env.nowNanos + Retransmission.rtoNanos(env, tcb));
  }

  /** Takes the peer's SYN in: IRS and options. */
  private void onSyn(Tcb tcb, TcpHeader seg, TcpOptions options) {
    tcb.rcvNxt = seg.seq() + 1;
    tcb.lastAckSent = tcb.rcvNxt;
    tcb.peerMss = options.hasMss() ? options.mss() : TcpConfig.defaultMss(tcb.isIpv6());
    tcb.windowScaling = tcb.offerScale && options.windowScale() >= 0;
    tcb.sndScale = tcb.windowScaling ? options.windowScale() : 0;
    tcb.rcvScale = window.shift(tcb);
    tcb.sackPermitted = tcb.offerSack && options.sackPermitted();
    tcb.timestamps = tcb.offerTimestamps && options.hasTimestamp();
    tcb.tsRecent = tcb.timestamps ? options.tsVal() : 0;
    output.updateMss(tcb);
    tcb.congestion.cwndBytes = CongestionState.initialWindow(tcb.congestion.mss);
    tcb.sndWnd = seg.windowUnscaled();
    tcb.maxSndWnd = tcb.sndWnd;
    tcb.sndWl1 = seg.seq();
    tcb.sndWl2 = tcb.sndUna;
    window.restoreEdge(tcb);
    if (tcb.userTimeoutOption && options.userTimeoutSeconds() > 0) {
      env.userTimeouts.advised(tcb, options.userTimeoutSeconds() * 1_000_000_000L);
    }
  }

  /** SYN-SENT (RFC 9293 §3.10.7.3). */
  void segmentArrivesInSynSent(Tcb tcb, TcpHeader seg, TcpOptions options, int ecn) {
    boolean hasAck = seg.has(TcpHeader.ACK);
    if (hasAck && (Seq.atOrBefore(seg.ackNo(), tcb.sndUna) || Seq.after(seg.ackNo(), tcb.sndNxt))) {
      if (!seg.has(TcpHeader.RST)) {
        output.sendReset(tcb, seg.ackNo(), 0, false);
      }
      env.counters.add(Event.DROP_ACK);
      return;
    }
    if (seg.has(TcpHeader.RST)) {
      if (hasAck && Ecn.askNoMore(tcb)) {
        env.counters.add(Event.SEGMENTS_RETRANSMITTED);
        tcb.timedAtNanos = env.nowNanos;
        sender.sendSyn(tcb);
        startTimer(tcb);
      } else if (hasAck) {
        env.counters.add(Event.RESETS_RECEIVED);
        ending.end(tcb, EndCause.REFUSED);
      } else {
        env.counters.add(Event.DROP_FLAGS);
      }
      return;
    }
    if (!seg.has(TcpHeader.SYN)) {
      env.counters.add(Event.DROP_FLAGS);
      return;
    }
    onSyn(tcb, seg, options);
    Ecn.answered(tcb, seg, options, ecn);
    if (!hasAck) {
      tcb.state = State.SYN_RECEIVED;
      sender.sendSyn(tcb);
      startTimer(tcb);
      return;
    }
    tcb.ackNow = true;
    if (tcb.askedFast) {
      answeredFast(tcb, seg, options);
    }
    established(tcb, seg.ackNo(), seg, Event.CONNECTED);
    if (tcb.state != State.CLOSED && (seg.payloadLength() > 0 || seg.has(TcpHeader.FIN))) {
      receiver.text(
          tcb,
          seg.seq() + 1,
          seg.memory(),
          seg.payloadStart(),
          seg.payloadLength(),
          seg.has(TcpHeader.FIN));
    }
    if (tcb.state != State.CLOSED) {
      agenda.atEndOfBurst(tcb);
    }
  }

  /** What the SYN-ACK says of Fast Open is remembered for the next connection there. */
  private void answeredFast(Tcb tcb, TcpHeader seg, TcpOptions options) {
    boolean isTextConfirmed = seg.ackNo() != tcb.sndUna + 1;
    boolean hasCookie = options.fastOpenBytes() > 0;
    if (isTextConfirmed) {
      env.counters.add(Event.FAST_OPENS_CONFIRMED);
    }
    if (hasCookie) {
      env.counters.add(Event.FAST_OPEN_COOKIES_RECEIVED);
    }
    if (tcb.synResent && !isTextConfirmed && !hasCookie) {
      fastOpens.failed(tcb, env.nowNanos);
    }
    fastOpens.answered(tcb, options, isTextConfirmed);
  }

  /**
   * The ACK that ends SYN-RECEIVED was acceptable; a shutdown before it has already been noted in
   * {@link Tcb#finQueued}.
   */
  void established(Tcb tcb, @SeqNum int ack, TcpHeader seg, Event event) {
    boolean synResent = tcb.synResent;
    boolean openedBefore = tcb.fastOpened;
    if (openedBefore) {
      endFastOpen(tcb);
      ack = tcb.sndUna + 1; // whatever else it confirms is looked at afterwards
    }
    int confirmedBytes = Seq.distance(tcb.sndUna + 1, ack); // of text on our SYN
    if (!openedBefore) {
      boolean isAllConfirmed = ack == tcb.sndNxt;
      tcb.sndNxt = ack; // the rest of it goes again at once, and was not lost (RFC 7413 §4.2.1)
      tcb.askedFast = false;
      // What goes now for the first time begins a conversation: its ACKs have company soon.
      tcb.delaysAck = isAllConfirmed && Sender.unsentBytes(tcb) > 0;
    }
    int micros = tcb.timing ? Retransmission.sampleMicros(env, tcb) : RttEstimator.NO_SAMPLE;
    tcb.sndUna = ack;
    halfOpen.open(tcb);
    tcb.synResent = synResent;
    tcb.timing = false;
    if (micros != RttEstimator.NO_SAMPLE) {
      if (micros > tcb.srttMicros) {
        tcb.srttMicros = RttEstimator.NO_SAMPLE; // an earlier connection's, and the path is longer
      }
      Retransmission.learn(tcb, micros);
    }
    if (synResent) {
      tcb.congestion.cwndBytes = tcb.congestion.mss;
      tcb.srttMicros = RttEstimator.NO_SAMPLE; // an earlier connection's: 3 s (RFC 6298 §5.7)
    }
    tcb.backOff = 0;
    tcb.progressNanos = env.nowNanos;
    tcb.unanswered = 0;
    tcb.recover = tcb.sndUna - 2;
    timers.disarm(tcb);
    if (tcb.sndUna != tcb.sndNxt) {
      startTimer(tcb); // for what followed the SYN-ACK
    }
    tcb.state = tcb.finQueued ? State.FIN_WAIT_1 : State.ESTABLISHED;
    int scale = seg.has(TcpHeader.SYN) ? 0 : tcb.sndScale;
    tcb.sndWnd = seg.windowUnscaled() << scale;
    tcb.maxSndWnd = Math.max(tcb.maxSndWnd, tcb.sndWnd);
    tcb.sndWl1 = seg.seq();
    tcb.sndWl2 = ack;
    env.counters.add(event);
    if (tcb.userTimeoutOption) {
      output.sendUserTimeout(tcb); // again: the one on the SYN counts only if this follows
    }
    if (tcb.keepAliveNanos > 0) {
      agenda.heardFrom(tcb);
    }
    env.reachability.confirmed(tcb);
    if (!openedBefore) {
      env.upcalls.opened(tcb);
    }
    if (confirmedBytes > 0 && tcb.state != State.CLOSED) {
      acknowledgment.confirmed(tcb, confirmedBytes);
    }
  }
}
