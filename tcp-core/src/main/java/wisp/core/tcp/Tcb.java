package wisp.core.tcp;

import org.jspecify.annotations.Nullable;
import wisp.core.ip.IpAddress;
import wisp.core.ip.SourceRoute;
import wisp.core.memory.Payer;
import wisp.core.spi.BlockPool;
import wisp.core.spi.CongestionControl;
import wisp.core.spi.CongestionState;
import wisp.core.spi.EcnMode;
import wisp.core.spi.FastOpenMode;

/**
 * The transmission control block of RFC 9293 §3.3.1: a workbench on which one connection's
 * variables are laid out while something happens to it. Between events they live in a record of 24
 * bytes, and, only while something is in flight or missing, in an activity block. One instance
 * serves connection after connection; nobody keeps a reference.
 *
 * <p>Sequence variables carry {@link SeqNum}; nothing but {@link Seq} compares them.
 */
public final class Tcb {
  /** {@link #unanswered} counts no further. */
  public static final int MOST_UNANSWERED = 7;

  // ---- Identity: constant while the connection lives -------------------------------------------

  /** Place of the record. */
  public int slot = -1;

  /** The record's key in 64 bits: IPv4 as it is, IPv6 hashed. */
  public long identity;

  /** What the application holds. */
  public long handle;

  /** Number of the binding: (fixed endpoint, handler, profile). */
  public int binding;

  /** Addresses in 128 bits, IPv4 in mapped form. */
  public long localHigh;

  public long localLow;
  public int localPort;
  public long remoteHigh;
  public long remoteLow;
  public int remotePort;

  /** The peer, as far as memory is concerned. */
  public final Payer payer = new Payer();

  /** Along which its packets go; null: as IP chooses. IPv4 only. */
  public @Nullable SourceRoute route;

  /** Whether it came from LISTEN (MUST-11). */
  public boolean passive;

  /** In SYN-RECEIVED, and the application's already (RFC 7413). */
  public boolean fastOpened;

  /** Our SYN-ACK brings a Fast Open cookie. */
  public boolean offersCookie;

  /** It was asked for by an option of the time before RFC 7413, and is given by one. */
  public boolean cookieIsExperimental;

  /** In SYN-SENT: our first SYN has spoken Fast Open. */
  public boolean askedFast;

  /** Of the listener that it came from. */
  public @Nullable Backlog backlog;

  /** One of that: in SYN-RECEIVED, known to nobody else, its block a small one. */
  public boolean halfOpen;

  // ---- Profile: from the binding ----------------------------------------------------------------

  public boolean nagle;
  public int ttl;
  public int dscp;
  public EcnMode ecnMode = EcnMode.OFF;
  public FastOpenMode fastOpenMode = FastOpenMode.OFF;

  /** R2 in nanoseconds: the user timeout. */
  public long retransmissionLimitNanos;

  /** How long our open is tried, if the application has said so; else 0. */
  public long openLimitNanos;

  /** Whether the user timeout option is sent, and the peer's is followed (RFC 5482). */
  public boolean userTimeoutOption;

  /** How long the peer may be silent before it is asked whether it is there; 0: for ever. */
  public long keepAliveNanos;

  /** What our SYN may offer, and what of the peer's offers is taken. */
  public boolean offerScale;

  public boolean offerSack;
  public boolean offerTimestamps;

  /** Largest segment that the application wants, either way; 0: it does not mind. */
  public int mssLimit;

  /** The window that the application wants offered; 0: what is usual. */
  public int windowLimit;

  /** Our window scale is no less. */
  public int leastWindowShift;

  /** How much may be in flight: shared by all connections of the context that chose it. */
  @SuppressWarnings("NullAway.Init") // set whenever a connection is laid out
  public CongestionControl control;

  // ---- State ------------------------------------------------------------------------------------

  public State state = State.CLOSED;

  /** Activity block, or {@link BlockPool#NONE}: asleep. */
  public int block = BlockPool.NONE;

  // ---- Send sequence variables ------------------------------------------------------------------

  /** Oldest unacknowledged. */
  public @SeqNum int sndUna;

  /** Next to be sent for the first time. */
  public @SeqNum int sndNxt;

  /** Send window, bytes. */
  public int sndWnd;

  public @SeqNum int sndWl1;
  public @SeqNum int sndWl2;

  /** Largest SND.WND seen: RFC 5961 §5 and silly-window avoidance. */
  public int maxSndWnd;

  /** Octet after the last urgent one that we sent; valid while {@link #urgentQueued}. */
  public @SeqNum int sndUp;

  /** Whether SND.UP lies ahead of SND.UNA. */
  public boolean urgentQueued;

  // ---- Receive sequence variables ---------------------------------------------------------------

  public @SeqNum int rcvNxt;

  /** Right edge of the window promised: never moves left. */
  public @SeqNum int rcvAdv;

  /** Octet after the last urgent one announced; valid while {@link #urgentPending}. */
  public @SeqNum int rcvUp;

  public boolean urgentPending;

  // ---- Options ----------------------------------------------------------------------------------

  /** What the peer's MSS option said, or the default. */
  public int peerMss;

