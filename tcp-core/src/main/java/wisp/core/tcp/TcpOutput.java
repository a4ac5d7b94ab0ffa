package wisp.core.tcp;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import wisp.core.Counters.Event;
import wisp.core.ip.IpOutput;
import wisp.core.ip.IpPacket;
import wisp.core.ip.PathMtus;
import wisp.core.spi.FastOpenMode;
import wisp.core.wire.TcpHeader;
import wisp.core.wire.TcpOptions;

/**
 * Forms segments: header, options, payload, in the link's own memory. What to send and when is
 * decided elsewhere. Every segment of a connection but RST announces the window and acknowledges
 * all that was received, so whatever ACK was owed is paid by it.
 */
public final class TcpOutput {
  private static final int MOST_SACK_BLOCKS = 4;

  /** Hop limit of a RST that belongs to no connection. */
  private static final int STRAY_RESET_HOPS = 64;

  private final TcpEnvironment env;
  private final IpOutput ip;
  private final PathMtus paths;
  private final ReceiveWindow window;
  private final Reassembly reassembly;
  private final SendText text;
  private final LentFrames lent;
  private final FastOpenCache fastOpens;
  private final DuplicateReports duplicates = new DuplicateReports();
  private final int[] sackEdges = new int[2 * MOST_SACK_BLOCKS];

  /** For one context. */
  public TcpOutput(
      TcpEnvironment env,
      IpOutput ip,
      PathMtus paths,
      ReceiveWindow window,
      Reassembly reassembly,
      SendText text,
      LentFrames lent,
      FastOpenCache fastOpens) {
    this.env = env;
    this.ip = ip;
    this.paths = paths;
    this.window = window;
    this.reassembly = reassembly;
    this.text = text;
    this.lent = lent;
    this.fastOpens = fastOpens;
  }

  /** Largest payload that one call may send to this peer: many segments when the link cuts them. */
  int mostPayload(Tcb tcb) {
    int mss = tcb.effectiveMss();
    if (tcb.route != null) {
      return mss; // few links that cut segments copy options
    }
    if (tcb.urgentQueued || tcb.cwrOwed) {
      return mss; // each segment has an urgent pointer of its own; CWR stands in one alone
    }
    if (AccurateEcnOption.isDue(tcb, true)) {
      return mss - AccurateEcnOption.MOST_BYTES; // one that tells, then full ones
    }
    int offload = ip.segmentationBytes(tcb.isIpv6()) - TcpHeader.LENGTH - TcpOptions.MOST_BYTES;
    return offload < mss ? mss : offload - offload % mss;
  }

  /** How much of what is queued one segment may hold. */
  int withinRecord(Tcb tcb, @SeqNum int seq, int length) {
    return text.withinRecord(tcb, seq, length);
  }

  /**
   * What we announce in the MSS option (MUST-67, RFC 6691: options not subtracted): the link's MTU
   * decides, not what is known of the path to the peer (RFC 2923 §2.3), unless the application
   * wants less.
   */
  public int advertisedMss(Tcb tcb) {
    int fits = Math.min(payloadIn(paths.linkMtu(tcb.remoteHigh, tcb.remoteLow), tcb), 65_535);
    return tcb.mssLimit == 0 ? fits : Math.min(fits, tcb.mssLimit);
  }

  private static int payloadIn(int packetBytes, Tcb tcb) {
    return packetBytes - IpOutput.headerBytes(tcb.isIpv6()) - TcpHeader.LENGTH;
  }

  /**
   * Sets the payload of a full segment: no more than the peer takes (MUST-16), than the path
   * carries, than the options leave.
   */
  public void updateMss(Tcb tcb) {
    int path = payloadIn(paths.mtu(tcb.remoteHigh, tcb.remoteLow), tcb);
    int mss = Math.min(Math.max(tcb.mostToPeer(), TcpConfig.LEAST_MSS), path);
    mss -= tcb.routeBytes(); // of both: RFC 9293 §3.7.1 subtracts IP options last
    tcb.congestion.mss = mss - (tcb.timestamps ? TcpOptions.TIMESTAMP_LENGTH : 0);
    int cwnd = tcb.congestion.cwndBytes;
    if (cwnd > 0) { // less than a segment would wait for a timer
      tcb.congestion.cwndBytes = Math.max(cwnd, tcb.congestion.mss);
    }
  }

