package wisp.core.tcp;

import wisp.core.Counters.Event;
import wisp.core.wire.TcpHeader;
import wisp.core.wire.TcpOptions;

/**
 * Accurate ECN (RFC 9768): instead of one echo a round trip the receiver tells how many packets
 * came marked, modulo 8, in the three flags AE, CWR and ECE, together the ACE field. On SYN and
 * SYN-ACK, and on the first segment after it, the field has codes of its own.
 *
 * <p>What a connection needs for it are 13 bits, see {@link #pack}, and where marks come or are
 * told of the counters of the option, {@link MarkedBytes}.
 */
public final class AccurateEcn {
  /** Both sides' counters begin with it, so that a zeroed field is no count (RFC 9768 §3.2.1). */
  private static final int FIRST_COUNT = 5;

  /** AE, CWR and ECE of a SYN that asks. */
  private static final int ASK = 7;

  private static final int ASK_CLASSIC = 3;
  private static final int NO_ECN = 0;

  /** Marked packets that are acknowledged at once, lest eight go by unseen (§3.2.2.5.1). */
  private static final int MOST_UNTOLD = 3;

  /** Codes for the ECN field that a SYN or SYN-ACK came with, by that field (tables 2 and 3). */
  private static final int[] CODES = {2, 3, 4, 6};

  private AccurateEcn() {}

  // ---- Opening ---------------------------------------------------------------------------------

  /** The flags for an ACE field. */
  private static int flags(int ace) {
    return ace << 6;
  }

  /**
   * What our SYN or SYN-ACK carries. A SYN-ACK that has been resent in vain is a plain one: perhaps
   * the flags are what it is lost for (§3.2.3.2.2).
   */
  static int synFlags(Tcb tcb, boolean acknowledge) {
    if (acknowledge && tcb.backOff > 0) {
      return flags(NO_ECN);
    }
    return flags(acknowledge ? CODES[tcb.handshakeEcn] : ASK);
  }

  /**
   * Whether a SYN asks for accurate ECN: by any code that does not mean something else, since
   * future ones build on this (§3.1.3).
   */
  static boolean isAskedFor(TcpHeader seg) {
    int ace = seg.ace();
    return ace != NO_ECN && ace != ASK_CLASSIC;
  }

  /** It is agreed on; the peer's SYN, or SYN-ACK, came with this ECN field. */
  static void begin(Tcb tcb, int ecn) {
    tcb.ecn = true;
    tcb.accurateEcn = true;
    tcb.marksSeen = FIRST_COUNT;
    tcb.marksTold = FIRST_COUNT;
    tcb.marksUntold = 0;
    tcb.handshakeEcn = ecn;
    tcb.tellsHandshake = false;
    tcb.ectForbidden = false;
    tcb.peerIsNew = true;
    tcb.markedBytes.reset();
  }

  /** The SYN came again: our answer tells of the latest one, and the option may be in its way. */
  static void askedAgain(Tcb tcb, int ecn) {
    tcb.handshakeEcn = ecn;
    tcb.markedBytes.silent = true;
  }

  /**
   * The SYN-ACK for a SYN that asked.
   *
   * @return false: the peer does not speak it; it may speak ECN as in RFC 3168
   */
  static boolean answered(Tcb tcb, TcpHeader seg, TcpOptions options, int ecn) {
    int ace = seg.ace();
    if (!isGrant(ace)) {
      tcb.accurateEcn = false;
      return false;
    }
    begin(tcb, ecn);
    tcb.markedBytes.handshake(options);
    tcb.markedBytes.tryFirstText();
    tcb.tellsHandshake = true;
    tcb.ectForbidden = ace != CODES[Ecn.NOT_ECT]; // our SYN was not ECT: somebody changed it
    if (ecn == Ecn.CE) {
      tcb.marksSeen++;
    }
    return true;
  }

  private static boolean isGrant(int ace) {
    return ace == CODES[0] || ace == CODES[1] || ace == CODES[2] || ace == CODES[3];
  }

  /**
   * If it is a copy of the SYN-ACK, and nothing has followed that: its acknowledgment tells how
   * this one came (§3.2.2.1).
   */
  static void synAckAgain(Tcb tcb, TcpHeader seg, int ecn) {
    boolean isCopy =
        tcb.accurateEcn
            && seg.has(TcpHeader.SYN | TcpHeader.ACK)
            && !tcb.passive
            && seg.seq() + 1 == tcb.rcvNxt
            && isGrant(seg.ace());
    if (!isCopy) {
      return;
    }
    if (ecn == Ecn.CE && tcb.handshakeEcn != Ecn.CE) {
      tcb.marksSeen = tcb.marksSeen + 1 & 7; // as the peer will, of all copies once
    }
    tcb.handshakeEcn = ecn;
    tcb.tellsHandshake = true;
  }

