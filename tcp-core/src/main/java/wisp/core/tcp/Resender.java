package wisp.core.tcp;

/** What the recovery of losses asks of whoever sends. */
interface Resender {
  /**
   * Resends one segment from {@code seq} on, no more than {@code most} bytes.
   *
   * @return sequence numbers resent; 0: the link was full
   */
  int resend(Tcb tcb, @SeqNum int seq, int most);

  /**
   * One new segment at most, as the peer's window allows; the caller has seen to cwnd.
   *
   * @return false: the link was full
   */
  boolean sendNew(Tcb tcb);
}
