package wisp.core.tcp;

import wisp.core.Counters.Event;
import wisp.core.tcp.timer.RttEstimator;

/**
 * The retransmission timer: RTT samples, time-out, back-off, and what is resent when it fires (RFC
 * 6298, RFC 5681 §3.1).
 */
public final class Retransmission {
  private static final long CLOCK_GRANULARITY_NANOS = 1_000_000L;
  private static final int MOST_BACK_OFF = 30;

  /**
   * The variance counts as this at least. Where round trips are long and steady it comes near to
   * nothing, and the first acknowledgment that a peer delays would run into the time-out.
   */
  private static final long LEAST_VARIANCE_NANOS = 200_000_000L;

  private final TcpEnvironment env;
  private final ConnectionTimers timers;
  private final Sender sender;
  private final Ending ending;
  private final MtuDiscovery mtu;
  private final Scoreboard board;
  private int latestRttMicros;

  /** For one context. */
  public Retransmission(
      TcpEnvironment env,
      ConnectionTimers timers,
      Sender sender,
      Ending ending,
      MtuDiscovery mtu,
      Scoreboard board) {
    this.board = board;
    this.env = env;
    this.timers = timers;
    this.sender = sender;
    this.ending = ending;
    this.mtu = mtu;
  }

  /** RTO with the present back-off, in nanoseconds. */
  public static long rtoNanos(TcpEnvironment env, Tcb tcb) {
    return rtoNanos(env, tcb, tcb.backOff);
  }

  private static long rtoNanos(TcpEnvironment env, Tcb tcb, int backOff) {
    long rto;
    if (tcb.srttMicros != RttEstimator.NO_SAMPLE) {
      long least = env.config.minRtoNanos();
      long variance = Math.max(CLOCK_GRANULARITY_NANOS, Math.min(least, LEAST_VARIANCE_NANOS));
      rto = RttEstimator.rtoNanos(tcb.srttMicros, tcb.rttvarMicros, least, variance);
    } else {
      rto =
          tcb.synResent && tcb.state.isSynchronized()
              ? TcpConfig.RTO_AFTER_SYN_LOSS_NANOS
              : TcpConfig.INITIAL_RTO_NANOS;
    }
    if (!tcb.state.isSynchronized()) {
      // What is known of the destination may be false: it must not keep a lost SYN waiting.
      rto = Math.min(rto, TcpConfig.RTO_AFTER_SYN_LOSS_NANOS);
      if (tcb.askedFast) { // one that is early looks like a path that drops such SYNs
        rto = Math.max(rto, TcpConfig.INITIAL_RTO_NANOS);
      }
    }
    for (int i = 0; i < backOff && rto < TcpConfig.MAX_RTO_NANOS; i++) {
      rto = RttEstimator.backOff(rto);
    }
    return Math.min(rto, TcpConfig.MAX_RTO_NANOS);
  }

  /** Starts the timer anew (RFC 6298 §5.3). */
  void restart(Tcb tcb) {
    sender.tail().restart(tcb);
  }

  /**
   * New data was acknowledged: takes a sample if there is an honest one, from the segment being
   * timed or else the timestamp's echo or the time when something was sent that never went again,
   * and ends the back-off with it (RFC 6298 §3, §5.7).
   */
  void sample(Tcb tcb, @SeqNum int ack, boolean hasEcho, int echo) {
    int echoed = hasEcho && echo != 0 ? echoMicros(tcb, echo) : RttEstimator.NO_SAMPLE;
    int micros = RttEstimator.NO_SAMPLE;
    latestRttMicros = echoed;
    if (tcb.timing && Seq.atOrAfter(ack, tcb.timedSeq)) {
      tcb.timing = false;
      micros = sampleMicros(env, tcb);
    } else if (!tcb.timing) {
      micros = echoed != RttEstimator.NO_SAMPLE ? echoed : originalMicros();
    }
    if (micros == RttEstimator.NO_SAMPLE) {
      doubtProbe(tcb, ack);
      return;
    }
    latestRttMicros = micros;
    learn(tcb, micros);
    tcb.backOff = 0;
  }

  /**
   * A probe of the tail went out, and nobody knows which copy is acknowledged: as after a time-out,
   * the next interval is the doubled one, until a clean sample. Else round trips that have grown
   * beyond the probe would never be learnt: each segment would be sent twice.
   */
  private void doubtProbe(Tcb tcb, @SeqNum int ack) {
    boolean isProbe =
        board.has(tcb, Scoreboard.PROBED)
            && board.has(tcb, Scoreboard.PROBE_RESENT)
            && ack == board.get(tcb, Scoreboard.PROBE_END);
    if (isProbe && tcb.backOff == 0) {
      tcb.backOff = 1;
      tcb.backOffInherited = true; // nothing was resent in vain
    }
  }

