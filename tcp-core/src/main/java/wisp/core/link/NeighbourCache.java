package wisp.core.link;

import static wisp.core.link.NeighbourState.DELAY;
import static wisp.core.link.NeighbourState.INCOMPLETE;
import static wisp.core.link.NeighbourState.PROBE;
import static wisp.core.link.NeighbourState.REACHABLE;
import static wisp.core.link.NeighbourState.STALE;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import wisp.core.Counters;
import wisp.core.Counters.Event;
import wisp.core.memory.Blocks;
import wisp.core.spi.KeyedHash;
import wisp.core.wire.HardwareAddress;
import wisp.core.wire.Mapped;

/**
 * Which station a neighbour is, and whether it is still there: the conceptual cache of RFC 4861
 * §5.1 with unreachability detection (§7.3), for IPv6 and, by ARP, for IPv4.
 *
 * <pre>
 *              resolve            answer             time           resolve
 *     (none) ──────────> INCOMPLETE ────> REACHABLE ──────> STALE ──────────> DELAY
 *                            │  3 asked       ^  ^  confirm, answer             │ 5 s
 *                            v                │  └──────────────────────────────┤
 *                         (none) <─ 3 asked ─ PROBE <───────────────────────────┘
 * </pre>
 *
 * <p>Bounded, and hard to flush: what others tell unasked displaces idle entries only; what is
 * being asked takes a quarter of the places at most, and the oldest question makes room for a new
 * one. So neither a scan through us nor made-up neighbours (RFC 6583) displace those we talk with.
 *
 * <p>Each entry that is INCOMPLETE holds one packet, the latest. REACHABLE ends without a timer:
 * whoever uses the entry sees that its time is over.
 */
public final class NeighbourCache {
  private static final long MILLI = 1_000_000L;
  private static final long SECOND = 1_000 * MILLI;
  private static final long DELAY_FIRST_PROBE_NANOS = 5 * SECOND;
  private static final long REDRAW_NANOS = 2 * 3_600 * SECOND;
  private static final int MAX_SOLICITATIONS = 3;
  private static final long DEFAULT_REACHABLE_NANOS = 30 * SECOND;
  private static final long DEFAULT_RETRANS_NANOS = SECOND;
  private static final long MAX_REACHABLE_MILLIS = 3_600_000;
  private static final long MIN_RETRANS_MILLIS = 100;
  private static final long MAX_RETRANS_MILLIS = 10_000;

  private final NeighbourTable table;
  private final HeldPackets held;
  private final NeighbourListener listener;
  private final KeyedHash hash;
  private final Counters counters;
  private final int mostAsked;

  private long ipv6ReachableNanos = DEFAULT_REACHABLE_NANOS;
  private long ipv6RetransNanos = DEFAULT_RETRANS_NANOS;
  private long reachableFactor; // 16 bits: 0.5 … 1.5
  private long redrawAt = Long.MIN_VALUE;
  private long nextDeadline = Long.MAX_VALUE;

  /**
   * Empty.
   *
   * @param entries at most, at least 4
   * @param blocks from which waiting packets borrow
   * @param hash with a secret key of its own: finds entries, and spreads the times at which they
   *     are asked again
   */
  public NeighbourCache(
      int entries, Blocks blocks, KeyedHash hash, NeighbourListener listener, Counters counters) {
    if (entries < 4) {
      throw new IllegalArgumentException("a neighbour cache of " + entries + " entries, least 4");
    }
    this.table = new NeighbourTable(entries, hash);
    this.held = new HeldPackets(entries, blocks);
    this.listener = listener;
    this.hash = hash;
    this.counters = counters;
    this.mostAsked = entries / 4;
  }

  /**
   * The station of a neighbour, which is about to be sent a packet. When it is not known, asking
   * begins and the packet may be put to {@link #hold}.
   *
   * @return the station, or {@link HardwareAddress#UNKNOWN}
   */
  public long resolve(long high, long low, long nowNanos) {
    long station = use(high, low, nowNanos);
    if (station == HardwareAddress.UNKNOWN) {
      ask(high, low, nowNanos);
    }
    return station;
  }

