package wisp.core.link;

import java.lang.foreign.MemorySegment;
import wisp.core.Counters;
import wisp.core.Counters.Event;
import wisp.core.wire.EthernetHeader;
import wisp.core.wire.HardwareAddress;

/**
 * Which frames are for us: to our station or to a group, from another station, of a type that is
 * spoken here. Groups are told apart by their IP addresses, above.
 */
public final class EthernetInput {
  private final long ownHardware;
  private final Counters counters;

  /** For a station. */
  public EthernetInput(long ownHardware, Counters counters) {
    this.ownHardware = ownHardware;
    this.counters = counters;
  }

  /**
   * Looks at a frame; {@code header} points at it afterwards. Our own frames that a bridge sends
   * back are dropped here: above they would look like a duplicate address.
   *
   * @return whether it may be passed on, as ARP, IPv4 or IPv6 by its type
   */
  public boolean accept(EthernetHeader header, MemorySegment memory, long start, int length) {
    if (header.wrap(memory, start, length)
        && isForUs(header.destination())
        && HardwareAddress.isUnicast(header.source())
        && header.source() != ownHardware
        && isSpoken(header.etherType())) {
      return true;
    }
    counters.add(Event.DROP_ETHERNET);
    return false;
  }

  private boolean isForUs(long destination) {
    return destination == ownHardware
        || destination != 0 && !HardwareAddress.isUnicast(destination);
  }

  private static boolean isSpoken(int etherType) {
    return etherType == EthernetHeader.TYPE_IPV4
        || etherType == EthernetHeader.TYPE_IPV6
        || etherType == EthernetHeader.TYPE_ARP;
  }
}
