package wisp.core.stack;

import java.util.List;
import wisp.core.ip.IpPrefix;
import wisp.core.ip.NetworkConfig;

/**
 * How a context behaves. Change what differs with the {@code with…} methods of {@link #of}.
 *
 * @param ownPrefixes addresses that the stack answers for
 * @param receiveWindowBytes the window offered to every connection, while it is not paused; 1 …
 *     2^30. Nothing is reserved for it
 * @param maxSegmentLifetimeNanos MSL: TIME-WAIT lasts twice as long (RFC 9293 §3.6.1)
 * @param minRtoNanos lower bound of the retransmission time-out (RFC 6298 §2.4 says 1 s; Linux 200
 *     ms)
 * @param delayedAckNanos how long an acknowledgment may wait, below 0.5 s (RFC 9293 §3.8.6.3)
 * @param finWait2Nanos how long a fully closed connection waits for the peer's FIN
 * @param halfOpenLimit connections in SYN-RECEIVED at most; further SYNs are dropped
 * @param timeWaitLimit connections in TIME-WAIT at most; the oldest leaves early
 * @param heldTextBytes out-of-order text one connection may hold, by blocks
 * @param network what lies below TCP
 */
public record ContextConfig(
    List<IpPrefix> ownPrefixes,
    int receiveWindowBytes,
    long maxSegmentLifetimeNanos,
    long minRtoNanos,
    long delayedAckNanos,
    long finWait2Nanos,
    int halfOpenLimit,
    int timeWaitLimit,
    int heldTextBytes,
    NetworkConfig network) {
  private static final long SECOND = 1_000_000_000L;

  /** Checks ranges. */
  public ContextConfig {
    ownPrefixes = List.copyOf(ownPrefixes);
    if (receiveWindowBytes < 1 || receiveWindowBytes > 1 << 30) {
      throw new IllegalArgumentException(
          "receive window " + receiveWindowBytes + " is outside 1 … 2^30 bytes");
    }
    if (delayedAckNanos < 0 || delayedAckNanos >= SECOND / 2) {
      throw new IllegalArgumentException(
          "delayed ACK of " + delayedAckNanos + " ns is not below 0.5 s");
    }
    if (maxSegmentLifetimeNanos < 0 || minRtoNanos < 1 || finWait2Nanos < 1) {
      throw new IllegalArgumentException("a time is negative or zero");
    }
    if (halfOpenLimit < 1 || timeWaitLimit < 0 || heldTextBytes < 0) {
      throw new IllegalArgumentException("a limit is negative or zero");
    }
  }

  /**
   * Defaults: window 1 MiB, MSL 30 s, RTO ≥ 200 ms, delayed ACK 40 ms, FIN-WAIT-2 60 s, 65,536
   * half-open, 262,144 in TIME-WAIT, 1 MiB held.
   */
  public static ContextConfig of(IpPrefix... ownPrefixes) {
    return new ContextConfig(
        List.of(ownPrefixes),
        1 << 20,
        30 * SECOND,
        SECOND / 5,
        SECOND / 25,
        60 * SECOND,
        65_536,
        262_144,
        1 << 20,
        NetworkConfig.DEFAULT);
  }

  /** With another receive window. */
  public ContextConfig withReceiveWindow(int bytes) {
    return new ContextConfig(
        ownPrefixes,
        bytes,
        maxSegmentLifetimeNanos,
        minRtoNanos,
        delayedAckNanos,
        finWait2Nanos,
        halfOpenLimit,
        timeWaitLimit,
        heldTextBytes,
        network);
  }

  /** With another maximum segment lifetime. */
  public ContextConfig withMaxSegmentLifetime(long nanos) {
    return new ContextConfig(
        ownPrefixes,
        receiveWindowBytes,
        nanos,
        minRtoNanos,
        delayedAckNanos,
        finWait2Nanos,
        halfOpenLimit,
        timeWaitLimit,
        heldTextBytes,
        network);
  }

  /** With another lower bound of the retransmission time-out. */
  public ContextConfig withMinRto(long nanos) {
    return new ContextConfig(
        ownPrefixes,
        receiveWindowBytes,
        maxSegmentLifetimeNanos,
        nanos,
        delayedAckNanos,
        finWait2Nanos,
        halfOpenLimit,
        timeWaitLimit,
        heldTextBytes,
        network);
  }

  /** With another delay for acknowledgments. */
  public ContextConfig withDelayedAck(long nanos) {
    return new ContextConfig(
        ownPrefixes,
        receiveWindowBytes,
        maxSegmentLifetimeNanos,
        minRtoNanos,
        nanos,
        finWait2Nanos,
        halfOpenLimit,
        timeWaitLimit,
        heldTextBytes,
        network);
  }

  /** With other limits: half-open, TIME-WAIT, held text in bytes. */
  public ContextConfig withLimits(int halfOpen, int timeWait, int heldBytes) {
    return new ContextConfig(
        ownPrefixes,
        receiveWindowBytes,
        maxSegmentLifetimeNanos,
        minRtoNanos,
        delayedAckNanos,
        finWait2Nanos,
        halfOpen,
        timeWait,
        heldBytes,
        network);
  }

  /** With another network layer. */
  public ContextConfig withNetwork(NetworkConfig network) {
    return new ContextConfig(
        ownPrefixes,
        receiveWindowBytes,
        maxSegmentLifetimeNanos,
        minRtoNanos,
        delayedAckNanos,
        finWait2Nanos,
        halfOpenLimit,
        timeWaitLimit,
        heldTextBytes,
        network);
  }
}