  /** SYN, or SYN-ACK when {@code acknowledge}. */
  boolean sendSyn(Tcb tcb, boolean acknowledge) {
    return sendSyn(tcb, acknowledge, env.timestampNow(tcb));
  }

  /** SYN-ACK whose number is a cookie: its timestamp carries the options. */
  boolean sendSynCookie(Tcb tcb) {
    return sendSyn(tcb, true, SynCookies.timestamp(env.timestampNow(tcb), tcb));
  }

  private boolean sendSyn(Tcb tcb, boolean acknowledge, int tsVal) {
    boolean offerScale = acknowledge ? tcb.windowScaling : tcb.offerScale;
    boolean offerSack = acknowledge ? tcb.sackPermitted : tcb.offerSack;
    boolean offerTimestamps = acknowledge ? tcb.timestamps : tcb.offerTimestamps;
    int fastOpenBytes = fastOpenBytes(tcb, acknowledge);
    int optionBytes = usualSynOptionBytes(tcb, acknowledge) + fastOpenBytes;
    int room = TcpOptions.MOST_BYTES - optionBytes;
    int counters = acknowledge ? AccurateEcnOption.onSynAck(tcb, room) : AccurateEcnOption.NONE;
    int headerBytes = TcpHeader.LENGTH + optionBytes + AccurateEcnOption.length(counters);
    int textBytes = textOnSyn(tcb, acknowledge);
    if (!begin(tcb, headerBytes + textBytes)) {
      return false;
    }
    MemorySegment memory = ip.memory();
    long at = ip.start() + TcpHeader.LENGTH;
    at += TcpOptions.writeMss(memory, at, advertisedMss(tcb));
    int echo = acknowledge ? tcb.tsRecent : 0;
    if (offerTimestamps && offerSack) {
      at += TcpOptions.writeSackPermittedAndTimestamp(memory, at, tsVal, echo);
    } else if (offerTimestamps) {
      at += TcpOptions.writeTimestamp(memory, at, tsVal, echo);
    } else if (offerSack) {
      at += TcpOptions.writeSackPermitted(memory, at);
    }
    if (offerScale) {
      at += TcpOptions.writeWindowScale(memory, at, window.offeredShift(tcb));
    }
    if (advisesTimeout(tcb)) {
      at += TcpOptions.writeUserTimeout(memory, at, userTimeoutSeconds(tcb));
    }
    if (fastOpenBytes > 0) {
      writeFastOpen(tcb, acknowledge, memory, at);
      at += fastOpenBytes;
    }
    AccurateEcnOption.write(tcb, counters, memory, at);
    @SeqNum int iss = tcb.sndUna;
    long textSum = 0;
    if (textBytes > 0) {
      textSum = text.copy(tcb, iss + 1, textBytes, memory, ip.start() + headerBytes);
    }
    int flags = TcpHeader.SYN | (acknowledge ? TcpHeader.ACK : 0) | Ecn.synFlags(tcb, acknowledge);
    int field = window.advertise(tcb, true);
    @SeqNum int ack = acknowledge ? tcb.rcvNxt : 0;
    finish(tcb, iss, ack, headerBytes, textBytes, textSum, flags, field, 0, 0, Ecn.NOT_ECT);
    return true;
  }

  private static int usualSynOptionBytes(Tcb tcb, boolean acknowledge) {
    boolean scale = acknowledge ? tcb.windowScaling : tcb.offerScale;
    boolean sack = acknowledge ? tcb.sackPermitted : tcb.offerSack;
    boolean timestamps = acknowledge ? tcb.timestamps : tcb.offerTimestamps;
    return TcpOptions.MSS_LENGTH
        + (scale ? TcpOptions.WINDOW_SCALE_LENGTH : 0)
        + (timestamps
            ? TcpOptions.TIMESTAMP_LENGTH // SACK-permitted lies in its padding
            : sack ? TcpOptions.SACK_PERMITTED_LENGTH : 0)
        + (advisesTimeout(tcb) ? TcpOptions.USER_TIMEOUT_LENGTH : 0);
  }

  // ---- Fast Open -------------------------------------------------------------------------------

