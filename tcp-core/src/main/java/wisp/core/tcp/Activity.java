package wisp.core.tcp;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import wisp.core.memory.Blocks;
import wisp.core.spi.BlockPool;
import wisp.core.spi.CongestionState;

/**
 * The activity block: what a connection has only while it is awake, 256 bytes of the shared pool.
 * The first part belongs to the timer wheel and the {@link ReclaimLists}, which reach it by the
 * block's number; the rest is the {@link Tcb}'s, in the order of {@link #save}. What each bit is
 * for, and why it is here, stands in {@code docs/activity-block.md}.
 */
public final class Activity {
  static final int WHEEL_NEXT = 0;
  static final int WHEEL_PREVIOUS = 4;
  static final int WHEEL_PLACE = 8;
  static final int SLOT = 12;
  static final int WHEEL_DEADLINE = 16;
  static final int LIST_NEXT = 24;
  static final int LIST_PREVIOUS = 28;
  private static final int FIELDS = 32;
  private static final int BYTES = BlockPool.ACTIVITY;

  /** 16 s: it has 24 bits. */
  private static final int MOST_MIN_RTT = (1 << 24) - 1;

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

  private final TcpEnvironment env;
  private final Blocks blocks;
  private final ConnectionTimers timers;
  private final DestinationCache destinations;
  private final ReclaimLists lists;
  private MemorySegment memory = MemorySegment.NULL;
  private long at;

  /** For one context. */
  public Activity(
      TcpEnvironment env,
      Blocks blocks,
      ConnectionTimers timers,
      DestinationCache destinations,
      ReclaimLists lists) {
    this.env = env;
    this.lists = lists;
    this.blocks = blocks;
    this.timers = timers;
    this.destinations = destinations;
  }

  /**
   * Gives a sleeping connection a block, with what is remembered of its destination; does nothing
   * when it is awake.
   *
   * @return false when the pool has none for this purpose: nothing has changed
   */
  public boolean wake(Tcb tcb, Blocks.Purpose purpose) {
    if (tcb.block != Blocks.NONE) {
      return true;
    }
    int block = blocks.acquire(BYTES, purpose, tcb.payer);
    if (block == Blocks.NONE) {
      return false;
    }
    tcb.block = block;
    begin(tcb);
    tcb.control.onStart(tcb.congestion, env.nowNanos);
    tcb.recover = tcb.sndUna - 2;
    blocks.setInt(block, SLOT, tcb.slot);
    timers.adopt(block);
    lists.adopt(block);
    return true;
  }

  /** Lays out what a connection that sleeps would begin with if it woke now. */
  public void begin(Tcb tcb) {
    tcb.resetActivity();
    destinations.recall(tcb, env.nowNanos);
    tcb.congestion.cwndBytes = CongestionState.initialWindow(tcb.congestion.mss);
    tcb.releaseTicks = Pacer.rest(env.nowNanos);
    tcb.validatedSeconds = CwndValidation.seconds(env.nowNanos);
  }

  /** Gives the block back. The connection must be quiet, or at its end. */
  public void release(Tcb tcb) {
    if (tcb.block == Blocks.NONE) {
      return;
    }
    if (tcb.halfOpen) {
      HalfOpen.leave(env, tcb);
    }
    if (tcb.fastOpened) {
      Handshake.endFastOpen(tcb);
    }
    if (tcb.srttMicros != 0) {
      destinations.remember(tcb, env.nowNanos);
    }
    assert tcb.scoreboard == Blocks.NONE : "a scoreboard is left";
    timers.abandon(tcb.block);
    lists.remove(tcb.block);
    blocks.release(tcb.block, tcb.payer);
    tcb.block = Blocks.NONE;
  }

  /** Whose block it is. */
  public int slotOf(int block) {
    return blocks.getInt(block, SLOT);
  }

