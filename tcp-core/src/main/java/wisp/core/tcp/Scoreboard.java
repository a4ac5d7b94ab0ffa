package wisp.core.tcp;

import wisp.core.memory.Blocks;
import wisp.core.spi.BlockPool;

/**
 * What is known of the segments in flight: when they were sent ({@link SendTimes}), what the peer
 * has beyond SND.UNA as its SACK blocks say (RFC 2018, RFC 6675 §3), and what of the holes is lost
 * or has been resent. Borrowed while more than one segment is in flight: a small block, a large one
 * when that is full, and no more. News that finds no place is forgotten: the peer will get that
 * text twice.
 *
 * <pre>
 *   block:  ranges (4) | SACKed bytes (4) | lost bytes (4) | flags (4)
 *           | PRR: delivered, sent, flight at the loss (12)
 *           | to undo: cwnd, ssthresh, our timestamp, segments resent, SND.UNA then (20)
 *           | RACK: ticks, end, round trip (12) | TLP: end (4) | round of the last D-SACK (4)
 *           | times of sending (64) | range | range …
 *   range:  left edge | right edge | resent up to | ticks of that | lost up to | ever resent up to
 * </pre>
 *
 * <p>The hole of a range lies left of it, from the right edge of the range before, or SND.UNA:
 * first what has been resent and is in flight again, then what is lost, then what is in flight
 * still. An empty range is a mark that makes a hole of what lies left of it.
 */
public final class Scoreboard {
  private static final int COUNT = 0;
  private static final int SACKED = 4;
  private static final int LOST = 8;
  private static final int FLAGS = 12;

  /** PRR's variables (RFC 9937 §6): prr_delivered, prr_out, RecoverFS. */
  static final int DELIVERED = 16;

  static final int OUT = 20;
  static final int RECOVER_FLIGHT = 24;

  /** For the undoing of a recovery that was for nothing (RFC 4015, RFC 3708). */
  static final int PRIOR_CWND = 28;

  static final int PRIOR_SSTHRESH = 32;
  static final int RESENT_TIMESTAMP = 36;

  /** Segments resent since, of which no duplicate was reported. */
  static final int RESENT_SEGMENTS = 40;

  /** RACK.xmit_ts, RACK.end_seq, RACK.rtt (RFC 8985 §5.2), ticks. */
  static final int RACK_TICKS = 44;

  static final int RACK_END = 48;
  static final int RACK_ROUND_TRIP = 52;

  /** TLP.end_seq (RFC 8985 §7.1). */
  static final int PROBE_END = 56;

  /** RACK.dsack_round: one duplicate a round widens the reordering window. */
  static final int DUPLICATE_ROUND = 60;

  /** SND.UNA when the last reduction began. */
  static final int UNDO_FROM = 64;

  static final int TIMES = 68;
  private static final int RANGES = TIMES + SendTimes.BYTES;

  /** Flags. The rescue retransmission of this recovery has been sent (RFC 6675 §4, rule 4). */
  static final int RESCUED = 1;

  /** After a time-out, until what was in flight then is acknowledged. */
  static final int TIMED_OUT = 2;

  /** The last reduction may still turn out to have been for nothing. */
  static final int UNDOABLE = 4;

  /** F-RTO looks whether the time-out was spurious; it waits for what new text will draw. */
  static final int SUSPICIOUS = 8;

  static final int TRYING_NEW = 16;
  static final int TRIED_NEW = 32;

  /** A tail loss probe is out; it was a retransmission (TLP.is_retrans). */
  static final int PROBED = 64;

  static final int PROBE_RESENT = 128;

  /** RACK's variables are set. */
  static final int RACK_VALID = 256;

  /** {@link #DUPLICATE_ROUND} is set. */
  static final int DUPLICATE_SEEN = 512;

  /** This recovery goes by what SACK says, not as NewReno. */
  static final int BY_SACK = 1_024;

  /** The peer does not speak SACK: nothing is kept here but what to put back. */
  static final int PLAIN = 2_048;

