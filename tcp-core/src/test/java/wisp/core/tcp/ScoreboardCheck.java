package wisp.core.tcp;

import wisp.core.memory.Blocks;

/** Looks whether a {@link Scoreboard} is sound: for tests that try to break it. */
public final class ScoreboardCheck {
  private ScoreboardCheck() {}

  /** What is wrong with it; empty: nothing. */
  public static String faults(Scoreboard board, Tcb tcb) {
    if (tcb.scoreboard == Blocks.NONE) {
      return "";
    }
    var faults = new StringBuilder();
    int n = board.count(tcb);
    int sacked = 0;
    int lost = 0;
    @SeqNum int at = tcb.sndUna;
    for (int i = 0; i < n; i++) {
      @SeqNum int left = board.left(tcb, i);
      @SeqNum int right = board.right(tcb, i);
      boolean isApart = i == 0 ? Seq.atOrAfter(left, at) : Seq.after(left, at);
      check(faults, i, "begins in the one before", isApart || left == right);
      check(faults, i, "ends before it begins", Seq.atOrAfter(right, left));
      check(faults, i, "lies beyond SND.NXT", Seq.atOrBefore(right, tcb.sndNxt));
      check(faults, i, "resent into the range", Seq.atOrBefore(board.resentTo(tcb, i), left));
      check(faults, i, "lost into the range", Seq.atOrBefore(board.lostTo(tcb, i), left));
      sacked += Seq.distance(left, right);
      lost += Seq.distance(board.resentTo(tcb, i), board.lostTo(tcb, i));
      at = right;
    }
    if (sacked != board.sackedBytes(tcb)) {
      faults.append("SACKed ").append(sacked).append(", not ").append(board.sackedBytes(tcb));
    }
    if (lost != board.lostBytes(tcb)) {
      faults.append("lost ").append(lost).append(", not ").append(board.lostBytes(tcb));
    }
    if (tcb.flightBytes() - sacked - lost < 0) {
      faults.append("pipe ").append(tcb.flightBytes() - sacked - lost);
    }
    return faults.isEmpty() ? "" : faults + " in " + text(board, tcb);
  }

  private static void check(StringBuilder faults, int range, String what, boolean sound) {
    if (!sound) {
      faults.append("range ").append(range).append(' ').append(what).append(", ");
    }
  }

  /** Edges of what the peer is known to have, in order. */
  public static int[] sacked(Scoreboard board, Tcb tcb) {
    int[] edges = new int[2 * board.count(tcb)];
    for (int i = 0; i < edges.length; i += 2) {
      edges[i] = board.left(tcb, i / 2);
      edges[i + 1] = board.right(tcb, i / 2);
    }
    return edges;
  }

  private static int flags(Scoreboard board, Tcb tcb) {
    int flags = 0;
    for (int flag = 1; flag <= Scoreboard.BY_SACK; flag <<= 1) {
      flags |= board.has(tcb, flag) ? flag : 0;
    }
    return flags;
  }

  /** All of it, relative to SND.UNA. */
  public static String text(Scoreboard board, Tcb tcb) {
    var text = new StringBuilder("flight ").append(tcb.flightBytes());
    int n = board.count(tcb);
    if (tcb.scoreboard != Blocks.NONE) {
      text.append(" flags ").append(Integer.toHexString(flags(board, tcb)));
      text.append(" sacked ").append(board.sackedBytes(tcb));
      text.append(" lost ").append(board.lostBytes(tcb));
    }
    for (int i = 0; i < n; i++) {
      text.append(" [")
          .append(board.left(tcb, i) - tcb.sndUna)
          .append(", ")
          .append(board.right(tcb, i) - tcb.sndUna)
          .append(") resent to ")
          .append(board.resentTo(tcb, i) - tcb.sndUna)
          .append(" lost to ")
          .append(board.lostTo(tcb, i) - tcb.sndUna);
    }
    return text.toString();
  }
}
