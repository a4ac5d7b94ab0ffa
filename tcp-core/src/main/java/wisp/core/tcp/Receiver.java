package wisp.core.tcp;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import wisp.core.Counters.Event;
import wisp.core.memory.Blocks;
import wisp.core.spi.SocketBuffers;

/**
 * Segment text (RFC 9293 §3.10.7.4, seventh check): what is next in order goes straight to the
 * application, what lies beyond a hole is held, and the acknowledgment is owed, now or soon.
 */
public final class Receiver {
  private final TcpEnvironment env;
  private final Reassembly reassembly;
  private final Blocks blocks;
  private final Activity activity;
  private final ReceiveWindow window;
  private final TcpOutput output;
  private final Ending ending;
  private final @Nullable SocketBuffers buffers;

  /** For one context; {@code buffers} only with a classic strategy. */
  public Receiver(
      TcpEnvironment env,
      Reassembly reassembly,
      Blocks blocks,
      Activity activity,
      ReceiveWindow window,
      TcpOutput output,
      Ending ending,
      @Nullable SocketBuffers buffers) {
    this.env = env;
    this.reassembly = reassembly;
    this.blocks = blocks;
    this.activity = activity;
    this.window = window;
    this.output = output;
    this.ending = ending;
    this.buffers = buffers;
  }

  /**
   * Takes the text of an acceptable segment, and the FIN behind it.
   *
   * @param seq of the first byte
   * @param memory borrowed
   */
  void text(Tcb tcb, @SeqNum int seq, MemorySegment memory, long start, int length, boolean fin) {
    int skip = Math.max(0, Seq.distance(seq, tcb.rcvNxt));
    @SeqNum int end = seq + length;
    boolean cutAtEdge = Seq.after(end, tcb.rcvAdv);
    int take = Seq.distance(seq, Seq.min(end, textLimit(tcb))) - skip;
    boolean finHere = fin && !cutAtEdge;
    if (take > 0 && tcb.applicationClosed) {
      output.refuseText(tcb);
      ending.end(tcb, EndCause.ABORTED);
      return;
    }
    if (skip > 0 && length > 0) {
      tcb.ackNow = true;
      output.duplicates().add(tcb, seq, Seq.min(end, tcb.rcvNxt));
    } else if (take > 0 && seq == tcb.rcvNxt && !tcb.held.isEmpty()) {
      @SeqNum
      int islandEnd = reassembly.endOfFirstIsland(tcb.held); // it may fill more than the hole
      output.duplicates().add(tcb, reassembly.seqOf(tcb.held.head), Seq.min(seq + take, islandEnd));
    }
    if (finHere) {
      noteFin(tcb, end);
    }
    if (take > 0) {
      take(tcb, seq + skip, memory, start + skip, take);
    } else if (length > 0) {
      tcb.ackNow = true;
    }
    if (tcb.state != State.CLOSED) {
      finIfReached(tcb, finHere, end);
    }
  }

  /** Text counts up to the window's edge, or to a FIN that is known to come before it. */
  private static @SeqNum int textLimit(Tcb tcb) {
    return tcb.peerFinHeld ? Seq.min(tcb.rcvAdv, tcb.peerFinSeq) : tcb.rcvAdv;
  }

  private void take(Tcb tcb, @SeqNum int seq, MemorySegment memory, long start, int length) {
    if (seq != tcb.rcvNxt) {
      hold(tcb, seq, memory, start, length);
      return;
    }
    boolean hadHole = !tcb.held.isEmpty();
    acknowledgeSoon(tcb, length);
    if (buffers != null) {
      length = Math.min(length, freeBytes(buffers, tcb));
    }
    @SeqNum int end = seq + length;
    while (tcb.state != State.CLOSED) {
      boolean heldIsDue = reassembly.isDue(tcb.held, tcb.rcvNxt);
      if (!heldIsDue && Seq.atOrAfter(tcb.rcvNxt, end)) {
        break;
      }
      if (tcb.applicationClosed) { // by the callback that took the bytes before these
        output.refuseText(tcb);
        ending.end(tcb, EndCause.ABORTED);
      } else if (heldIsDue) {
        deliverHeld(tcb);
      } else {
        // Only up to what is held: of two copies of a byte the first one stays.
        @SeqNum int to = tcb.held.isEmpty() ? end : Seq.min(end, reassembly.seqOf(tcb.held.head));
        int n = Seq.distance(tcb.rcvNxt, to);
        deliver(tcb, memory, start + Seq.distance(seq, tcb.rcvNxt), n);
      }
    }
    if (hadHole) {
      tcb.duplicateAcksOwed = 0; // they would repeat the number that this ACK now brings
      tcb.ackNow = true;
    }
  }

  private void deliverHeld(Tcb tcb) {
    int block = reassembly.pop(tcb.held);
    int overlap = Seq.distance(reassembly.seqOf(block), tcb.rcvNxt);
    int rest = Seq.distance(tcb.rcvNxt, Seq.min(reassembly.endOf(block), textLimit(tcb)));
    if (rest > 0) {
      deliver(tcb, reassembly.memory(block), reassembly.textStart(block) + overlap, rest);
    }
    reassembly.release(tcb.held, block);
  }

