package wisp.core.stack;

/** Why a connection is no more. */
public sealed interface CloseReason {
  /** Both sides closed and everything was delivered and acknowledged (RFC 9293 §3.6). */
  record Closed() implements CloseReason {}

  /** The peer sent RST to a connection that had been established (RFC 9293 §3.5.3). */
  record ResetByPeer() implements CloseReason {}

  /** A SYN of ours was answered with RST. */
  record Refused() implements CloseReason {}

  /**
   * A SYN of ours can't get there: an ICMP or ICMPv6 error that won't pass (RFC 5461 §2).
   *
   * @param type of the message, by the family of the remote address
   * @param code of the message
   */
  record Unreachable(int type, int code) implements CloseReason {}

  /** The application called abort, or sent the peer's data into a full close. */
  record Aborted() implements CloseReason {}

  /**
   * The peer did not answer (RFC 9293 §3.8.3, R2; §3.8.4).
   *
   * @param retransmissions how often the oldest segment was resent, or how many keep-alive probes
   *     went unanswered
   */
  record TimedOut(int retransmissions) implements CloseReason {}

  /**
   * Memory was short for others, and the peer had kept its window shut for longer than {@link
   * ContextConfig#persistLimitNanos()} (RFC 6429). It got a RST.
   */
  record MemoryShort() implements CloseReason {}

  /** A callback of the handler threw; the exception was reported. */
  record HandlerFailed(Throwable cause) implements CloseReason {}

  /** The context was closed. */
  record ContextClosed() implements CloseReason {}
}
