package wisp.drivers;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.Arrays;
import wisp.core.ip.IpAddress;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.spi.TransmitPacket;

/** Packets for tests, as plain byte arrays. */
public final class Packets {
  public static final int UDP = 17;
  public static final int TCP = 6;
  public static final int ICMP = 1;
  public static final int ICMPV6 = 58;
  public static final int ETHER_IPV4 = 0x0800;
  public static final int ETHER_ARP = 0x0806;
  public static final int ETHER_IPV6 = 0x86DD;

  private Packets() {}

  /** An IPv4 packet with a UDP datagram, checksums complete. */
  public static byte[] udp(String from, int fromPort, String to, int toPort, byte[] payload) {
    var packet = ByteBuffer.allocate(28 + payload.length);
    ipv4Header(packet, UDP, from, to);
    packet.putShort((short) fromPort).putShort((short) toPort);
    packet.putShort((short) (8 + payload.length)).putShort((short) 0).put(payload);
    packet.putShort(26, (short) transportChecksum(packet.array()));
    return packet.array();
  }

  /** An IPv4 packet with a TCP segment (ACK, 20-byte header), checksums complete. */
  public static byte[] tcp(
      String from, int fromPort, String to, int toPort, int seq, byte[] payload) {
    var packet = ByteBuffer.allocate(40 + payload.length);
    ipv4Header(packet, TCP, from, to);
    packet.putShort((short) fromPort).putShort((short) toPort).putInt(seq).putInt(1);
    packet.putShort((short) 0x5010).putShort((short) 1000).putInt(0).put(payload);
    packet.putShort(36, (short) transportChecksum(packet.array()));
    return packet.array();
  }

  /** An IPv6 packet, its checksum complete where {@code checksumAt} in the transport part says. */
  public static byte[] ipv6(
      int protocol, String from, String to, byte[] transport, int checksumAt) {
    byte[] bytes = ipv6Partial(protocol, from, to, transport, checksumAt);
    ByteBuffer.wrap(bytes).putShort(40 + checksumAt, (short) ~sum(bytes, 40, bytes.length, 0));
    return bytes;
  }

  /** The same, its checksum field holding the folded pseudo-header sum. */
  public static byte[] ipv6Partial(
      int protocol, String from, String to, byte[] transport, int checksumAt) {
    var packet = ByteBuffer.allocate(40 + transport.length);
    packet.putInt(0x6000_0000).putShort((short) transport.length);
    packet.put((byte) protocol).put((byte) 64);
    for (String text : new String[] {from, to}) {
      IpAddress address = IpAddress.parse(text);
      packet.putLong(address.high()).putLong(address.low());
    }
    packet.put(transport);
    packet.putShort(40 + checksumAt, (short) pseudoHeaderSumIpv6(packet.array()));
    return packet.array();
  }

  /** The folded pseudo-header sum of an IPv6 packet without extension headers. */
  public static int pseudoHeaderSumIpv6(byte[] packet) {
    int length = packet.length - 40;
    return fold(sum(packet, 8, 40, 0) + (packet[6] & 0xFF) + (length & 0xFFFF) + (length >>> 16));
  }

  /** Whether the transport checksum of an IPv6 packet without extension headers is right. */
  public static boolean ipv6ChecksumIsRight(byte[] packet) {
    return sum(packet, 40, packet.length, pseudoHeaderSumIpv6(packet)) == 0xFFFF;
  }

  /** Whether these bytes are an IPv6 packet with that protocol right after the header. */
  public static boolean isIpv6(byte[] packet, int protocol) {
    return packet.length > 40 && packet[0] >> 4 == 6 && packet[6] == protocol;
  }