  /** Text that our SYN brings: as much as SND.NXT says, and no second time (RFC 7413 §4.2.1). */
  private static int textOnSyn(Tcb tcb, boolean acknowledge) {
    return !acknowledge && isSpoken(tcb) ? tcb.flightBytes() - 1 : 0;
  }

  private static boolean isSpoken(Tcb tcb) {
    return tcb.askedFast && !tcb.synResent;
  }

  /** Whether there is room for the option in our SYN. */
  boolean hasRoomForFastOpen(Tcb tcb, int cookieBytes, boolean experimental) {
    int bytes = TcpOptions.fastOpenLength(cookieBytes, experimental);
    return usualSynOptionBytes(tcb, false) + bytes <= TcpOptions.MOST_BYTES;
  }

  private int fastOpenBytes(Tcb tcb, boolean acknowledge) {
    if (acknowledge) {
      boolean offers = tcb.offersCookie && tcb.backlog != null;
      int bytes = TcpOptions.fastOpenLength(Long.BYTES, tcb.cookieIsExperimental);
      boolean fits = usualSynOptionBytes(tcb, true) + bytes <= TcpOptions.MOST_BYTES;
      return offers && fits ? bytes : 0;
    }
    if (!isSpoken(tcb) || tcb.fastOpenMode != FastOpenMode.ON) {
      return 0;
    }
    int entry = fastOpens.find(tcb);
    return TcpOptions.fastOpenLength(fastOpens.cookieBytes(entry), fastOpens.isExperimental(entry));
  }

  private void writeFastOpen(Tcb tcb, boolean acknowledge, MemorySegment memory, long at) {
    if (acknowledge) {
      env.counters.add(Event.FAST_OPEN_COOKIES_SENT);
      long cookie = Objects.requireNonNull(tcb.backlog).fastOpens().cookieFor(tcb, env.nowNanos);
      TcpOptions.writeFastOpen(memory, at, cookie, 0, Long.BYTES, tcb.cookieIsExperimental);
      return;
    }
    int entry = fastOpens.find(tcb);
    TcpOptions.writeFastOpen(
        memory,
        at,
        fastOpens.cookieHigh(entry),
        fastOpens.cookieLow(entry),
        fastOpens.cookieBytes(entry),
        fastOpens.isExperimental(entry));
  }

  // ---- Other segments --------------------------------------------------------------------------

  /**
   * &lt;SEQ=SND.NXT&gt;&lt;ACK=RCV.NXT&gt;&lt;CTL=ACK&gt;, with SACK blocks if something is held.
   */
  public boolean sendAck(Tcb tcb) {
    return sendSegment(tcb, acceptableSeq(tcb), 0, TcpHeader.ACK);
  }

  /**
   * A client's bare ACK of the SYN-ACK, if it is still owed: its flags have codes of their own,
   * which no text can bring (RFC 9768 §3.2.2.1).
   *
   * @return false: the link was full
   */
  public boolean tellHandshake(Tcb tcb) {
    return !(tcb.accurateEcn && tcb.tellsHandshake) || sendAck(tcb);
  }

  /**
   * Keep-alive: the number before SND.NXT, which the peer has and therefore answers (RFC 9293
   * §3.8.4).
   *
   * @param garbageOctet whether there is an octet of any value at that number
   * @return false: the link was full
   */
  public boolean sendKeepAlive(Tcb tcb, boolean garbageOctet) {
    int payloadBytes = garbageOctet ? 1 : 0;
    int headerBytes = TcpHeader.LENGTH + timestampBytes(tcb);
    if (!begin(tcb, headerBytes + payloadBytes)) {
      return false;
    }
    MemorySegment memory = ip.memory();
    if (tcb.timestamps) {
      long at = ip.start() + TcpHeader.LENGTH;
      TcpOptions.writeTimestamp(memory, at, env.timestampNow(tcb), tcb.tsRecent);
    }
    if (garbageOctet) {
      memory.set(ValueLayout.JAVA_BYTE, ip.start() + headerBytes, (byte) 0);
    }
    int field = window.advertise(tcb, false);
    @SeqNum int seq = tcb.sndNxt - 1;
    int flags = TcpHeader.ACK | Ecn.echo(tcb, false);
    finish(
        tcb,
        seq,
        tcb.rcvNxt,
        headerBytes,
        payloadBytes,
        0, // of the octet
        flags,
        field,
        0,
        0,
        Ecn.NOT_ECT);
    return true;
  }

