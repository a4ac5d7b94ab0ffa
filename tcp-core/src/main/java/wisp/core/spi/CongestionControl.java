package wisp.core.spi;

/**
 * A congestion control algorithm: one instance serves all connections of a context, what it knows
 * of one connection is a {@link CongestionState}. TCP decides when a loss has happened and when
 * cwnd is what holds a sender back; the algorithm decides how much may be in flight.
 *
 * <p>Arithmetic only: no allocation, no clock. Times are nanoseconds since the context's start, and
 * lengths bytes.
 */
public interface CongestionControl {
  /** Short, lower case, unique: what a profile and the command line say. */
  String name();

  /**
   * A connection begins, or wakes: cwnd has been set to the initial or the restart window, ssthresh
   * and the algorithm's words are at rest (RFC 5681 §3.1, §4.1).
   */
  default void onStart(CongestionState state, long nowNanos) {}

  /** New data was acknowledged, outside loss recovery. */
  void onAck(CongestionState state, AckSample ack);

  /**
   * A loss was detected, for the first time in this window of data: sets ssthresh. What cwnd does
   * until the loss is repaired is TCP's (RFC 9937).
   *
   * @param flightBytes in flight when it was detected
   */
  void onLoss(CongestionState state, int flightBytes, long nowNanos);

  /**
   * The peer echoed congestion experienced, for the first time in this window of data: sets
   * ssthresh and cwnd (RFC 3168 §6.1.2; RFC 8511 allows a smaller cut than for a loss).
   */
  default void onEcnEcho(CongestionState state, int flightBytes, long nowNanos) {
    onLoss(state, flightBytes, nowNanos);
    state.cwndBytes = Math.max(state.ssthreshBytes, state.mss);
  }

  /**
   * The retransmission timer fired: sets ssthresh on the first time-out of a segment, and cwnd.
   *
   * @param first whether the segment had not been resent by timer before (RFC 5681 §3.1)
   */
  void onTimeout(CongestionState state, int flightBytes, boolean first, long nowNanos);

  /**
   * At what rate new text and retransmissions may leave, bytes a second; 0: as fast as cwnd lets
   * them. TCP spreads them by a timer of about a millisecond. Asked before every sending.
   *
   * @param srttMicros smoothed round trip, µs; 0: none yet
   */
  default long pacingRate(CongestionState state, int srttMicros) {
    return 0;
  }

  /**
   * The last {@link #onLoss} or {@link #onTimeout} was for nothing (RFC 4015, RFC 3708): TCP has
   * put cwnd and ssthresh back; the algorithm puts its own words right.
   */
  default void onUndo(CongestionState state, long nowNanos) {}
}
