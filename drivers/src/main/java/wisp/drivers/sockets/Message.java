package wisp.drivers.sockets;

/** Flags of one read or write, by Linux's numbers. */
public final class Message {
  /** Read, and leave it there. */
  public static final int PEEK = 2;

  /** What is written ends a record: what is written later goes in other segments. */
  public static final int END_OF_RECORD = 0x80;

  /**
   * More is to come: what does not fill a segment waits for it, until the peer confirms something
   * or, if nothing is in flight, for one retransmission time-out.
   */
  public static final int MORE = 0x8000;

  private Message() {}
}
