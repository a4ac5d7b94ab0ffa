package wisp.core.tcp;

import java.lang.foreign.MemorySegment;
import wisp.core.ip.IpOutput;
import wisp.core.memory.Blocks;
import wisp.core.memory.Payer;
import wisp.core.spi.BlockPool;
import wisp.core.spi.FrameAllocator;
import wisp.core.spi.TransmitPacket;
import wisp.core.wire.Checksum;

/**
 * What a connection has been given to send and the peer has not confirmed: references to frames, in
 * order, in a chain of blocks. No payload is copied here.
 *
 * <pre>
 *   block:  next (4) | first entry index (4) | frame (4), length (4) | frame, length | …
 * </pre>
 *
 * <p>The top bit of a length says that a record ends with the frame: no segment goes on beyond it.
 *
 * <p>Sequence numbers: {@link Place#startSeq} is that of the head frame's first byte, which may lie
 * left of SND.UNA when the frame is partly acknowledged; {@link Place#endSeq} follows the last
 * byte.
 */
public final class SendQueue {
  private static final int NEXT = 0;
  private static final int ENTRIES = 8;
  private static final int ENTRY_BYTES = 8;
  private static final int PER_BLOCK = (BlockPool.ACTIVITY - ENTRIES) / ENTRY_BYTES;
  private static final int RECORD_END = 1 << 31;

  /** Where one connection's queue is. Part of the {@link Tcb}; public only for the block codec. */
  public static final class Place {
    private final Payer payer;

    public int headBlock = Blocks.NONE;
    public int headIndex;
    public int tailBlock = Blocks.NONE;

    /** Entries used in the tail block, counted from its beginning. */
    public int tailIndex;

    public @SeqNum int startSeq;
    public @SeqNum int endSeq;

    /** Whether a record has ended in it since it was last empty. */
    public boolean hasRecords;

    /** Entry that holds the byte sent last, so that a long queue is not walked for each segment. */
    public int cursorBlock = Blocks.NONE;

    public int cursorIndex;
    public @SeqNum int cursorSeq;

    /** Empty. */
    public Place(Payer payer) {
      this.payer = payer;
    }

    /** Whether no frame is referenced. */
    public boolean isEmpty() {
      return headBlock == Blocks.NONE;
    }

    void reset() {
      headBlock = Blocks.NONE;
      tailBlock = Blocks.NONE;
      cursorBlock = Blocks.NONE;
      headIndex = 0;
      tailIndex = 0;
      hasRecords = false;
    }
  }

  private final Blocks blocks;
  private final FrameAllocator frames;
  private final FrameSums sums;

  /** Over the context's shared pool; frames stay owned by whoever acquired them. */
  public SendQueue(Blocks blocks, FrameAllocator frames, FrameSums sums) {
    this.blocks = blocks;
    this.frames = frames;
    this.sums = sums;
  }

  /**
   * Queues a frame and takes a reference to it.
   *
   * @param seq sequence number of the frame's first byte if the queue is empty
   * @param endsRecord whether what is appended later goes in other segments
   * @return false when no block could be had; nothing has changed
   */
  boolean append(Place place, int frame, @SeqNum int seq, boolean endsRecord) {
    if (place.isEmpty()) {
      int block = blocks.acquire(BlockPool.ACTIVITY, Blocks.Purpose.ORDINARY, place.payer);
      if (block == Blocks.NONE) {
        return false;
      }
      blocks.setInt(block, NEXT, Blocks.NONE);
      place.headBlock = block;
      place.tailBlock = block;
      place.headIndex = 0;
      place.tailIndex = 0;
      place.startSeq = seq;
      place.endSeq = seq;
    } else if (place.tailIndex == PER_BLOCK) {
      int block = blocks.acquire(BlockPool.ACTIVITY, Blocks.Purpose.ORDINARY, place.payer);
      if (block == Blocks.NONE) {
        return false;
      }
      blocks.setInt(block, NEXT, Blocks.NONE);
      blocks.setInt(place.tailBlock, NEXT, block);
      place.tailBlock = block;
      place.tailIndex = 0;
    }
    int length = frames.length(frame);
    setEntry(place.tailBlock, place.tailIndex, frame, endsRecord ? length | RECORD_END : length);
    place.hasRecords |= endsRecord;
    place.tailIndex++;
    place.endSeq += length;
    frames.retain(frame);
    return true;
  }

