package wisp.drivers.sockets;

/** Options by Linux's numbers: level in the upper half, name in the lower. */
public final class Option {
  public static final int SO_REUSEADDR = of(1, 2);
  public static final int SO_TYPE = of(1, 3);
  public static final int SO_ERROR = of(1, 4);

  /** Bytes; the limit is twice as much, which is what is told when asked, as in Linux. */
  public static final int SO_SNDBUF = of(1, 7);

  /**
   * Bytes: the window of connections that begin later, and what is held before the peer is stopped.
   * Told when asked: twice as much, as in Linux.
   */
  public static final int SO_RCVBUF = of(1, 8);

  /**
   * Which times of a write's last byte are told, by Linux's bits: SCHED and SOFTWARE when it has
   * left, ACK when it was confirmed; OPT_ID numbers the bytes from the first that is not confirmed.
   * See {@link Sockets#polled}.
   */
  public static final int SO_TIMESTAMPING = of(1, 37);

  /** Whether {@link Message#ZERO_COPY} counts. */
  public static final int SO_ZEROCOPY = of(1, 60);

  public static final int SO_KEEPALIVE = of(1, 9);

  /** Seconds to linger; −1: off. 0: close aborts. */
  public static final int SO_LINGER = of(1, 13);

  public static final int TCP_NODELAY = of(6, 1);

  /**
   * Largest segment of a connection that is still to begin, 88 … 32767; 0: as link and path allow.
   * Asked of a connection: payload of a full segment.
   */
  public static final int TCP_MAXSEG = of(6, 2);

  /** As if every write were told {@link Message#MORE}, until it is set to 0. */
  public static final int TCP_CORK = of(6, 3);

  public static final int TCP_KEEPIDLE = of(6, 4);
  public static final int TCP_KEEPINTVL = of(6, 5);
  public static final int TCP_KEEPCNT = of(6, 6);

  /** Times that a SYN is resent, at intervals of 1, 2, 4 … s; 0: for the profile's time. */
  public static final int TCP_SYNCNT = of(6, 7);

  /** Milliseconds; 0: the profile's. */
  public static final int TCP_USER_TIMEOUT = of(6, 18);

  /** Of a listener: connections that may be open before their handshake is over; 0: none. */
  public static final int TCP_FASTOPEN = of(6, 23);

  /** Connect waits for the first write, if that can go with the SYN. */
  public static final int TCP_FASTOPEN_CONNECT = of(6, 30);

  /**
   * 1: Fast Open without cookies, for closed networks only (RFC 7413 §4.1.3). A connect brings none
   * and asks for none, a listener takes the text of SYNs that bring none. Before connecting.
   */
  public static final int TCP_FASTOPEN_NO_COOKIE = of(6, 34);

  /** Bytes; 0: what {@link SendLimits} say. */
  public static final int TCP_NOTSENT_LOWAT = of(6, 25);

  /** Whether a read tells how much is left: see {@link Sockets#readableHint}. */
  public static final int TCP_INQ = of(6, 36);

  public static final int IP_TOS = of(0, 1);
  public static final int IP_TTL = of(0, 2);
  public static final int IPV6_UNICAST_HOPS = of(41, 16);
  public static final int IPV6_TCLASS = of(41, 67);

  private Option() {}

  /** The option of a level and a name. */
  public static int of(int level, int name) {
    return level << 16 | name & 0xFFFF;
  }
}
