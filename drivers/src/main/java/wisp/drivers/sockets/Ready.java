package wisp.drivers.sockets;

/** Readiness, as bits of poll and epoll. */
public final class Ready {
  /** There is something to read, or its end. */
  public static final int IN = 1;

  /** There is room to write. */
  public static final int OUT = 4;

  /** An error waits that read or write will tell, or a {@link Notice}. */
  public static final int ERR = 8;

  /** Nothing more will come, and nothing can be sent. */
  public static final int HUP = 0x10;

  /** The peer sends no more. */
  public static final int RDHUP = 0x2000;

  /** Told although nobody asked. */
  static final int ALWAYS = ERR | HUP;

  /** epoll: accepted, without effect; there is one thread. */
  public static final int EXCLUSIVE = 1 << 28;

  /** epoll: told once, until it is set anew. */
  public static final int ONESHOT = 1 << 30;

  /** epoll: told when it is news, not as long as it is so. */
  public static final int EDGE = 1 << 31;

  private Ready() {}
}
