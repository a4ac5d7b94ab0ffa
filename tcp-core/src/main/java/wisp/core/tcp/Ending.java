package wisp.core.tcp;

import wisp.core.Counters;
import wisp.core.spi.FrameAllocator;

/**
 * How a connection leaves: gives back what it held and tells the application, once. The record is
 * the desk's to remove.
 */
public final class Ending {
  private final TcpEnvironment env;
  private final SendQueue queue;
  private final Reassembly reassembly;
  private final FrameAllocator frames;
  private final Scoreboard board;
  private final FastOpenCache fastOpens;

  /** For one context. */
  public Ending(
      TcpEnvironment env,
      SendQueue queue,
      Reassembly reassembly,
      FrameAllocator frames,
      Scoreboard board,
      FastOpenCache fastOpens) {
    this.board = board;
    this.fastOpens = fastOpens;
    this.env = env;
    this.queue = queue;
    this.reassembly = reassembly;
    this.frames = frames;
  }

  /** CLOSED, for this reason. Does nothing when it is so already. */
  public void end(Tcb tcb, EndCause cause) {
    if (tcb.state == State.CLOSED || tcb.state == State.TIME_WAIT) {
      tcb.state = State.CLOSED;
      return;
    }
    if (tcb.state == State.SYN_SENT && tcb.askedFast && isFailure(cause)) {
      fastOpens.failed(tcb, env.nowNanos);
    }
    boolean wasHeardOf = !tcb.halfOpen;
    tcb.state = State.CLOSED;
    giveBack(tcb);
    if (wasHeardOf) {
      env.counters.add(Counters.Event.CLOSED);
      env.upcalls.ended(tcb, cause);
    }
  }

  private static boolean isFailure(EndCause cause) {
    return cause == EndCause.REFUSED
        || cause == EndCause.UNREACHABLE
        || cause == EndCause.TIMED_OUT;
  }

  /**
   * TIME-WAIT: both FINs are acknowledged, nothing is held any more, the application hears the last
   * call.
   */
  void enterTimeWait(Tcb tcb) {
    tcb.state = State.TIME_WAIT;
    giveBack(tcb);
    env.counters.add(Counters.Event.CLOSED);
    env.upcalls.ended(tcb, EndCause.CLOSED);
  }

  /**
   * Drops what lies beyond a hole: it was never acknowledged, so the peer still has it (RFC 2018
   * §8).
   */
  public void forgetHeld(Tcb tcb) {
    tcb.timer = TimerKind.NONE;
    tcb.peerFinHeld = false;
    tcb.urgentPending = false;
    reassembly.clear(tcb.held);
  }

  private void giveBack(Tcb tcb) {
    tcb.timer = TimerKind.NONE;
    tcb.resending = false;
    tcb.peerFinHeld = false;
    tcb.urgentPending = false;
    tcb.duplicateAcksOwed = 0;
    tcb.finQueued = false;
    reassembly.clear(tcb.held);
    board.release(tcb);
    while (!tcb.queue.isEmpty()) {
      int confirmed = Math.max(0, Seq.distance(tcb.queue.startSeq, tcb.sndUna));
      int frame = queue.pop(tcb.queue);
      env.upcalls.released(tcb, frame, Math.min(confirmed, frames.length(frame)));
      frames.release(frame);
    }
  }
}
