package wisp.core.stack;

import wisp.core.tcp.PersistTimes;
import wisp.core.tcp.Sender;
import wisp.core.tcp.Tcb;
import wisp.core.tcp.TcpEnvironment;

/**
 * Since when peers who keep their windows shut have taken no whole frame although one waits: four
 * bytes beside the records of such connections, and only of them. Longer than 30 days counts as 30
 * days.
 */
final class ShutWindows implements PersistTimes {
  static final int NONE = SlotDeadlines.NONE;
  static final long LONGEST_NANOS = KeepAlive.LONGEST_NANOS;
  private static final long NEVER = Long.MAX_VALUE;

  private final TcpEnvironment env;

  /** Their moments lie in the past, so what is due are those from before some time. */
  private final SlotDeadlines since;

  ShutWindows(TcpEnvironment env, SlotDeadlines since) {
    this.env = env;
    this.since = since;
  }

  @Override
  public void probed(Tcb tcb) {
    long earliest = env.nowNanos - LONGEST_NANOS;
    long known = since.deadlineNanos(tcb.slot, env.nowNanos);
    if (known == NEVER) {
      since.set(tcb.slot, Math.max(tcb.progressNanos, earliest), 0);
    } else if (known < earliest) {
      since.set(tcb.slot, earliest, 0);
    }
  }

  @Override
  public void over(Tcb tcb) {
    since.clear(tcb.slot);
  }

  /** For how long it has been in persist; −1: it is not, or its window has not been probed yet. */
  long nanos(Tcb tcb) {
    long begun = since.deadlineNanos(tcb.slot, env.nowNanos);
    return begun == NEVER || !Sender.isInPersist(tcb) ? -1 : Math.max(0, env.nowNanos - begun);
  }

  /** A slot whose window has been shut for so long, from now on counted no more; or NONE. */
  int takeLongerThan(long nanos) {
    int slot = since.due(env.nowNanos - nanos);
    if (slot != NONE) {
      since.clear(slot);
    }
    return slot;
  }

  /** Before this moment none will have been shut for so long; {@link Long#MAX_VALUE}: no end. */
  long nextLongerThanNanos(long nanos) {
    long soonest = since.nextDeadlineNanos();
    return soonest == NEVER ? NEVER : soonest + nanos;
  }
}
