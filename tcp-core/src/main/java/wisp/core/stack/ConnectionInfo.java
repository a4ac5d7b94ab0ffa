package wisp.core.stack;

/**
 * What one connection is doing, at one moment. Of a sleeping connection congestion, round-trip time
 * and RTO are those it would wake with.
 *
 * @param handle what the API calls it; good for calls only if the application was given it
 * @param local our endpoint
 * @param remote the peer's
 * @param state of RFC 9293
 * @param awake whether it has an activity block
 * @param windowScaling whether both SYNs had window scale
 * @param sendScale shift of the windows that the peer announces
 * @param receiveScale shift of the windows that we announce
 * @param sackPermitted whether both SYNs permitted SACK
 * @param timestamps whether both SYNs had timestamps
 * @param mssBytes payload of a full segment, options subtracted
 * @param peerMssBytes what the peer's MSS option said, or the default
 * @param advertisedMssBytes what our MSS option said, as it would say now
 * @param rtoNanos retransmission time-out, back-off included
 * @param srttMicros smoothed round-trip time; 0: nothing measured
 * @param rttvarMicros its variation
 * @param minRttMicros the least since it woke; 0: nothing measured
 * @param cwndBytes congestion window
 * @param ssthreshBytes slow start threshold; {@link Integer#MAX_VALUE}: none
 * @param flightBytes sent and not acknowledged, SYN and FIN counted
 * @param sackedBytes of these, known to have arrived
 * @param lostBytes of these, believed lost, resent or not
 * @param resentBytes of these, on their way again
 * @param unsentBytes given to the stack and not sent yet
 * @param sendWindowBytes the peer's window
 * @param receiveWindowBytes what the peer may still send
 * @param timeouts in a row: how often the RTO has been doubled
 * @param recovering whether a fast recovery goes on
 * @param timeoutRecovery whether what was in flight at a time-out is being resent
 * @param reorderingSegments so many segments late counts as lost
 * @param persistNanos for how long a peer whose window is shut, and being probed (RFC 9293
 *     §3.8.6.1), has taken no whole frame; 30 days at most; −1: none is waiting so
 * @param paused whether {@link Context#pause} holds
 */
public record ConnectionInfo(
    long handle,
    Endpoint local,
    Endpoint remote,
    ConnectionState state,
    boolean awake,
    boolean windowScaling,
    int sendScale,
    int receiveScale,
    boolean sackPermitted,
    boolean timestamps,
    int mssBytes,
    int peerMssBytes,
    int advertisedMssBytes,
    long rtoNanos,
    int srttMicros,
    int rttvarMicros,
    int minRttMicros,
    int cwndBytes,
    int ssthreshBytes,
    int flightBytes,
    int sackedBytes,
    int lostBytes,
    int resentBytes,
    int unsentBytes,
    int sendWindowBytes,
    int receiveWindowBytes,
    int timeouts,
    boolean recovering,
    boolean timeoutRecovery,
    int reorderingSegments,
    long persistNanos,
    boolean paused) {}
