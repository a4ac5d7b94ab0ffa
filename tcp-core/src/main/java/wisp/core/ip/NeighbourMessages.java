package wisp.core.ip;

/** Who takes the messages of neighbour discovery and listener discovery. */
@FunctionalInterface
public interface NeighbourMessages {
  /** An ICMPv6 message of these types with a sound checksum; false: not taken. */
  boolean receive(IpPacket packet, int type, long nowNanos);

  /** A link without neighbours. */
  NeighbourMessages NONE = (packet, type, nowNanos) -> false;
}
