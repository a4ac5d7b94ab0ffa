package wisp.drivers.sockets;

/** Flags of one read or write, by Linux's numbers. */
public final class Message {
  /** As if the socket were not blocking. */
  public static final int DONT_WAIT = 0x40;

  /** Read, and leave it there. */
  public static final int PEEK = 2;

  /** What is written ends a record: what is written later goes in other segments. */
  public static final int END_OF_RECORD = 0x80;

  /**
   * More is to come: what does not fill a segment waits for it, until the peer confirms something
   * or, if nothing is in flight, for one retransmission time-out.
   */
  public static final int MORE = 0x8000;

  /** Write, to somebody: connects first, and has the SYN take what it can (RFC 7413). */
  public static final int FAST_OPEN = 0x2000_0000;

  /**
   * The application wants to be told when the bytes are needed no more: a {@link Notice}. It has an
   * effect where {@link Option#SO_ZEROCOPY} is set. They are copied all the same.
   */
  public static final int ZERO_COPY = 0x400_0000;

  private Message() {}
}
