package wisp.core.tcp;

import java.lang.foreign.MemorySegment;
import wisp.core.wire.TcpOptions;

/**
 * Which of our segments bring the AccECN option, and how much of it they have room for (RFC 9768
 * §3.2.3.3). What it tells is counted by {@link MarkedBytes}.
 */
final class AccurateEcnOption {
  /** No option. */
  static final int NONE = MarkedBytes.NO_OPTION;

  /** The longest, with all three counters. */
  static final int MOST_BYTES = TcpOptions.markedBytesLength(3);

  private AccurateEcnOption() {}

  /**
   * On the first SYN-ACK, in what room there is: it may be what others are lost for.
   *
   * @return how many counters, or {@link #NONE}
   */
  static int onSynAck(Tcb tcb, int roomBytes) {
    boolean tells = tcb.accurateEcn && !tcb.markedBytes.silent && !tcb.synResent;
    return tells ? tcb.markedBytes.fieldsWithin(roomBytes) : NONE;
  }

  /** Whether an ACK, or text that leaves for the first time, should bring it. */
  static boolean isDue(Tcb tcb, boolean hasText) {
    return tcb.accurateEcn
        && (tcb.markedBytes.isDue(hasText)
            || (tcb.tellsHandshake && !hasText && !tcb.markedBytes.silent));
  }

  /**
   * On any other segment. Text that is resent goes without: a copy must get through where the
   * original did not.
   *
   * @param otherBytes of options that must have room too, beside SACK blocks
   * @param islands SACK blocks that wait to be told: two go before it, a third does not (§3.2.3.3)
   * @return how many counters, or {@link #NONE}
   */
  static int onSegment(Tcb tcb, @SeqNum int seq, int payloadBytes, int otherBytes, int islands) {
    boolean hasText = payloadBytes > 0;
    if (!tcb.accurateEcn) {
      return NONE;
    }
    if (hasText && seq != tcb.sndNxt) {
      tcb.markedBytes.resent();
      return NONE;
    }
    if (!isDue(tcb, hasText)) {
      return NONE;
    }
    int sackBytes = islands == 0 ? 0 : TcpOptions.sackLength(Math.min(islands, 2));
    int room =
        hasText
            ? tcb.effectiveMss() - payloadBytes
            : TcpOptions.MOST_BYTES - otherBytes - sackBytes;
    return tcb.markedBytes.fieldsWithin(room);
  }

  /** Bytes of an option with so many counters. */
  static int length(int counters) {
    return counters == NONE ? 0 : TcpOptions.markedBytesLength(counters);
  }

  /** Writes it, if there is one. */
  static void write(Tcb tcb, int counters, MemorySegment memory, long at) {
    if (counters != NONE) {
      MarkedBytes b = tcb.markedBytes;
      TcpOptions.writeMarkedBytes(
          memory, at, b.ect1First(counters), counters, b.ect0(), b.ce(), b.ect1());
    }
  }
}
