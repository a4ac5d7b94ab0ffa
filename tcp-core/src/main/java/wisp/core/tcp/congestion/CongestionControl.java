package wisp.core.tcp.congestion;

/**
 * A congestion control algorithm: one instance serves all connections of a context, the state is an
 * argument. TCP decides when a loss has happened; the algorithm decides how much may be in flight.
 */
public interface CongestionControl {
  /** Short and lower case. */
  String name();

  /**
   * New data was acknowledged, outside loss recovery.
   *
   * @param acknowledgedBytes &gt; 0
   * @param limited whether cwnd, not the application or the peer's window, held the sender back
   *     (RFC 7661)
   */
  void onAck(CongestionState state, int acknowledgedBytes, boolean limited);

  /**
   * A loss was detected by duplicate ACKs: sets ssthresh.
   *
   * @param flightBytes in flight when it was detected
   */
  void onLoss(CongestionState state, int flightBytes);

  /**
   * The retransmission timer fired: sets ssthresh on the first time-out of a segment, and cwnd.
   *
   * @param first whether the segment had not been resent by timer before (RFC 5681 §3.1)
   */
  void onTimeout(CongestionState state, int flightBytes, boolean first);
}
