package wisp.core.stack;

import java.util.List;
import java.util.function.Consumer;
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
 * @param halfOpenLimit connections in SYN-RECEIVED at most, over all listeners; {@link
 *     ListenConfig} says what becomes of further SYNs
 * @param timeWaitLimit connections in TIME-WAIT at most; the oldest leaves early. Fully closed ones
 *     in FIN-WAIT-2 may be 64 times as many
 * @param heldTextBytes blocks that one connection may hold of out-of-order text, in bytes; {@link
 *     #AS_WINDOW}: as many as its window may need, half as much again, since the end of a block may
 *     be empty, and 1 MiB at least
 * @param persistLimitNanos a peer that has kept its window shut for longer may lose its connection
 *     when others are refused blocks or frames (RFC 6429); 0 … 30 days, or {@link #NEVER}. While
 *     there is memory, it never does
 * @param strayResetLimit RSTs a second at most for segments of no connection; of half of them, how
 *     many is drawn each second
 * @param peerLimits what one peer may have of all that
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
    long persistLimitNanos,
    int strayResetLimit,
    PeerLimits peerLimits,
    NetworkConfig network) {
  /** As {@link #heldTextBytes()}: goes by the receive window. */
  public static final int AS_WINDOW = -1;

  private static final int LEAST_HELD_AS_WINDOW = 1 << 20;

  /**
   * As {@link #persistLimitNanos()}: no shut window ends a connection, whatever memory there is.
   */
  public static final long NEVER = Long.MAX_VALUE;

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
    if (halfOpenLimit < 1
        || timeWaitLimit < 0
        || heldTextBytes < AS_WINDOW
        || strayResetLimit < 0) {
      throw new IllegalArgumentException("a limit is negative or zero");
    }
    if (persistLimitNanos < 0
        || (persistLimitNanos > ShutWindows.LONGEST_NANOS && persistLimitNanos != NEVER)) {
      throw new IllegalArgumentException(
          "persist limit of " + persistLimitNanos + " ns: 0 … 30 days, or NEVER");
    }
  }

  /**
   * Defaults: window 1 MiB, MSL 30 s, RTO ≥ 200 ms, delayed ACK 40 ms, FIN-WAIT-2 60 s, 65,536
   * half-open, 262,144 in TIME-WAIT, held text as the window needs, 5 minutes in persist when
   * memory is short, {@link PeerLimits#DEFAULT}.
   */
  public static ContextConfig of(IpPrefix... ownPrefixes) {
    return new Builder(List.of(ownPrefixes)).build();
  }

  /** {@link #heldTextBytes()} as a number. */
  int heldTextLimit() {
    int asWindow = Math.max(receiveWindowBytes + receiveWindowBytes / 2, LEAST_HELD_AS_WINDOW);
    return heldTextBytes == AS_WINDOW ? asWindow : heldTextBytes;
  }

  /** This configuration with changes: {@code config.with(b -> b.minRtoNanos = …)}. */
  public ContextConfig with(Consumer<Builder> change) {
    Builder b = new Builder(ownPrefixes);
    b.receiveWindowBytes = receiveWindowBytes;
    b.maxSegmentLifetimeNanos = maxSegmentLifetimeNanos;
    b.minRtoNanos = minRtoNanos;
    b.delayedAckNanos = delayedAckNanos;
    b.finWait2Nanos = finWait2Nanos;
    b.halfOpenLimit = halfOpenLimit;
    b.timeWaitLimit = timeWaitLimit;
    b.heldTextBytes = heldTextBytes;
    b.persistLimitNanos = persistLimitNanos;
    b.strayResetLimit = strayResetLimit;
    b.peerLimits = peerLimits;
    b.network = network;
    change.accept(b);
    return b.build();
  }

  /** With another receive window. */
  public ContextConfig withReceiveWindow(int bytes) {
    return with(b -> b.receiveWindowBytes = bytes);
  }

  /** With another maximum segment lifetime. */
  public ContextConfig withMaxSegmentLifetime(long nanos) {
    return with(b -> b.maxSegmentLifetimeNanos = nanos);
  }

  /** With another lower bound of the retransmission time-out. */
  public ContextConfig withMinRto(long nanos) {
    return with(b -> b.minRtoNanos = nanos);
  }

  /** With another delay for acknowledgments. */
  public ContextConfig withDelayedAck(long nanos) {
    return with(b -> b.delayedAckNanos = nanos);
  }

  /** With other limits: half-open, TIME-WAIT, held text in bytes. */
  public ContextConfig withLimits(int halfOpen, int timeWait, int heldBytes) {
    return with(
        b -> {
          b.halfOpenLimit = halfOpen;
          b.timeWaitLimit = timeWait;
          b.heldTextBytes = heldBytes;
        });
  }

  /** With other limits to what one peer may have. */
  public ContextConfig withPeerLimits(PeerLimits limits) {
    return with(b -> b.peerLimits = limits);
  }

  /** With another network layer. */
  public ContextConfig withNetwork(NetworkConfig network) {
    return with(b -> b.network = network);
  }

  /** The components of a configuration, each with its default. */
  public static final class Builder {
    public List<IpPrefix> ownPrefixes;
    public int receiveWindowBytes = 1 << 20;
    public long maxSegmentLifetimeNanos = 30 * SECOND;
    public long minRtoNanos = SECOND / 5;
    public long delayedAckNanos = SECOND / 25;
    public long finWait2Nanos = 60 * SECOND;
    public int halfOpenLimit = 65_536;
    public int timeWaitLimit = 262_144;
    public int heldTextBytes = AS_WINDOW;
    public long persistLimitNanos = 300 * SECOND;
    public int strayResetLimit = 10_000;
    public PeerLimits peerLimits = PeerLimits.DEFAULT;
    public NetworkConfig network = NetworkConfig.DEFAULT;

    private Builder(List<IpPrefix> ownPrefixes) {
      this.ownPrefixes = ownPrefixes;
    }

    private ContextConfig build() {
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
          persistLimitNanos,
          strayResetLimit,
          peerLimits,
          network);
    }
  }
}
