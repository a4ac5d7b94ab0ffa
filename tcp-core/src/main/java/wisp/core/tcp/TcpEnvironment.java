package wisp.core.tcp;

import wisp.core.Counters;
import wisp.core.memory.Peers;
import wisp.core.spi.KeyedHash;

/**
 * What every part of TCP leans on: the time of the event in hand, numbers, counters, the
 * application. One a context.
 */
public final class TcpEnvironment {
  /** Nanoseconds since the stack's start; set at the beginning of every event, never goes back. */
  public long nowNanos;

  /**
   * When we were last driven again after a pause (a late poll, a frozen machine): no round trip
   * that began before is a measure of the path.
   */
  public long resumedNanos;

  /** Connections in all backlogs. */
  public int halfOpen;

  /** Hears that what we sent has arrived, or not for a while. */
  public Reachability reachability = Reachability.NOBODY;

  /** Keeps what peers advise by the user timeout option. */
  public UserTimeouts userTimeouts = (tcb, nanos) -> {};

  /** Keeps how long peers have kept their windows shut. */
  public PersistTimes persistTimes = PersistTimes.NOBODY;

  /** Sees each segment before it leaves. */
  public Departures departures = Departures.UNSEEN;

  public final TcpConfig config;
  public final Counters counters;
  public final Upcalls upcalls;
  public final Peers peers;
  private final KeyedHash timestampOffsets;

  /**
   * For one context.
   *
   * @param peers who has what of what is shared
   * @param timestampOffsets keyed so that peers can't compare our clock across connections; its key
   *     never changes while they live
   */
  public TcpEnvironment(
      TcpConfig config,
      Counters counters,
      Upcalls upcalls,
      Peers peers,
      KeyedHash timestampOffsets) {
    this.peers = peers;
    this.timestampOffsets = timestampOffsets;
    this.config = config;
    this.counters = counters;
    this.upcalls = upcalls;
  }

  /**
   * Our timestamp clock for this connection: 1 ms ticks from a hidden origin (RFC 7323 §5.4, §7.1).
   * The origin is that of the two endpoints, so it is known before there is a record, and a
   * connection that follows another one between them goes on from it (RFC 6191).
   */
  int timestampNow(Tcb tcb) {
    long ports = (long) tcb.localPort << 16 | tcb.remotePort;
    long highs = tcb.localHigh ^ Long.rotateLeft(tcb.remoteHigh, 32);
    return (int) (nowNanos / 1_000_000)
        + (int) timestampOffsets.hash(highs ^ ports, tcb.localLow, tcb.remoteLow);
  }
}
