package wisp.core.ip;

/** Which multicast groups are listened to. */
@FunctionalInterface
public interface Groups {
  /** Whether packets to this group are for us. */
  boolean contains(long high, long low);

  /** What a link without neighbours has: all nodes (RFC 4291 §2.7.1). */
  Groups ALL_NODES = (high, low) -> high == 0xFF02L << 48 && low == 1;
}
