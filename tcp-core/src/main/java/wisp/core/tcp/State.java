package wisp.core.tcp;

/**
 * The states of RFC 9293 §3.3.2. LISTEN has no record: a listener is an entry of the context's
 * table.
 */
public enum State {
  /** No connection. */
  CLOSED,
  /** Waiting for any connection. */
  LISTEN,
  /** SYN sent, waiting for one that matches. */
  SYN_SENT,
  /** SYN received and sent, waiting for the acknowledgment. */
  SYN_RECEIVED,
  /** Data flows. */
  ESTABLISHED,
  /** We closed; our FIN is not acknowledged. */
  FIN_WAIT_1,
  /** We closed; waiting for the peer's FIN. */
  FIN_WAIT_2,
  /** The peer closed. */
  CLOSE_WAIT,
  /** Both closed at once; our FIN is not acknowledged. */
  CLOSING,
  /** The peer closed, then we; our FIN is not acknowledged. */
  LAST_ACK,
  /** Both FINs acknowledged; old segments may still be about. */
  TIME_WAIT;

  private static final State[] STATES = values();

  /** The state with this ordinal. */
  public static State of(int ordinal) {
    return STATES[ordinal];
  }

  /** Whether both SYNs have been acknowledged. */
  public boolean isSynchronized() {
    return ordinal() >= ESTABLISHED.ordinal();
  }

  /** Whether the application may still send. */
  public boolean maySend() {
    return switch (this) {
      case SYN_SENT, SYN_RECEIVED, ESTABLISHED, CLOSE_WAIT -> true;
      case CLOSED, LISTEN, FIN_WAIT_1, FIN_WAIT_2, CLOSING, LAST_ACK, TIME_WAIT -> false;
    };
  }

  /** Whether text from the peer is still expected (seventh check of §3.10.7.4). */
  public boolean mayReceive() {
    return this == ESTABLISHED || this == FIN_WAIT_1 || this == FIN_WAIT_2;
  }

  /** Where the peer's FIN leads (§3.10.7.4, eighth check). */
  public State onFin(boolean ourFinIsAcked) {
    return switch (this) {
      case SYN_RECEIVED, ESTABLISHED -> CLOSE_WAIT;
      case FIN_WAIT_1 -> ourFinIsAcked ? TIME_WAIT : CLOSING;
      case FIN_WAIT_2 -> TIME_WAIT;
      case CLOSE_WAIT, CLOSING, LAST_ACK, TIME_WAIT -> this;
      case CLOSED, LISTEN, SYN_SENT -> throw new IllegalStateException("FIN processed in " + this);
    };
  }

  /** Where the acknowledgment of our FIN leads (§3.10.7.4, fifth check). */
  public State onFinAcked() {
    return switch (this) {
      case FIN_WAIT_1 -> FIN_WAIT_2;
      case CLOSING -> TIME_WAIT;
      case LAST_ACK -> CLOSED;
      case FIN_WAIT_2, TIME_WAIT -> this;
      case CLOSED, LISTEN, SYN_SENT, SYN_RECEIVED, ESTABLISHED, CLOSE_WAIT ->
          throw new IllegalStateException("FIN acknowledged in " + this);
    };
  }

  /** Where the application's shutdown leads (§3.10.4). */
  public State onShutdown() {
    return switch (this) {
      case SYN_RECEIVED, ESTABLISHED -> FIN_WAIT_1;
      case CLOSE_WAIT -> LAST_ACK;
      case FIN_WAIT_1, FIN_WAIT_2, CLOSING, LAST_ACK, TIME_WAIT -> this;
      case CLOSED, LISTEN, SYN_SENT -> throw new IllegalStateException("shutdown in " + this);
    };
  }
}
