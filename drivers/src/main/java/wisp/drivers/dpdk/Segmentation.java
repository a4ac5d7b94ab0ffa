package wisp.drivers.dpdk;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import wisp.core.spi.TransmitPacket;
import wisp.drivers.Framing;

/**
 * What DPDK wants in the headers of a packet that the device cuts: no checksum of IPv4, and a
 * pseudo-header sum of TCP that leaves the length out, since each segment has its own.
 */
final class Segmentation {
  private static final int IPV4_CHECKSUM = 10;
  private static final ValueLayout.OfShort BE16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private Segmentation() {}

  static void prepare(TransmitPacket packet, boolean ipv4) {
    if (ipv4) {
      long at = packet.start + Framing.ETHERNET_BYTES + IPV4_CHECKSUM;
      packet.memory.set(BE16, at, (short) 0);
    }
    long at = packet.start + packet.checksumStart + packet.checksumOffset;
    int length = packet.totalLength() - packet.checksumStart;
    int sum = (packet.memory.get(BE16, at) & 0xFFFF) + (~length & 0xFFFF);
    packet.memory.set(BE16, at, (short) ((sum & 0xFFFF) + (sum >>> 16)));
  }
}