  private static final int RANGE_BYTES = 24;
  private static final int LEFT = 0;
  private static final int RIGHT = 4;
  private static final int RESENT_TO = 8;
  private static final int RESENT_TICKS = 12;
  private static final int LOST_TO = 16;
  private static final int EVER_TO = 20;

  private final Blocks blocks;
  final SendTimes times;

  /** What the acknowledgment in hand shows. */
  final Delivery delivery = new Delivery();

  private @SeqNum int highestBefore;

  /** Over the context's shared pool. */
  public Scoreboard(Blocks blocks) {
    this.blocks = blocks;
    this.times = new SendTimes(blocks);
  }

  /** When what is in flight was sent. */
  public SendTimes times() {
    return times;
  }

  // ---- The block -------------------------------------------------------------------------------

  /**
   * Makes sure that there is one; false: no memory.
   *
   * @param purpose {@link Blocks.Purpose#HELD_TEXT} when it is only a precaution
   */
  boolean borrow(Tcb tcb, Blocks.Purpose purpose) {
    if (tcb.scoreboard != Blocks.NONE) {
      return true;
    }
    int block = blocks.acquire(BlockPool.ACTIVITY, purpose, tcb.payer);
    if (block == Blocks.NONE) {
      return false;
    }
    tcb.scoreboard = block;
    for (int at = 0; at < TIMES; at += 4) {
      blocks.setInt(block, at, 0);
    }
    times.forget(tcb);
    return true;
  }

  /** Gives it back, if there is one. */
  void release(Tcb tcb) {
    if (tcb.scoreboard != Blocks.NONE) {
      blocks.release(tcb.scoreboard, tcb.payer);
      tcb.scoreboard = Blocks.NONE;
    }
  }

