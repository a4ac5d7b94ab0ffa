package wisp.core.link;

import java.lang.foreign.MemorySegment;
import wisp.core.Counters;
import wisp.core.Counters.Event;
import wisp.core.spi.Link;
import wisp.core.spi.TransmitPacket;
import wisp.core.wire.EthernetHeader;

/**
 * Writes frames into the link's transmit memory. Use: {@link #begin}, write the packet at {@link
 * #memory}, {@link #start} …, then {@link #send} or {@link #cancel}. Addresses are taken at the
 * end. A frame shorter than Ethernet's least is padded by the link.
 */
public final class EthernetOutput {
  private final Link link;
  private final Counters counters;
  private final TransmitPacket packet = new TransmitPacket();

  /**
   * Over a link of kind Ethernet.
   *
   * @throws IllegalArgumentException when it is of another kind
   */
  public EthernetOutput(Link link, Counters counters) {
    if (link.kind() != Link.Kind.ETHERNET) {
      throw new IllegalArgumentException(
          "link " + link.name() + " carries " + link.kind() + ", not Ethernet frames");
    }
    this.link = link;
    this.counters = counters;
  }

  /** Our station. */
  public long hardwareAddress() {
    return link.hardwareAddress();
  }

  /** The largest packet that fits in a frame, in bytes. */
  public int maxPacketBytes() {
    return link.mtu();
  }

  /** Claims room for a packet; false: the link is full (counted), nothing to undo. */
  public boolean begin(int packetBytes) {
    if (link.claim(EthernetHeader.LENGTH + packetBytes, packet)) {
      return true;
    }
    counters.add(Event.DROP_LINK_FULL);
    return false;
  }

  /** Where the packet is to be written; borrowed until it is sent. */
  public MemorySegment memory() {
    return packet.memory;
  }

  /** First byte of the packet, behind the Ethernet header. */
  public long start() {
    return packet.start + EthernetHeader.LENGTH;
  }

  /**
   * What the link is asked to complete, for checksum and segmentation offload. Offsets there count
   * from the frame's start, Ethernet header included.
   */
  public TransmitPacket packet() {
    return packet;
  }

  /**
   * Sends what was written.
   *
   * @param destination the station, or a group
   * @param packetBytes written, at most what {@link #begin} was asked for
   */
  public void send(long destination, int etherType, int packetBytes) {
    EthernetHeader.write(
        packet.memory, packet.start, destination, link.hardwareAddress(), etherType);
    packet.length = EthernetHeader.LENGTH + packetBytes;
    counters.add(Event.PACKETS_SENT);
    link.commit(packet);
  }

  /**
   * Sends a copy of a packet that lies elsewhere, such as one that has waited for its neighbour.
   */
  public void sendCopy(
      long destination, int etherType, MemorySegment memory, long start, int packetBytes) {
    if (begin(packetBytes)) {
      MemorySegment.copy(memory, start, memory(), start(), packetBytes);
      send(destination, etherType, packetBytes);
    }
  }

  /** Gives a claim back unsent. */
  public void cancel() {
    link.cancel(packet);
  }
}
