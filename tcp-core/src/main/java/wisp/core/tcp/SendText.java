package wisp.core.tcp;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import wisp.core.ip.IpOutput;
import wisp.core.spi.FrameAllocator;
import wisp.core.spi.SocketBuffers;
import wisp.core.spi.TransmitPacket;
import wisp.core.wire.Checksum;

/**
 * Where the bytes of a segment come from: the application's frames, or with classic socket buffers
 * the send buffer, into which they were copied when they were sent. The frames' accounts are the
 * same in both cases.
 */
public final class SendText {
  /** Sequence numbers are compared within 2^31: what is queued stays well below. */
  private static final int MOST_QUEUED_BYTES = 1 << 30;

  private final SendQueue queue;
  private final FrameAllocator frames;
  private final @Nullable SocketBuffers buffers;

  /** For one context. */
  public SendText(SendQueue queue, FrameAllocator frames, @Nullable SocketBuffers buffers) {
    this.queue = queue;
    this.frames = frames;
    this.buffers = buffers;
  }

  /** Queues a frame; false: no memory, or the send buffer is full, and nothing has changed. */
  boolean append(Tcb tcb, int frame, boolean endsRecord) {
    @SeqNum int seq = tcb.queue.isEmpty() ? tcb.sndNxt : tcb.queue.endSeq;
    int length = frames.length(frame);
    int queued = tcb.queue.isEmpty() ? 0 : Math.max(0, Seq.distance(tcb.sndUna, tcb.queue.endSeq));
    int most = buffers == null ? MOST_QUEUED_BYTES : buffers.sendBytes();
    if (queued > most - length) {
      return false;
    }
    if (!queue.append(tcb.queue, frame, seq, endsRecord)) {
      return false;
    }
    if (buffers != null) {
      toRing(buffers, tcb.slot, seq, frames.memory(frame), frames.start(frame), length);
    }
    return true;
  }

  /** How much of [seq, seq + length) one segment may hold: up to the end of a record. */
  int withinRecord(Tcb tcb, @SeqNum int seq, int length) {
    return queue.withinRecord(tcb.queue, seq, length);
  }

  /**
   * Copies bytes [seq, seq + length) of the queue into a segment.
   *
   * @return their partial sum, or {@link Checksum#UNKNOWN} when nobody has it ready
   */
  long copy(Tcb tcb, @SeqNum int seq, int length, MemorySegment to, long toStart) {
    if (buffers == null) {
      return queue.copy(tcb.queue, seq, length, to, toStart);
    }
    fromRing(buffers, tcb.slot, seq, length, to, toStart);
    return Checksum.UNKNOWN;
  }

  /**
   * Whether bytes [seq, seq + length) can be sent from where they are: see {@link
   * SendQueue#gathers}. From a send buffer they are always copied, as it is with the classic.
   */
  boolean gathers(Tcb tcb, @SeqNum int seq, int length, int mostPieces, IpOutput ip) {
    return mostPieces > 0
        && buffers == null
        && queue.gathers(tcb.queue, seq, length, mostPieces, ip);
  }

  /** Adds them to a packet, once it is known that they can; see {@link SendQueue#gather}. */
  long gather(
      Tcb tcb,
      @SeqNum int seq,
      int length,
      TransmitPacket packet,
      LentFrames lent,
      boolean wantsSum) {
    return queue.gather(tcb.queue, seq, length, packet, lent, wantsSum);
  }

  private static void toRing(
      SocketBuffers b, int slot, @SeqNum int seq, MemorySegment from, long start, int length) {
    int at = Integer.remainderUnsigned(seq, b.sendBytes());
    int first = Math.min(length, b.sendBytes() - at);
    MemorySegment.copy(from, start, b.memory(slot), b.sendStart(slot) + at, first);
    MemorySegment.copy(from, start + first, b.memory(slot), b.sendStart(slot), length - first);
  }

  private static void fromRing(
      SocketBuffers b, int slot, @SeqNum int seq, int length, MemorySegment to, long toStart) {
    int at = Integer.remainderUnsigned(seq, b.sendBytes());
    int first = Math.min(length, b.sendBytes() - at);
    MemorySegment.copy(b.memory(slot), b.sendStart(slot) + at, to, toStart, first);
    MemorySegment.copy(b.memory(slot), b.sendStart(slot), to, toStart + first, length - first);
  }
}
