package wisp.core.tcp;

import java.lang.foreign.MemorySegment;
import wisp.core.Counters.Event;
import wisp.core.memory.Blocks;
import wisp.core.memory.Payer;
import wisp.core.spi.BlockPool;

/**
 * Text that lies beyond a hole (SHLD-31), held in blocks of the shared pool: a list sorted by
 * sequence number, without overlaps. Where copies of a byte differ the first one stays. Running out
 * of blocks, or of a connection's share, drops what came last: the peer has not been told of it, or
 * only by SACK, and resends.
 *
 * <pre>
 *   block:  next (4) | first sequence number (4) | bytes (4) | unused (4) | text …
 * </pre>
 */
public final class Reassembly {
  private static final int NEXT = 0;
  private static final int SEQ = 4;
  private static final int LENGTH = 8;
  private static final int TEXT = 16;

  /**
   * Where one connection's held text is. Part of the {@link Tcb}; public only for the block codec.
   */
  public static final class Place {
    private final Payer payer;

    public int head = Blocks.NONE;
    public int tail = Blocks.NONE;

    /** Blocks held. */
    public int blockCount;

    /** Sequence number that arrived last: its island is reported first (RFC 2018 §4). */
    public @SeqNum int latestSeq;

    /** Empty. */
    public Place(Payer payer) {
      this.payer = payer;
    }

    /** Whether nothing is held. */
    public boolean isEmpty() {
      return head == Blocks.NONE;
    }

    void reset() {
      head = Blocks.NONE;
      tail = Blocks.NONE;
      blockCount = 0;
    }
  }

  private final Blocks blocks;
  private final int mostBlocks;

  /** The first run of the text that came last that had been held already; empty: none had. */
  @SeqNum int overlapLeft;

  @SeqNum int overlapRight;

  /** Why the last {@link #insert} that did not hold all of it dropped the rest. */
  Event dropReason = Event.DROP_NO_BLOCK;

  /** Claims the blocks of text held in a former process; false: the list is broken. */
  boolean claim(Place place, Revival revival) {
    int count = 0;
    int last = Blocks.NONE;
    for (int block = place.head; block != Blocks.NONE; block = blocks.getInt(block, NEXT)) {
      if (!revival.block(block, BlockPool.LARGEST) || !fits(block)) {
        return false;
      }
      last = block;
      count++;
    }
    return count == place.blockCount && (last == place.tail || count == 0);
  }

  private boolean fits(int block) {
    int length = blocks.getInt(block, LENGTH);
    return length > 0 && length <= blocks.capacity(block) - TEXT;
  }

  /** With a share of at most so many bytes of blocks for each connection. */
  public Reassembly(Blocks blocks, int mostBytes) {
    this.blocks = blocks;
    this.mostBlocks = mostBytes / BlockPool.LARGEST;
  }

  /**
   * Holds [seq, seq + length), which lies right of RCV.NXT and inside the window; what is already
   * held is skipped.
   *
   * @return whether all of it is held now
   */
  boolean insert(Place place, @SeqNum int seq, MemorySegment from, long start, int length) {
    place.latestSeq = seq;
    overlapLeft = seq;
    overlapRight = seq;
    @SeqNum int end = seq + length;
    @SeqNum int at = seq;
    int before = Blocks.NONE;
    int current = place.head;
    if (!place.isEmpty() && Seq.atOrAfter(seq, seqOf(place.tail))) {
      before = place.tail;
      current = Blocks.NONE;
      overlap(at, Seq.min(end, endOf(before)));
      at = Seq.max(at, endOf(before));
    }
    while (Seq.before(at, end)) {
      if (current != Blocks.NONE && Seq.atOrBefore(seqOf(current), at)) {
        overlap(at, Seq.min(end, endOf(current)));
        at = Seq.max(at, endOf(current));
        before = current;
        current = blocks.getInt(current, NEXT);
        continue;
      }
      @SeqNum int gapEnd = current == Blocks.NONE ? end : Seq.min(end, seqOf(current));
      int wanted = Seq.distance(at, gapEnd);
      int room = roomAfter(before, at);
      if (room == 0) {
        before = newBlock(place, before, at);
        if (before == Blocks.NONE) {
          return false;
        }
        room = blocks.capacity(before) - TEXT;
      }
      int n = Math.min(wanted, room);
      int held = blocks.getInt(before, LENGTH);
      MemorySegment.copy(
          from,
          start + Seq.distance(seq, at),
          blocks.memory(before),
          blocks.start(before) + TEXT + held,
          n);
      blocks.setInt(before, LENGTH, held + n);
      at += n;
    }
    return true;
  }

  private void overlap(@SeqNum int left, @SeqNum int right) {
    if (!Seq.before(left, right)) {
      return;
    }
    if (overlapLeft == overlapRight) {
      overlapLeft = left;
      overlapRight = right;
    } else if (left == overlapRight) { // what follows a gap is left out: the gap is no duplicate
      overlapRight = right;
    }
  }

