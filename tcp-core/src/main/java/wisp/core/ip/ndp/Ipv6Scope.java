package wisp.core.ip.ndp;

/** Addresses that mean something by themselves (RFC 4291 §2.5–2.7). */
final class Ipv6Scope {
  /** First half of the link-local addresses that are in use. */
  static final long LINK_LOCAL_HIGH = 0xFE80_0000_0000_0000L;

  /** First half of groups on this link. */
  static final long LINK_GROUPS_HIGH = 0xFF02_0000_0000_0000L;

  /** First half of groups in this host. */
  static final long NODE_GROUPS_HIGH = 0xFF01_0000_0000_0000L;

  static final long ALL_NODES_LOW = 1;
  static final long ALL_ROUTERS_LOW = 2;

  /** Those who listen to version 2 reports (RFC 3810 §5.2.14). */
  static final long MLD_ROUTERS_LOW = 0x16;

  private static final long SOLICITED_NODE_LOW = 0x1_FF00_0000L;
  private static final long LAST_24_BITS = 0xFF_FFFFL;

  private Ipv6Scope() {}

  static boolean isUnspecified(long high, long low) {
    return (high | low) == 0;
  }

  static boolean isMulticast(long high) {
    return high >>> 56 == 0xFF;
  }

  static boolean isLinkLocal(long high) {
    return high >>> 54 == 0x3FA;
  }

  /** Second half of the group that a neighbour is asked through. */
  static long solicitedNodeLow(long low) {
    return SOLICITED_NODE_LOW | low & LAST_24_BITS;
  }

  static boolean isSolicitedNode(long high, long low) {
    return high == LINK_GROUPS_HIGH && (low & ~LAST_24_BITS) == SOLICITED_NODE_LOW;
  }

  /** The mask of the first half for a prefix length 0 … 128. */
  static long maskHigh(int bits) {
    return bits == 0 ? 0 : -1L << Math.max(0, 64 - bits);
  }

  /** As {@link #maskHigh}, of the second half. */
  static long maskLow(int bits) {
    return bits <= 64 ? 0 : -1L << (128 - bits);
  }
}