  /**
   * The ACK that ends a passive open: how our SYN-ACK arrived (§3.2.2.1, table 4), if it is a bare
   * one.
   *
   * @return whether its flags said so, and are no count
   */
  static boolean handshakeTold(Tcb tcb, TcpHeader seg, TcpOptions options) {
    if (!tcb.accurateEcn || seg.has(TcpHeader.SYN)) {
      return false;
    }
    tcb.markedBytes.handshake(options);
    tcb.markedBytes.silent |= tcb.synResent;
    if (seg.payloadLength() > 0 || options.sackBlocks() > 0) {
      return false;
    }
    int ace = seg.ace();
    tcb.peerIsNew = false;
    tcb.marksTold = ace == CODES[Ecn.CE] ? FIRST_COUNT + 1 : FIRST_COUNT;
    // Zero: something clears the flags. Another code than Not-ECT: something sets the field.
    tcb.ectForbidden |= ace == 0 || ace == 3 || ace == 4;
    return true;
  }

  // ---- Receiving and telling -------------------------------------------------------------------

  /** A packet of an acceptable segment came; counted whether or not it has text (§3.2.2). */
  static void arrived(TcpEnvironment env, Tcb tcb, int ecn, int payloadBytes) {
    tcb.markedBytes.arrived(ecn, payloadBytes);
    if (ecn != Ecn.CE) {
      return;
    }
    int mss = Math.max(1, tcb.effectiveMss());
    int packets = Math.max(1, (payloadBytes + mss - 1) / mss); // a link may have joined some
    env.counters.add(Event.ECN_CE_RECEIVED, packets);
    tcb.marksSeen = tcb.marksSeen + packets & 7;
    tcb.marksUntold = Math.min(MOST_UNTOLD, tcb.marksUntold + packets);
    tcb.ackNow |= payloadBytes > 0;
  }

  /** Whether an ACK must leave in the middle of the burst. */
  static boolean isTellingDue(Tcb tcb) {
    return tcb.accurateEcn && tcb.marksUntold >= MOST_UNTOLD;
  }

  /** What every segment but SYN and RST carries: a count, unless it is a bare ACK of a SYN-ACK. */
  static int told(Tcb tcb, boolean bare) {
    boolean code = tcb.tellsHandshake && bare;
    int ace = code ? CODES[tcb.handshakeEcn] : tcb.marksSeen;
    tcb.tellsHandshake &= !code;
    tcb.marksUntold = 0;
    return flags(ace);
  }

  // ---- Hearing ---------------------------------------------------------------------------------

  /**
   * Whether an acknowledgment tells of marks that are news, by the ACE field or by the option
   * (§3.2.3.2.5).
   */
  static boolean isEcho(Tcb tcb, TcpHeader seg, TcpOptions options) {
    MarkedBytes bytes = tcb.markedBytes;
    int ace = seg.ace();
    int acknowledged = Seq.distance(tcb.sndUna, seg.ackNo());
    int newsBytes = bytes.hear(options);
    if (acknowledged > 0) {
      bytes.confirmed();
    }
    if (tcb.peerIsNew) {
      tcb.peerIsNew = false;
      if (ace == 0) { // three marks so soon are less likely than a box that clears flags (§3.2.2.4)
        tcb.ectForbidden = true;
      }
    }
    if (tcb.ectForbidden) {
      return false;
    }
    boolean isNews = ace != tcb.marksTold;
    tcb.marksTold = ace;
    if (!isNews && MarkedBytes.isCertain(newsBytes)) {
      tcb.ectForbidden = true; // marked, but no packet was: somebody writes into the flags
      return false;
    }
    isNews |= newsBytes > 0;
    boolean hasGoneRound = !isNews && bytes.hasGoneRound(acknowledged, tcb.effectiveMss());
    bytes.toldOfMarks(isNews);
    return isNews || hasGoneRound;
  }

  // ---- Between two events ----------------------------------------------------------------------

  /** All that belongs to it, in 13 bits. */
  public static int pack(Tcb t) {
    return t.marksSeen
        | t.marksTold << 3
        | t.marksUntold << 6
        | t.handshakeEcn << 8
        | (t.tellsHandshake ? 1 << 10 : 0)
        | (t.ectForbidden ? 1 << 11 : 0)
        | (t.peerIsNew ? 1 << 12 : 0);
  }

  /** Lays {@link #pack} out again. */
  public static void unpack(Tcb t, int bits) {
    t.marksSeen = bits & 7;
    t.marksTold = bits >>> 3 & 7;
    t.marksUntold = bits >>> 6 & 3;
    t.handshakeEcn = bits >>> 8 & 3;
    t.tellsHandshake = (bits >>> 10 & 1) != 0;
    t.ectForbidden = (bits >>> 11 & 1) != 0;
    t.peerIsNew = (bits >>> 12 & 1) != 0;
  }
}
