package wisp.core.tcp;

/** Why a connection ended, as TCP sees it; the API says it with a {@code CloseReason}. */
public enum EndCause {
  /** In order: both FINs. */
  CLOSED,
  /** RST in a synchronized state. */
  RESET,
  /** RST to our SYN. */
  REFUSED,
  /** An ICMP error said that our SYN can't be answered. */
  UNREACHABLE,
  /** By the application, or its full close met more data. */
  ABORTED,
  /** R2 was reached. */
  TIMED_OUT,
  /** Memory was short, and the peer had kept its window shut for long. */
  MEMORY_SHORT,
  /** A callback threw. */
  HANDLER_FAILED,
  /** The context was closed. */
  CONTEXT_CLOSED
}