  /**
   * Copies queued bytes [seq, seq + length), which must lie in the queue, to where a segment is
   * being written.
   *
   * @return the partial sum of the bytes, or {@link Checksum#UNKNOWN} when nobody has it ready
   */
  long copy(Place place, @SeqNum int seq, int length, MemorySegment to, long toStart) {
    assert Seq.atOrAfter(seq, place.startSeq) && Seq.atOrBefore(seq + length, place.endSeq);
    seek(place, seq);
    int done = 0;
    long sum = 0;
    while (done < length) {
      int frame = entryFrame(place.cursorBlock, place.cursorIndex);
      int frameLength = entryLength(place.cursorBlock, place.cursorIndex);
      int skip = Seq.distance(place.cursorSeq, seq + done);
      int n = Math.min(length - done, frameLength - skip);
      MemorySegment.copy(frames.memory(frame), frames.start(frame) + skip, to, toStart + done, n);
      if (sum != Checksum.UNKNOWN) {
        sum =
            sums.covers(frame, n)
                ? Checksum.combine(sum, sums.of(frame, skip, n), done)
                : Checksum.UNKNOWN;
      }
      done += n;
      if (done < length) {
        advanceCursor(place, frameLength);
      }
    }
    return sum;
  }

  /**
   * Whether queued bytes [seq, seq + length), which must lie in the queue, can be sent from where
   * they are: in so few pieces, and in memory that the link reads.
   */
  boolean gathers(Place place, @SeqNum int seq, int length, int mostPieces, IpOutput ip) {
    seek(place, seq);
    int block = place.cursorBlock;
    int index = place.cursorIndex;
    @SeqNum int end = place.cursorSeq;
    for (int pieces = 1; pieces <= mostPieces; pieces++) {
      if (!ip.gathers(frames.memory(entryFrame(block, index)))) {
        return false;
      }
      end += entryLength(block, index);
      if (Seq.atOrBefore(seq + length, end)) {
        return true;
      }
      index++;
      if (index == PER_BLOCK) {
        block = blocks.getInt(block, NEXT);
        index = 0;
      }
    }
    return false;
  }

  /**
   * Adds queued bytes [seq, seq + length), which must lie in the queue, to a packet as pieces.
   *
   * @param lent is told the frames
   * @param wantsSum false: the link completes the checksum
   * @return the partial sum of the bytes; 0 where none is wanted
   */
  long gather(
      Place place,
      @SeqNum int seq,
      int length,
      TransmitPacket packet,
      LentFrames lent,
      boolean wantsSum) {
    seek(place, seq);
    long sum = 0;
    for (int done = 0; done < length; ) {
      int frame = entryFrame(place.cursorBlock, place.cursorIndex);
      int frameLength = entryLength(place.cursorBlock, place.cursorIndex);
      int skip = Seq.distance(place.cursorSeq, seq + done);
      int n = Math.min(length - done, frameLength - skip);
      MemorySegment memory = frames.memory(frame);
      long start = frames.start(frame) + skip;
      packet.add(memory, start, n);
      lent.add(frame);
      if (wantsSum) {
        long piece =
            sums.covers(frame, n) ? sums.of(frame, skip, n) : Checksum.sum(memory, start, n, 0);
        sum = Checksum.combine(sum, piece, done);
      }
      done += n;
      if (done < length) {
        advanceCursor(place, frameLength);
      }
    }
    return sum;
  }

  /**
   * How much of [seq, seq + length), which must lie in the queue, one segment may hold: up to the
   * end of a record.
   */
  int withinRecord(Place place, @SeqNum int seq, int length) {
    if (!place.hasRecords || length == 0) {
      return length;
    }
    seek(place, seq);
    int block = place.cursorBlock;
    int index = place.cursorIndex;
    @SeqNum int end = place.cursorSeq + entryLength(block, index);
    while (Seq.before(end, seq + length)) {
      if (endsRecord(block, index)) {
        return Seq.distance(seq, end);
      }
      index++;
      if (index == PER_BLOCK) {
        block = blocks.getInt(block, NEXT);
        index = 0;
      }
      end += entryLength(block, index);
    }
    return length;
  }