  /** Whether both SYNs had window scale. */
  public boolean windowScaling;

  /** Shift for windows that we receive, 0 … 14. */
  public int sndScale;

  /** Shift for windows that we send: ours when both sides scale, else 0. */
  public int rcvScale;

  public boolean sackPermitted;
  public boolean timestamps;
  public int tsRecent;

  /** How old TS.Recent is: 0 … 2 fresh, 3 invalid (RFC 7323 §5.5). */
  public int tsRecentAge;

  /** Whether both sides speak ECN (RFC 3168); in SYN-SENT: whether we ask for it. */
  public boolean ecn;

  /** Whether the peer's marks are told one by one (RFC 9768): {@link AccurateEcn}. */
  public boolean accurateEcn;

  /** Packets that came marked, modulo 8: r.cep. */
  int marksSeen;

  /** Packets that the peer has told of, modulo 8: s.cep. */
  int marksTold;

  /** Packets that came marked since the last ACK, 3 at most. */
  int marksUntold;

  /** ECN field of the peer's SYN or SYN-ACK, and whether our next segment tells it. */
  int handshakeEcn;

  boolean tellsHandshake;

  /** The path changes flags or fields: we mark nothing as ECN-capable. */
  boolean ectForbidden;

  /** Nothing has come from the peer since its SYN-ACK. */
  boolean peerIsNew;

  /** What the AccECN option tells; means something with {@link #accurateEcn} only. */
  public final MarkedBytes markedBytes = new MarkedBytes();

  /** Last.ACK.sent. */
  public @SeqNum int lastAckSent;

  // ---- Acknowledging ----------------------------------------------------------------------------

  /** An ACK is owed and waits for company (RFC 9293 §3.8.6.3). */
  public boolean ackOwed;

  /**
   * Text has come since the last silence: the ACK of a single segment may wait. The first after one
   * does not, since a peer that begins cannot go on without it.
   */
  public boolean delaysAck;

  /** An ACK leaves at the end of the burst. */
  public boolean ackNow;

  /**
   * Duplicate ACKs owed at the end of the burst: one for each segment out of order (RFC 5681 §4.2).
   */
  public int duplicateAcksOwed;

  /** Text came with a mark: every ACK echoes that until the peer says CWR (RFC 3168 §6.1.3). */
  public boolean eceOwed;

  /** In the list of connections that have something to do at the end of the burst. */
  public boolean flushListed;

  // ---- Application ------------------------------------------------------------------------------

  public boolean paused;

  /** Full close: what still arrives draws RST (SHLD-3). */
  public boolean applicationClosed;

  /** A send was refused for want of memory; onWritable is owed. */
  public boolean waiting;

  // ---- Sending: awake only ----------------------------------------------------------------------

  public final SendQueue.Place queue = new SendQueue.Place(payer);

  /** More is to come: what does not fill a segment waits for it. */
  public boolean corked;

  /** FIN comes after the queue. */
  public boolean finQueued;

  /** FIN was sent (it occupies SND.NXT − 1). */
  public boolean finSent;

  public final CongestionState congestion = new CongestionState();

  /** Acknowledging it ends a round of sending: SND.NXT when the round before ended. */
  public @SeqNum int roundEndSeq;

  /** Smoothed round-trip time, µs; 0: none. */
  public int srttMicros;

  public int rttvarMicros;

  /** Whether {@link #timedSeq} is being timed. */
  public boolean timing;

  /** Acknowledging it ends the sample. */
  public @SeqNum int timedSeq;

  /** When it was sent, or something was resent since: no older echo is a sample. */
  public long timedAtNanos;

  public int duplicateAcks;

  /** cwnd was reduced: the next new text says CWR. */
  public boolean cwrOwed;

  /** By an echo, until {@link #roundEndSeq} is passed: no second time before. */
  public boolean reducedByEcho;

  /** By an echo when it was one segment: the next one waits for the timer. */
  public boolean heldByEcho;

  /** In fast recovery until {@link #recover} is acknowledged (RFC 6582). */
  public boolean fastRecovery;

  public @SeqNum int recover;

  /** Block of what SACK says, {@link Scoreboard}; NONE: nothing. */
  public int scoreboard = BlockPool.NONE;

  /** How many segments were seen to overtake another; 0: the path keeps the order. */
  public int reorderingSegments;

  /** By how many quarters of the least round trip the reordering window has been widened. */
  public int reorderingSteps;

  /** Recoveries until that ends. */
  public int reorderingPersistence;

  /** Least round trip, µs; 0: none measured. */
  public int minRttMicros;

  /** When the next segment may leave, if it is paced: ticks of {@link SendTimes}. */
  public int releaseTicks;

  /** When cwnd was last seen to be used, seconds: {@link CwndValidation}. */
  public int validatedSeconds;

  /** After a time-out: resending from here … */
  public @SeqNum int resendNext;

  /** … up to here. */
  public @SeqNum int resendEnd;

  public boolean resending;

  /** Time-outs or probes in a row. */
  public int backOff;

  /** The back-off is from before it slept: nothing has been resent in vain since. */
  public boolean backOffInherited;

