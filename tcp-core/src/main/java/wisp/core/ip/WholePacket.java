package wisp.core.ip;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import wisp.core.memory.Blocks;
import wisp.core.wire.Checksum;

/**
 * Where a datagram is put together as one packet, and a first fragment once more for the error that
 * quotes it. A buffer for the longest packet is made when the first one is written.
 */
final class WholePacket {
  private static final ValueLayout.OfShort BE16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfInt BE32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  static final int IPV6_HEADER = 40;
  private static final int FRAGMENT_HEADER = 8;
  private static final int MORE_FRAGMENTS = 1;
  private static final int LONGEST = IPV6_HEADER + 0xFFFF;

  private final Blocks blocks;
  private final FragmentText text;
  private MemorySegment memory = MemorySegment.NULL;
  private int length;

  WholePacket(Blocks blocks, FragmentText text) {
    this.blocks = blocks;
    this.text = text;
  }

  MemorySegment memory() {
    return memory;
  }

  int length() {
    return length;
  }

  /** A datagram of which everything came. */
  void join(PartialDatagram d) {
    begin(d.headerLength + d.total);
    copyHeader(d);
    text.copy(d, d.total, memory, d.headerLength);
    finish(d.ipv6, d.headerLength, d.nextHeaderFieldOffset, d.protocol);
    if (d.isCongestionExperienced()) {
      markCongestion(d.ipv6);
    }
    if (!d.ipv6) {
      writeIpv4Checksum(d.headerLength);
    }
  }

  /** A fragment that is a datagram by itself (RFC 6946). */
  void join(
      boolean ipv6,
      MemorySegment from,
      long headerStart,
      int headerLength,
      int nextHeaderFieldOffset,
      int protocol,
      long dataStart,
      int dataLength) {
    begin(headerLength + dataLength);
    MemorySegment.copy(from, headerStart, memory, 0, headerLength);
    MemorySegment.copy(from, dataStart, memory, headerLength, dataLength);
    finish(ipv6, headerLength, nextHeaderFieldOffset, protocol);
    if (!ipv6) {
      writeIpv4Checksum(headerLength);
    }
  }

  /** The first fragment as it came; of a fragment header the reserved bits are lost. */
  void firstFragment(PartialDatagram d) {
    int fragmentHeader = d.ipv6 ? FRAGMENT_HEADER : 0;
    begin(d.headerLength + fragmentHeader + d.firstLength);
    copyHeader(d);
    if (d.ipv6) {
      memory.set(BE32, d.headerLength, d.protocol << 24 | MORE_FRAGMENTS);
      memory.set(BE32, d.headerLength + 4, d.identification);
    }
    text.copy(d, d.firstLength, memory, d.headerLength + fragmentHeader);
  }

  private void begin(int bytes) {
    if (memory.byteSize() == 0) {
      memory = MemorySegment.ofArray(new byte[LONGEST]);
    }
    length = bytes;
  }

  private void copyHeader(PartialDatagram d) {
    int block = d.headerBlock;
    MemorySegment.copy(blocks.memory(block), blocks.start(block), memory, 0, d.headerLength);
  }

  /** The header of a packet that never was cut, but for the IPv4 checksum. */
  private void finish(boolean ipv6, int headerLength, int nextHeaderFieldOffset, int protocol) {
    if (ipv6) {
      assert nextHeaderFieldOffset >= 6 && nextHeaderFieldOffset < headerLength;
      memory.set(BE16, 4, (short) (length - IPV6_HEADER));
      memory.set(ValueLayout.JAVA_BYTE, nextHeaderFieldOffset, (byte) protocol);
    } else {
      memory.set(BE16, 2, (short) length);
      memory.set(BE16, 6, (short) 0);
    }
  }

  /** RFC 3168 §5.3. The two bits are the lowest of the traffic class, or type of service. */
  private void markCongestion(boolean ipv6) {
    int bits = ipv6 ? 0x30 : 0x03;
    memory.set(ValueLayout.JAVA_BYTE, 1, (byte) (memory.get(ValueLayout.JAVA_BYTE, 1) | bits));
  }

  private void writeIpv4Checksum(int headerLength) {
    memory.set(BE16, 10, (short) 0);
    memory.set(BE16, 10, (short) Checksum.finish(Checksum.sum(memory, 0, headerLength, 0)));
  }

  long reservedBytes() {
    return memory.byteSize();
  }
}
