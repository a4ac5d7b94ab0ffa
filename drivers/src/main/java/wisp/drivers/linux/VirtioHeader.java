package wisp.drivers.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import wisp.core.spi.Burst;
import wisp.core.spi.LinkOffloads;
import wisp.core.spi.TransmitPacket;

/**
 * The header before a packet by which kernel and we tell each other what is left to do, the same
 * for TUN, TAP and AF_PACKET:
 *
 * <pre>
 *   struct virtio_net_hdr   flags 1 │ gso type 1 │ header bytes 2 │ gso size 2 │ checksum start 2 │ checksum offset 2
 *   flags: 1 checksum is partial, 2 checksum has been verified           gso type: 1 TCP/IPv4, 4 TCP/IPv6, |128 ECN
 * </pre>
 */
public final class VirtioHeader {
  /** Its length. */
  public static final int BYTES = 10;

  private static final int FLAGS = 0;
  private static final int GSO_TYPE = 1;
  private static final int HEADER_LENGTH = 2;
  private static final int GSO_SIZE = 4;
  private static final int CHECKSUM_START = 6;
  private static final int CHECKSUM_OFFSET = 8;
  private static final int NEEDS_CSUM = 1;
  private static final int DATA_VALID = 2;
  private static final int GSO_TCPV4 = 1;
  private static final int GSO_TCPV6 = 4;
  private static final int GSO_ECN = 0x80;
  private static final int TCP_FLAGS_OFFSET = 13;
  private static final int CWR = 0x80;
  private static final int SMALLEST_IP_PACKET = 20;
  private static final int LARGEST_SEGMENTED = 65_535; // the IPv4 length field
  private static final ValueLayout.OfShort LE16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private VirtioHeader() {}

  /** What a link whose packets have this header does for the stack. */
  public static LinkOffloads offloads(boolean on) {
    return on ? new LinkOffloads(true, LARGEST_SEGMENTED) : LinkOffloads.NONE;
  }

  /**
   * Adds a received packet to a burst. A partial checksum is trusted: there was no wire that could
   * have spoilt it.
   *
   * @param start of the packet; the header lies directly before it
   */
  public static void add(Burst burst, MemorySegment memory, long start, int length) {
    add(burst, memory, start, length, false);
  }

  /**
   * As above.
   *
   * @param vouched whether its checksum is known to be right or partial by other means
   */
  public static void add(
      Burst burst, MemorySegment memory, long start, int length, boolean vouched) {
    long at = start - BYTES;
    int flags = memory.get(ValueLayout.JAVA_BYTE, at + FLAGS);
    boolean trusted = vouched || (flags & (NEEDS_CSUM | DATA_VALID)) != 0;
    int gsoType = memory.get(ValueLayout.JAVA_BYTE, at + GSO_TYPE);
    int segmentBytes = gsoType == 0 ? 0 : memory.get(LE16, at + GSO_SIZE) & 0xFFFF;
    burst.add(memory, start, length, trusted ? Burst.CHECKSUM_TRUSTED : 0, segmentBytes);
  }

  /**
   * Whether a received packet is one segment, or several of TCP. Datagrams that the kernel has put
   * together can't be told apart any more by who gets only their bytes.
   */
  public static boolean isWholeOrTcp(MemorySegment memory, long start) {
    int gsoType = memory.get(ValueLayout.JAVA_BYTE, start - BYTES + GSO_TYPE) & 0xFF & ~GSO_ECN;
    return gsoType == 0 || gsoType == GSO_TCPV4 || gsoType == GSO_TCPV6;
  }

  /**
   * Writes the header of a packet to be sent directly before it.
   *
   * @param frameBytes of the Ethernet header; 0: there is none
   */
  public static void write(TransmitPacket packet, int frameBytes) {
    MemorySegment memory = packet.memory;
    long start = packet.start;
    long at = start - BYTES;
    boolean cut = packet.segmentBytes > 0;
    int gsoType = 0;
    if (cut) {
      gsoType =
          (memory.get(ValueLayout.JAVA_BYTE, start + frameBytes) & 0xF0) == 0x60
              ? GSO_TCPV6
              : GSO_TCPV4;
      int tcpFlags =
          memory.get(ValueLayout.JAVA_BYTE, start + packet.checksumStart + TCP_FLAGS_OFFSET);
      gsoType |= (tcpFlags & CWR) != 0 ? GSO_ECN : 0; // CWR belongs to the first segment only
    }
    memory.set(ValueLayout.JAVA_BYTE, at + FLAGS, (byte) (packet.needsChecksum ? NEEDS_CSUM : 0));
    memory.set(ValueLayout.JAVA_BYTE, at + GSO_TYPE, (byte) gsoType);
    memory.set(LE16, at + HEADER_LENGTH, (short) (cut ? frameBytes + packet.headerBytes : 0));
    memory.set(LE16, at + GSO_SIZE, (short) (cut ? packet.segmentBytes : 0));
    memory.set(
        LE16, at + CHECKSUM_START, (short) (packet.needsChecksum ? packet.checksumStart : 0));
    memory.set(
        LE16, at + CHECKSUM_OFFSET, (short) (packet.needsChecksum ? packet.checksumOffset : 0));
  }

  /**
   * Whether a packet is nothing that the kernel would believe without looking, or refuse.
   *
   * @param mtu of an IP packet, in bytes
   */
  public static boolean isSendable(TransmitPacket packet, int frameBytes, int mtu) {
    if (packet.length < (frameBytes > 0 ? frameBytes : SMALLEST_IP_PACKET)) {
      return false;
    }
    int ipBytes = packet.totalLength() - frameBytes;
    if (packet.segmentBytes == 0 ? ipBytes > mtu : ipBytes > LARGEST_SEGMENTED) {
      return false;
    }
    if (packet.needsChecksum
        && (packet.checksumStart < frameBytes + SMALLEST_IP_PACKET
            || packet.checksumOffset < 0
            || packet.checksumStart + packet.checksumOffset + 2 > packet.length)) {
      return false;
    }
    return packet.segmentBytes == 0
        || (packet.segmentBytes > 0
            && frameBytes + packet.headerBytes >= packet.checksumStart + TCP_FLAGS_OFFSET + 1
            && packet.headerBytes + packet.segmentBytes <= mtu
            && packet.headerBytes <= ipBytes);
  }
}
