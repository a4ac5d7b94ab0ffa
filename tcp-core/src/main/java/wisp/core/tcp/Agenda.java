package wisp.core.tcp;

/** What has to happen for a connection after the packet in hand; the context keeps the lists. */
public interface Agenda {
  /**
   * Send what may be sent and the ACKs owed, once, when the burst has been processed (MUST-58,
   * MUST-59).
   */
  void atEndOfBurst(Tcb tcb);

  /** The peer has shown that it is there: for a connection with keep-alive on. */
  void heardFrom(Tcb tcb);

  /** An ACK is owed: no later than the delay from now. */
  void delayAck(Tcb tcb);
}
