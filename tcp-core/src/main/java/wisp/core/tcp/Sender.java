package wisp.core.tcp;

import wisp.core.Counters.Event;
import wisp.core.memory.Blocks;
import wisp.core.spi.CongestionState;
import wisp.core.wire.TcpHeader;

/**
 * Decides what leaves and when: the peer's window, cwnd, Nagle, silly-window avoidance (RFC 9293
 * §3.8.6.2.1), probes of a closed window (§3.8.6.1), and resending. It forms no segment itself:
 * {@link TcpOutput} does.
 */
public final class Sender implements Resender {
  private final TcpEnvironment env;
  private final TcpOutput output;
  private final ConnectionTimers timers;
  private final MtuDiscovery mtu;
  private final Scoreboard board;
  private final SackRecovery recovery;
  private final TailTimer tail;
  private final Pacer pacer;

  /** For one context. */
  public Sender(
      TcpEnvironment env,
      TcpOutput output,
      ConnectionTimers timers,
      MtuDiscovery mtu,
      Scoreboard board) {
    this.board = board;
    this.pacer = new Pacer(env, timers);
    this.recovery = new SackRecovery(env, board, this, pacer);
    this.tail = new TailTimer(env, timers, board);
    this.env = env;
    this.output = output;
    this.timers = timers;
    this.mtu = mtu;
  }

  /** SYN or SYN-ACK, for the first time or again. */
  boolean sendSyn(Tcb tcb) {
    return output.sendSyn(tcb, tcb.state == State.SYN_RECEIVED);
  }

  /**
   * Sends all that may be sent now.
   *
   * @return false: the link was full before everything was out; call again after the next burst
   */
  public boolean output(Tcb tcb) {
    if (tcb.block == Blocks.NONE || !(hasSynchronized(tcb) || tcb.fastOpened)) {
      return true;
    }
    tcb.cwndLimited = false;
    if (tcb.resending) {
      if (!recovery.tryNew(tcb)) {
        return false;
      }
      if (recovery.isAwaitingNew(tcb)) {
        return true;
      }
      if (!resendAfterTimeout(tcb)) {
        return false;
      }
    }
    if (recovery.isActive(tcb)) {
      return recovery.output(tcb);
    }
    restartAfterIdle(tcb);
    while (!tcb.resending && isSomethingUnsent(tcb)) {
      if (tcb.heldByEcho) {
        awaitWindow(tcb);
        return true;
      }
      if (pacer.holds(tcb, false)) {
        return true;
      }
      @SeqNum int before = tcb.sndNxt;
      boolean mayProbe = !tcb.queue.hasRecords; // its size would be up to them
      int probe = mayProbe ? mtu.probe(tcb, unsentBytes(tcb), usableBytes(tcb)) : 0;
      if (probe > 0) {
        if (!sendProbe(tcb, probe)) {
          return false;
        }
      } else {
        int length = lengthAllowed(tcb);
        if (length < 0) {
          awaitWindow(tcb);
          return true;
        }
        if (!sendNew(tcb, pacer.limit(tcb, length))) {
          return false;
        }
      }
      pacer.sent(tcb, Seq.distance(before, tcb.sndNxt));
    }
    return true;
  }

  /** What finds losses by SACK. */
  SackRecovery recovery() {
    return recovery;
  }

  /** Which timer runs while something is in flight. */
  TailTimer tail() {
    return tail;
  }

  /**
   * Nothing was in flight for longer than the RTO: begins with the restart window (RFC 5681 §4.1).
   * A connection that has nothing else to keep goes to sleep by then, which does the same.
   */
  private void restartAfterIdle(Tcb tcb) {
    if (tcb.sndUna != tcb.sndNxt || tcb.sndWnd == 0 || !isSomethingUnsent(tcb)) {
      return;
    }
    CongestionState c = tcb.congestion;
    int restart = CongestionState.initialWindow(c.mss);
    if (c.cwndBytes > restart
        && env.nowNanos - tcb.progressNanos > Retransmission.rtoNanos(env, tcb)) {
      c.cwndBytes = restart;
    }
  }

