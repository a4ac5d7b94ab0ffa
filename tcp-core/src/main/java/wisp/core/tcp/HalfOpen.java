package wisp.core.tcp;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import wisp.core.memory.Blocks;
import wisp.core.spi.BlockPool;

/**
 * SYN-RECEIVED from LISTEN: nobody but us knows of the connection and anybody can make us keep it,
 * so it has a block of 64 bytes instead of an activity block. There is nothing in flight but a SYN,
 * nothing queued and nothing held.
 *
 * <pre>
 *     0 as in an activity block: wheel, slot, deadline, list
 *    32 flags, scale, copies; 36 ISS; 40 RCV.NXT; 44 TS.Recent; 48 MSS, window; 52 time of the SYN-ACK
 * </pre>
 */
public final class HalfOpen {
  private static final int FLAGS = 32;
  private static final int ISS = 36;
  private static final int RCV_NXT = 40;
  private static final int TS_RECENT = 44;
  private static final int MSS_AND_WINDOW = 48;
  private static final int TIMED_AT = 52;

  private static final int WINDOW_SCALING = 1;
  private static final int SACK_PERMITTED = 1 << 1;
  private static final int TIMESTAMPS = 1 << 2;
  private static final int SYN_RESENT = 1 << 3;
  private static final int TIMING = 1 << 4;
  private static final int ACK_NOW = 1 << 5;
  private static final int FLUSH_LISTED = 1 << 6;
  private static final int TIMER_RUNS = 1 << 7;
  private static final int ECN = 1 << 12;
  private static final int ACCURATE_ECN = 1 << 13;
  private static final int HANDSHAKE_ECN_PLACE = 14;
  private static final int OFFERS_COOKIE = 1 << 24;
  private static final int COOKIE_IS_EXPERIMENTAL = 1 << 25;
  private static final int NO_ECN_OPTION = 1 << 26;
  private static final int SCALE_PLACE = 8;
  private static final int BACK_OFF_PLACE = 16;

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

  private final TcpEnvironment env;
  private final Blocks blocks;
  private final ConnectionTimers timers;
  private final ReclaimLists lists;
  private final Activity activity;
  private final ReceiveWindow window;

  /** For one context. */
  public HalfOpen(
      TcpEnvironment env,
      Blocks blocks,
      ConnectionTimers timers,
      ReclaimLists lists,
      Activity activity,
      ReceiveWindow window) {
    this.env = env;
    this.blocks = blocks;
    this.timers = timers;
    this.lists = lists;
    this.activity = activity;
    this.window = window;
  }

  /**
   * Gives a connection that a SYN has just made its block, and counts it in its backlog.
   *
   * @return false: the pool has none; nothing has changed
   */
  public boolean begin(Tcb tcb) {
    int block = blocks.acquire(BlockPool.HALF_OPEN, Blocks.Purpose.NEW, tcb.payer);
    if (block == Blocks.NONE) {
      return false;
    }
    tcb.block = block;
    tcb.resetActivity();
    blocks.setInt(block, Activity.SLOT, tcb.slot);
    timers.adopt(block);
    lists.adopt(block);
    tcb.halfOpen = true;
    backlog(tcb).enter(env);
    env.peers.halfOpen(tcb.payer, 1);
    return true;
  }

  /** It is half-open no more, whether it opens or ends. */
  static void leave(TcpEnvironment env, Tcb tcb) {
    tcb.halfOpen = false;
    backlog(tcb).leave(env);
    env.peers.halfOpen(tcb.payer, -1);
  }

  private static Backlog backlog(Tcb tcb) {
    return Objects.requireNonNull(tcb.backlog, "half-open, but from no listener");
  }

  /**
   * The SYN-ACK was acknowledged: from now on an activity block is due, and if there is none the
   * record alone carries the connection.
   */
  void open(Tcb tcb) {
    if (tcb.halfOpen || tcb.block == Blocks.NONE) {
      activity.release(tcb);
      activity.wake(tcb, Blocks.Purpose.NEW);
    }
  }