  /**
   * As {@link #resolve}, but nobody is asked: for a caller whose link has a packet on loan and
   * can't lend a second one. It calls {@link #expect}, {@link #hold} and, when the link is free
   * again, {@link #ask}.
   */
  public long use(long high, long low, long nowNanos) {
    int e = table.find(high, low);
    if (e == NeighbourTable.NONE) {
      return HardwareAddress.UNKNOWN;
    }
    if (table.state(e) == STALE || isExpired(e, nowNanos)) {
      delay(e, nowNanos);
    } else {
      table.touch(e);
    }
    return table.hardware[e];
  }

  /** REACHABLE, but for longer than that lasts: STALE in all but name. */
  private boolean isExpired(int e, long nowNanos) {
    return table.state(e) == REACHABLE && nowNanos >= table.deadline[e];
  }

  /** Makes an entry for a neighbour that is not known, so that a packet can wait there. */
  public void expect(long high, long low, long nowNanos) {
    if (table.find(high, low) == NeighbourTable.NONE) {
      makeRoomToAsk(nowNanos);
      int e = table.add(high, low, HardwareAddress.UNKNOWN, INCOMPLETE);
      arm(e, nowNanos + retransNanos(e));
    }
  }

  /** Begins to ask for a neighbour that is not known, unless that is under way. */
  public void ask(long high, long low, long nowNanos) {
    expect(high, low, nowNanos);
    int e = table.find(high, low);
    if (table.state(e) == INCOMPLETE && table.solicitations[e] == 0) {
      solicit(e, nowNanos);
    }
  }

  private void solicit(int e, long nowNanos) {
    table.solicitations[e]++;
    arm(e, nowNanos + retransNanos(e));
    listener.solicit(table.high[e], table.low[e], table.hardware[e]);
  }

  private void delay(int e, long nowNanos) {
    table.state(e, DELAY);
    arm(e, nowNanos + DELAY_FIRST_PROBE_NANOS);
  }

  private void arm(int e, long deadline) {
    table.deadline[e] = deadline;
    nextDeadline = Math.min(nextDeadline, deadline);
  }

  /**
   * Keeps a copy of a packet until the neighbour answers, instead of one kept before.
   *
   * @param high of the neighbour, for which {@link #resolve} has just said that it is not known, or
   *     which {@link #expect} has been told of
   * @param memory borrowed until this returns: a whole IP packet, its checksums complete, of the
   *     neighbour's family
   * @return false: it is not kept, for want of memory or because no block is that large (counted)
   */
  public boolean hold(long high, long low, MemorySegment memory, long start, int bytes) {
    int e = table.find(high, low);
    if (e != NeighbourTable.NONE && table.state(e) == INCOMPLETE) {
      dropHeld(e);
      if (held.put(e, memory, start, bytes)) {
        return true;
      }
    }
    counters.add(Event.DROP_NEIGHBOUR_WAIT);
    return false;
  }

  /**
   * What was sent to a neighbour has arrived, as new acknowledgements tell (RFC 4861 §7.3.1). Makes
   * no entry.
   */
  public void confirm(long high, long low, long nowNanos) {
    int e = table.find(high, low);
    if (e != NeighbourTable.NONE && table.state(e) != INCOMPLETE) {
      reachable(e, nowNanos);
    }
  }

  /**
   * What was sent to a neighbour does not arrive: it is asked for again as soon as it is used (RFC
   * 1122 §3.3.1.4).
   */
  public void doubt(long high, long low) {
    int e = table.find(high, low);
    if (e != NeighbourTable.NONE && table.state(e) == REACHABLE) {
      table.state(e, STALE);
    }
  }

  /**
   * A neighbour has told its station in a message that wants something of us: a solicitation for
   * our address, an ARP request, a router's advertisement (RFC 4861 §7.2.3, RFC 826). Makes an
   * entry if there is room without displacing one in use.
   *
   * @param hardware one station
   */
  public void solicited(long high, long low, long hardware, long nowNanos) {
    int e = table.find(high, low);
    if (e == NeighbourTable.NONE) {
      if (makeRoomToLearn(nowNanos)) {
        table.add(high, low, hardware, STALE);
      }
    } else if (table.state(e) == INCOMPLETE) {
      answered(e, hardware, STALE, nowNanos);
    } else if (table.hardware[e] != hardware) {
      table.hardware[e] = hardware;
      table.state(e, STALE);
    }
  }

