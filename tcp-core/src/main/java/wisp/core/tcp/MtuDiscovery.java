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
    int sent = Math.min(error.quote.totalLength(), fullPacket(tcb));
    int size = paths.believable(tcb.remoteHigh, tcb.remoteLow, error.mtu, sent);
    if (size >= fullPacket(tcb)) {
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
    tcb.fastRecovery = false;
    tcb.duplicateAcks = 0;
    tcb.recover = tcb.sndNxt;
    tcb.probeBytes = 0;
  }

  // ---- What time-outs say -----------------------------------------------------------------------

  /**
   * Before the oldest segment is resent after a time-out.
   *
   * @param before time-outs in a row that went before this one
   */
  void onTimeout(Tcb tcb, int before) {
    if (tcb.probeBytes > 0) {
      probeLost(tcb);
    }
    if (tcb.claimedMtu > 0) {
      narrow(tcb, tcb.claimedMtu);
      return;
    }
    boolean isFull = Seq.distance(tcb.sndUna, tcb.sndNxt) >= tcb.effectiveMss();
    if (isFull
        && (before + 1) % TIMEOUTS_FOR_BLACK_HOLE == 0
        && paths.blackHole(tcb.remoteHigh, tcb.remoteLow, tcb.timedAtNanos, env.nowNanos)) {
      env.counters.add(Event.PATHS_NARROWED);
      tcb.sizedBytes = 0;
      tcb.arrivedBytes = 0;
      output.updateMss(tcb);
    }
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
    return tcb.peerMss - (tcb.timestamps ? TcpOptions.TIMESTAMP_LENGTH : 0);
  }

  /** A probe has left. */
  void probeSent(Tcb tcb, @SeqNum int seq, int payloadBytes) {
    tcb.probeSeq = seq;
    tcb.probeBytes = payloadBytes;
  }

  /** Whether the hole that duplicate ACKs show is the probe; then it is no sign of congestion. */
  boolean isProbeLost(Tcb tcb) {
    if (tcb.probeBytes == 0 || tcb.sndUna != tcb.probeSeq) {
      return false;
    }
    probeLost(tcb);
    return true;
  }

  private void probeLost(Tcb tcb) {
    int size = tcb.probeBytes + headerBytes(tcb);
    tcb.probeBytes = 0;
    paths.probeLost(tcb.remoteHigh, tcb.remoteLow, size, env.nowNanos);
  }
}
