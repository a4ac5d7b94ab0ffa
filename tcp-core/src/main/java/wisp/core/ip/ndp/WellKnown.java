package wisp.core.ip.ndp;

/** Addresses of which neighbour discovery makes use (RFC 4291 §2.5–2.7). */
final class WellKnown {
  /** First half of the link-local addresses that are in use. */
  static final long LINK_LOCAL_HIGH = 0xFE80_0000_0000_0000L;

  /** First half of groups in this host. */
  static final long NODE_GROUPS_HIGH = 0xFF01_0000_0000_0000L;

  static final long ALL_NODES_LOW = 1;
  static final long ALL_ROUTERS_LOW = 2;

  /** Those who listen to version 2 reports (RFC 3810 §5.2.14). */
  static final long MLD_ROUTERS_LOW = 0x16;

  private WellKnown() {}

  static boolean isUnspecified(long high, long low) {
    return (high | low) == 0;
  }
}