  /**
   * A neighbour has advertised its station (RFC 4861 §7.2.5), by ARP or neighbour discovery. Makes
   * no entry.
   *
   * @param hardware one station, or {@link HardwareAddress#UNKNOWN} when the message names none
   * @param solicited it answers a solicitation of ours
   * @param override it may replace another station
   * @return whether there is an entry
   */
  public boolean advertised(
      long high, long low, long hardware, boolean solicited, boolean override, long nowNanos) {
    int e = table.find(high, low);
    if (e == NeighbourTable.NONE) {
      return false;
    }
    boolean other = hardware != HardwareAddress.UNKNOWN && hardware != table.hardware[e];
    if (table.state(e) == INCOMPLETE) {
      if (other) {
        answered(e, hardware, solicited ? REACHABLE : STALE, nowNanos);
      }
    } else if (other && !override) {
      if (table.state(e) == REACHABLE) {
        table.state(e, STALE);
      }
    } else {
      if (other) {
        table.hardware[e] = hardware;
      }
      if (solicited) {
        reachable(e, nowNanos);
      } else if (other) {
        table.state(e, STALE);
      }
    }
    return true;
  }

  /** The first answer: what waited is sent. */
  private void answered(int e, long hardware, NeighbourState state, long nowNanos) {
    table.hardware[e] = hardware;
    if (state == REACHABLE) {
      reachable(e, nowNanos);
    } else if (held.holds(e)) {
      delay(e, nowNanos);
    } else {
      table.state(e, state);
    }
    boolean ipv6 = !Mapped.isIpv4(table.high[e], table.low[e]);
    int bytes = held.bytes(e);
    int block = held.take(e);
    if (block != Blocks.NONE) {
      listener.sendHeld(hardware, ipv6, held.memory(block), held.start(block), bytes);
      held.release(block);
    }
  }

  private void reachable(int e, long nowNanos) {
    table.state(e, REACHABLE);
    table.deadline[e] = nowNanos + reachableNanos(e, nowNanos);
  }

  /** Whether an answer of this neighbour is waited for. */
  public boolean isBeingAsked(long high, long low) {
    int e = table.find(high, low);
    return e != NeighbourTable.NONE && (table.state(e) == INCOMPLETE || table.state(e) == PROBE);
  }

  /** A neighbour's state; null when nothing is known of it. */
  public @Nullable NeighbourState state(long high, long low, long nowNanos) {
    int e = table.find(high, low);
    if (e == NeighbourTable.NONE) {
      return null;
    }
    return isExpired(e, nowNanos) ? STALE : table.state(e);
  }

  /** The station of a neighbour as it is known, without asking; or UNKNOWN. */
  public long peek(long high, long low) {
    int e = table.find(high, low);
    return e == NeighbourTable.NONE ? HardwareAddress.UNKNOWN : table.hardware[e];
  }

  /** Forgets a neighbour and what it holds. */
  public void forget(long high, long low) {
    int e = table.find(high, low);
    if (e != NeighbourTable.NONE) {
      remove(e);
    }
  }

  /** Entries. */
  public int size() {
    return table.size();
  }

  private void makeRoomToAsk(long nowNanos) {
    if (table.asked() >= mostAsked) {
      evict(table.oldestAsked());
    } else if (!makeRoomToLearn(nowNanos)) {
      boolean asked = table.asked() > 0;
      evict(asked ? table.oldestAsked() : table.oldestInUse());
    }
  }

  /** Displaces at most an entry that nobody has used for long. */
  private boolean makeRoomToLearn(long nowNanos) {
    if (!table.isFull()) {
      return true;
    }
    int idle = table.oldestIdle();
    int used = table.oldestInUse();
    if (idle != NeighbourTable.NONE) {
      evict(idle);
    } else if (used != NeighbourTable.NONE && isExpired(used, nowNanos)) {
      evict(used);
    } else {
      return false;
    }
    return true;
  }

  private void evict(int e) {
    remove(e);
    counters.add(Event.NEIGHBOURS_EVICTED);
  }