  /** Resends in a row since the peer was last heard of, up to {@link #MOST_UNANSWERED}. */
  public int unanswered;

  /** When the peer last confirmed something, or the flight began. */
  public long progressNanos;

  /** Whether cwnd held us back when something was to be sent last. */
  public boolean cwndLimited;

  /** The SYN was resent: initial window is one segment, RTO 3 s (RFC 5681 §3.1, RFC 6298 §5.7). */
  public boolean synResent;

  // ---- Receiving: awake only --------------------------------------------------------------------

  public final Reassembly.Place held = new Reassembly.Place(payer);

  /** A FIN arrived beyond a hole, at {@link #peerFinSeq}. */
  public boolean peerFinHeld;

  public @SeqNum int peerFinSeq;

  // ---- Path MTU: awake only --------------------------------------------------------------------

  /** Payload of a probe in flight that is larger than a full segment; 0: none (RFC 4821). */
  public int probeBytes;

  /** Where the probe begins. */
  public @SeqNum int probeSeq;

  /** Payload of a full segment whose arrival is waited for; 0: none. */
  public int sizedBytes;

  /** Acknowledging it shows that segments of this size arrive. */
  public @SeqNum int sizedSeq;

  /** Largest payload that was seen to arrive (RFC 5927 §7.2: maxsizeacked). */
  public int arrivedBytes;

  /** A claimed path MTU that is believed only after a time-out; 0: none. */
  public int claimedMtu;

  /** Acknowledging it refutes the claim. */
  public @SeqNum int claimedSeq;

  /** Type and code of the ICMP error in hand: valid while it is dealt with. */
  public int icmpType;

  public int icmpCode;

  // ---- Timer: awake only ------------------------------------------------------------------------

  /** TIME-WAIT begins anew: the FIN came again. Set for the desk, which keeps the deadline. */
  public boolean timeWaitRestart;

  /** What the one timer of an awake connection is for. */
  public TimerKind timer = TimerKind.NONE;

  public long timerDeadlineNanos;

  /** Whether the packets are IPv6. */
  public boolean isIpv6() {
    return !IpAddress.isIpv4(remoteHigh, remoteLow);
  }

  /** Bytes that a source route takes from each packet. */
  int routeBytes() {
    return route == null ? 0 : route.optionBytes();
  }

  /** Bytes in flight, SYN and FIN counted. */
  public int flightBytes() {
    return Seq.distance(sndUna, sndNxt);
  }

  /**
   * What a reduction of the window goes by: FlightSize, but not what SACK says has arrived or
   * limited transmit has sent beyond cwnd (RFC 5681 §3.2), else a window could grow by a loss.
   *
   * @param flightBytes in flight before the acknowledgment in hand
   */
  int windowInUse(int flightBytes) {
    CongestionState c = congestion;
    // in recovery cwnd follows what arrives, and ssthresh is where it goes
    int window = fastRecovery ? Math.max(c.cwndBytes, c.ssthreshBytes) : c.cwndBytes;
    return Math.min(flightBytes, window);
  }

  /** Largest segment that either end wants. */
  int mostToPeer() {
    return mssLimit == 0 ? peerMss : Math.min(peerMss, mssLimit);
  }

  /** Payload bytes of a full segment to this peer, options subtracted (RFC 6691). */
  public int effectiveMss() {
    return congestion.mss;
  }

  /** Everything that an awake connection has and a sleeping one does not, at rest. */
  public void resetActivity() {
    queue.reset();
    held.reset();
    corked = false;
    finQueued = false;
    finSent = false;
    srttMicros = 0;
    rttvarMicros = 0;
    timing = false;
    duplicateAcks = 0;
    cwrOwed = false;
    reducedByEcho = false;
    heldByEcho = false;
    fastRecovery = false;
    scoreboard = BlockPool.NONE;
    reorderingSegments = 0;
    reorderingSteps = 0;
    reorderingPersistence = 0;
    minRttMicros = 0;
    resending = false;
    backOff = 0;
    backOffInherited = false;
    unanswered = 0;
    cwndLimited = false;
    synResent = false;
    peerFinHeld = false;
    urgentQueued = false;
    urgentPending = false;
    duplicateAcksOwed = 0;
    timer = TimerKind.NONE;
    timerDeadlineNanos = Long.MAX_VALUE;
    probeBytes = 0;
    sizedBytes = 0;
    arrivedBytes = 0;
    claimedMtu = 0;
    roundEndSeq = sndUna;
    congestion.reset();
  }

  /** Whether nothing is in flight, queued, held or pending: the record alone can carry it. */
  public boolean isQuiet() {
    return (state == State.ESTABLISHED || state == State.FIN_WAIT_2 || state == State.CLOSE_WAIT)
        && sndUna == sndNxt
        && queue.isEmpty()
        && !finQueued
        && held.isEmpty()
        && !peerFinHeld
        && !urgentPending
        && duplicateAcksOwed == 0;
  }

  @Override
  public String toString() {
    return state
        + " slot "
        + slot
        + " una "
        + sndUna
        + " nxt "
        + sndNxt
        + " wnd "
        + sndWnd
        + " rcvNxt "
        + rcvNxt;
  }
}