  /**
   * An ACK from SND.UNA of a connection of which nothing is kept: like the SYN-ACK's, its timestamp
   * carries the options, since the peer echoes this one from now on.
   *
   * @return false: the link was full
   */
  boolean sendCookieAck(Tcb tcb) {
    int headerBytes = TcpHeader.LENGTH + timestampBytes(tcb);
    if (!begin(tcb, headerBytes)) {
      return false;
    }
    if (tcb.timestamps) {
      int tsVal = SynCookies.timestamp(env.timestampNow(tcb), tcb);
      TcpOptions.writeTimestamp(ip.memory(), ip.start() + TcpHeader.LENGTH, tsVal, tcb.tsRecent);
    }
    int field = window.advertise(tcb, false);
    finish(tcb, tcb.sndUna, tcb.rcvNxt, headerBytes, 0, 0, TcpHeader.ACK, field, 0, 0, Ecn.NOT_ECT);
    return true;
  }

  /** An ACK that advises our user timeout (RFC 5482 §3.1); false: the link was full. */
  boolean sendUserTimeout(Tcb tcb) {
    if (!advisesTimeout(tcb)) {
      return true;
    }
    int headerBytes = TcpHeader.LENGTH + timestampBytes(tcb) + TcpOptions.USER_TIMEOUT_LENGTH;
    if (!begin(tcb, headerBytes)) {
      return false;
    }
    MemorySegment memory = ip.memory();
    long at = ip.start() + TcpHeader.LENGTH;
    if (tcb.timestamps) {
      at += TcpOptions.writeTimestamp(memory, at, env.timestampNow(tcb), tcb.tsRecent);
    }
    TcpOptions.writeUserTimeout(memory, at, userTimeoutSeconds(tcb));
    int field = window.advertise(tcb, false);
    int flags = TcpHeader.ACK | Ecn.echo(tcb, true);
    finish(tcb, acceptableSeq(tcb), tcb.rcvNxt, headerBytes, 0, 0, flags, field, 0, 0, Ecn.NOT_ECT);
    return true;
  }

  /** For ever can't be said. */
  private static boolean advisesTimeout(Tcb tcb) {
    return tcb.userTimeoutOption && tcb.retransmissionLimitNanos != Long.MAX_VALUE;
  }

  private static int userTimeoutSeconds(Tcb tcb) {
    long seconds = Math.ceilDiv(tcb.retransmissionLimitNanos, 1_000_000_000L);
    return (int) Math.min(seconds, TcpOptions.MOST_USER_TIMEOUT_SECONDS);
  }

  private static int timestampBytes(Tcb tcb) {
    return tcb.timestamps ? TcpOptions.TIMESTAMP_LENGTH : 0;
  }

  /**
   * SND.NXT, or the window's edge where that lies before it: after a probe of a closed window the
   * peer would throw away anything beyond the edge, and the ACK with it.
   */
  private static @SeqNum int acceptableSeq(Tcb tcb) {
    boolean isSynchronized = tcb.state.isSynchronized();
    return isSynchronized ? Seq.min(tcb.sndNxt, tcb.sndUna + tcb.sndWnd) : tcb.sndNxt;
  }

  /**
   * A segment with queued payload.
   *
   * @param payloadBytes may exceed one segment only if {@link #mostPayload} does
   * @param flags ACK is added
   * @return false: the link was full, nothing has changed
   */
  boolean sendSegment(Tcb tcb, @SeqNum int seq, int payloadBytes, int flags) {
    int mss = tcb.effectiveMss();
    return sendSegment(tcb, seq, payloadBytes, flags, payloadBytes > mss ? mss : 0);
  }

  /** One segment with queued payload, whatever a full one holds otherwise. */
  boolean sendProbe(Tcb tcb, @SeqNum int seq, int payloadBytes) {
    env.counters.add(Event.MTU_PROBES);
    return sendSegment(tcb, seq, payloadBytes, 0, 0);
  }

