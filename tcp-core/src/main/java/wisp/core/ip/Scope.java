package wisp.core.ip;

/**
 * How far an address reaches, and whether it can name one host at all (RFC 4291 §2.4, RFC 6724
 * §3.1, RFC 1122 §3.2.1.3). The values are those of RFC 6724: a smaller one reaches less far.
 */
public final class Scope {
  /** Nobody: unspecified, multicast, broadcast, loopback, reserved. */
  public static final int NONE = 0;

  /** The link: fe80::/10, 169.254/16. */
  public static final int LINK_LOCAL = 2;

  /** Everywhere, as far as it can be told from the bits. */
  public static final int GLOBAL = 14;

  /** First half of groups on this link. */
  public static final long LINK_GROUPS_HIGH = 0xFF02_0000_0000_0000L;

  private static final long SOLICITED_NODE_LOW = 0x1_FF00_0000L;
  private static final long LAST_24_BITS = 0xFF_FFFFL;

  private Scope() {}

  /** The scope of a unicast address, or {@link #NONE}. */
  public static int of(long high, long low) {
    return IpAddress.isIpv4(high, low) ? ofIpv4((int) low) : ofIpv6(high, low);
  }

  private static int ofIpv4(int address) {
    int top = address >>> 24;
    if (top == 0 || top == 127 || top >= 224) {
      return NONE;
    }
    return address >>> 16 == 0xA9FE ? LINK_LOCAL : GLOBAL;
  }

  private static int ofIpv6(long high, long low) {
    boolean isUnspecifiedOrLoopback = high == 0 && low >>> 1 == 0;
    if (isMulticastIpv6(high) || isUnspecifiedOrLoopback) {
      return NONE;
    }
    return isLinkLocal(high) ? LINK_LOCAL : GLOBAL;
  }

  /** Whether an IPv6 address is in fe80::/10. */
  public static boolean isLinkLocal(long high) {
    return high >>> 54 == 0xFE80 >>> 6;
  }

  /** Whether an IPv6 address is a multicast address. */
  public static boolean isMulticastIpv6(long high) {
    return high >>> 56 == 0xFF;
  }

  /** Whether it is the group through which some neighbour is asked (RFC 4291 §2.7.1). */
  public static boolean isSolicitedNode(long high, long low) {
    return high == LINK_GROUPS_HIGH && (low & ~LAST_24_BITS) == SOLICITED_NODE_LOW;
  }

  /** Second half of the group that the neighbour with this second half is asked through. */
  public static long solicitedNodeLow(long low) {
    return SOLICITED_NODE_LOW | low & LAST_24_BITS;
  }

  /** Whether an address can name one other host. */
  public static boolean isUnicast(long high, long low) {
    return of(high, low) != NONE;
  }

  /** Whether an address is a multicast address of either family. */
  public static boolean isMulticast(long high, long low) {
    return IpAddress.isIpv4(high, low) ? (int) low >>> 28 == 0xE : isMulticastIpv6(high);
  }
}
