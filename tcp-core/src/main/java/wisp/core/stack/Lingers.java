package wisp.core.stack;

import wisp.core.tcp.EndCause;
import wisp.core.tcp.Tcb;
import wisp.core.tcp.TcpEnvironment;
import wisp.core.tcp.UserCalls;

/**
 * Closes with patience: who has not confirmed all and our FIN by the deadline is aborted. Only such
 * connections have one.
 */
final class Lingers {
  private final TcpEnvironment env;
  private final SlotDeadlines deadlines;
  private final TcbDesk desk;
  private final UserCalls calls;

  Lingers(TcpEnvironment env, SlotDeadlines deadlines, TcbDesk desk, UserCalls calls) {
    this.env = env;
    this.deadlines = deadlines;
    this.desk = desk;
    this.calls = calls;
  }

  void begin(Tcb tcb, long nanos) {
    deadlines.set(tcb.slot, env.nowNanos + nanos, 0);
  }

  /** Those whose time has come, {@code most} at a time. */
  int step(int most) {
    int done = 0;
    for (; done < most; done++) {
      int slot = deadlines.due(env.nowNanos);
      if (slot == SlotDeadlines.NONE) {
        break;
      }
      deadlines.clear(slot);
      Tcb tcb = desk.open(slot);
      try {
        if (isUnconfirmed(tcb)) {
          calls.abort(tcb, EndCause.ABORTED);
        }
      } finally {
        desk.close(tcb);
      }
    }
    return done;
  }

  private static boolean isUnconfirmed(Tcb tcb) {
    return switch (tcb.state) {
      case SYN_SENT, SYN_RECEIVED, ESTABLISHED, FIN_WAIT_1, CLOSE_WAIT, CLOSING, LAST_ACK -> true;
      case CLOSED, LISTEN, FIN_WAIT_2, TIME_WAIT -> false;
    };
  }
}