  /** Forgets all ranges: after reneging, or a second time-out in a row (RFC 2018 §8). */
  void clear(Tcb tcb) {
    if (tcb.scoreboard != Blocks.NONE) {
      if (count(tcb) > 0) {
        times.forget(tcb); // what lay in the holes may have been resent
      }
      set(tcb, COUNT, 0);
      set(tcb, SACKED, 0);
      set(tcb, LOST, 0);
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

  /** Whether there is a block and one of these flags is set. */
  boolean has(Tcb tcb, int flags) {
    return tcb.scoreboard != Blocks.NONE && (get(tcb, FLAGS) & flags) != 0;
  }

  void raise(Tcb tcb, int flags) {
    set(tcb, FLAGS, get(tcb, FLAGS) | flags);
  }

  void lower(Tcb tcb, int flags) {
    set(tcb, FLAGS, get(tcb, FLAGS) & ~flags);
  }

  // ---- Sums ------------------------------------------------------------------------------------

  /** Ranges, marks among them. */
  int count(Tcb tcb) {
    return tcb.scoreboard == Blocks.NONE ? 0 : get(tcb, COUNT);
  }

  /** Bytes that the peer has beyond SND.UNA. */
  public int sackedBytes(Tcb tcb) {
    return tcb.scoreboard == Blocks.NONE ? 0 : get(tcb, SACKED);
  }

  /** Bytes that are lost and have not been resent since. */
  public int lostBytes(Tcb tcb) {
    return tcb.scoreboard == Blocks.NONE ? 0 : get(tcb, LOST);
  }

  /** Bytes that are thought to be in the network (RFC 6675 §4, SetPipe). */
  int pipeBytes(Tcb tcb) {
    int pipe = tcb.flightBytes() - sackedBytes(tcb) - lostBytes(tcb);
    assert pipe >= 0 : "pipe " + pipe + " of " + tcb;
    return pipe;
  }

  private void countLost(Tcb tcb) {
    int n = count(tcb);
    int lost = 0;
    for (int i = 0; i < n; i++) {
      lost += Seq.distance(resentTo(tcb, i), lostTo(tcb, i));
    }
    set(tcb, LOST, lost);
  }

  // ---- Ranges ----------------------------------------------------------------------------------

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

  /** When something of that hole was resent last. */
  int resentTicks(Tcb tcb, int i) {
    return word(tcb, i, RESENT_TICKS);
  }

  /** Up to where that hole is lost, beyond what has been resent; there: nothing. */
  @SeqNum
  int lostTo(Tcb tcb, int i) {
    return Seq.max(resentTo(tcb, i), word(tcb, i, LOST_TO));
  }

  /** Up to where that hole has ever been resent: which copy of it arrives nobody knows. */
  private @SeqNum int everTo(Tcb tcb, int i) {
    return Seq.max(holeStart(tcb, i), word(tcb, i, EVER_TO));
  }

  /** How many holes have something of which a copy may be under way. */
  int holesResent(Tcb tcb) {
    int n = count(tcb);
    int holes = 0;
    for (int i = 0; i < n; i++) {
      holes += everTo(tcb, i) == holeStart(tcb, i) ? 0 : 1;
    }
    return holes;
  }

  /** Whether the probe of the tail resent the last segment, behind others that it did not. */
  boolean hasProbeBehindOthers(Tcb tcb) {
    int i = has(tcb, PROBED) && has(tcb, PROBE_RESENT) ? rangeAt(tcb, get(tcb, PROBE_END)) : -1;
    return i >= 0 && everTo(tcb, i) != holeStart(tcb, i) && holeStart(tcb, i) != tcb.sndUna;
  }

  /** That hole has been resent up to here, now; a FIN beyond it may have gone along. */
  void resent(Tcb tcb, int i, @SeqNum int end, long nowNanos) {
    @SeqNum int to = Seq.min(end, left(tcb, i));
    int lost = Seq.distance(resentTo(tcb, i), lostTo(tcb, i));
    setWord(tcb, i, EVER_TO, Seq.max(everTo(tcb, i), to));
    setWord(tcb, i, RESENT_TO, to);
    setWord(tcb, i, RESENT_TICKS, SendTimes.ticks(nowNanos));
    set(tcb, LOST, get(tcb, LOST) - lost + Seq.distance(to, lostTo(tcb, i)));
  }

  /** That hole is lost up to here. */
  void lost(Tcb tcb, int i, @SeqNum int to) {
    int before = Seq.distance(resentTo(tcb, i), lostTo(tcb, i));
    setWord(tcb, i, LOST_TO, to);
    set(tcb, LOST, get(tcb, LOST) - before + Seq.distance(resentTo(tcb, i), lostTo(tcb, i)));
  }

  /** What was resent of that hole is lost too. */
  void resentLost(Tcb tcb, int i) {
    @SeqNum int lostTo = lostTo(tcb, i);
    int before = Seq.distance(resentTo(tcb, i), lostTo);
    setWord(tcb, i, RESENT_TO, holeStart(tcb, i));
    setWord(tcb, i, LOST_TO, lostTo);
    set(tcb, LOST, get(tcb, LOST) - before + Seq.distance(resentTo(tcb, i), lostTo(tcb, i)));
  }

  /** All that is in flight is lost. */
  void allLost(Tcb tcb) {
    mark(tcb, tcb.sndNxt);
    int n = count(tcb);
    for (int i = 0; i < n; i++) {
      setWord(tcb, i, RESENT_TO, holeStart(tcb, i));
      setWord(tcb, i, LOST_TO, left(tcb, i));
    }
    countLost(tcb);
  }

  /** Nothing counts as lost any more. */
  void noneLost(Tcb tcb) {
    int n = count(tcb);
    for (int i = 0; i < n; i++) {
      setWord(tcb, i, LOST_TO, resentTo(tcb, i));
    }
    set(tcb, LOST, 0);
  }

  private int word(Tcb tcb, int i, int field) {
    return blocks.getInt(tcb.scoreboard, RANGES + i * RANGE_BYTES + field);
  }

  private void setWord(Tcb tcb, int i, int field, int value) {
    blocks.setInt(tcb.scoreboard, RANGES + i * RANGE_BYTES + field, value);
  }

  /** The first range that ends at {@code seq} or beyond. */
  private int firstReaching(Tcb tcb, @SeqNum int seq) {
    int n = count(tcb);
    int i = 0;
    while (i < n && Seq.before(right(tcb, i), seq)) {
      i++;
    }
    return i;
  }

  /** Makes a hole end at {@code seq}, if it lies in none: an empty range. */
  boolean mark(Tcb tcb, @SeqNum int seq) {
    int i = firstReaching(tcb, seq);
    return i < count(tcb) && Seq.atOrBefore(left(tcb, i), seq) || insert(tcb, i, seq, seq);
  }

  /** The range, or mark, that begins at {@code seq}; −1: none. */
  int rangeAt(Tcb tcb, @SeqNum int seq) {
    int i = firstReaching(tcb, seq);
    return i < count(tcb) && left(tcb, i) == seq ? i : -1;
  }

  /** Bytes of holes that were resent and not found lost again. */
  public int resentBytes(Tcb tcb) {
    int n = count(tcb);
    int bytes = 0;
    for (int i = 0; i < n; i++) {
      bytes += Seq.distance(holeStart(tcb, i), resentTo(tcb, i));
    }
    return bytes;
  }

  /** From the oldest unacknowledged byte to the last SACKed one. */
  int extentBytes(Tcb tcb) {
    int n = count(tcb);
    return n == 0 ? 0 : Seq.distance(tcb.sndUna, right(tcb, n - 1));
  }

  // ---- Acknowledgments -------------------------------------------------------------------------

  /** An acknowledgment comes in. */
  void begin(Tcb tcb) {
    delivery.begin();
    int n = count(tcb);
    highestBefore = tcb.sndUna;
    for (int i = n - 1; i >= 0; i--) {
      if (left(tcb, i) != right(tcb, i)) {
        highestBefore = right(tcb, i);
        break;
      }
    }
  }

  /** [from, to), a part of the hole left of range {@code i} or of what lies beyond all, arrived. */
  private void arrived(Tcb tcb, int i, @SeqNum int from, @SeqNum int to) {
    if (!Seq.before(from, to)) {
      return;
    }
    if (i < count(tcb)) {
      @SeqNum int resentTo = Seq.min(resentTo(tcb, i), to);
      if (Seq.before(from, resentTo)) {
        int ticks = resentTicks(tcb, i);
        delivery.resent(ticks, resentTo);
        if (Seq.after(from, holeStart(tcb, i))) {
          setWord(tcb, i, RESENT_TICKS, ticks - 1); // what is left of it was resent before
        }
      }
      from = Seq.max(from, everTo(tcb, i));
    }
    if (Seq.before(from, to)) {
      originalArrived(tcb, from, to);
    }
  }

  private void originalArrived(Tcb tcb, @SeqNum int from, @SeqNum int to) {
    int run = times.runOf(tcb, to - 1);
    if (run < 0) {
      return; // when it was sent is not known
    }
    delivery.original(times.ticks(tcb, run), to);
    if (Seq.before(to, highestBefore)) {
      delivery.overtakenBytes =
          Math.max(delivery.overtakenBytes, Seq.distance(from, highestBefore));
    }
  }

  /**
   * The peer has [left, right), which lies inside what is in flight.
   *
   * @return bytes that were not known to have arrived
   */
  int add(Tcb tcb, @SeqNum int left, @SeqNum int right) {
    int n = count(tcb);
    int first = firstReaching(tcb, left);
    int after = first; // first range that lies wholly right of it
    @SeqNum int from = left;
    @SeqNum int to = right;
    @SeqNum int at = left;
    int merged = 0;
    while (after < n && Seq.atOrBefore(left(tcb, after), right)) {
      arrived(tcb, after, at, left(tcb, after));
      at = Seq.max(at, right(tcb, after));
      from = Seq.min(from, left(tcb, after));
      to = Seq.max(to, right(tcb, after));
      merged += Seq.distance(left(tcb, after), right(tcb, after));
      after++;
    }
    if (after == first) {
      if (!insert(tcb, first, left, right)) {
        return 0;
      }
      arrived(tcb, first, left, right); // before its hole shrinks: insert left the next one's whole
      clip(tcb, first);
    } else {
      arrived(tcb, after, at, right);
      setWord(tcb, first, LEFT, from);
      setWord(tcb, first, RIGHT, to);
      close(tcb, first + 1, after);
      clip(tcb, first);
    }
    int news = Seq.distance(from, to) - merged;
    set(tcb, SACKED, get(tcb, SACKED) + news);
    countLost(tcb);
    return news;
  }

  /** What a hole says of itself must not reach into its range. */
  private void clip(Tcb tcb, int i) {
    setWord(tcb, i, RESENT_TO, Seq.min(word(tcb, i, RESENT_TO), left(tcb, i)));
    setWord(tcb, i, LOST_TO, Seq.min(word(tcb, i, LOST_TO), left(tcb, i)));
    setWord(tcb, i, EVER_TO, Seq.min(word(tcb, i, EVER_TO), left(tcb, i)));
  }

  /** A new range splits the hole of the next one: both parts inherit what was known of it. */
  private boolean insert(Tcb tcb, int i, @SeqNum int left, @SeqNum int right) {
    int n = count(tcb);
    if (RANGES + (n + 1) * RANGE_BYTES > blocks.capacity(tcb.scoreboard) && !grow(tcb)) {
      return false;
    }
    @SeqNum int start = holeStart(tcb, i);
    @SeqNum int resentTo = i < n ? resentTo(tcb, i) : start;
    int resentTicks = i < n ? resentTicks(tcb, i) : 0;
    @SeqNum int lostTo = i < n ? lostTo(tcb, i) : start;
    @SeqNum int everTo = i < n ? everTo(tcb, i) : start;
    for (int k = n - 1; k >= i; k--) {
      copy(tcb, k, k + 1);
    }
    setWord(tcb, i, LEFT, left);
    setWord(tcb, i, RIGHT, right);
    setWord(tcb, i, RESENT_TO, resentTo);
    setWord(tcb, i, RESENT_TICKS, resentTicks);
    setWord(tcb, i, LOST_TO, lostTo);
    setWord(tcb, i, EVER_TO, everTo);
    set(tcb, COUNT, n + 1);
    if (left == right) {
      clip(tcb, i);
    }
    return true;
  }

  private void copy(Tcb tcb, int from, int to) {
    for (int field = 0; field < RANGE_BYTES; field += 4) {
      setWord(tcb, to, field, word(tcb, from, field));
    }
  }

  private boolean grow(Tcb tcb) {
    int size = blocks.capacity(tcb.scoreboard);
    int larger =
        size >= BlockPool.LARGEST
            ? Blocks.NONE
            : blocks.acquire(BlockPool.LARGEST, Blocks.Purpose.HELD_TEXT, tcb.payer);
    if (larger == Blocks.NONE) {
      return false;
    }
    for (int at = 0; at + 4 <= size; at += 4) {
      blocks.setInt(larger, at, blocks.getInt(tcb.scoreboard, at));
    }
    blocks.release(tcb.scoreboard, tcb.payer);
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
      copy(tcb, k, from + k - to);
    }
    set(tcb, COUNT, n - (to - from));
  }

  /**
   * All up to {@code ack} is acknowledged, SND.UNA follows next: what lies left of it is no range
   * any more.
   *
   * @return bytes that were SACKed before they were acknowledged
   */
  int acknowledge(Tcb tcb, @SeqNum int ack) {
    if (tcb.scoreboard == Blocks.NONE) {
      return 0;
    }
    int n = count(tcb);
    int i = 0;
    int gone = 0;
    int bytes = 0;
    @SeqNum int at = tcb.sndUna;
    for (; i < n && Seq.before(left(tcb, i), ack); i++) {
      arrived(tcb, i, at, left(tcb, i));
      at = right(tcb, i);
    }
    arrived(tcb, i, at, ack);
    while (gone < n && Seq.atOrBefore(right(tcb, gone), ack)) {
      bytes += Seq.distance(left(tcb, gone), right(tcb, gone));
      gone++;
    }
    close(tcb, 0, gone);
    set(tcb, SACKED, get(tcb, SACKED) - bytes);
    return bytes;
  }

  /** SND.UNA has moved there. */
  void advanced(Tcb tcb) {
    if (tcb.scoreboard != Blocks.NONE) {
      times.advance(tcb);
      countLost(tcb);
    }
  }

  // ---- Resending without looking at holes ------------------------------------------------------

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