  /** Writes an awake connection's variables into its block. */
  public void save(Tcb t) {
    begin(t.block);
    putInt(
        bit(t.passive, 0)
            | bit(t.windowScaling, 1)
            | bit(t.sackPermitted, 2)
            | bit(t.timestamps, 3)
            | bit(t.ackOwed, 4)
            | bit(t.ackNow, 5)
            | bit(t.flushListed, 6)
            | bit(t.paused, 7)
            | bit(t.applicationClosed, 8)
            | bit(t.waiting, 9)
            | bit(t.finQueued, 10)
            | bit(t.finSent, 11)
            | bit(t.timing, 12)
            | bit(t.fastRecovery, 13)
            | bit(t.resending, 14)
            | bit(t.cwndLimited, 15)
            | bit(t.synResent, 16)
            | bit(t.peerFinHeld, 17)
            | bit(t.urgentQueued, 18)
            | bit(t.urgentPending, 19)
            | t.state.ordinal() << 20
            | t.timer.ordinal() << 24
            | t.tsRecentAge << 27
            | bit(t.backOffInherited, 29)
            | bit(t.ecn && !t.accurateEcn, 30)
            | bit(t.eceOwed || t.accurateEcn, 31)); // without the former: accurate
    putInt(
        t.backOff
            | t.reorderingPersistence << 5
            | t.duplicateAcksOwed << 10
            | t.sndScale << 17
            | t.rcvScale << 21
            | t.reorderingSegments << 25);
    putInt(t.sndUna);
    putInt(t.sndNxt);
    putInt(t.sndWnd);
    putInt(t.sndWl1);
    putInt(t.sndWl2);
    putInt(t.maxSndWnd);
    putInt(t.sndUp);
    putInt(t.rcvNxt);
    putInt(t.rcvAdv);
    putInt(t.rcvUp);
    putInt(t.tsRecent);
    putInt(t.lastAckSent);
    putInt(
        t.peerMss
            | bit(t.cwrOwed, 16)
            | bit(t.reducedByEcho, 17)
            | bit(t.heldByEcho, 18)
            | AccurateEcn.pack(t) << 19);
    putInt(
        Math.min(t.minRttMicros, MOST_MIN_RTT)
            | bit(t.fastOpened || t.askedFast, 24) // which of them, the role says
            | Math.min(t.duplicateAcks, 127) << 25);
    putLong(t.timerDeadlineNanos);
    putLong(t.progressNanos);
    putLong(t.timedAtNanos);
    putInt(t.timedSeq);
    putInt(t.srttMicros);
    putInt(t.rttvarMicros);
    putInt(t.recover);
    putInt(t.scoreboard);
    putInt(t.resending ? t.resendNext : t.releaseTicks);
    putInt(t.resending ? t.resendEnd : t.validatedSeconds);
    putInt(t.congestion.cwndBytes);
    putInt(t.congestion.ssthreshBytes);
    putInt(t.roundEndSeq);
    for (int word : t.congestion.words) {
      putInt(word);
    }
    putInt(t.queue.headBlock);
    putInt(
        t.queue.headIndex
            | bit(t.queue.hasRecords, 7)
            | t.queue.tailIndex << 8
            | bit(t.delaysAck, 15)
            | t.queue.cursorIndex << 16
            | t.unanswered << 24
            | bit(t.corked, 27)
            | t.reorderingSteps << 28);
    putInt(t.queue.tailBlock);
    putInt(t.queue.startSeq);
    putInt(t.queue.endSeq);
    putInt(t.queue.cursorBlock);
    putInt(t.queue.cursorSeq);
    putInt(t.held.head);
    putInt(t.held.tail);
    putInt(t.held.blockCount);
    putInt(t.held.latestSeq);
    putInt(t.peerFinSeq);
    putInt(t.probeBytes | t.sizedBytes << 16);
    putInt(t.arrivedBytes | t.claimedMtu << 16);
    putInt(t.probeSeq);
    putInt(t.sizedSeq);
    putInt(t.claimedSeq);
    assert at <= blocks.start(t.block) + BYTES;
  }