  /** The same for what is only SACKed, when no other sample is to be had soon. */
  void sampleSacked(Tcb tcb) {
    int micros = tcb.timing || tcb.backOff == 0 ? RttEstimator.NO_SAMPLE : originalMicros();
    if (micros != RttEstimator.NO_SAMPLE) {
      learn(tcb, micros);
      tcb.backOff = 0;
    }
  }

  private int originalMicros() {
    Delivery d = board.delivery;
    if (!d.isOriginalTimed || SendTimes.ticks(env.resumedNanos) - d.originalTicks > 0) {
      return RttEstimator.NO_SAMPLE;
    }
    int ticks = Math.max(1, SendTimes.ticks(env.nowNanos) - d.originalTicks);
    return (int) Math.clamp(SendTimes.nanos(ticks) / 1_000, 1L, Integer.MAX_VALUE);
  }

  /**
   * The round trip that an echo tells, unless it may be from before the last resend. Such an echo
   * may answer that one all the same: a copy of what the peer has does not move TS.Recent (RFC 7323
   * §5.3, R2 before R3), and with every lost ACK the RTO would feed on itself. RFC 8985 §6.2 passes
   * over such echoes likewise.
   */
  private int echoMicros(Tcb tcb, int echo) {
    int millis = env.timestampNow(tcb) - echo;
    // While a segment is being timed nothing has been resent since it left.
    long begun = tcb.timing ? env.resumedNanos : Math.max(env.resumedNanos, tcb.timedAtNanos);
    long since = env.nowNanos - begun;
    long most = Math.min(TcpConfig.MAX_RTO_NANOS, since + CLOCK_GRANULARITY_NANOS);
    boolean honest = millis >= 0 && millis <= most / 1_000_000;
    return honest ? Math.max(1_000, millis * 1_000) : RttEstimator.NO_SAMPLE;
  }

  /** What the acknowledgment in hand measured, µs; 0: nothing. */
  int latestRttMicros() {
    return latestRttMicros;
  }

  static void learn(Tcb tcb, int micros) {
    int srtt = RttEstimator.srttAfter(tcb.srttMicros, tcb.rttvarMicros, micros);
    tcb.rttvarMicros = RttEstimator.rttvarAfter(tcb.srttMicros, tcb.rttvarMicros, micros);
    tcb.srttMicros = srtt;
    tcb.minRttMicros = tcb.minRttMicros == 0 ? micros : Math.min(tcb.minRttMicros, micros);
  }

  /** The segment being timed as a sample, or {@link RttEstimator#NO_SAMPLE} across a pause. */
  static int sampleMicros(TcpEnvironment env, Tcb tcb) {
    return tcb.timedAtNanos < env.resumedNanos
        ? RttEstimator.NO_SAMPLE
        : RttEstimator.sampleMicros(tcb.timedAtNanos, env.nowNanos);
  }

  /** The timer fired. */
  public void onTimeout(Tcb tcb) {
    if (tcb.sndUna == tcb.sndNxt) {
      timers.disarm(tcb);
      return;
    }
    if (hasGivenUp(tcb)) {
      ending.end(tcb, EndCause.TIMED_OUT);
      return;
    }
    tcb.timing = false;
    int timeoutsBefore = tcb.backOffInherited ? 0 : tcb.backOff;
    tcb.backOffInherited = false;
    switch (tcb.state) {
      case SYN_SENT, SYN_RECEIVED -> resendSyn(tcb);
      case ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT, CLOSING, LAST_ACK ->
          resend(tcb, timeoutsBefore);
      case CLOSED, LISTEN, TIME_WAIT ->
          throw new IllegalStateException("retransmission timer in " + tcb.state);
    }
    tcb.backOff = Math.min(tcb.backOff + 1, MOST_BACK_OFF);
    timers.arm(tcb, TimerKind.RETRANSMISSION, nextAttemptNanos(tcb));
    tcb.unanswered = Math.min(tcb.unanswered + 1, Tcb.MOST_UNANSWERED);
    if (tcb.unanswered == TcpConfig.TROUBLE_RESENDS) {
      env.reachability.doubted(tcb);
      if (tcb.state != State.SYN_RECEIVED || !tcb.passive) { // else nobody knows of it yet
        env.upcalls.troubled(tcb, tcb.unanswered);
      }
    }
  }

