package wisp.drivers;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import wisp.core.spi.Link;

/** Where in what a link carries the IP packet begins. */
public final class Framing {
  /** Bytes of an Ethernet header without a VLAN tag: destination 6 │ source 6 │ EtherType 2. */
  public static final int ETHERNET_BYTES = 14;

  /** What a VLAN tag adds (IEEE 802.1Q). */
  public static final int VLAN_TAG_BYTES = 4;

  private static final int ETHER_TYPE = 12;
  private static final int IPV4 = 0x0800;
  private static final int IPV6 = 0x86DD;
  private static final int VLAN = 0x8100;
  private static final ValueLayout.OfShort BE16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private Framing() {}

  /** Bytes that we put before an IP packet on a link of this kind. */
  public static int headerBytes(Link.Kind kind) {
    return kind == Link.Kind.ETHERNET ? ETHERNET_BYTES : 0;
  }

  /**
   * Bytes before the IP header, at most one VLAN tag included; −1 when this is no IP packet, such
   * as ARP.
   */
  public static int ipOffset(Link.Kind kind, MemorySegment memory, long start, int length) {
    if (kind == Link.Kind.IP) {
      return isIp(memory, start, length) ? 0 : -1;
    }
    int at = ETHER_TYPE;
    if (length >= ETHERNET_BYTES + VLAN_TAG_BYTES
        && (memory.get(BE16, start + at) & 0xFFFF) == VLAN) {
      at += VLAN_TAG_BYTES;
    }
    if (length < at + 2) {
      return -1;
    }
    int type = memory.get(BE16, start + at) & 0xFFFF;
    return (type == IPV4 || type == IPV6) && isIp(memory, start + at + 2, length - at - 2)
        ? at + 2
        : -1;
  }

  /** Long enough for the header of its version. */
  private static boolean isIp(MemorySegment memory, long start, int length) {
    if (length < 20) {
      return false;
    }
    int version = memory.get(ValueLayout.JAVA_BYTE, start) >> 4 & 0xF;
    return version == 4 || (version == 6 && length >= 40);
  }
}
