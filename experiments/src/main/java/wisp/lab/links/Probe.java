package wisp.lab.links;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import wisp.core.spi.Link;
import wisp.drivers.Framing;

/**
 * The small UDP packet that is sent and comes back: 46 bytes of IP, which with an Ethernet header
 * are the least that Ethernet carries.
 *
 * <pre>
 *   Ethernet 14: to │ from │ type      IPv4 20      UDP 8      18 bytes
 * </pre>
 *
 * Addresses and ports can be swapped without touching a checksum: a sum does not care about order.
 */
final class Probe {
  /** Bytes of the IP packet. */
  static final int IP_BYTES = 46;

  /** The kernel's port, where a socket swallows what comes back. */
  static final int KERNEL_PORT = 9_000;

  private static final int IP_HEADER_BYTES = 20;
  private static final int UDP = 17;
  private static final int IPV4 = 0x0800;
  private static final int DONT_FRAGMENT = 0x4000;
  private static final int HOPS = 64;
  private static final int PROTOCOL = 9;
  private static final int SOURCE = 12;
  private static final int DESTINATION = 16;
  private static final int PORTS = 20;
  private static final ValueLayout.OfShort BE16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfInt BE32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private Probe() {}

  /** Bytes of the frame on a link of that kind. */
  static int bytes(Link.Kind kind) {
    return Framing.headerBytes(kind) + IP_BYTES;
  }

  /**
   * Writes one.
   *
   * @param toHardware 48 bits; of no use on a link of kind IP, like {@code fromHardware}
   * @param to IPv4 address
   * @return its length in bytes
   */
  static int write(
      Link.Kind kind,
      MemorySegment memory,
      long start,
      long toHardware,
      long fromHardware,
      int to,
      int toPort,
      int from,
      int fromPort) {
    long ip = start + Framing.headerBytes(kind);
    if (kind == Link.Kind.ETHERNET) {
      hardware(memory, start, toHardware);
      hardware(memory, start + 6, fromHardware);
      memory.set(BE16, start + 12, (short) IPV4);
    }
    memory.asSlice(ip, IP_BYTES).fill((byte) 0);
    memory.set(BE16, ip, (short) 0x4500);
    memory.set(BE16, ip + 2, (short) IP_BYTES);
    memory.set(BE16, ip + 6, (short) DONT_FRAGMENT);
    memory.set(BE16, ip + 8, (short) (HOPS << 8 | UDP));
    memory.set(BE32, ip + SOURCE, from);
    memory.set(BE32, ip + DESTINATION, to);
    memory.set(BE16, ip + 10, (short) ~sum(memory, ip, IP_HEADER_BYTES, 0));
    long udp = ip + PORTS;
    int length = IP_BYTES - IP_HEADER_BYTES;
    memory.set(BE16, udp, (short) fromPort);
    memory.set(BE16, udp + 2, (short) toPort);
    memory.set(BE16, udp + 4, (short) length);
    int pseudo = sum(memory, ip + SOURCE, 8, UDP + length);
    memory.set(BE16, udp + 6, (short) ~sum(memory, udp, length, pseudo));
    return bytes(kind);
  }

  /** Writes a hardware address of 48 bits. */
  static void hardware(MemorySegment memory, long at, long address) {
    memory.set(BE16, at, (short) (address >>> 32));
    memory.set(BE32, at + 2, (int) address);
  }

  /** The folded sum of an even number of bytes. */
  private static int sum(MemorySegment memory, long start, int bytes, int before) {
    int sum = before;
    for (int i = 0; i < bytes; i += 2) {
      sum += memory.get(BE16, start + i) & 0xFFFF;
    }
    sum = (sum & 0xFFFF) + (sum >>> 16);
    return (sum & 0xFFFF) + (sum >>> 16);
  }

  /** Whether a frame is UDP over IPv4 without options: what is sent back. */
  static boolean isOne(Link.Kind kind, MemorySegment memory, long start, int length) {
    if (length < bytes(kind)) {
      return false;
    }
    long ip = start + Framing.headerBytes(kind);
    return (kind == Link.Kind.IP || memory.get(BE16, start + 12) == (short) IPV4)
        && memory.get(ValueLayout.JAVA_BYTE, ip) == 0x45
        && memory.get(ValueLayout.JAVA_BYTE, ip + PROTOCOL) == UDP;
  }

  /** Turns it round: hardware addresses, addresses and ports change places. */
  static void turn(Link.Kind kind, MemorySegment memory, long start) {
    long ip = start + Framing.headerBytes(kind);
    if (kind == Link.Kind.ETHERNET) {
      int high = memory.get(BE32, start);
      short low = memory.get(BE16, start + 4);
      memory.set(BE32, start, memory.get(BE32, start + 6));
      memory.set(BE16, start + 4, memory.get(BE16, start + 10));
      memory.set(BE32, start + 6, high);
      memory.set(BE16, start + 10, low);
    }
    int source = memory.get(BE32, ip + SOURCE);
    memory.set(BE32, ip + SOURCE, memory.get(BE32, ip + DESTINATION));
    memory.set(BE32, ip + DESTINATION, source);
    short port = memory.get(BE16, ip + PORTS);
    memory.set(BE16, ip + PORTS, memory.get(BE16, ip + PORTS + 2));
    memory.set(BE16, ip + PORTS + 2, port);
  }
}
