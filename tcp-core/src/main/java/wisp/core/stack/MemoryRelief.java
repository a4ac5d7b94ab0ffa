package wisp.core.stack;

import wisp.core.Counters.Event;
import wisp.core.memory.Blocks;
import wisp.core.tcp.EndCause;
import wisp.core.tcp.Ending;
import wisp.core.tcp.Sender;
import wisp.core.tcp.Tcb;
import wisp.core.tcp.TcpEnvironment;
import wisp.core.tcp.TcpOutput;

/**
 * Ends connections whose peers have kept their windows shut for long when others are refused memory
 * (RFC 6429): a peer that only answers probes, or takes a byte now and then, could keep blocks and
 * frames for ever. As long as there is memory they live as long as they like, and no more of them
 * go than it takes.
 */
final class MemoryRelief {
  private static final int MOST_A_POLL = 64;

  private final TcpEnvironment env;
  private final long limitNanos;
  private final ShutWindows windows;
  private final Blocks blocks;
  private final TcbDesk desk;
  private final TcpOutput output;
  private final Ending ending;
  private boolean frameRefused;

  MemoryRelief(
      TcpEnvironment env,
      long limitNanos,
      ShutWindows windows,
      Blocks blocks,
      TcbDesk desk,
      TcpOutput output,
      Ending ending) {
    this.env = env;
    this.limitNanos = limitNanos;
    this.windows = windows;
    this.blocks = blocks;
    this.desk = desk;
    this.output = output;
    this.ending = ending;
  }

  /** The application asked for a frame in vain: worth one connection, since nobody knows more. */
  void frameRefused() {
    frameRefused = true;
  }

  /** Makes room if somebody was refused; in its own time, not in the midst of their call. */
  int step() {
    int done = 0;
    while (isWanted() && done < MOST_A_POLL) {
      int slot = windows.takeLongerThan(limitNanos);
      if (slot == ShutWindows.NONE) {
        break;
      }
      Tcb tcb = desk.open(slot);
      try {
        end(tcb);
      } finally {
        desk.close(tcb);
      }
      done++;
    }
    frameRefused = false;
    return done;
  }

  private boolean isWanted() {
    return limitNanos != ContextConfig.NEVER && (frameRefused || blocks.isShort());
  }

  /** RST in all states, also those in which an application's abort sends none: the peer lives. */
  private void end(Tcb tcb) {
    if (Sender.isInPersist(tcb)) {
      frameRefused = false;
      env.counters.add(Event.PERSISTS_ENDED);
      output.sendReset(tcb);
      ending.end(tcb, EndCause.MEMORY_SHORT);
    }
  }

  /** When a step is due although no packet comes. */
  long nextDeadlineNanos() {
    return isWanted()
        ? Math.max(env.nowNanos, windows.nextLongerThanNanos(limitNanos))
        : Long.MAX_VALUE;
  }
}
