package wisp.core.ip.ndp;

import java.lang.foreign.MemorySegment;
import wisp.core.Counters;
import wisp.core.Counters.Event;
import wisp.core.ip.Scope;
import wisp.core.wire.Icmpv6Header;
import wisp.core.wire.Ipv6Header;
import wisp.core.wire.MldReport;

/**
 * The groups that we listen to, told to multicast routers and switches by version 2 reports (RFC
 * 3810): twice when a group is joined or left, and when they ask. Sources are never filtered. A
 * version 1 query is answered too, by a version 2 report: the older version is not spoken.
 */
public final class MulticastListener {
  private static final int CAPACITY = 32;
  static final long BYTES = CAPACITY * (2L * Long.BYTES + 2L * Integer.BYTES + 1);
  private static final int ROBUSTNESS = 2;
  private static final long UNSOLICITED_INTERVAL_NANOS = Lifetimes.SECOND;

  private final NdpOutput output;
  private final Lifetimes times;
  private final Counters counters;
  private final Icmpv6Header header = new Icmpv6Header();
  private final MldReport query = new MldReport();

  private final long[] high = new long[CAPACITY];
  private final long[] low = new long[CAPACITY];
  private final int[] uses = new int[CAPACITY]; // 0: left, still to be told
  private final int[] changesToTell = new int[CAPACITY];
  private final boolean[] asked = new boolean[CAPACITY];
  private int size;
  private long changeDue = Lifetimes.NEVER;
  private long answerDue = Lifetimes.NEVER;

  // Whom reports come from: our link-local address, or the unspecified one until we have it.
  private long sourceHigh;
  private long sourceLow;

  MulticastListener(NdpOutput output, Lifetimes times, Counters counters) {
    this.output = output;
    this.times = times;
    this.counters = counters;
  }

  /** Whom reports come from, from now on (RFC 3810 §5.2.13). */
  void source(long high, long low) {
    sourceHigh = high;
    sourceLow = low;
  }

  /**
   * Listens to a group, once more if it does already.
   *
   * @return false: there are too many groups
   */
  public boolean join(long high, long low, long nowNanos) {
    int g = find(high, low);
    if (g < 0) {
      if (size == CAPACITY) {
        return false;
      }
      g = size++;
      this.high[g] = high;
      this.low[g] = low;
      uses[g] = 0;
      asked[g] = false;
    }
    if (uses[g]++ == 0) {
      tellChange(g, nowNanos);
    }
    return true;
  }

  /** Undoes one {@link #join}. */
  public void leave(long high, long low, long nowNanos) {
    int g = find(high, low);
    if (g >= 0 && uses[g] > 0 && --uses[g] == 0) {
      asked[g] = false;
      tellChange(g, nowNanos);
    }
  }

  private void tellChange(int g, long nowNanos) {
    changesToTell[g] = ROBUSTNESS;
    changeDue = nowNanos;
  }

  private int find(long high, long low) {
    for (int g = 0; g < size; g++) {
      if (this.low[g] == low && this.high[g] == high) {
        return g;
      }
    }
    return -1;
  }

  /** Whether packets to a group are for us. All nodes' groups always are (RFC 4291 §2.8). */
  public boolean isMember(long high, long low) {
    if (low == WellKnown.ALL_NODES_LOW
        && (high == Scope.LINK_GROUPS_HIGH || high == WellKnown.NODE_GROUPS_HIGH)) {
      return true;
    }
    int g = find(high, low);
    return g >= 0 && uses[g] > 0;
  }

  /**
   * A message of type 130 … 132 or 143. Only queries mean something to a host; others are left
   * alone.
   *
   * @param ip the header of its packet
   * @param start where the ICMPv6 header begins; {@code memory} is borrowed until this returns
   * @param routerAlert whether a hop-by-hop header had the router alert option
   */
  public void receive(
      Ipv6Header ip,
      MemorySegment memory,
      long start,
      int length,
      boolean routerAlert,
      long nowNanos) {
    if (!header.wrap(memory, start, length)
        || !header.checksumOk(
            ip.sourceHigh(), ip.sourceLow(), ip.destinationHigh(), ip.destinationLow())) {
      counters.add(Event.DROP_MLD);
    } else if (header.type() == Icmpv6Header.MULTICAST_LISTENER_QUERY) {
      boolean fromTheLink =
          ip.hopLimit() == MldReport.HOP_LIMIT && routerAlert && Scope.isLinkLocal(ip.sourceHigh());
      if (fromTheLink && query.wrapQuery(memory, start, length)) {
        answer(nowNanos);
      } else {
        counters.add(Event.DROP_MLD);
      }
    }
  }

  /** Within the time allowed, together with what was asked before (RFC 3810 §6.2). */
  private void answer(long nowNanos) {
    boolean general = WellKnown.isUnspecified(query.groupHigh(), query.groupLow());
    boolean any = false;
    for (int g = 0; g < size; g++) {
      if (uses[g] > 0 && (general || high[g] == query.groupHigh() && low[g] == query.groupLow())) {
        asked[g] = true;
        any = true;
      }
    }
    if (any) {
      long most = query.maxResponseMillis() * Lifetimes.MILLI;
      answerDue = Math.min(answerDue, nowNanos + times.random(most));
    }
  }

  /** Sends what is due. */
  void tick(long nowNanos) {
    if (nowNanos >= changeDue) {
      reportChanges(nowNanos);
    }
    if (nowNanos >= answerDue) {
      reportAsked();
    }
  }

  private void reportChanges(long nowNanos) {
    int records = 0;
    for (int g = 0; g < size; g++) {
      records += changesToTell[g] > 0 ? 1 : 0;
    }
    changeDue = Lifetimes.NEVER;
    boolean room = records > 0 && output.beginReport(records);
    int i = 0;
    for (int g = 0; g < size; g++) {
      if (changesToTell[g] > 0) {
        if (room) {
          int type = uses[g] > 0 ? MldReport.CHANGE_TO_EXCLUDE : MldReport.CHANGE_TO_INCLUDE;
          output.record(i++, type, high[g], low[g]);
        }
        if (--changesToTell[g] > 0) {
          changeDue = nowNanos + times.random(UNSOLICITED_INTERVAL_NANOS);
        }
      }
    }
    if (room) {
      output.sendReport(sourceHigh, sourceLow, records);
    }
    forgetThoseLeft();
  }

  private void forgetThoseLeft() {
    for (int g = size - 1; g >= 0; g--) {
      if (uses[g] == 0 && changesToTell[g] == 0) {
        int last = --size;
        high[g] = high[last];
        low[g] = low[last];
        uses[g] = uses[last];
        changesToTell[g] = changesToTell[last];
        asked[g] = asked[last];
      }
    }
  }

  private void reportAsked() {
    int records = 0;
    for (int g = 0; g < size; g++) {
      records += asked[g] ? 1 : 0;
    }
    answerDue = Lifetimes.NEVER;
    boolean room = records > 0 && output.beginReport(records);
    int i = 0;
    for (int g = 0; g < size; g++) {
      if (asked[g]) {
        asked[g] = false;
        if (room) {
          output.record(i++, MldReport.MODE_IS_EXCLUDE, high[g], low[g]);
        }
      }
    }
    if (room) {
      output.sendReport(sourceHigh, sourceLow, records);
    }
  }

  /** When {@link #tick} has something to do. */
  long nextDeadlineNanos() {
    return Math.min(changeDue, answerDue);
  }
}
