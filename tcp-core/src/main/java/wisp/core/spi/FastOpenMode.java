package wisp.core.spi;

/**
 * Whether our SYN may bring text (RFC 7413). A server may get it twice, when the network doubles
 * the SYN: only for what can bear that (§2.1).
 */
public enum FastOpenMode {
  /** Never. */
  OFF,
  /** Where the server has given us a cookie; where it has not, it is asked for one. */
  ON,
  /** Always, and without: in closed networks whose servers want none. */
  WITHOUT_COOKIE
}
