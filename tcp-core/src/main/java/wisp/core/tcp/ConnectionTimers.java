package wisp.core.tcp;

import wisp.core.memory.Blocks;
import wisp.core.tcp.timer.TimerWheel;

/**
 * The one timer of each awake connection, in a wheel whose links lie in the activity blocks.
 * Deadlines that move later are not moved in the wheel: it fires early and is set again, which
 * costs less than unlinking on every ACK.
 */
public final class ConnectionTimers implements TimerWheel.Links {
  private final Blocks blocks;
  private final TimerWheel wheel;

  /** Over the context's pool. */
  public ConnectionTimers(Blocks blocks) {
    this.blocks = blocks;
    this.wheel = new TimerWheel(this);
  }

  /** Prepares a fresh block. */
  void adopt(int block) {
    blocks.setInt(block, Activity.WHEEL_PLACE, TimerWheel.NONE);
  }

  /** Takes a block that goes back out of the wheel. */
  void abandon(int block) {
    if (wheel.isScheduled(block)) {
      wheel.cancel(block);
    }
  }

  /** Sets the timer of an awake connection. */
  public void arm(Tcb tcb, TimerKind kind, long deadlineNanos) {
    tcb.timer = kind;
    tcb.timerDeadlineNanos = deadlineNanos;
    if (!wheel.isScheduled(tcb.block) || deadlineNanos(tcb.block) > deadlineNanos) {
      wheel.schedule(tcb.block, deadlineNanos);
    }
  }

  /**
   * What was begun outside any poll was begun now: moves its timer, its sample and its patience by
   * so much.
   */
  public void postpone(Tcb tcb, long nanos) {
    if (tcb.block == Blocks.NONE || tcb.timer == TimerKind.NONE) {
      return;
    }
    tcb.timedAtNanos += nanos;
    tcb.progressNanos += nanos;
    arm(tcb, tcb.timer, tcb.timerDeadlineNanos + nanos);
  }

  /** Stops the timer. */
  public void disarm(Tcb tcb) {
    tcb.timer = TimerKind.NONE;
    tcb.timerDeadlineNanos = Long.MAX_VALUE;
  }

  /** Whether a timer that the wheel reports is really due; if it is only later, it is set again. */
  public boolean isDue(Tcb tcb, long nowNanos) {
    if (tcb.timer == TimerKind.NONE) {
      return false;
    }
    if (tcb.timerDeadlineNanos > nowNanos) {
      wheel.schedule(tcb.block, tcb.timerDeadlineNanos);
      return false;
    }
    return true;
  }

  /** The wheel. */
  public TimerWheel wheel() {
    return wheel;
  }

  @Override
  public int next(int e) {
    return blocks.getInt(e, Activity.WHEEL_NEXT);
  }

  @Override
  public void next(int e, int v) {
    blocks.setInt(e, Activity.WHEEL_NEXT, v);
  }

  @Override
  public int previous(int e) {
    return blocks.getInt(e, Activity.WHEEL_PREVIOUS);
  }

  @Override
  public void previous(int e, int v) {
    blocks.setInt(e, Activity.WHEEL_PREVIOUS, v);
  }

  @Override
  public int place(int e) {
    return blocks.getInt(e, Activity.WHEEL_PLACE);
  }

  @Override
  public void place(int e, int v) {
    blocks.setInt(e, Activity.WHEEL_PLACE, v);
  }

  @Override
  public long deadlineNanos(int e) {
    return blocks.getLong(e, Activity.WHEEL_DEADLINE);
  }

  @Override
  public void deadlineNanos(int e, long v) {
    blocks.setLong(e, Activity.WHEEL_DEADLINE, v);
  }
}
