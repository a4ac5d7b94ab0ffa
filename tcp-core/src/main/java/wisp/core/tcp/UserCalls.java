package wisp.core.tcp;

import org.jspecify.annotations.Nullable;
import wisp.core.Counters;
import wisp.core.Counters.Event;
import wisp.core.memory.Blocks;
import wisp.core.spi.SocketBuffers;

/**
 * What the application asks for (RFC 9293 §3.10.2 to §3.10.5): SEND, CLOSE in its two forms, ABORT,
 * and back-pressure.
 */
public final class UserCalls {
  /** What SEND says of its text beside the bytes. */
  public enum Manner {
    PLAIN,
    /** The last byte is urgent (RFC 9293 §3.8.5). */
    URGENT,
    /**
     * The end of it waits for what comes next, for one RTO at most if nothing is in flight
     * (MUST-60).
     */
    MORE,
    /** The last byte ends a record: what comes next is in other segments. */
    RECORD
  }

  private final Activity activity;
  private final SendText text;
  private final Receiver receiver;
  private final TcpOutput output;
  private final Ending ending;
  private final Retransmission retransmission;
  private final Counters counters;
  private final @Nullable SocketBuffers buffers;

  /** For one context. */
  public UserCalls(
      Activity activity,
      SendText text,
      Receiver receiver,
      TcpOutput output,
      Ending ending,
      Retransmission retransmission,
      Counters counters,
      @Nullable SocketBuffers buffers) {
    this.activity = activity;
    this.text = text;
    this.receiver = receiver;
    this.output = output;
    this.ending = ending;
    this.retransmission = retransmission;
    this.counters = counters;
    this.buffers = buffers;
  }

  /**
   * SEND. The caller has the segments sent afterwards.
   *
   * @return false: closed for sending, or no memory; in the latter case {@link Tcb#waiting} is set
   */
  public boolean send(Tcb tcb, int frame, Manner manner) {
    if (!tcb.state.maySend() || tcb.finQueued) {
      return false;
    }
    boolean endsRecord = manner == Manner.RECORD;
    if (!activity.wake(tcb, Blocks.Purpose.ORDINARY) || !text.append(tcb, frame, endsRecord)) {
      tcb.waiting = true;
      counters.add(Event.SENDS_REFUSED);
      return false;
    }
    tcb.corked = manner == Manner.MORE;
    if (manner == Manner.URGENT) {
      tcb.urgentQueued = true;
      tcb.sndUp = tcb.queue.endSeq;
    }
    return true;
  }

  /** What waits for more goes, whether that fills a segment or not. */
  public void push(Tcb tcb) {
    tcb.corked = false;
  }

  /**
   * CLOSE of our direction: FIN after all that was sent.
   *
   * @return false: no block to keep the FIN in; nothing has changed
   */
  public boolean shutdown(Tcb tcb) {
    return switch (tcb.state) {
      case SYN_SENT -> {
        if (tcb.queue.isEmpty()) {
          ending.end(tcb, EndCause.ABORTED);
        } else {
          tcb.finQueued = true;
        }
        yield true;
      }
      case SYN_RECEIVED -> {
        tcb.finQueued = true;
        yield true;
      }
      case ESTABLISHED, CLOSE_WAIT -> {
        boolean canKeepFin = activity.wake(tcb, Blocks.Purpose.ESSENTIAL);
        if (canKeepFin) {
          tcb.finQueued = true;
          tcb.state = tcb.state.onShutdown();
        }
        yield canKeepFin;
      }
      case CLOSED, LISTEN, FIN_WAIT_1, FIN_WAIT_2, CLOSING, LAST_ACK, TIME_WAIT -> true;
    };
  }

  /**
   * CLOSE of both directions: data that still arrives, or waits undelivered, draws RST (SHLD-3).
   */
  public boolean close(Tcb tcb) {
    boolean unread = !tcb.held.isEmpty() || (buffers != null && buffers.receiveFill(tcb.slot) > 0);
    if (unread) {
      abort(tcb, EndCause.ABORTED);
      return true;
    }
    if (!shutdown(tcb)) {
      return false;
    }
    tcb.applicationClosed = true;
    tcb.paused = false;
    tcb.urgentPending = false;
    tcb.peerFinHeld = false;
    return true;
  }

  /** Another user timeout has been set: what is being resent ends by it, and the peer is told. */
  public void userTimeoutChanged(Tcb tcb) {
    retransmission.limitChanged(tcb);
    if (tcb.userTimeoutOption && tcb.state.isSynchronized()) {
      output.sendUserTimeout(tcb);
    }
  }

  /** ABORT: RST if the peer knows of us, and no more. */
  public void abort(Tcb tcb, EndCause cause) {
    switch (tcb.state) {
      case SYN_RECEIVED, ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT -> output.sendReset(tcb);
      case CLOSED, LISTEN, SYN_SENT, CLOSING, LAST_ACK, TIME_WAIT -> {}
    }
    ending.end(tcb, cause);
  }

  /**
   * The application wants no more for now: the right edge stands still, what was promised is still
   * delivered.
   *
   * @return false: no block to remember the edge in; nothing has changed
   */
  public boolean pause(Tcb tcb) {
    if (tcb.paused || tcb.applicationClosed) {
      return true;
    }
    boolean needsBlock = buffers == null && tcb.rcvAdv != tcb.rcvNxt;
    if (needsBlock && !activity.wake(tcb, Blocks.Purpose.ORDINARY)) {
      return false;
    }
    tcb.paused = true;
    return true;
  }

  /** The application takes data again; the caller has an ACK that is due sent afterwards. */
  public void resume(Tcb tcb) {
    if (tcb.paused) {
      tcb.paused = false;
      receiver.resume(tcb);
    }
  }
}