  /** Writes the variables of a half-open connection into its block. */
  public void save(Tcb tcb) {
    MemorySegment m = blocks.memory(tcb.block);
    long at = blocks.start(tcb.block);
    int flags =
        (tcb.windowScaling ? WINDOW_SCALING : 0)
            | (tcb.sackPermitted ? SACK_PERMITTED : 0)
            | (tcb.timestamps ? TIMESTAMPS : 0)
            | (tcb.offersCookie ? OFFERS_COOKIE : 0)
            | (tcb.cookieIsExperimental ? COOKIE_IS_EXPERIMENTAL : 0)
            | (tcb.ecn ? ECN : 0)
            | (tcb.accurateEcn ? ACCURATE_ECN | tcb.handshakeEcn << HANDSHAKE_ECN_PLACE : 0)
            | (tcb.accurateEcn && tcb.markedBytes.silent ? NO_ECN_OPTION : 0)
            | (tcb.synResent ? SYN_RESENT : 0)
            | (tcb.timing ? TIMING : 0)
            | (tcb.ackNow ? ACK_NOW : 0)
            | (tcb.flushListed ? FLUSH_LISTED : 0)
            | (tcb.timer == TimerKind.RETRANSMISSION ? TIMER_RUNS : 0)
            | tcb.sndScale << SCALE_PLACE
            | tcb.backOff << BACK_OFF_PLACE;
    m.set(INT, at + FLAGS, flags);
    m.set(INT, at + ISS, tcb.sndUna);
    m.set(INT, at + RCV_NXT, tcb.rcvNxt);
    m.set(INT, at + TS_RECENT, tcb.tsRecent);
    m.set(INT, at + MSS_AND_WINDOW, tcb.peerMss | tcb.sndWnd << 16);
    m.set(LONG, at + TIMED_AT, tcb.timedAtNanos);
  }

  /** Lays them out again; identity and profile are the caller's. */
  public void load(Tcb tcb, int block) {
    tcb.block = block;
    MemorySegment m = blocks.memory(block);
    long at = blocks.start(block);
    int flags = m.get(INT, at + FLAGS);
    tcb.state = State.SYN_RECEIVED;
    tcb.halfOpen = true;
    tcb.sndUna = m.get(INT, at + ISS);
    tcb.sndNxt = tcb.sndUna + 1;
    tcb.resetActivity();
    tcb.windowScaling = (flags & WINDOW_SCALING) != 0;
    tcb.sackPermitted = (flags & SACK_PERMITTED) != 0;
    tcb.timestamps = (flags & TIMESTAMPS) != 0;
    AccurateEcn.unpack(tcb, 0);
    tcb.accurateEcn = (flags & ACCURATE_ECN) != 0;
    if (tcb.accurateEcn) {
      AccurateEcn.begin(tcb, flags >>> HANDSHAKE_ECN_PLACE & 3);
      tcb.markedBytes.silent = (flags & NO_ECN_OPTION) != 0;
    }
    tcb.offersCookie = (flags & OFFERS_COOKIE) != 0;
    tcb.cookieIsExperimental = (flags & COOKIE_IS_EXPERIMENTAL) != 0;
    tcb.ecn = (flags & ECN) != 0;
    tcb.eceOwed = false;
    tcb.synResent = (flags & SYN_RESENT) != 0;
    tcb.timing = (flags & TIMING) != 0;
    tcb.ackNow = (flags & ACK_NOW) != 0;
    tcb.flushListed = (flags & FLUSH_LISTED) != 0;
    tcb.sndScale = flags >>> SCALE_PLACE & 15;
    tcb.rcvScale = window.shift(tcb);
    tcb.backOff = flags >>> BACK_OFF_PLACE & 255;
    tcb.rcvNxt = m.get(INT, at + RCV_NXT);
    tcb.tsRecent = m.get(INT, at + TS_RECENT);
    tcb.tsRecentAge = 0;
    int mssAndWindow = m.get(INT, at + MSS_AND_WINDOW);
    tcb.peerMss = mssAndWindow & 0xFFFF;
    tcb.sndWnd = mssAndWindow >>> 16;
    tcb.maxSndWnd = tcb.sndWnd;
    tcb.sndWl1 = tcb.rcvNxt - 1;
    tcb.sndWl2 = tcb.sndUna;
    tcb.lastAckSent = tcb.rcvNxt;
    tcb.ackOwed = false;
    tcb.delaysAck = false;
    tcb.paused = false;
    tcb.applicationClosed = false;
    tcb.waiting = false;
    tcb.timedSeq = tcb.sndNxt;
    tcb.timedAtNanos = m.get(LONG, at + TIMED_AT);
    tcb.progressNanos = tcb.timedAtNanos;
    tcb.recover = tcb.sndUna - 1;
    if ((flags & TIMER_RUNS) != 0) {
      tcb.timer = TimerKind.RETRANSMISSION;
      tcb.timerDeadlineNanos = timers.deadlineNanos(block);
    }
    window.restoreEdge(tcb);
  }
}
