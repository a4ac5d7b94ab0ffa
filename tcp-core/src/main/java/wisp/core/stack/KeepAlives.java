package wisp.core.stack;

import wisp.core.Counters.Event;
import wisp.core.tcp.EndCause;
import wisp.core.tcp.Ending;
import wisp.core.tcp.Tcb;
import wisp.core.tcp.TcpEnvironment;
import wisp.core.tcp.TcpOutput;

/**
 * Asks silent peers whether they are still there (RFC 9293 §3.8.4). A sleeping connection stays
 * asleep for it: all it needs is a deadline and the number of probes that went unanswered, four
 * bytes beside its record, and only where keep-alive is on.
 */
final class KeepAlives {
  private static final int MOST_A_POLL = 256;
  private static final long LINK_FULL_DELAY_NANOS = 1_000_000;

  private final TcpEnvironment env;
  private final SlotDeadlines deadlines;
  private final TcbDesk desk;
  private final TcpOutput output;
  private final Ending ending;

  KeepAlives(
      TcpEnvironment env, SlotDeadlines deadlines, TcbDesk desk, TcpOutput output, Ending ending) {
    this.env = env;
    this.deadlines = deadlines;
    this.desk = desk;
    this.output = output;
    this.ending = ending;
  }

  /** Those whose time has come, some at each poll: many may have fallen silent at once. */
  int step() {
    int done = 0;
    while (done < MOST_A_POLL) {
      int slot = deadlines.due(env.nowNanos);
      if (slot == SlotDeadlines.NONE) {
        break;
      }
      Tcb tcb = desk.open(slot);
      try {
        deadlineCame(tcb);
      } finally {
        desk.close(tcb);
      }
      done++;
    }
    return done;
  }

  private void deadlineCame(Tcb tcb) {
    int slot = tcb.slot;
    if (tcb.keepAliveNanos == 0 || !isForProbing(tcb)) {
      deadlines.clear(slot);
    } else if (tcb.sndUna != tcb.sndNxt || !tcb.queue.isEmpty() || tcb.finQueued) {
      deadlines.set(slot, env.nowNanos + tcb.keepAliveNanos, 0); // MUST-26
    } else {
      askOrGiveUp(tcb, deadlines.number(slot), desk.keepAlive(tcb));
    }
  }

  private void askOrGiveUp(Tcb tcb, int unanswered, KeepAlive settings) {
    if (unanswered >= settings.probes()) {
      deadlines.clear(tcb.slot);
      output.sendReset(tcb);
      tcb.backOff = unanswered;
      ending.end(tcb, EndCause.TIMED_OUT);
    } else if (output.sendKeepAlive(tcb, settings.garbageOctet())) {
      env.counters.add(Event.KEEP_ALIVES);
      deadlines.set(tcb.slot, env.nowNanos + settings.intervalNanos(), unanswered + 1);
    } else {
      deadlines.set(tcb.slot, env.nowNanos + LINK_FULL_DELAY_NANOS, unanswered);
    }
  }

  /** FIN-WAIT-2 of a full close has a deadline of its own. */
  private static boolean isForProbing(Tcb tcb) {
    return switch (tcb.state) {
      case ESTABLISHED, CLOSE_WAIT, FIN_WAIT_1, CLOSING, LAST_ACK -> true;
      case FIN_WAIT_2 -> !tcb.applicationClosed;
      case CLOSED, LISTEN, SYN_SENT, SYN_RECEIVED, TIME_WAIT -> false;
    };
  }
}
