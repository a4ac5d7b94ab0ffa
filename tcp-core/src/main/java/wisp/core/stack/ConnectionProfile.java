package wisp.core.stack;

/**
 * Options of a connection, shared by all that were made with the same profile.
 *
 * @param nagle whether small segments wait while something is in flight (RFC 9293 §3.7.4)
 * @param retransmissionLimitNanos R2: how long the oldest byte is resent before the connection is
 *     given up; {@link Long#MAX_VALUE}: for ever (RFC 9293 §3.8.3)
 * @param ttl time to live of its packets, 1 … 255
 * @param dscp differentiated services code point, 0 … 63
 */
public record ConnectionProfile(boolean nagle, long retransmissionLimitNanos, int ttl, int dscp) {
  /** Nagle on, R2 = 15 minutes, TTL 64, best effort. */
  public static final ConnectionProfile DEFAULT =
      new ConnectionProfile(true, 900_000_000_000L, 64, 0);

  /** Nagle off, else as {@link #DEFAULT}. */
  public static final ConnectionProfile NO_DELAY =
      new ConnectionProfile(false, 900_000_000_000L, 64, 0);

  /** Checks ranges. */
  public ConnectionProfile {
    if (ttl < 1 || ttl > 255) {
      throw new IllegalArgumentException("TTL " + ttl + " is outside 1 … 255");
    }
    if (dscp < 0 || dscp > 63) {
      throw new IllegalArgumentException("DSCP " + dscp + " is outside 0 … 63");
    }
    if (retransmissionLimitNanos < 1) {
      throw new IllegalArgumentException(
          "retransmission limit " + retransmissionLimitNanos + " ns is not positive");
    }
  }
}