  /** Lays the variables of a block out on the workbench; identity and profile are the caller's. */
  public void load(Tcb t, int block) {
    t.block = block;
    begin(block);
    int flags = nextInt();
    t.passive = isSet(flags, 0);
    t.windowScaling = isSet(flags, 1);
    t.sackPermitted = isSet(flags, 2);
    t.timestamps = isSet(flags, 3);
    t.ackOwed = isSet(flags, 4);
    t.ackNow = isSet(flags, 5);
    t.flushListed = isSet(flags, 6);
    t.paused = isSet(flags, 7);
    t.applicationClosed = isSet(flags, 8);
    t.waiting = isSet(flags, 9);
    t.finQueued = isSet(flags, 10);
    t.finSent = isSet(flags, 11);
    t.timing = isSet(flags, 12);
    t.fastRecovery = isSet(flags, 13);
    t.resending = isSet(flags, 14);
    t.cwndLimited = isSet(flags, 15);
    t.synResent = isSet(flags, 16);
    t.peerFinHeld = isSet(flags, 17);
    t.urgentQueued = isSet(flags, 18);
    t.urgentPending = isSet(flags, 19);
    t.state = State.of(flags >>> 20 & 15);
    t.timer = TimerKind.of(flags >>> 24 & 7);
    t.tsRecentAge = flags >>> 27 & 3;
    t.backOffInherited = isSet(flags, 29);
    t.accurateEcn = isSet(flags, 31) && !isSet(flags, 30);
    t.ecn = isSet(flags, 30) || t.accurateEcn;
    t.eceOwed = isSet(flags, 31) && !t.accurateEcn;
    int small = nextInt();
    t.backOff = small & 31;
    t.reorderingPersistence = small >>> 5 & 31;
    t.duplicateAcksOwed = small >>> 10 & 127;
    t.sndScale = small >>> 17 & 15;
    t.rcvScale = small >>> 21 & 15;
    t.reorderingSegments = small >>> 25;
    t.sndUna = nextInt();
    t.sndNxt = nextInt();
    t.sndWnd = nextInt();
    t.sndWl1 = nextInt();
    t.sndWl2 = nextInt();
    t.maxSndWnd = nextInt();
    t.sndUp = nextInt();
    t.rcvNxt = nextInt();
    t.rcvAdv = nextInt();
    t.rcvUp = nextInt();
    t.tsRecent = nextInt();
    t.lastAckSent = nextInt();
    int mssAndEcn = nextInt();
    t.peerMss = mssAndEcn & 0xFFFF;
    t.cwrOwed = isSet(mssAndEcn, 16);
    t.reducedByEcho = isSet(mssAndEcn, 17);
    t.heldByEcho = isSet(mssAndEcn, 18);
    AccurateEcn.unpack(t, mssAndEcn >>> 19);
    int least = nextInt();
    t.minRttMicros = least & MOST_MIN_RTT;
    t.fastOpened = isSet(least, 24) && t.passive;
    t.askedFast = isSet(least, 24) && !t.passive;
    t.duplicateAcks = least >>> 25;
    t.timerDeadlineNanos = nextLong();
    t.progressNanos = nextLong();
    t.timedAtNanos = nextLong();
    t.timedSeq = nextInt();
    t.srttMicros = nextInt();
    t.rttvarMicros = nextInt();
    t.recover = nextInt();
    t.scoreboard = nextInt();
    loadResending(t, nextInt(), nextInt());
    t.congestion.cwndBytes = nextInt();
    t.congestion.ssthreshBytes = nextInt();
    t.roundEndSeq = nextInt();
    for (int i = 0; i < CongestionState.WORDS; i++) {
      t.congestion.words[i] = nextInt();
    }
    t.queue.headBlock = nextInt();
    int indices = nextInt();
    t.queue.headIndex = indices & 127;
    t.queue.hasRecords = isSet(indices, 7);
    t.queue.tailIndex = indices >>> 8 & 127;
    t.delaysAck = isSet(indices, 15);
    t.queue.cursorIndex = indices >>> 16 & 255;
    t.unanswered = indices >>> 24 & 7;
    t.corked = isSet(indices, 27);
    t.reorderingSteps = indices >>> 28;
    t.queue.tailBlock = nextInt();
    t.queue.startSeq = nextInt();
    t.queue.endSeq = nextInt();
    t.queue.cursorBlock = nextInt();
    t.queue.cursorSeq = nextInt();
    t.held.head = nextInt();
    t.held.tail = nextInt();
    t.held.blockCount = nextInt();
    t.held.latestSeq = nextInt();
    t.peerFinSeq = nextInt();
    int probing = nextInt();
    t.probeBytes = probing & 0xFFFF;
    t.sizedBytes = probing >>> 16;
    int arrived = nextInt();
    t.arrivedBytes = arrived & 0xFFFF;
    t.claimedMtu = arrived >>> 16;
    t.probeSeq = nextInt();
    t.sizedSeq = nextInt();
    t.claimedSeq = nextInt();
  }

  /** While it goes back and resends, a connection is neither paced nor is its window validated. */
  private void loadResending(Tcb t, int first, int second) {
    t.resendNext = first;
    t.resendEnd = second;
    t.releaseTicks = t.resending ? Pacer.rest(env.nowNanos) : first;
    t.validatedSeconds = t.resending ? CwndValidation.seconds(env.nowNanos) : second;
  }

  private void begin(int block) {
    memory = blocks.memory(block);
    at = blocks.start(block) + FIELDS;
  }

  private void putInt(int value) {
    memory.set(INT, at, value);
    at += 4;
  }

  private void putLong(long value) {
    memory.set(LONG, at, value);
    at += 8;
  }

  private int nextInt() {
    int value = memory.get(INT, at);
    at += 4;
    return value;
  }

  private long nextLong() {
    long value = memory.get(LONG, at);
    at += 8;
    return value;
  }

  private static int bit(boolean value, int place) {
    return value ? 1 << place : 0;
  }

  private static boolean isSet(int flags, int place) {
    return (flags >>> place & 1) != 0;
  }
}
