package wisp.core.stack;

/** The states that a connection can be seen in (RFC 9293 §3.3.2). */
public enum ConnectionState {
  SYN_SENT,
  SYN_RECEIVED,
  ESTABLISHED,
  FIN_WAIT_1,
  FIN_WAIT_2,
  CLOSE_WAIT,
  CLOSING,
  LAST_ACK,
  TIME_WAIT
}
