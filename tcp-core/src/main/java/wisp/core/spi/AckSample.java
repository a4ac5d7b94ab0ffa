package wisp.core.spi;

/**
 * What one acknowledgment says to a {@link CongestionControl}. Public fields, one instance reused:
 * valid only during the call.
 */
public final class AckSample {
  /** When it arrived. */
  public long nowNanos;

  /** Newly acknowledged payload, &gt; 0. */
  public int ackedBytes;

  /** In flight before it arrived. */
  public int flightBytes;

  /**
   * Whether cwnd, not the application or the peer's window, held the sender back, or in slow start
   * more than half of it was in flight (RFC 7661). Without it cwnd must not grow.
   */
  public boolean limited;

  /** Round trip measured by this acknowledgment, µs; 0: none. */
  public int rttMicros;

  /** Smoothed round trip, µs; 0: none yet. */
  public int srttMicros;

  /** Whether the first segment sent after the last such moment is acknowledged: a round is over. */
  public boolean roundOver;
}