  @Override
  public boolean sendNew(Tcb tcb) {
    if (!isSomethingUnsent(tcb)) {
      return true;
    }
    int unsent = unsentBytes(tcb);
    int usable = tcb.sndWnd - tcb.flightBytes();
    int length = Math.min(Math.min(unsent, usable), tcb.effectiveMss());
    boolean isFull = length == tcb.effectiveMss();
    boolean isLast = length == unsent && mayGoSmall(tcb);
    int record = length > 0 ? output.withinRecord(tcb, tcb.sndNxt, length) : length;
    boolean mayGo = usable >= 1 && (isFull || isLast || record < length);
    return !mayGo || sendNew(tcb, record);
  }

  private static boolean hasSynchronized(Tcb tcb) {
    return switch (tcb.state) {
      case ESTABLISHED, FIN_WAIT_1, CLOSE_WAIT, CLOSING, LAST_ACK -> true;
      case CLOSED, LISTEN, SYN_SENT, SYN_RECEIVED, FIN_WAIT_2, TIME_WAIT -> false;
    };
  }

  /** Bytes that were given to it and have never been sent. */
  public static int unsentBytes(Tcb tcb) {
    return tcb.queue.isEmpty() || tcb.finSent ? 0 : Seq.distance(tcb.sndNxt, tcb.queue.endSeq);
  }

  /** Whether something waits for the peer to open its window, or is in flight as a probe of it. */
  public static boolean isInPersist(Tcb tcb) {
    return tcb.sndWnd == 0
        && tcb.state.isSynchronized()
        && (tcb.sndUna != tcb.sndNxt || isSomethingUnsent(tcb));
  }

  private static boolean isSomethingUnsent(Tcb tcb) {
    return unsentBytes(tcb) > 0 || (tcb.finQueued && !tcb.finSent);
  }

  /**
   * Payload bytes that may be sent now: 0 for a bare FIN, −1 for nothing.
   *
   * <p>RFC 9293 §3.8.6.2.1 in its own letters: D is {@code unsent}, U is {@code usable}, Fs is one
   * half.
   */
  private int lengthAllowed(Tcb tcb) {
    int flight = textInFlight(tcb);
    int sacked = board.sackedBytes(tcb); // it has left the network (RFC 6675 §4)
    int unsent = unsentBytes(tcb);
    int usableWindow = tcb.sndWnd - flight;
    int usableCongestion =
        tcb.congestion.cwndBytes + Math.max(sacked, limitedTransmitBytes(tcb)) - flight;
    if (unsent == 0) {
      return usableWindow >= 1 ? 0 : -1;
    }
    int usable = Math.min(usableWindow, usableCongestion);
    int length = Math.min(unsent, usable);
    int mss = tcb.effectiveMss();
    if (usableCongestion < Math.min(unsent, mss) && usableCongestion < usableWindow) {
      tcb.cwndLimited = true;
    }
    int record = recordBytes(tcb, unsent);
    if (record > 0 && record <= length) {
      return record; // nothing can join it: Nagle's rule has nothing to wait for
    }
    if (length >= mss) {
      int room = output.mostPayload(tcb);
      int most = Math.min(length, room);
      return most < unsent && room > mss ? most - most % mss : most;
    }
    if (length <= 0) {
      return -1;
    }
    boolean isAll = length == unsent;
    boolean isHalfTheWindow = length >= tcb.maxSndWnd / 2;
    return mayGoSmall(tcb) && (isAll || isHalfTheWindow) ? length : -1;
  }

  /**
   * Nagle's rule with Minshall's modification (RFC 9293 §A.3): a small segment waits for small ones
   * before it, not for full ones, so that the end of a long write need not wait for a delayed ACK.
   * What is in flight tells: it is no whole number of segments as long as a small one is in it.
   */
  private static boolean mayGoSmall(Tcb tcb) {
    boolean isFull = textInFlight(tcb) % tcb.effectiveMss() == 0;
    return ((isFull || !tcb.nagle) && !tcb.corked) || tcb.finQueued;
  }

  /** Without our SYN, not acknowledged yet after a fast open: no window of the peer's counts it. */
  private static int textInFlight(Tcb tcb) {
    return tcb.flightBytes() - (tcb.fastOpened ? 1 : 0);
  }

