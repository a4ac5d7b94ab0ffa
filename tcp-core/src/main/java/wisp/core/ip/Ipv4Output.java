package wisp.core.ip;

import java.lang.foreign.MemorySegment;
import wisp.core.Counters;
import wisp.core.Counters.Event;
import wisp.core.spi.Link;
import wisp.core.spi.TransmitPacket;
import wisp.core.wire.Checksum;
import wisp.core.wire.Ipv4Header;

/**
 * Writes IPv4 packets into the link's transmit memory. Use: {@link #begin}, write the transport
 * part at {@link #memory}, {@link #start} …, then {@link #sendTransport} or {@link #sendTcp}.
 * Addresses are taken at the end, so that nothing is kept in between.
 */
public final class Ipv4Output {
  private static final int TCP_CHECKSUM_OFFSET = 16;

  private final Link link;
  private final Counters counters;
  private final TransmitPacket packet = new TransmitPacket();
  private final boolean offloadChecksum;
  private final int segmentationBytes;

  /** Over a link of kind IP. */
  public Ipv4Output(Link link, Counters counters) {
    this.link = link;
    this.counters = counters;
    this.offloadChecksum = link.offloads().transmitChecksum();
    this.segmentationBytes = link.offloads().segmentationBytes();
  }

  /** Bytes that a transport may send in one packet, its own header included. */
  public int maxTransportBytes() {
    return link.mtu() - Ipv4Header.LENGTH;
  }

  /** Transport bytes that the link takes in one piece and segments itself; 0: it doesn't. */
  public int segmentationBytes() {
    return Math.max(0, segmentationBytes - Ipv4Header.LENGTH);
  }

  /** Claims room for a packet; false: the link is full (counted), nothing to undo. */
  public boolean begin(int transportBytes) {
    if (link.claim(Ipv4Header.LENGTH + transportBytes, packet)) {
      return true;
    }
    counters.add(Event.DROP_LINK_FULL);
    return false;
  }

  /** Where the transport part is to be written; borrowed until it is sent. */
  public MemorySegment memory() {
    return packet.memory;
  }

  /** First byte of the transport part. */
  public long start() {
    return packet.start + Ipv4Header.LENGTH;
  }

  /**
   * Sends a TCP segment, whose checksum field is still zero.
   *
   * @param tcpBytes header and payload
   * @param headerBytes TCP header with options
   * @param segmentBytes payload of each segment that the link is to cut; 0: one segment
   */
  public void sendTcp(
      int source,
      int destination,
      int ttl,
      int dscp,
      int tcpBytes,
      int headerBytes,
      int segmentBytes) {
    long pseudo = Checksum.pseudoHeaderIpv4(source, destination, Ipv4Header.PROTOCOL_TCP, tcpBytes);
    int checksum;
    if (offloadChecksum) {
      checksum = Checksum.fold(pseudo);
      packet.needsChecksum = true;
      packet.checksumStart = Ipv4Header.LENGTH;
      packet.checksumOffset = TCP_CHECKSUM_OFFSET;
    } else {
      checksum = Checksum.finish(Checksum.sum(packet.memory, start(), tcpBytes, pseudo));
    }
    wisp.core.wire.TcpHeader.writeChecksum(packet.memory, start(), checksum);
    if (segmentBytes > 0) {
      packet.segmentBytes = segmentBytes;
      packet.headerBytes = Ipv4Header.LENGTH + headerBytes;
    }
    sendTransport(Ipv4Header.PROTOCOL_TCP, source, destination, ttl, dscp, tcpBytes);
  }

  /** Sends what was written, its transport checksum complete. */
  public void sendTransport(
      int protocol, int source, int destination, int ttl, int dscp, int transportBytes) {
    int total = Ipv4Header.LENGTH + transportBytes;
    Ipv4Header.write(packet.memory, packet.start, total, protocol, source, destination, ttl, dscp);
    packet.length = total;
    counters.add(Event.PACKETS_SENT);
    link.commit(packet);
  }
}
