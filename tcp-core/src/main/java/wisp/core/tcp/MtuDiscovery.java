package wisp.core.tcp;

import wisp.core.Counters.Event;
import wisp.core.ip.IcmpError;
import wisp.core.ip.IpOutput;
import wisp.core.ip.PathMtus;
import wisp.core.wire.TcpHeader;
import wisp.core.wire.TcpOptions;

/**
 * How large a segment may be: what routers say (RFC 1191, RFC 8201), as far as it can be believed
 * (RFC 5927 §7.2), and what the connection finds out itself when they say nothing (RFC 4821). What
 * was lost for its size is resent at once and is no sign of congestion.
 */
public final class MtuDiscovery {
  /** Time-outs in a row before silence is taken for a black hole, and before each next step. */
  private static final int TIMEOUTS_FOR_BLACK_HOLE = 2;

  /** As many where size is an unlikely reason: others of that size have arrived, or it is small. */
  private static final int TIMEOUTS_AGAINST_EVIDENCE = 4;

  /** A probe's loss must show in duplicate ACKs: so many segments have to follow it. */
  private static final int FOLLOWERS = 4;

  private final TcpEnvironment env;
  private final PathMtus paths;
  private final TcpOutput output;

  /** For one context. */
  public MtuDiscovery(TcpEnvironment env, PathMtus paths, TcpOutput output) {
    this.env = env;
    this.paths = paths;
    this.output = output;
  }

  /** Headers of a segment with payload. */
  private static int headerBytes(Tcb tcb) {
    return IpOutput.headerBytes(tcb.isIpv6())
        + tcb.routeBytes()
        + TcpHeader.LENGTH
        + (tcb.timestamps ? TcpOptions.TIMESTAMP_LENGTH : 0);
  }

  // ---- What routers say -------------------------------------------------------------------------

  /**
   * A router says that a segment of ours, still in flight, was too big. While nothing of that size
   * has arrived it is believed at once; else only if a time-out says so too, and an acknowledgment
   * refutes it.
   */
  void tooBig(Tcb tcb, IcmpError error) {
    int full = fullPacket(tcb);
    int sent = Math.min(error.quote.totalLength(), full);
    int size = paths.believable(tcb.remoteHigh, tcb.remoteLow, error.mtu, sent);
    if (size >= full) {
      if (size < error.quote.totalLength()) {
        largerThanFull(tcb, error.quote.tcpSequence());
      }
      return; // it says nothing new, or too much
    }
    if (size < tcb.arrivedBytes + headerBytes(tcb)) {
      tcb.claimedMtu = size;
      tcb.claimedSeq = error.quote.tcpSequence() + 1;
      return;
    }
    narrow(tcb, size);
    resendAll(tcb);
  }

  /**
   * What was too big is larger than a full segment is now: the probe; or it was cut before another
   * connection heard how narrow the path is, and goes again if it has not since.
   */
  private void largerThanFull(Tcb tcb, @SeqNum int seq) {
    if (tcb.probeBytes > 0 && seq == tcb.probeSeq) {
      if (!tcb.fastRecovery) {
        resendProbe(tcb);
      }
    } else if (Seq.atOrAfter(seq, tcb.recover)) {
      resendAll(tcb);
    }
  }

  private static int fullPacket(Tcb tcb) {
    return tcb.effectiveMss() + headerBytes(tcb);
  }

  private void narrow(Tcb tcb, int size) {
    tcb.claimedMtu = 0;
    tcb.sizedBytes = 0;
    tcb.arrivedBytes = 0;
    if (paths.tooBig(tcb.remoteHigh, tcb.remoteLow, size, fullPacket(tcb), env.nowNanos)) {
      env.counters.add(Event.PATHS_NARROWED);
    }
    output.updateMss(tcb);
  }

  /** What is in flight was cut for the old size: it goes again, as cwnd allows. */
  private void resendAll(Tcb tcb) {
    if (tcb.sndUna == tcb.sndNxt || !tcb.state.isSynchronized()) {
      return;
    }
    tcb.resending = true;
    tcb.resendNext = tcb.sndUna;
    tcb.resendEnd = tcb.sndNxt;
    if (tcb.fastRecovery) {
      tcb.fastRecovery = false;
      tcb.congestion.cwndBytes = tcb.congestion.ssthreshBytes;
    }
    tcb.duplicateAcks = 0;
    tcb.recover = tcb.sndNxt;
    tcb.probeBytes = 0;
  }

  // ---- What time-outs say -----------------------------------------------------------------------

  /**
   * Before the oldest segment is resent after a time-out.
   *
   * @param before time-outs that went before this one since anything was acknowledged
   */
  void onTimeout(Tcb tcb, int before) {
    if (tcb.probeBytes > 0) {
      probeLost(tcb);
    }
    if (tcb.claimedMtu > 0) {
      narrow(tcb, tcb.claimedMtu);
      return;
    }
    int oldest = Math.min(Seq.distance(tcb.sndUna, tcb.sndNxt), tcb.effectiveMss());
    int sent = oldest + headerBytes(tcb);
    boolean isUnlikely = oldest <= tcb.arrivedBytes || sent <= PathMtus.BASE_IPV4;
    if (mayBeBlackHole(before + 1, isUnlikely)
        && paths.blackHole(tcb.remoteHigh, tcb.remoteLow, sent, tcb.timedAtNanos, env.nowNanos)) {
      env.counters.add(Event.PATHS_NARROWED);
      tcb.sizedBytes = 0;
      tcb.arrivedBytes = 0;
      output.updateMss(tcb);
    }
  }

