package wisp.core.link;

import java.lang.foreign.MemorySegment;

/** What the {@link NeighbourCache} asks for. IPv4 addresses come in the mapped form. */
public interface NeighbourListener {
  /**
   * A neighbour is to be asked for its station.
   *
   * @param hardware the station to be asked whether it is still there; or {@link
   *     wisp.core.wire.HardwareAddress#UNKNOWN}: everybody is to be asked
   */
  void solicit(long high, long low, long hardware);

  /**
   * The packet that waited may go.
   *
   * @param ipv6 whether it is an IPv6 packet, or else an IPv4 packet
   * @param memory borrowed until this returns
   */
  void sendHeld(long hardware, boolean ipv6, MemorySegment memory, long start, int bytes);

  /**
   * The neighbour did not answer: the packet that waited is lost, its sender should hear of it (RFC
   * 1122 §2.3.2.2, RFC 4861 §7.2.2). May use the cache.
   *
   * @param ipv6 whether it is an IPv6 packet, or else an IPv4 packet
   * @param memory borrowed until this returns
   */
  void unreachable(boolean ipv6, MemorySegment memory, long start, int bytes);
}
