package wisp.core.tcp;

import wisp.core.wire.TcpOptions;

/**
 * What the AccECN option tells (RFC 9768 §3.2.3): bytes of text by the ECN field that they came
 * with, modulo 2^24, and how far the peer's count of ours has come. A supplement to the ACE field:
 * it shows marks that went round there unseen.
 *
 * <p>Of a connection whose peer never marked anything and never told anything all of it is as in
 * the beginning, and nothing of it is kept.
 */
public final class MarkedBytes {
  /** Words that {@link #write} needs. */
  public static final int WORDS = 4;

  static final int NO_OPTION = -1;

  private static final int COUNT = 0xFF_FFFF;
  private static final int ECT_0 = 1;
  private static final int ECT_1 = 2;
  private static final int CE = 4;

  /** Fewer bytes than this can't have come in eight packets. */
  private static final int CERTAIN_BYTES = 8;

  /** r.e0b, r.e1b and r.ceb. */
  private int ect0;

  private int ect1;
  private int ce;

  /** s.ceb. */
  private int ceHeard;

  /** Counters that have ever moved, and those that have since the last option. */
  private int moved;

  private int untold;

  /** The option may be what our segments are lost for: we send it no more. */
  boolean silent;

  /** The peer's first option held zeros: something on the path clears them. */
  private boolean deaf;

  /** The peer has sent an option. */
  private boolean heard;

  /** The latest acknowledgment told of marks. */
  private boolean markedLately;

  /** Our first text as a client is to bring the option, and then has brought it. */
  private boolean firstTextDue;

  private boolean firstTextSent;

  // ---- Receiving and telling -------------------------------------------------------------------

  /** Nothing has come, nothing was heard (§3.2.1). */
  public void reset() {
    ect0 = 1;
    ect1 = 1;
    ce = 0;
    ceHeard = 0;
    moved = 0;
    untold = 0;
    silent = false;
    deaf = false;
    heard = false;
    markedLately = false;
    firstTextDue = false;
    firstTextSent = false;
  }

  /** Text of an acceptable segment came in a packet with this ECN field. */
  void arrived(int ecn, int bytes) {
    if (bytes == 0) {
      return;
    }
    int which;
    switch (ecn) {
      case Ecn.NOT_ECT -> {
        return;
      }
      case Ecn.CE -> {
        ce = ce + bytes & COUNT;
        which = CE;
      }
      case Ecn.ECT_0 -> {
        ect0 = ect0 + bytes & COUNT;
        which = ECT_0;
      }
      default -> {
        ect1 = ect1 + bytes & COUNT;
        which = ECT_1;
      }
    }
    moved |= which;
    untold |= which;
  }

  /** A client's handshake is over: its first text tries whether the option gets through. */
  void tryFirstText() {
    firstTextDue = true;
  }

  /** Whether an acknowledgment has something to tell: with text that leaves for the first time. */
  boolean isDue(boolean hasText) {
    return !silent && (untold != 0 || (hasText && firstTextDue));
  }

  /**
   * How many counters an option may have: as many as have ever moved, or fewer where there is no
   * room, but all that are news (§3.2.3.3). Two take no more than one, with the padding.
   *
   * @return 0 … 3, or {@link #NO_OPTION}
   */
  int fieldsWithin(int roomBytes) {
    int wanted = (moved & (ECT_0 | ECT_1)) == (ECT_0 | ECT_1) || moved == 0 ? 3 : 2;
    if (TcpOptions.markedBytesLength(wanted) <= roomBytes) {
      return wanted;
    }
    boolean two = (untold & (ECT_0 | ECT_1)) != (ECT_0 | ECT_1);
    if (two && TcpOptions.markedBytesLength(2) <= roomBytes) {
      return 2;
    }
    return untold == 0 && TcpOptions.markedBytesLength(0) <= roomBytes ? 0 : NO_OPTION;
  }