  private void deliver(Tcb tcb, MemorySegment memory, long start, int length) {
    tcb.rcvNxt += length;
    env.counters.add(Event.BYTES_DELIVERED, length);
    if (tcb.urgentPending && Seq.atOrAfter(tcb.rcvNxt, tcb.rcvUp)) {
      tcb.urgentPending = false;
    }
    if (buffers == null) {
      env.upcalls.data(tcb, memory, start, length);
    } else {
      toRing(buffers, tcb, memory, start, length);
      drain(tcb);
    }
  }

  /** RFC 9293 §3.8.6.3: every second segment at once, a single one soon; the first one at once. */
  private void acknowledgeSoon(Tcb tcb, int length) {
    if (tcb.ackOwed || length > tcb.effectiveMss() || !tcb.delaysAck) {
      tcb.ackNow = true;
    }
    tcb.ackOwed = true;
    tcb.delaysAck = true;
  }

  private void hold(Tcb tcb, @SeqNum int seq, MemorySegment memory, long start, int length) {
    if (!activity.wake(tcb, Blocks.Purpose.ORDINARY)) {
      env.counters.add(blocks.dropReason());
      tcb.ackNow = true;
      return;
    }
    if (!reassembly.insert(tcb.held, seq, memory, start, length)) {
      env.counters.add(reassembly.dropReason);
    }
    output.duplicates().add(tcb, reassembly.overlapLeft, reassembly.overlapRight);
    if (tcb.ackNow && tcb.rcvNxt != tcb.lastAckSent && !tcb.sackPermitted) {
      tcb.duplicateAcksOwed = 1; // the first one has news: without SACK only repetition counts
      tcb.ackNow = false;
    }
    tcb.duplicateAcksOwed = Math.min(tcb.duplicateAcksOwed + 1, 64);
  }

  private void noteFin(Tcb tcb, @SeqNum int finSeq) {
    if (finSeq != tcb.rcvNxt
        && !tcb.peerFinHeld
        && !tcb.applicationClosed
        && activity.wake(tcb, Blocks.Purpose.ORDINARY)) {
      tcb.peerFinHeld = true;
      tcb.peerFinSeq = finSeq;
    }
  }

  /** Eighth check: the FIN counts at its place in the sequence. */
  private void finIfReached(Tcb tcb, boolean finHere, @SeqNum int finSeq) {
    boolean reached =
        (finHere && finSeq == tcb.rcvNxt) || (tcb.peerFinHeld && tcb.peerFinSeq == tcb.rcvNxt);
    if (reached && buffers != null && buffers.receiveFill(tcb.slot) > 0) {
      tcb.peerFinHeld = activity.wake(tcb, Blocks.Purpose.ORDINARY);
      tcb.peerFinSeq = tcb.rcvNxt;
      tcb.ackNow = true;
      return;
    }
    if (!reached) {
      if (finHere) {
        tcb.ackNow = true;
      }
      return;
    }
    tcb.peerFinHeld = false;
    tcb.urgentPending = false;
    tcb.rcvNxt++;
    tcb.rcvAdv = Seq.max(tcb.rcvAdv, tcb.rcvNxt); // a FIN may come into a shut window
    tcb.ackNow = true;
    reassembly.clear(tcb.held);
    tcb.duplicateAcksOwed = 0;
    State next = tcb.state.onFin(false);
    if (next != State.TIME_WAIT) {
      tcb.state = next;
    }
    if (!tcb.applicationClosed) {
      env.upcalls.peerClosed(tcb);
    }
    if (next == State.TIME_WAIT && tcb.state != State.CLOSED) {
      output.sendAck(tcb);
      ending.enterTimeWait(tcb);
    }
  }

  /**
   * The application takes data again: with classic buffers what waits is delivered; a window that
   * opens is announced.
   */
  void resume(Tcb tcb) {
    drain(tcb);
    if (tcb.state != State.CLOSED && tcb.peerFinHeld) {
      finIfReached(tcb, false, tcb.rcvNxt);
    }
    if (tcb.state != State.CLOSED && window.hasUpdate(tcb)) {
      tcb.ackNow = true;
    }
  }

  // ---- Classic socket buffers -------------------------------------------------------------------

  private static int freeBytes(SocketBuffers b, Tcb tcb) {
    return b.receiveBytes() - b.receiveFill(tcb.slot);
  }

  private static void toRing(
      SocketBuffers b, Tcb tcb, MemorySegment memory, long start, int length) {
    int size = b.receiveBytes();
    int at = Integer.remainderUnsigned(tcb.rcvNxt - length, size);
    int first = Math.min(length, size - at);
    MemorySegment ring = b.memory(tcb.slot);
    MemorySegment.copy(memory, start, ring, b.receiveStart(tcb.slot) + at, first);
    MemorySegment.copy(memory, start + first, ring, b.receiveStart(tcb.slot), length - first);
    b.receiveFill(tcb.slot, b.receiveFill(tcb.slot) + length);
  }

  private void drain(Tcb tcb) {
    if (buffers == null) {
      return;
    }
    int size = buffers.receiveBytes();
    while (!tcb.paused && tcb.state != State.CLOSED && buffers.receiveFill(tcb.slot) > 0) {
      int fill = buffers.receiveFill(tcb.slot);
      @SeqNum int textEnd = tcb.state.mayReceive() ? tcb.rcvNxt : tcb.rcvNxt - 1;
      int at = Integer.remainderUnsigned(textEnd - fill, size);
      int n = Math.min(fill, size - at);
      buffers.receiveFill(tcb.slot, fill - n);
      env.upcalls.data(tcb, buffers.memory(tcb.slot), buffers.receiveStart(tcb.slot) + at, n);
    }
  }
}