  /** The answer to an ICMP echo request of either family, which it must be. */
  public static byte[] echoReply(byte[] request) {
    byte[] reply = request.clone();
    boolean ipv6 = request[0] >> 4 == 6;
    int addresses = ipv6 ? 8 : 12;
    int bytes = ipv6 ? 16 : 4;
    System.arraycopy(request, addresses, reply, addresses + bytes, bytes);
    System.arraycopy(request, addresses + bytes, reply, addresses, bytes);
    int icmp = ipv6 ? 40 : 20;
    reply[icmp] = (byte) (ipv6 ? 129 : 0);
    reply[icmp + 2] = reply[icmp + 3] = 0;
    int pseudo = ipv6 ? pseudoHeaderSumIpv6(reply) : 0;
    ByteBuffer.wrap(reply).putShort(icmp + 2, (short) ~sum(reply, icmp, reply.length, pseudo));
    return reply;
  }

  /** An Ethernet frame without padding. */
  public static byte[] ethernet(long destination, long source, int type, byte[] packet) {
    var frame = ByteBuffer.allocate(14 + packet.length);
    frame.putShort((short) (destination >>> 32)).putInt((int) destination);
    frame.putShort((short) (source >>> 32)).putInt((int) source);
    return frame.putShort((short) type).put(packet).array();
  }

  /** What a frame of that EtherType carries; nothing when it is of another. */
  public static byte[] unframed(byte[] frame, int type) {
    return ByteBuffer.wrap(frame).getShort(12) == (short) type
        ? Arrays.copyOfRange(frame, 14, frame.length)
        : new byte[0];
  }

  private static void ipv4Header(ByteBuffer packet, int protocol, String from, String to) {
    packet.putShort((short) 0x4500).putShort((short) packet.capacity());
    packet.putInt(0x4000).put((byte) 64).put((byte) protocol).putShort((short) 0);
    packet.putInt(IpAddress.parse(from).ipv4()).putInt(IpAddress.parse(to).ipv4());
    packet.putShort(10, (short) ~sum(packet.array(), 0, 20, 0));
  }

  /** The checksum of the transport part of an IPv4 packet whose checksum field is zero. */
  public static int transportChecksum(byte[] packet) {
    return ~sum(packet, 20, packet.length, pseudoHeaderSum(packet)) & 0xFFFF;
  }

  /** Whether IP and transport checksum of an IPv4 packet are right. */
  public static boolean checksumsAreRight(byte[] packet) {
    return sum(packet, 0, 20, 0) == 0xFFFF
        && sum(packet, 20, packet.length, pseudoHeaderSum(packet)) == 0xFFFF;
  }

  /**
   * The folded sum over the pseudo header, not complemented: what a partial checksum field holds.
   */
  public static int pseudoHeaderSum(byte[] packet) {
    return fold(sum(packet, 12, 20, 0) + (packet[9] & 0xFF) + packet.length - 20);
  }

  /** The one's complement sum. */
  public static int sum(byte[] bytes, int from, int to, int sum) {
    for (int i = from; i < to; i++) {
      sum += (i - from & 1) == 0 ? (bytes[i] & 0xFF) << 8 : bytes[i] & 0xFF;
      sum = fold(sum);
    }
    return sum;
  }

  private static int fold(int sum) {
    int folded = (sum & 0xFFFF) + (sum >>> 16);
    return (folded & 0xFFFF) + (folded >>> 16);
  }

  /** A copy of packet {@code i} of a burst. */
  public static byte[] copy(Burst burst, int i) {
    return burst.memory(i).asSlice(burst.start(i), burst.length(i)).toArray(ValueLayout.JAVA_BYTE);
  }

  /** Whether these bytes are an IPv4 packet of that protocol with a plain header. */
  public static boolean isIpv4(byte[] packet, int protocol) {
    return packet.length >= 28 && packet[0] == 0x45 && packet[9] == protocol;
  }

  /** The payload of a UDP packet. */
  public static byte[] udpPayload(byte[] packet) {
    return Arrays.copyOfRange(packet, 28, packet.length);
  }

  /** Claims, writes and commits a packet that needs nothing; false when the claim failed. */
  public static boolean commit(Link link, byte[] bytes) {
    var packet = new TransmitPacket();
    if (!link.claim(bytes.length, packet)) {
      return false;
    }
    MemorySegment.copy(bytes, 0, packet.memory, ValueLayout.JAVA_BYTE, packet.start, bytes.length);
    packet.length = bytes.length;
    link.commit(packet);
    return true;
  }
}