  private void remove(int e) {
    dropHeld(e);
    table.remove(e);
  }

  private void dropHeld(int e) {
    if (held.drop(e)) {
      counters.add(Event.DROP_NEIGHBOUR_WAIT);
    }
  }

  /** Does what is due: asks again, probes, gives up. */
  public void tick(long nowNanos) {
    if (nowNanos < nextDeadline) {
      return;
    }
    // What the listener asks anew meanwhile arms itself.
    nextDeadline = Long.MAX_VALUE;
    for (int e = 0; e < table.capacity(); e++) {
      if (table.isLive(e) && isTimed(table.state(e))) {
        if (nowNanos >= table.deadline[e]) {
          expire(e, nowNanos);
        } else {
          nextDeadline = Math.min(nextDeadline, table.deadline[e]);
        }
      }
    }
  }

  private static boolean isTimed(NeighbourState state) {
    return state == INCOMPLETE || state == DELAY || state == PROBE;
  }

  private void expire(int e, long nowNanos) {
    if (table.state(e) == DELAY) {
      table.state(e, PROBE);
      table.solicitations[e] = 0;
      solicit(e, nowNanos);
    } else if (table.solicitations[e] < MAX_SOLICITATIONS) {
      solicit(e, nowNanos);
    } else {
      fail(e);
    }
  }

  /** The entry goes first: what the listener does then finds the neighbour unknown. */
  private void fail(int e) {
    boolean ipv6 = !Mapped.isIpv4(table.high[e], table.low[e]);
    int bytes = held.bytes(e);
    int block = held.take(e);
    table.remove(e);
    counters.add(Event.NEIGHBOURS_FAILED);
    if (block != Blocks.NONE) {
      counters.add(Event.DROP_NEIGHBOUR_WAIT);
      listener.unreachable(ipv6, held.memory(block), held.start(block), bytes);
      held.release(block);
    }
  }

  /** When {@link #tick} has something to do, at the earliest; {@link Long#MAX_VALUE}: never. */
  public long nextDeadlineNanos() {
    return nextDeadline;
  }

  /**
   * What a router says of IPv6 neighbours (RFC 4861 §6.3.4). Values that can't be meant well are
   * ignored: more than an hour, or asking again before 100 ms or after 10 s.
   *
   * @param reachableMillis how long a confirmation counts, 0: not said
   * @param retransMillis between solicitations, 0: not said
   */
  public void timers(long reachableMillis, long retransMillis) {
    if (reachableMillis > 0 && reachableMillis <= MAX_REACHABLE_MILLIS) {
      ipv6ReachableNanos = reachableMillis * MILLI;
    }
    if (retransMillis >= MIN_RETRANS_MILLIS && retransMillis <= MAX_RETRANS_MILLIS) {
      ipv6RetransNanos = retransMillis * MILLI;
    }
  }

  /** Between solicitations for IPv6 neighbours, in nanoseconds. */
  public long ipv6RetransNanos() {
    return ipv6RetransNanos;
  }

  private long retransNanos(int e) {
    boolean ipv4 = Mapped.isIpv4(table.high[e], table.low[e]);
    return ipv4 ? DEFAULT_RETRANS_NANOS : ipv6RetransNanos;
  }

  /** The base value times a factor of 0.5 … 1.5 that changes every two hours (RFC 4861 §6.3.2). */
  private long reachableNanos(int e, long nowNanos) {
    if (nowNanos >= redrawAt) {
      redrawAt = nowNanos + REDRAW_NANOS;
      reachableFactor = hash.hash(nowNanos) >>> 48;
    }
    boolean ipv4 = Mapped.isIpv4(table.high[e], table.low[e]);
    long base = ipv4 ? DEFAULT_REACHABLE_NANOS : ipv6ReachableNanos;
    return base / 2 + (base * reachableFactor >>> 16);
  }

  /** Bytes that it occupies; waiting packets are counted with the blocks. */
  public long reservedBytes() {
    return table.reservedBytes() + held.reservedBytes();
  }

  /** Gives all blocks back. */
  public void close() {
    for (int e = 0; e < table.capacity(); e++) {
      held.drop(e);
    }
  }
}
