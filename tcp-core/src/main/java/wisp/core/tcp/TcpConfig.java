package wisp.core.tcp;

/**
 * The numbers that TCP runs by; times in nanoseconds.
 *
 * @param receiveWindowBytes offered to every connection that is not paused and wants no other
 * @param minRtoNanos lower bound of the retransmission time-out
 * @param delayedAckNanos longest delay of an acknowledgment
 * @param heldTextBytes blocks one connection may hold for out-of-order text, in bytes
 */
public record TcpConfig(
    int receiveWindowBytes, long minRtoNanos, long delayedAckNanos, int heldTextBytes) {
  /** RTO before the first sample (RFC 6298 §2.1). */
  public static final long INITIAL_RTO_NANOS = 1_000_000_000L;

  /** RTO when data starts after the SYN was resent (RFC 6298 §5.7). */
  public static final long RTO_AFTER_SYN_LOSS_NANOS = 3_000_000_000L;

  /** Ceiling of RTO and probe interval (RFC 6298 §2.5). */
  public static final long MAX_RTO_NANOS = 60_000_000_000L;

  /** How long what lies beyond a hole is held when nothing else happens; the peer resends it. */
  public static final long HOLDING_LIMIT_NANOS = 60_000_000_000L;

  /** How long a SYN is resent at least (MUST-23). */
  public static final long SYN_LIMIT_NANOS = 180_000_000_000L;

  /**
   * R1: so many resends in vain are a trouble that the network layer and the application hear of
   * (SHLD-10).
   */
  public static final int TROUBLE_RESENDS = 3;

  /** A peer's advice shortens the user timeout to no less than this (RFC 5482 §3.1: L_LIMIT). */
  public static final long LEAST_ADVISED_TIMEOUT_NANOS = 100_000_000_000L;

  /** A peer's advice lengthens the user timeout to no more than this (U_LIMIT). */
  public static final long MOST_ADVISED_TIMEOUT_NANOS = 3_600_000_000_000L;

  /** Copies of a SYN-ACK that nobody answers (RFC 4987: half-open state must go). */
  public static final int SYN_ACK_COPIES = 5;

  /** The same when SYNs come for which there is no room. */
  public static final int SYN_ACK_COPIES_UNDER_PRESSURE = 1;

  /** Send MSS never falls below this, whatever the peer asks (CVE-2019-11479). */
  public static final int LEAST_MSS = 48;

  private static final int DEFAULT_MSS_IPV4 = 536;
  private static final int DEFAULT_MSS_IPV6 = 1_220;

  /** Send MSS without an option (MUST-15). */
  public static int defaultMss(boolean ipv6) {
    return ipv6 ? DEFAULT_MSS_IPV6 : DEFAULT_MSS_IPV4;
  }
}
