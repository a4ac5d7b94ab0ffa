package wisp.lab.sim;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import wisp.core.ip.IpAddress;
import wisp.core.wire.Checksum;
import wisp.core.wire.EthernetHeader;
import wisp.core.wire.HardwareAddress;
import wisp.core.wire.Icmpv6Header;
import wisp.core.wire.Ipv6Header;

/** Frames that a test makes up. */
final class Frames {
  private static final long ALL_NODES_HIGH = 0xFF02L << 48;
  private static final int IPV6_START = 14;
  private static final int TCP_BYTES = 20;

  private Frames() {}

  static long high(String address) {
    return IpAddress.parse(address).high();
  }

  static long low(String address) {
    return IpAddress.parse(address).low();
  }

  /** An ICMPv6 message to all nodes, with hop limit 255. */
  static byte[] icmpv6(long station, long sourceHigh, long sourceLow, byte[] message) {
    byte[] frame = new byte[54 + message.length];
    var m = MemorySegment.ofArray(frame);
    System.arraycopy(message, 0, frame, 54, message.length);
    EthernetHeader.write(
        m, 0, HardwareAddress.ofMulticast(ALL_NODES_HIGH, 1), station, EthernetHeader.TYPE_IPV6);
    Ipv6Header.write(
        m, IPV6_START, message.length, 58, sourceHigh, sourceLow, ALL_NODES_HIGH, 1, 255, 0, 0);
    Icmpv6Header.completeChecksum(m, 54, message.length, sourceHigh, sourceLow, ALL_NODES_HIGH, 1);
    return frame;
  }

  /** A neighbour advertisement that names a station. */
  static byte[] advertisement(int flags, String target, long station) {
    return ByteBuffer.allocate(32)
        .putInt(136 << 24)
        .putInt(flags)
        .putLong(high(target))
        .putLong(low(target))
        .putShort((short) 0x0201)
        .putShort((short) (station >>> 32))
        .putInt((int) station)
        .array();
  }

  /** A router's advertisement, by fe80::99 at 02:00:00:00:00:99. */
  static byte[] router(int lifetimeSeconds, byte[]... options) {
    int bytes = 16;
    for (byte[] option : options) {
      bytes += option.length;
    }
    var message = ByteBuffer.allocate(bytes).putInt(134 << 24).putInt(64 << 24 | lifetimeSeconds);
    message.putLong(0);
    for (byte[] option : options) {
      message.put(option);
    }
    return icmpv6(0x0200_0000_0099L, high("fe80::99"), low("fe80::99"), message.array());
  }

  /** On the link, and good for addresses. */
  static byte[] prefix(String prefix, int validSeconds, int preferredSeconds) {
    return ByteBuffer.allocate(32)
        .putInt(0x0304_40C0)
        .putInt(validSeconds)
        .putInt(preferredSeconds)
        .putInt(0)
        .putLong(high(prefix))
        .putLong(0)
        .array();
  }

  static byte[] mtu(int bytes) {
    return ByteBuffer.allocate(8).putInt(0x0501_0000).putInt(bytes).array();
  }

  /** A SYN for a closed port from the {@code number}-th neighbour that does not exist. */
  static byte[] syn(boolean ipv4, String to, long station, int number) {
    return ipv4 ? synIpv4(to, station, number) : synIpv6(to, station, number);
  }

  private static byte[] synIpv4(String to, long station, int number) {
    byte[] frame = new byte[60];
    var m = MemorySegment.ofArray(frame);
    EthernetHeader.write(m, 0, station, 0x0200_0000_0088L, EthernetHeader.TYPE_IPV4);
    int source = 10 << 24 | number;
    var ip = ByteBuffer.wrap(frame, 14, 40);
    ip.putInt(0x4500_0028).putInt(0).putInt(64 << 24 | 6 << 16).putInt(source);
    ip.putInt((int) low(to));
    tcp(ip);
    Checksum.write(m, 24, Checksum.finish(Checksum.sum(m, 14, 20, 0)));
    var pseudo = ByteBuffer.allocate(12).putInt(source).putInt((int) low(to)).putInt(6 << 16 | 20);
    checksum(m, 34, pseudo);
    return frame;
  }

  private static byte[] synIpv6(String to, long station, int number) {
    byte[] frame = new byte[74];
    var m = MemorySegment.ofArray(frame);
    EthernetHeader.write(m, 0, station, 0x0200_0000_0088L, EthernetHeader.TYPE_IPV6);
    long sourceHigh = high("fd00::");
    Ipv6Header.write(m, 14, TCP_BYTES, 6, sourceHigh, number, high(to), low(to), 64, 0, 0);
    tcp(ByteBuffer.wrap(frame, 54, TCP_BYTES));
    var pseudo =
        ByteBuffer.allocate(40)
            .putLong(sourceHigh)
            .putLong(number)
            .putLong(high(to))
            .putLong(low(to))
            .putInt(TCP_BYTES)
            .putInt(6);
    checksum(m, 54, pseudo);
    return frame;
  }

  private static void tcp(ByteBuffer at) {
    at.putInt(4_000 << 16 | 81).putInt(1).putInt(0).putInt(0x5002_1000).putInt(0);
  }

  private static void checksum(MemorySegment m, long tcp, ByteBuffer pseudo) {
    long sum = Checksum.sum(MemorySegment.ofArray(pseudo.array()), 0, pseudo.capacity(), 0);
    Checksum.write(m, tcp + 16, Checksum.finish(Checksum.sum(m, tcp, TCP_BYTES, sum)));
  }

  /** Whether a frame asks the link for an address, by ARP or neighbour discovery. */
  static boolean asksFor(byte[] frame, String address) {
    var bytes = ByteBuffer.wrap(frame);
    if (TappedLink.type(frame) == EthernetHeader.TYPE_ARP) {
      return bytes.getInt(38) == (int) low(address) && bytes.getInt(28) != bytes.getInt(38);
    }
    return (frame[54] & 0xFF) == 135
        && bytes.getLong(22) != 0
        && bytes.getLong(62) == high(address)
        && bytes.getLong(70) == low(address);
  }
}
