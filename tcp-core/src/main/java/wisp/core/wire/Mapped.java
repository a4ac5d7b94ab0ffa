package wisp.core.wire;

/**
 * IPv4 addresses in the mapped form {@code ::ffff:a.b.c.d} (RFC 4291 §2.5.5.2): how one pair of
 * longs names a host of either family inside the stack.
 */
public final class Mapped {
  private static final long PREFIX = 0xFFFF_0000_0000L;

  private Mapped() {}

  /** The second half of an IPv4 address; the first is zero. */
  public static long low(int ipv4) {
    return PREFIX | ipv4 & 0xFFFF_FFFFL;
  }

  /** Whether two halves are an IPv4 address. */
  public static boolean isIpv4(long high, long low) {
    return high == 0 && low >>> 32 == 0xFFFF;
  }
}