  /**
   * One RTO from now, or at the user timeout if that comes first; but the first copy may take a
   * round trip to be answered.
   */
  private long nextAttemptNanos(Tcb tcb) {
    long limit = limitNanos(tcb);
    long rto = rtoNanos(env, tcb);
    if (limit == Long.MAX_VALUE) {
      return env.nowNanos + rto;
    }
    long left = limit - (env.nowNanos - tcb.progressNanos);
    long least = tcb.unanswered == 0 ? rtoNanos(env, tcb, 0) : 1;
    return env.nowNanos + Math.min(rto, Math.max(left, least));
  }

  /** The user timeout has changed while something is being resent. */
  void limitChanged(Tcb tcb) {
    if (tcb.timer == TimerKind.RETRANSMISSION && tcb.unanswered > 0) {
      long deadline = Math.min(tcb.timerDeadlineNanos, nextAttemptNanos(tcb));
      timers.arm(tcb, TimerKind.RETRANSMISSION, deadline);
    }
  }

  /**
   * Only after something was resent in vain: a time-out of the very first copy, however late, is
   * none of the peer's silence.
   */
  private boolean hasGivenUp(Tcb tcb) {
    if (tcb.backOff == 0 || tcb.backOffInherited) {
      return false;
    }
    if (tcb.state == State.SYN_RECEIVED && tcb.passive) {
      return tcb.backOff >= synAckCopies(tcb);
    }
    return env.nowNanos - tcb.progressNanos >= limitNanos(tcb);
  }

  /**
   * The user timeout; a SYN is resent for three minutes at least (MUST-23), unless the application
   * has said when it gives up.
   */
  private static long limitNanos(Tcb tcb) {
    return switch (tcb.state) {
      case SYN_SENT, SYN_RECEIVED ->
          tcb.openLimitNanos > 0
              ? tcb.openLimitNanos
              : Math.max(tcb.retransmissionLimitNanos, TcpConfig.SYN_LIMIT_NANOS);
      case CLOSED,
          LISTEN,
          ESTABLISHED,
          FIN_WAIT_1,
          FIN_WAIT_2,
          CLOSE_WAIT,
          CLOSING,
          LAST_ACK,
          TIME_WAIT ->
          tcb.retransmissionLimitNanos;
    };
  }

  private int synAckCopies(Tcb tcb) {
    boolean isPressed = tcb.backlog != null && tcb.backlog.isPressed(env.nowNanos);
    return isPressed ? TcpConfig.SYN_ACK_COPIES_UNDER_PRESSURE : TcpConfig.SYN_ACK_COPIES;
  }

  /** The tail loss probe is due. */
  public void onProbe(Tcb tcb) {
    if (tcb.sndUna == tcb.sndNxt) {
      timers.disarm(tcb);
      return;
    }
    boolean sent = sender.recovery().probe(tcb);
    long begun = sent ? env.nowNanos : tcb.progressNanos;
    long deadline = Math.max(env.nowNanos, begun + rtoNanos(env, tcb));
    timers.arm(tcb, TimerKind.RETRANSMISSION, deadline);
  }

  private void resendSyn(Tcb tcb) {
    tcb.synResent = true;
    if (tcb.state == State.SYN_SENT && tcb.backOff > 0) {
      Ecn.askNoMore(tcb);
    }
    env.counters.add(Event.SEGMENTS_RETRANSMITTED);
    env.counters.add(Event.TIMEOUTS);
    sender.sendSyn(tcb);
  }

  private void resend(Tcb tcb, int timeoutsBefore) {
    if (tcb.sndWnd == 0) {
      sender.countProbe(tcb);
      sender.resendAt(tcb, tcb.sndUna, 1);
      return;
    }
    env.counters.add(Event.TIMEOUTS);
    mtu.onTimeout(tcb, tcb.unanswered);
    boolean first = !tcb.resending && !board.has(tcb, Scoreboard.TIMED_OUT);
    boolean bySack = sender.recovery().afterTimeout(tcb, timeoutsBefore > 0);
    if (!bySack) {
      sender.recovery().endPlain(tcb);
      if (first && timeoutsBefore == 0 && !tcb.fastRecovery) {
        sender.recovery().beginPlain(tcb, true);
      }
    }
    tcb.control.onTimeout(tcb.congestion, tcb.windowInUse(tcb.flightBytes()), first, env.nowNanos);
    Ecn.timedOut(tcb);
    tcb.fastRecovery = false;
    tcb.duplicateAcks = 0;
    tcb.recover = tcb.sndNxt;
    tcb.resending = !bySack;
    if (bySack) {
      sender.output(tcb);
      return;
    }
    tcb.resendNext = tcb.sndUna;
    tcb.resendEnd = tcb.sndNxt;
    sender.resendAfterTimeout(tcb);
  }
}