  private boolean sendSegment(
      Tcb tcb, @SeqNum int seq, int payloadBytes, int flags, int segmentBytes) {
    int islands = islandsToReport(tcb, payloadBytes);
    int otherBytes = timestampBytes(tcb);
    int counters = AccurateEcnOption.onSegment(tcb, seq, payloadBytes, otherBytes, islands);
    otherBytes += AccurateEcnOption.length(counters);
    islands = Math.min(islands, TcpOptions.sackBlocksWithin(TcpOptions.MOST_BYTES - otherBytes));
    int sackBytes = islands == 0 ? 0 : TcpOptions.sackLength(islands);
    int headerBytes = TcpHeader.LENGTH + otherBytes + sackBytes;
    boolean gathers = gathers(tcb, seq, payloadBytes);
    if (!begin(tcb, gathers ? headerBytes : headerBytes + payloadBytes)) {
      return false; // a report that it took is lost with it
    }
    MemorySegment memory = ip.memory();
    long at = ip.start() + TcpHeader.LENGTH;
    if (tcb.timestamps) {
      at += TcpOptions.writeTimestamp(memory, at, env.timestampNow(tcb), tcb.tsRecent);
    }
    if (islands > 0) {
      at += TcpOptions.writeSack(memory, at, sackEdges, islands);
    }
    if (counters != AccurateEcnOption.NONE) {
      AccurateEcnOption.write(tcb, counters, memory, at);
      tcb.markedBytes.told(payloadBytes > 0);
    }
    long payloadSum = 0;
    if (gathers) {
      payloadSum = text.gather(tcb, seq, payloadBytes, ip.packet(), lent, !ip.completesChecksums());
    } else if (payloadBytes > 0) {
      payloadSum = text.copy(tcb, seq, payloadBytes, memory, ip.start() + headerBytes);
    }
    int urgentPointer = 0;
    if (tcb.urgentQueued && Seq.after(tcb.sndUp, seq)) {
      urgentPointer = Math.min(Seq.distance(seq, tcb.sndUp), 65_535);
      flags |= TcpHeader.URG;
    }
    int field = window.advertise(tcb, false);
    finish(
        tcb,
        seq,
        tcb.rcvNxt,
        headerBytes,
        payloadBytes,
        payloadSum,
        flags | TcpHeader.ACK | Ecn.echo(tcb, payloadBytes == 0 && islands == 0),
        field,
        urgentPointer,
        segmentBytes,
        Ecn.codePoint(tcb, seq, payloadBytes));
    if (gathers) {
      lent.sent(ip.packet().pieces > 0, ip.gathered());
    }
    return true;
  }

  /** Whether the link takes this payload from where it lies. */
  private boolean gathers(Tcb tcb, @SeqNum int seq, int payloadBytes) {
    if (payloadBytes == 0 || tcb.route != null || !lent.hasRoom()) {
      return false;
    }
    int pieces = ip.gatherPieces(payloadBytes, tcb.remoteHigh, tcb.remoteLow);
    return text.gathers(tcb, seq, payloadBytes, pieces, ip);
  }

  /**
   * Only pure ACKs carry SACK blocks: data segments keep their size, and an ACK follows every hole
   * anyway. A duplicate comes first (RFC 2883 §4).
   */
  private int islandsToReport(Tcb tcb, int payloadBytes) {
    if (!tcb.sackPermitted || payloadBytes > 0) {
      return 0;
    }
    int most = tcb.timestamps ? MOST_SACK_BLOCKS - 1 : MOST_SACK_BLOCKS;
    int first = 0;
    if (duplicates.take(tcb)) {
      sackEdges[0] = duplicates.left;
      sackEdges[1] = duplicates.right;
      first = 1;
    }
    return tcb.held.isEmpty() ? first : reassembly.islands(tcb.held, sackEdges, first, most);
  }

  /** Duplicates that arrived and are to be reported. */
  DuplicateReports duplicates() {
    return duplicates;
  }

  /** Whether an ACK has something to report that none has reported yet. */
  public boolean hasReport(Tcb tcb) {
    return tcb.sackPermitted && duplicates.has(tcb);
  }

  /** What the connection that had this handle had to report, nobody reports any more. */
  public void forgetReports(long handle) {
    duplicates.forget(handle);
  }