  /** Whether ECT(1) comes first: of the two the one that has moved, or is news. */
  boolean ect1First(int fields) {
    boolean isNews = fields < 3 && (untold & (ECT_0 | ECT_1)) != 0;
    return ((isNews ? untold : moved) & (ECT_0 | ECT_1)) == ECT_1;
  }

  int ect0() {
    return ect0;
  }

  int ect1() {
    return ect1;
  }

  int ce() {
    return ce;
  }

  /** An option has left with all that is news. */
  void told(boolean withText) {
    untold = 0;
    firstTextSent |= firstTextDue && withText;
    firstTextDue &= !withText;
  }

  /** Text goes again: if it is the first that brought the option, that may be why (§3.2.3.2.2). */
  void resent() {
    silent |= firstTextSent;
  }

  /** What was sent so far has arrived. */
  void confirmed() {
    firstTextSent = false;
  }

  // ---- Hearing ---------------------------------------------------------------------------------

  /** The segment of the handshake with which the peer begins to tell (§3.2.3.2.4). */
  void handshake(TcpOptions options) {
    heard |= options.hasMarkedBytes();
    deaf |= options.ect0Bytes() == 0 || options.ect1Bytes() == 0;
  }

  /**
   * Bytes that came marked and are news; −1: the segment tells nothing of them. What an option says
   * that was overtaken is none.
   */
  int hear(TcpOptions options) {
    if (!options.hasMarkedBytes()) {
      return -1;
    }
    heard = true;
    if (deaf || options.ceBytes() < 0) {
      return -1;
    }
    int news = options.ceBytes() - ceHeard & COUNT;
    if (news > COUNT / 2) {
      return 0;
    }
    ceHeard = options.ceBytes();
    return news;
  }

  /** So few bytes came marked that fewer packets than the ACE field can count did. */
  static boolean isCertain(int news) {
    return news > 0 && news < CERTAIN_BYTES;
  }

  /**
   * The ACE field has not moved, no option can tell why, and so much was acknowledged that it may
   * have gone round: it has, if there were marks just before (§3.2.2.5.2).
   */
  boolean hasGoneRound(int acknowledgedBytes, int mss) {
    return (deaf || !heard) && markedLately && acknowledgedBytes >= 8 * mss;
  }

  /** Whether the acknowledgment in hand told of marks. */
  void toldOfMarks(boolean marked) {
    markedLately = marked && (deaf || !heard);
  }

  // ---- Between two events ----------------------------------------------------------------------

  /** Whether there is nothing to keep. */
  public boolean isInitial() {
    return moved == 0
        && ceHeard == 0
        && !silent
        && !deaf
        && !heard
        && !markedLately
        && !firstTextDue
        && !firstTextSent;
  }

  /** Keeps all of it in {@link #WORDS} words. */
  public void write(int[] words, int at) {
    words[at] = ect0 | moved << 24 | untold << 27;
    words[at + 1] =
        ect1
            | (silent ? 1 << 24 : 0)
            | (deaf ? 1 << 25 : 0)
            | (heard ? 1 << 26 : 0)
            | (markedLately ? 1 << 27 : 0)
            | (firstTextDue ? 1 << 28 : 0)
            | (firstTextSent ? 1 << 29 : 0);
    words[at + 2] = ce;
    words[at + 3] = ceHeard;
  }

  /** Lays {@link #write} out again. */
  public void read(int[] words, int at) {
    ect0 = words[at] & COUNT;
    moved = words[at] >>> 24 & 7;
    untold = words[at] >>> 27 & 7;
    int second = words[at + 1];
    ect1 = second & COUNT;
    silent = (second >>> 24 & 1) != 0;
    deaf = (second >>> 25 & 1) != 0;
    heard = (second >>> 26 & 1) != 0;
    markedLately = (second >>> 27 & 1) != 0;
    firstTextDue = (second >>> 28 & 1) != 0;
    firstTextSent = (second >>> 29 & 1) != 0;
    ce = words[at + 2];
    ceHeard = words[at + 3];
  }
}