  /** What is left of a record that ends before all that is unsent does; 0: none, or it is long. */
  private int recordBytes(Tcb tcb, int unsent) {
    if (!tcb.queue.hasRecords) {
      return 0;
    }
    int most = Math.min(unsent, output.mostPayload(tcb));
    int record = output.withinRecord(tcb, tcb.sndNxt, most);
    return record < most ? record : 0;
  }

  /** RFC 3042: the first two duplicate ACKs let one new segment each go. */
  private static int limitedTransmitBytes(Tcb tcb) {
    return tcb.fastRecovery ? 0 : Math.min(tcb.duplicateAcks, 2) * tcb.effectiveMss();
  }

  private static int usableBytes(Tcb tcb) {
    return Math.min(tcb.sndWnd, tcb.congestion.cwndBytes) - tcb.flightBytes();
  }

  /** One segment larger than the path is known to carry (RFC 4821 §7). */
  private boolean sendProbe(Tcb tcb, int length) {
    @SeqNum int seq = tcb.sndNxt;
    boolean first = tcb.sndUna == tcb.sndNxt;
    if (!output.sendProbe(tcb, seq, length)) {
      return false;
    }
    mtu.probeSent(tcb, seq, length);
    sent(tcb, length, first);
    return true;
  }

  private boolean sendNew(Tcb tcb, int length) {
    boolean last = length == unsentBytes(tcb);
    boolean fin = last && tcb.finQueued && tcb.sndWnd - tcb.flightBytes() > length;
    int cwr = Ecn.reduced(tcb, length);
    int flags = (last && length > 0 ? TcpHeader.PSH : 0) | (fin ? TcpHeader.FIN : 0) | cwr;
    boolean first = tcb.sndUna == tcb.sndNxt;
    if (!output.sendSegment(tcb, tcb.sndNxt, length, flags)) {
      return false;
    }
    mtu.sent(tcb, tcb.sndNxt, length);
    sent(tcb, length + (fin ? 1 : 0), first);
    tcb.finSent |= fin;
    tcb.cwrOwed &= cwr == 0;
    return true;
  }

  private void sent(Tcb tcb, int seqLength, boolean first) {
    @SeqNum int from = tcb.sndNxt;
    tcb.sndNxt += seqLength;
    if (first) {
      tcb.progressNanos = env.nowNanos;
    }
    noteTime(tcb, from, first);
    if (!tcb.timing) {
      tcb.timing = true;
      tcb.timedSeq = tcb.sndNxt;
      tcb.timedAtNanos = env.nowNanos;
    }
    tail.sent(tcb);
  }

  /** When what leaves now was sent: only with SACK is it ever asked, and not of a lone segment. */
  private void noteTime(Tcb tcb, @SeqNum int from, boolean first) {
    SendTimes times = board.times;
    if (!tcb.sackPermitted) {
      return;
    }
    if (tcb.scoreboard != Blocks.NONE) {
      times.sent(tcb, env.nowNanos);
      return;
    }
    if (tcb.flightBytes() <= tcb.effectiveMss() || !board.borrow(tcb, Blocks.Purpose.HELD_TEXT)) {
      return;
    }
    if (!first && tcb.timing && tcb.timedSeq == from) {
      times.begin(tcb, tcb.sndUna, from, SendTimes.ticks(tcb.timedAtNanos));
      times.sent(tcb, env.nowNanos);
    } else {
      times.begin(tcb, from, tcb.sndNxt, SendTimes.ticks(env.nowNanos));
    }
  }

  /**
   * Something waits and nothing is in flight whose ACK would wake us: probe, or override, after one
   * RTO (SHLD-29).
   */
  private void awaitWindow(Tcb tcb) {
    if (tcb.sndUna == tcb.sndNxt && tcb.timer != TimerKind.PERSIST) {
      tcb.progressNanos = env.nowNanos;
      timers.arm(tcb, TimerKind.PERSIST, env.nowNanos + Retransmission.rtoNanos(env, tcb));
    }
  }

