package wisp.core.tcp;

/** Who keeps what peers advise by the user timeout option (RFC 5482). */
@FunctionalInterface
public interface UserTimeouts {
  /** This peer keeps the connection for so long without an answer; it may be anything. */
  void advised(Tcb tcb, long nanos);
}
