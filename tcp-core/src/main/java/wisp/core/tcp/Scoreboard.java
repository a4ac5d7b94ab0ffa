package wisp.core.tcp;

import wisp.core.memory.Blocks;
import wisp.core.spi.BlockPool;

/**
 * What the peer has beyond SND.UNA, as its SACK blocks say (RFC 2018, RFC 6675 §3), and what of the
 * holes has been resent. Borrowed only while there are holes or a recovery goes on: a small block,
 * a large one when that is full, and no more. News that finds no place is forgotten: the peer will
 * get that text twice.
 *
 * <pre>
 *   block:  ranges (4) | SACKed bytes (4) | delivered (4) | sent (4) | flight at the loss (4)
 *           | cwnd and ssthresh before it (8) | our timestamp when the first was resent (4) | rescued (4)
 *   range:  left edge | right edge | resent up to | SND.NXT when that was resent      16 bytes each
 * </pre>
 *
 * <p>The hole of a range lies left of it, from the right edge of the range before, or SND.UNA.
 */
public final class Scoreboard {
  private static final int COUNT = 0;
  private static final int SACKED = 4;

  /** PRR's variables (RFC 9937 §6): prr_delivered, prr_out, RecoverFS. */
  static final int DELIVERED = 8;

  static final int OUT = 12;
  static final int RECOVER_FLIGHT = 16;

  /** For the undoing of a recovery that was for nothing (RFC 4015). */
  static final int PRIOR_CWND = 20;

  static final int PRIOR_SSTHRESH = 24;
  static final int RESENT_TIMESTAMP = 28;

  /** Whether the rescue retransmission of this recovery has been sent (RFC 6675 §4, rule 4). */
  static final int RESCUED = 32;

  private static final int RANGES = 40;
  private static final int RANGE_BYTES = 16;
  private static final int LEFT = 0;
  private static final int RIGHT = 4;
  private static final int RESENT_TO = 8;
  private static final int RESENT_AT = 12;

  private final Blocks blocks;

  /** Over the context's shared pool. */
  public Scoreboard(Blocks blocks) {
    this.blocks = blocks;
  }

  // ---- The block -------------------------------------------------------------------------------

  /** Makes sure that there is one; false: no memory. */
  boolean borrow(Tcb tcb) {
    if (tcb.scoreboard != Blocks.NONE) {
      return true;
    }
    int block = blocks.acquire(BlockPool.ACTIVITY, Blocks.Purpose.ORDINARY);
    if (block == Blocks.NONE) {
      return false;
    }
    tcb.scoreboard = block;
    for (int at = 0; at < RANGES; at += 4) {
      blocks.setInt(block, at, 0);
    }
    return true;
  }

  /** Gives it back, if there is one. */
  void release(Tcb tcb) {
    if (tcb.scoreboard != Blocks.NONE) {
      blocks.release(tcb.scoreboard);
      tcb.scoreboard = Blocks.NONE;
    }
  }

  /** Forgets all ranges: after reneging, or a second time-out in a row (RFC 2018 §8). */
  void clear(Tcb tcb) {
    if (tcb.scoreboard != Blocks.NONE) {
      blocks.setInt(tcb.scoreboard, COUNT, 0);
      blocks.setInt(tcb.scoreboard, SACKED, 0);
    }
  }

  /** One of the named variables. */
  int get(Tcb tcb, int variable) {
    return blocks.getInt(tcb.scoreboard, variable);
  }

  /** Sets one of the named variables. */
  void set(Tcb tcb, int variable, int value) {
    blocks.setInt(tcb.scoreboard, variable, value);
  }

  // ---- Ranges ----------------------------------------------------------------------------------

  /** Ranges that the peer has. */
  int count(Tcb tcb) {
    return tcb.scoreboard == Blocks.NONE ? 0 : blocks.getInt(tcb.scoreboard, COUNT);
  }

  /** Bytes in them. */
  public int sackedBytes(Tcb tcb) {
    return tcb.scoreboard == Blocks.NONE ? 0 : blocks.getInt(tcb.scoreboard, SACKED);
  }

  @SeqNum
  int left(Tcb tcb, int i) {
    return word(tcb, i, LEFT);
  }

  @SeqNum
  int right(Tcb tcb, int i) {
    return word(tcb, i, RIGHT);
  }

  /** Where the hole left of range {@code i} begins. */
  @SeqNum
  int holeStart(Tcb tcb, int i) {
    return i == 0 ? tcb.sndUna : Seq.max(right(tcb, i - 1), tcb.sndUna);
  }

  /** How far that hole has been resent; its start: not at all. */
  @SeqNum
  int resentTo(Tcb tcb, int i) {
    return Seq.max(holeStart(tcb, i), word(tcb, i, RESENT_TO));
  }

  /** SND.NXT when something of that hole was resent last. */
  @SeqNum
  int resentAt(Tcb tcb, int i) {
    return word(tcb, i, RESENT_AT);
  }

  /** That hole has been resent up to here, now; its start: what was resent is lost too. */
  void resent(Tcb tcb, int i, @SeqNum int to) {
    setWord(tcb, i, RESENT_TO, to);
    setWord(tcb, i, RESENT_AT, tcb.sndNxt);
  }

  private int word(Tcb tcb, int i, int field) {
    return blocks.getInt(tcb.scoreboard, RANGES + i * RANGE_BYTES + field);
  }