  /**
   * The persist timer fired: sends what the window allows although it is little, or one byte beyond
   * a closed one.
   */
  public void onPersist(Tcb tcb) {
    timers.disarm(tcb);
    if (tcb.sndUna != tcb.sndNxt || !isSomethingUnsent(tcb) || tcb.heldByEcho) {
      tcb.heldByEcho = false;
      output(tcb);
      return;
    }
    int unsent = unsentBytes(tcb);
    int most = Math.min(Math.min(unsent, Math.max(1, tcb.sndWnd)), tcb.effectiveMss());
    int length = output.withinRecord(tcb, tcb.sndNxt, most);
    boolean fin = tcb.finQueued && unsent == 0;
    if (tcb.sndWnd == 0) {
      countProbe(tcb);
      if (tcb.backOff == 0) { // the wait for this probe was the first interval (SHLD-30)
        tcb.backOff = 1;
        tcb.backOffInherited = true;
      }
    }
    if (output.sendSegment(tcb, tcb.sndNxt, length, fin ? TcpHeader.FIN : TcpHeader.PSH)) {
      sent(tcb, length + (fin ? 1 : 0), true);
      tcb.finSent |= fin;
    } else {
      awaitWindow(tcb);
    }
  }

  /** A shut window is probed. */
  void countProbe(Tcb tcb) {
    env.counters.add(Event.WINDOW_PROBES);
    env.persistTimes.probed(tcb);
  }

  /**
   * As {@link #resend}, by one who keeps no account of it: no time of sending is known any more.
   */
  int resendAt(Tcb tcb, @SeqNum int seq, int most) {
    board.times.forget(tcb);
    return resend(tcb, seq, most);
  }

  /** FIN goes with it if it follows. */
  @Override
  public int resend(Tcb tcb, @SeqNum int seq, int most) {
    @SeqNum int dataEnd = tcb.finSent ? tcb.sndNxt - 1 : tcb.sndNxt;
    int data = Math.max(0, Seq.distance(seq, dataEnd));
    int length = output.withinRecord(tcb, seq, Math.min(Math.min(data, tcb.effectiveMss()), most));
    boolean fin = tcb.finSent && length == data;
    int flags = (length == data && length > 0 ? TcpHeader.PSH : 0) | (fin ? TcpHeader.FIN : 0);
    tcb.timing = false;
    mtu.resent(tcb, seq, length);
    tcb.timedAtNanos = env.nowNanos;
    env.counters.add(Event.SEGMENTS_RETRANSMITTED);
    return output.sendSegment(tcb, seq, length, flags) ? length + (fin ? 1 : 0) : 0;
  }

  /**
   * After a time-out: goes back to SND.UNA and sends again as cwnd opens, until what was in flight
   * has been covered. What lies beyond a window that shrank waits (SHLD-16).
   *
   * @return false: the link was full
   */
  boolean resendAfterTimeout(Tcb tcb) {
    recovery.standBack(tcb);
    tcb.resendNext = Seq.max(tcb.resendNext, tcb.sndUna);
    while (Seq.before(tcb.resendNext, tcb.resendEnd)) {
      tcb.resendNext = board.beyondSacked(tcb, tcb.resendNext);
      if (Seq.atOrAfter(tcb.resendNext, tcb.resendEnd)) {
        break;
      }
      int behind = Seq.distance(tcb.sndUna, tcb.resendNext);
      int flight = behind - board.sackedBefore(tcb, tcb.resendNext); // as far as cwnd minds
      int allowed = Math.min(tcb.congestion.cwndBytes - flight, Math.max(tcb.sndWnd, 1) - behind);
      int wanted = Math.min(Seq.distance(tcb.resendNext, tcb.resendEnd), tcb.effectiveMss());
      wanted = board.gapBytes(tcb, tcb.resendNext, wanted);
      if (allowed < wanted && behind > 0) {
        return true;
      }
      int resent = resendAt(tcb, tcb.resendNext, Math.max(1, Math.min(allowed, wanted)));
      if (resent == 0) {
        return false;
      }
      tcb.resendNext += resent;
    }
    tcb.resending = false;
    return true;
  }
}