  private int roomAfter(int block, @SeqNum int at) {
    if (block == Blocks.NONE || endOf(block) != at) {
      return 0;
    }
    return blocks.capacity(block) - TEXT - blocks.getInt(block, LENGTH);
  }

  private int newBlock(Place place, int before, @SeqNum int at) {
    if (place.blockCount >= mostBlocks) {
      dropReason = Event.DROP_HELD_LIMIT;
      return Blocks.NONE;
    }
    int block = blocks.acquire(BlockPool.LARGEST, Blocks.Purpose.HELD_TEXT, place.payer);
    if (block == Blocks.NONE) {
      dropReason = blocks.dropReason();
      return Blocks.NONE;
    }
    blocks.setInt(block, SEQ, at);
    blocks.setInt(block, LENGTH, 0);
    if (before == Blocks.NONE) {
      blocks.setInt(block, NEXT, place.head);
      place.head = block;
    } else {
      blocks.setInt(block, NEXT, blocks.getInt(before, NEXT));
      blocks.setInt(before, NEXT, block);
    }
    if (blocks.getInt(block, NEXT) == Blocks.NONE) {
      place.tail = block;
    }
    place.blockCount++;
    return block;
  }

  /** Whether the first held byte is at or left of {@code rcvNxt}: it can be delivered. */
  boolean isDue(Place place, @SeqNum int rcvNxt) {
    return !place.isEmpty() && Seq.atOrBefore(seqOf(place.head), rcvNxt);
  }

  /** First block of the list; {@link Blocks#NONE} if none. */
  int head(Place place) {
    return place.head;
  }

  /** Takes the head block out of the list; the caller owns it now and releases it. */
  int pop(Place place) {
    int block = place.head;
    place.head = blocks.getInt(block, NEXT);
    place.blockCount--;
    if (place.head == Blocks.NONE) {
      place.reset();
    }
    return block;
  }

  /** First sequence number in a block. */
  @SeqNum
  int seqOf(int block) {
    return blocks.getInt(block, SEQ);
  }

  /** Sequence number after the last byte in a block. */
  @SeqNum
  int endOf(int block) {
    return blocks.getInt(block, SEQ) + blocks.getInt(block, LENGTH);
  }

  /** Sequence number after the first island, which there is. */
  @SeqNum
  int endOfFirstIsland(Place place) {
    @SeqNum int end = endOf(place.head);
    int block = blocks.getInt(place.head, NEXT);
    while (block != Blocks.NONE && seqOf(block) == end) {
      end = endOf(block);
      block = blocks.getInt(block, NEXT);
    }
    return end;
  }

  /** Memory of a block's text. */
  MemorySegment memory(int block) {
    return blocks.memory(block);
  }

  /** Where a block's text begins. */
  long textStart(int block) {
    return blocks.start(block) + TEXT;
  }

  /** Drops everything held. */
  void clear(Place place) {
    while (!place.isEmpty()) {
      release(place, pop(place));
    }
  }

  /** Gives a block back that was taken out of a place. */
  void release(Place place, int block) {
    blocks.release(block, place.payer);
  }

  /**
   * Drops the farther half of what is held, one block at least: the memory is wanted elsewhere, and
   * what lies next to the hole is needed first. The peer still has it; what it has been told by
   * SACK it forgets in time (RFC 2018 §8).
   *
   * @return blocks given back
   */
  public int cut(Place place) {
    int keep = place.blockCount / 2;
    if (keep == 0) {
      int all = place.blockCount;
      clear(place);
      return all;
    }
    int last = place.head;
    for (int i = 1; i < keep; i++) {
      last = blocks.getInt(last, NEXT);
    }
    int block = blocks.getInt(last, NEXT);
    blocks.setInt(last, NEXT, Blocks.NONE);
    place.tail = last;
    int dropped = place.blockCount - keep;
    place.blockCount = keep;
    while (block != Blocks.NONE) {
      int next = blocks.getInt(block, NEXT);
      release(place, block);
      block = next;
    }
    return dropped;
  }

  /**
   * Islands of held text for a SACK option, the one that arrived last first (RFC 2018 §4).
   *
   * @param edges receives left and right edges alternately, after {@code first} others
   * @param most islands at most, with the others, ≤ edges.length / 2
   * @return islands in {@code edges}, with the others
   */
  int islands(Place place, int[] edges, int first, int most) {
    int count = first;
    for (int pass = 0; pass < 2 && count < most; pass++) {
      int block = place.head;
      while (block != Blocks.NONE && count < most) {
        @SeqNum int left = seqOf(block);
        @SeqNum int right = endOf(block);
        block = blocks.getInt(block, NEXT);
        while (block != Blocks.NONE && seqOf(block) == right) {
          right = endOf(block);
          block = blocks.getInt(block, NEXT);
        }
        boolean latest =
            Seq.atOrBefore(left, place.latestSeq) && Seq.before(place.latestSeq, right);
        if (latest == (pass == 0)) {
          edges[2 * count] = left;
          edges[2 * count + 1] = right;
          count++;
        }
      }
    }
    return count;
  }
}