  private void seek(Place place, @SeqNum int seq) {
    if (place.cursorBlock == Blocks.NONE || Seq.before(seq, place.cursorSeq)) {
      place.cursorBlock = place.headBlock;
      place.cursorIndex = place.headIndex;
      place.cursorSeq = place.startSeq;
    }
    int frameLength = entryLength(place.cursorBlock, place.cursorIndex);
    while (Seq.atOrAfter(seq, place.cursorSeq + frameLength)) {
      advanceCursor(place, frameLength);
      frameLength = entryLength(place.cursorBlock, place.cursorIndex);
    }
  }

  private void advanceCursor(Place place, int frameLength) {
    place.cursorSeq += frameLength;
    place.cursorIndex++;
    if (place.cursorIndex == PER_BLOCK) {
      place.cursorBlock = blocks.getInt(place.cursorBlock, NEXT);
      place.cursorIndex = 0;
    }
  }

  /** Whether the head frame ends at or before {@code seq}: it may be popped. */
  boolean headEndsBy(Place place, @SeqNum int seq) {
    return !place.isEmpty()
        && Seq.atOrBefore(place.startSeq + entryLength(place.headBlock, place.headIndex), seq);
  }

  /** Takes the head frame out, without dropping its reference; the caller owns that now. */
  int pop(Place place) {
    int frame = entryFrame(place.headBlock, place.headIndex);
    int length = entryLength(place.headBlock, place.headIndex);
    boolean cursorHere =
        place.cursorBlock == place.headBlock && place.cursorIndex == place.headIndex;
    place.startSeq += length;
    place.headIndex++;
    if (place.headBlock == place.tailBlock && place.headIndex == place.tailIndex) {
      blocks.release(place.headBlock, place.payer);
      place.reset();
      return frame;
    }
    if (place.headIndex == PER_BLOCK) {
      int next = blocks.getInt(place.headBlock, NEXT);
      blocks.release(place.headBlock, place.payer);
      place.headBlock = next;
      place.headIndex = 0;
    }
    if (cursorHere) {
      place.cursorBlock = Blocks.NONE;
    }
    return frame;
  }

  /** Claims the blocks and frames of a queue from a former process; false: it is broken. */
  boolean claim(Place place, Revival revival) {
    if (place.isEmpty()) {
      return true;
    }
    int block = place.headBlock;
    int index = place.headIndex;
    @SeqNum int seq = place.startSeq;
    while (index < PER_BLOCK && revival.block(block, BlockPool.ACTIVITY)) {
      boolean isLast = block == place.tailBlock;
      int end = isLast ? place.tailIndex : PER_BLOCK;
      if (end > PER_BLOCK) {
        return false;
      }
      for (; index < end; index++) {
        int length = entryLength(block, index);
        if (!revival.frame(entryFrame(block, index), length)) {
          return false;
        }
        seq += length;
      }
      if (isLast) {
        place.cursorBlock = Blocks.NONE;
        return seq == place.endSeq;
      }
      block = blocks.getInt(block, NEXT);
      index = 0;
    }
    return false;
  }

  private void setEntry(int block, int index, int frame, int length) {
    blocks.setInt(block, ENTRIES + index * ENTRY_BYTES, frame);
    blocks.setInt(block, ENTRIES + index * ENTRY_BYTES + 4, length);
  }

  private int entryFrame(int block, int index) {
    return blocks.getInt(block, ENTRIES + index * ENTRY_BYTES);
  }

  private int entryLength(int block, int index) {
    return blocks.getInt(block, ENTRIES + index * ENTRY_BYTES + 4) & ~RECORD_END;
  }

  private boolean endsRecord(int block, int index) {
    return blocks.getInt(block, ENTRIES + index * ENTRY_BYTES + 4) < 0;
  }
}