  private void finish(
      Tcb tcb,
      @SeqNum int seq,
      @SeqNum int ack,
      int headerBytes,
      int payloadBytes,
      long payloadSum,
      int flags,
      int windowField,
      int urgentPointer,
      int segmentBytes,
      int ecn) {
    MemorySegment memory = ip.memory();
    TcpHeader.write(
        memory,
        ip.start(),
        tcb.localPort,
        tcb.remotePort,
        seq,
        ack,
        headerBytes,
        flags,
        windowField,
        urgentPointer);
    int trafficClass = tcb.dscp << 2 | ecn;
    ip.sendTcp(
        tcb.ttl, trafficClass, headerBytes + payloadBytes, headerBytes, payloadSum, segmentBytes);
    env.counters.add(Event.SEGMENTS_SENT);
    if ((flags & TcpHeader.ACK) != 0) {
      tcb.lastAckSent = tcb.rcvNxt;
      tcb.ackOwed = false;
      tcb.ackNow = false;
    }
  }

  /**
   * RST for text that nobody is there to take: as the state CLOSED answers it, with the number that
   * the peer waits for (RFC 9293 §3.10.7.1), so that it need not ask back (RFC 5961 §3.2).
   */
  void refuseText(Tcb tcb) {
    sendReset(tcb, tcb.sndUna, 0, false);
  }

  /** RST of a connection that ends: &lt;SEQ=SND.NXT&gt;&lt;ACK=RCV.NXT&gt;&lt;CTL=RST,ACK&gt;. */
  public void sendReset(Tcb tcb) {
    boolean acknowledge = tcb.state != State.SYN_SENT;
    sendReset(tcb, acceptableSeq(tcb), acknowledge ? tcb.rcvNxt : 0, acknowledge);
  }

  /** RST of a connection with these numbers; with a timestamp as all else (RFC 7323 §3.2). */
  void sendReset(Tcb tcb, @SeqNum int seq, @SeqNum int ack, boolean acknowledge) {
    int headerBytes = TcpHeader.LENGTH + timestampBytes(tcb);
    env.departures.ending(tcb);
    if (begin(tcb, headerBytes)) {
      if (tcb.timestamps) {
        long at = ip.start() + TcpHeader.LENGTH;
        int echo = acknowledge ? tcb.tsRecent : 0;
        TcpOptions.writeTimestamp(ip.memory(), at, env.timestampNow(tcb), echo);
      }
      writeReset(tcb.localPort, tcb.remotePort, seq, ack, headerBytes, acknowledge);
      finishReset(tcb.ttl, tcb.dscp, headerBytes);
    }
  }

  private boolean begin(Tcb tcb, int bytes) {
    env.departures.leaving(tcb);
    return ip.begin(tcb.localHigh, tcb.localLow, tcb.remoteHigh, tcb.remoteLow, bytes, tcb.route);
  }

  /** RST for a segment that belongs to no connection (RFC 9293 §3.10.7.1). */
  public void sendReset(IpPacket packet, TcpHeader seg) {
    boolean begun =
        ip.begin(
            packet.destinationHigh,
            packet.destinationLow,
            packet.sourceHigh,
            packet.sourceLow,
            TcpHeader.LENGTH);
    if (begun) {
      boolean hasAck = seg.has(TcpHeader.ACK);
      writeReset(
          seg.destinationPort(),
          seg.sourcePort(),
          hasAck ? seg.ackNo() : 0,
          hasAck ? 0 : seg.seq() + seg.seqLength(),
          TcpHeader.LENGTH,
          !hasAck);
      finishReset(STRAY_RESET_HOPS, 0, TcpHeader.LENGTH);
    }
  }

  private void writeReset(
      int localPort,
      int remotePort,
      @SeqNum int seq,
      @SeqNum int ack,
      int headerBytes,
      boolean acknowledge) {
    int flags = acknowledge ? TcpHeader.RST | TcpHeader.ACK : TcpHeader.RST;
    TcpHeader.write(
        ip.memory(), ip.start(), localPort, remotePort, seq, ack, headerBytes, flags, 0, 0);
  }

  private void finishReset(int hopLimit, int dscp, int headerBytes) {
    ip.sendTcp(hopLimit, dscp << 2, headerBytes, headerBytes, 0, 0);
    env.counters.add(Event.RESETS_SENT);
    env.counters.add(Event.SEGMENTS_SENT);
  }
}
