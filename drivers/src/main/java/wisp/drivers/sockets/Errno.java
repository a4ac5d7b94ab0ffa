package wisp.drivers.sockets;

/** Linux's error numbers. Calls answer them negated. */
public final class Errno {
  public static final int ENOENT = 2;
  public static final int EIO = 5;
  public static final int EBADF = 9;
  public static final int EAGAIN = 11;
  public static final int EEXIST = 17;
  public static final int EINVAL = 22;
  public static final int EPIPE = 32;
  public static final int EDEADLK = 35;
  public static final int ENOSYS = 38;
  public static final int ELOOP = 40;
  public static final int ENOMSG = 42;
  public static final int EDESTADDRREQ = 89;
  public static final int EMSGSIZE = 90;
  public static final int EPROTONOSUPPORT = 93;
  public static final int EOPNOTSUPP = 95;
  public static final int EAFNOSUPPORT = 97;
  public static final int EADDRINUSE = 98;
  public static final int EADDRNOTAVAIL = 99;
  public static final int ENETUNREACH = 101;
  public static final int ECONNABORTED = 103;
  public static final int ECONNRESET = 104;
  public static final int ENOBUFS = 105;
  public static final int EISCONN = 106;
  public static final int ENOTCONN = 107;
  public static final int ETIMEDOUT = 110;
  public static final int ECONNREFUSED = 111;
  public static final int EHOSTUNREACH = 113;
  public static final int EALREADY = 114;
  public static final int EINPROGRESS = 115;

  private static final int IPV6_PORT_UNREACHABLE = 0x104;
  private static final int PORT_UNREACHABLE = 0x303;
  private static final int NETWORK_UNREACHABLE = 0x300;
  private static final int IPV6_NO_ROUTE = 0x100;

  private Errno() {}

  /** What an ICMP or ICMPv6 error means for a socket. */
  static int ofIcmp(int type, int code) {
    return switch (type << 8 | code) {
      case PORT_UNREACHABLE, IPV6_PORT_UNREACHABLE -> ECONNREFUSED;
      case NETWORK_UNREACHABLE, IPV6_NO_ROUTE -> ENETUNREACH;
      default -> EHOSTUNREACH;
    };
  }
}