  /** Every second time-out is for one step down, the first of them after more or less silence. */
  private static boolean mayBeBlackHole(int timeouts, boolean isUnlikely) {
    int least = isUnlikely ? TIMEOUTS_AGAINST_EVIDENCE : TIMEOUTS_FOR_BLACK_HOLE;
    return timeouts >= least && timeouts % TIMEOUTS_FOR_BLACK_HOLE == 0;
  }

  // ---- What acknowledgments say -----------------------------------------------------------------

  /** A segment leaves for the first time. */
  void sent(Tcb tcb, @SeqNum int seq, int payloadBytes) {
    int mss = tcb.effectiveMss();
    if (tcb.sizedBytes == 0 && payloadBytes >= mss && mss > tcb.arrivedBytes) {
      tcb.sizedBytes = mss;
      tcb.sizedSeq = seq + mss;
    }
  }

  /** SND.UNA has advanced. */
  void acknowledged(Tcb tcb) {
    if (tcb.sizedBytes > 0 && Seq.atOrAfter(tcb.sndUna, tcb.sizedSeq)) {
      tcb.arrivedBytes = Math.max(tcb.arrivedBytes, tcb.sizedBytes);
      tcb.sizedBytes = 0;
    }
    if (tcb.claimedMtu > 0 && Seq.atOrAfter(tcb.sndUna, tcb.claimedSeq)) {
      tcb.claimedMtu = 0;
    }
    if (tcb.probeBytes > 0 && Seq.atOrAfter(tcb.sndUna, tcb.probeSeq + tcb.probeBytes)) {
      int size = tcb.probeBytes + headerBytes(tcb);
      tcb.arrivedBytes = Math.max(tcb.arrivedBytes, tcb.probeBytes);
      tcb.probeBytes = 0;
      paths.probeArrived(tcb.remoteHigh, tcb.remoteLow, size);
      output.updateMss(tcb);
    }
  }

  // ---- Probes -----------------------------------------------------------------------------------

  /**
   * Payload of a probe to send now instead of a full segment, or 0: when the path may be wider than
   * it is taken to be, nothing is being repaired, and enough follows to see the probe's loss.
   *
   * @param usable bytes that both windows leave
   */
  int probe(Tcb tcb, int unsent, int usable) {
    if (paths.known() == 0
        || tcb.probeBytes > 0
        || tcb.fastRecovery
        || tcb.resending
        || tcb.duplicateAcks > 0
        || tcb.urgentQueued) {
      return 0;
    }
    int size = paths.probe(tcb.remoteHigh, tcb.remoteLow, env.nowNanos);
    int payload = Math.min(size - headerBytes(tcb), mostToPeer(tcb));
    boolean fits =
        payload > tcb.effectiveMss()
            && Math.min(unsent, usable) >= payload + FOLLOWERS * tcb.effectiveMss();
    return fits ? payload : 0;
  }

  private static int mostToPeer(Tcb tcb) {
    return tcb.mostToPeer() - (tcb.timestamps ? TcpOptions.TIMESTAMP_LENGTH : 0);
  }

  /** A probe has left. */
  void probeSent(Tcb tcb, @SeqNum int seq, int payloadBytes) {
    tcb.probeSeq = seq;
    tcb.probeBytes = payloadBytes;
  }

  /**
   * Whether the hole that duplicate ACKs show is the probe; then that goes again in pieces and is
   * no sign of congestion (RFC 4821 §7.5).
   */
  boolean isProbeLost(Tcb tcb) {
    if (tcb.probeBytes == 0 || tcb.sndUna != tcb.probeSeq) {
      return false;
    }
    resendProbe(tcb);
    return true;
  }

  private void resendProbe(Tcb tcb) {
    tcb.resending = true;
    tcb.resendNext = tcb.probeSeq;
    tcb.resendEnd = tcb.probeSeq + tcb.probeBytes;
    probeLost(tcb);
  }

  /**
   * What a probe or a full segment carried goes again in smaller ones: its acknowledgment says
   * nothing of the size.
   */
  void resent(Tcb tcb, @SeqNum int seq, int bytes) {
    if (bytes < tcb.sizedBytes
        && Seq.before(seq, tcb.sizedSeq)
        && Seq.after(seq + bytes, tcb.sizedSeq - tcb.sizedBytes)) {
      tcb.sizedBytes = 0;
    }
    if (tcb.probeBytes > 0
        && Seq.before(seq, tcb.probeSeq + tcb.probeBytes)
        && Seq.after(seq + bytes, tcb.probeSeq)) {
      probeLost(tcb);
    }
  }

  private void probeLost(Tcb tcb) {
    int size = tcb.probeBytes + headerBytes(tcb);
    tcb.probeBytes = 0;
    paths.probeLost(tcb.remoteHigh, tcb.remoteLow, size, env.nowNanos);
  }
}
