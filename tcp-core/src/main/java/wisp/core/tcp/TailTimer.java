package wisp.core.tcp;

import wisp.core.tcp.timer.RttEstimator;

/**
 * Which timer runs while something is in flight: the retransmission time-out (RFC 6298), or before
 * it the tail loss probe (RFC 8985 §7.2).
 */
final class TailTimer {
  /** How long a peer may delay its acknowledgment of a single segment: WCDelAckT. */
  private static final long MOST_ACK_DELAY_NANOS = 200_000_000L;

  /** No probe comes sooner: hosts batch what they receive, and their timers tick. */
  private static final long LEAST_NANOS = 5_000_000L;

  private final TcpEnvironment env;
  private final ConnectionTimers timers;
  private final Scoreboard board;

  TailTimer(TcpEnvironment env, ConnectionTimers timers, Scoreboard board) {
    this.env = env;
    this.timers = timers;
    this.board = board;
  }

  /** Starts it anew: something was acknowledged, or resent. While it paces it comes afterwards. */
  void restart(Tcb tcb) {
    if (tcb.timer == TimerKind.PACING && tcb.timerDeadlineNanos > env.nowNanos) {
      return;
    }
    arm(tcb, env.nowNanos + Retransmission.rtoNanos(env, tcb));
  }

  /** New text was sent: the probe waits for that too, the time-out does not (RFC 6298 §5.1). */
  void sent(Tcb tcb) {
    switch (tcb.timer) {
      case RETRANSMISSION -> {
        if (mayProbe(tcb)) {
          arm(tcb, tcb.timerDeadlineNanos);
        }
      }
      case PROBE -> resume(tcb);
      case REORDERING, PACING -> {}
      case NONE, PERSIST, HOLDING, DROWSY -> restart(tcb);
    }
  }

  /** The time-out as it was, the probe from now on. */
  void resume(Tcb tcb) {
    if (tcb.sndUna != tcb.sndNxt) {
      arm(tcb, Math.max(env.nowNanos, tcb.progressNanos + Retransmission.rtoNanos(env, tcb)));
    }
  }

  /** The probe takes the place of a time-out that would come sooner (RFC 8985 §7.2). */
  private void arm(Tcb tcb, long timeoutNanos) {
    if (mayProbe(tcb)) {
      timers.arm(tcb, TimerKind.PROBE, Math.min(env.nowNanos + probeNanos(tcb), timeoutNanos));
    } else {
      timers.arm(tcb, TimerKind.RETRANSMISSION, timeoutNanos);
    }
  }

  private boolean mayProbe(Tcb tcb) {
    return tcb.sackPermitted
        && tcb.srttMicros != RttEstimator.NO_SAMPLE
        && tcb.state.isSynchronized()
        && tcb.backOff == 0
        && !tcb.fastRecovery
        && !tcb.resending
        && tcb.sndWnd > 0
        && tcb.sndUna != tcb.sndNxt
        && board.sackedBytes(tcb) == 0
        && !board.has(tcb, Scoreboard.PROBED | Scoreboard.TIMED_OUT);
  }

  /** PTO. */
  private static long probeNanos(Tcb tcb) {
    boolean isSingle = tcb.flightBytes() <= tcb.effectiveMss();
    long twoRoundTrips = Math.max(LEAST_NANOS, 2_000L * tcb.srttMicros);
    return isSingle ? twoRoundTrips + MOST_ACK_DELAY_NANOS : twoRoundTrips;
  }

  /** Looks again when the last of what may be lost is overdue, if nothing else comes sooner. */
  void awaitReordering(Tcb tcb, long waitNanos) {
    long deadline = env.nowNanos + waitNanos;
    if (waitNanos > 0 && tcb.sndUna != tcb.sndNxt && deadline < tcb.timerDeadlineNanos) {
      timers.arm(tcb, TimerKind.REORDERING, deadline);
    }
  }
}