  private void setWord(Tcb tcb, int i, int field, int value) {
    blocks.setInt(tcb.scoreboard, RANGES + i * RANGE_BYTES + field, value);
  }

  /**
   * The peer has [left, right), which lies inside what is in flight.
   *
   * @return bytes that were not known to have arrived
   */
  int add(Tcb tcb, @SeqNum int left, @SeqNum int right) {
    int before = sackedBytes(tcb);
    int n = count(tcb);
    int first = 0;
    while (first < n && Seq.before(right(tcb, first), left)) {
      first++;
    }
    int after = first; // first range that lies wholly right of it
    @SeqNum int from = left;
    @SeqNum int to = right;
    int merged = 0;
    while (after < n && Seq.atOrBefore(left(tcb, after), right)) {
      from = Seq.min(from, left(tcb, after));
      to = Seq.max(to, right(tcb, after));
      merged += Seq.distance(left(tcb, after), right(tcb, after));
      after++;
    }
    if (after == first) {
      if (!insert(tcb, first, left, right)) {
        return 0;
      }
    } else {
      setWord(tcb, first, LEFT, from);
      setWord(tcb, first, RIGHT, to);
      close(tcb, first + 1, after);
    }
    int sacked = before + Seq.distance(from, to) - merged;
    blocks.setInt(tcb.scoreboard, SACKED, sacked);
    return sacked - before;
  }

  /** A new range splits the hole of the next one: both parts inherit how far it was resent. */
  private boolean insert(Tcb tcb, int i, @SeqNum int left, @SeqNum int right) {
    int n = count(tcb);
    if (RANGES + (n + 1) * RANGE_BYTES > blocks.capacity(tcb.scoreboard) && !grow(tcb)) {
      return false;
    }
    @SeqNum int start = holeStart(tcb, i);
    @SeqNum int resentTo = i < n ? resentTo(tcb, i) : start;
    int resentAt = i < n ? resentAt(tcb, i) : start;
    for (int k = n - 1; k >= i; k--) {
      for (int field = 0; field < RANGE_BYTES; field += 4) {
        setWord(tcb, k + 1, field, word(tcb, k, field));
      }
    }
    setWord(tcb, i, LEFT, left);
    setWord(tcb, i, RIGHT, right);
    setWord(tcb, i, RESENT_TO, Seq.min(resentTo, left));
    setWord(tcb, i, RESENT_AT, resentAt);
    blocks.setInt(tcb.scoreboard, COUNT, n + 1);
    return true;
  }

  private boolean grow(Tcb tcb) {
    int size = blocks.capacity(tcb.scoreboard);
    int larger =
        size >= BlockPool.LARGEST
            ? Blocks.NONE
            : blocks.acquire(BlockPool.LARGEST, Blocks.Purpose.HELD_TEXT);
    if (larger == Blocks.NONE) {
      return false;
    }
    for (int at = 0; at < size; at += 4) {
      blocks.setInt(larger, at, blocks.getInt(tcb.scoreboard, at));
    }
    blocks.release(tcb.scoreboard);
    tcb.scoreboard = larger;
    return true;
  }

  /** Takes ranges [from, to) out. */
  private void close(Tcb tcb, int from, int to) {
    int n = count(tcb);
    if (from == to) {
      return;
    }
    for (int k = to; k < n; k++) {
      for (int field = 0; field < RANGE_BYTES; field += 4) {
        setWord(tcb, from + k - to, field, word(tcb, k, field));
      }
    }
    blocks.setInt(tcb.scoreboard, COUNT, n - (to - from));
  }

  /**
   * SND.UNA has advanced: what lies left of it is no range any more.
   *
   * @return bytes that were SACKed before they were acknowledged
   */
  int advance(Tcb tcb) {
    int n = count(tcb);
    int gone = 0;
    int bytes = 0;
    while (gone < n && Seq.atOrBefore(right(tcb, gone), tcb.sndUna)) {
      bytes += Seq.distance(left(tcb, gone), right(tcb, gone));
      gone++;
    }
    if (gone > 0) {
      close(tcb, 0, gone);
      blocks.setInt(tcb.scoreboard, SACKED, sackedBytes(tcb) - bytes);
    }
    return bytes;
  }

  /** Where to go on after {@code seq}: beyond the range that it lies in. */
  @SeqNum
  int beyondSacked(Tcb tcb, @SeqNum int seq) {
    int n = count(tcb);
    for (int i = 0; i < n && Seq.atOrBefore(left(tcb, i), seq); i++) {
      if (Seq.before(seq, right(tcb, i))) {
        return right(tcb, i);
      }
    }
    return seq;
  }

  /** Bytes from {@code seq} to the next range, or {@code most} if that is less. */
  int gapBytes(Tcb tcb, @SeqNum int seq, int most) {
    int n = count(tcb);
    for (int i = 0; i < n; i++) {
      if (Seq.after(left(tcb, i), seq)) {
        return Math.min(most, Seq.distance(seq, left(tcb, i)));
      }
    }
    return most;
  }

  /** SACKed bytes left of {@code seq}. */
  int sackedBefore(Tcb tcb, @SeqNum int seq) {
    int bytes = 0;
    int n = count(tcb);
    for (int i = 0; i < n && Seq.before(left(tcb, i), seq); i++) {
      bytes += Seq.distance(left(tcb, i), Seq.min(right(tcb, i), seq));
    }
    return bytes;
  }
}
