package wisp.core.stack;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import wisp.core.ip.IpAddress;
import wisp.core.wire.Ipv4Header;

/**
 * A glance at a packet that may be a TCP segment: addresses and ports, nothing checked but that
 * they are there. What it says is a hint; the protocol reads the packet again.
 */
final class LookAhead {
  private static final ValueLayout.OfLong BE64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfInt BE32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private static final int IPV4_PROTOCOL = 9;
  private static final int IPV4_SOURCE = 12;
  private static final int IPV4_DESTINATION = 16;
  private static final int IPV6_NEXT_HEADER = 6;
  private static final int IPV6_SOURCE = 8;
  private static final int IPV6_DESTINATION = 24;
  private static final int IPV6_LENGTH = 40;

  long sourceHigh;
  long sourceLow;
  long destinationHigh;
  long destinationLow;
  int sourcePort;
  int destinationPort;

  /** Whether it looks like TCP right behind the IP header. */
  boolean look(MemorySegment m, long start, int length) {
    if (length < Ipv4Header.LENGTH) {
      return false;
    }
    int first = m.get(ValueLayout.JAVA_BYTE, start);
    return switch (first >>> 4 & 15) {
      case 4 -> lookIpv4(m, start, length, (first & 15) * 4);
      case 6 -> lookIpv6(m, start, length);
      default -> false;
    };
  }

  private boolean lookIpv4(MemorySegment m, long start, int length, int headerLength) {
    if (m.get(ValueLayout.JAVA_BYTE, start + IPV4_PROTOCOL) != Ipv4Header.PROTOCOL_TCP
        || length < headerLength + 4) {
      return false;
    }
    sourceHigh = 0;
    destinationHigh = 0;
    sourceLow = IpAddress.mapped(m.get(BE32, start + IPV4_SOURCE));
    destinationLow = IpAddress.mapped(m.get(BE32, start + IPV4_DESTINATION));
    ports(m.get(BE32, start + headerLength));
    return true;
  }

  private boolean lookIpv6(MemorySegment m, long start, int length) {
    if (length < IPV6_LENGTH + 4
        || m.get(ValueLayout.JAVA_BYTE, start + IPV6_NEXT_HEADER) != Ipv4Header.PROTOCOL_TCP) {
      return false;
    }
    sourceHigh = m.get(BE64, start + IPV6_SOURCE);
    sourceLow = m.get(BE64, start + IPV6_SOURCE + 8);
    destinationHigh = m.get(BE64, start + IPV6_DESTINATION);
    destinationLow = m.get(BE64, start + IPV6_DESTINATION + 8);
    ports(m.get(BE32, start + IPV6_LENGTH));
    return true;
  }

  private void ports(int both) {
    sourcePort = both >>> 16;
    destinationPort = both & 0xFFFF;
  }
}
