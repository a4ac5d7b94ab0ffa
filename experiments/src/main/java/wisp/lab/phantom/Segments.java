package wisp.lab.phantom;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * IPv4 and TCP headers, byte by byte. On purpose not the stack's own cursors: an error in those
 * would otherwise be made twice and cancel itself out.
 */
final class Segments {
  static final int FIN = 1;
  static final int SYN = 2;
  static final int RST = 4;
  static final int ACK = 16;

  static final ValueLayout.OfShort BE16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  static final ValueLayout.OfInt BE32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private static final int IP_BYTES = 20;
  private static final int TCP_BYTES = 20;
  private static final int TTL = 64;
  private static final int PROTOCOL_TCP = 6;

  private Segments() {}

  /** Both headers; options must already lie at {@code at + 40}. Returns the packet's length. */
  static int write(
      MemorySegment m,
      long at,
      int source,
      int sourcePort,
      int destination,
      int destinationPort,
      int seq,
      int ack,
      int flags,
      int window,
      int optionBytes) {
    return write(
        m,
        at,
        source,
        sourcePort,
        destination,
        destinationPort,
        seq,
        ack,
        flags,
        window,
        optionBytes,
        0,
        0);
  }

  /** The same before a payload whose sum is known. */
  static int write(
      MemorySegment m,
      long at,
      int source,
      int sourcePort,
      int destination,
      int destinationPort,
      int seq,
      int ack,
      int flags,
      int window,
      int optionBytes,
      int payloadBytes,
      long payloadSum) {
    int tcpLength = TCP_BYTES + optionBytes;
    int length = IP_BYTES + tcpLength + payloadBytes;
    m.set(BE16, at, (short) 0x4500);
    m.set(BE16, at + 2, (short) length);
    m.set(BE32, at + 4, 0x4000); // no identification needed with don't-fragment (RFC 6864)
    m.set(BE16, at + 8, (short) (TTL << 8 | PROTOCOL_TCP));
    m.set(BE16, at + 10, (short) 0);
    m.set(BE32, at + 12, source);
    m.set(BE32, at + 16, destination);
    m.set(BE16, at + 10, (short) ~fold(sum(m, at, IP_BYTES)));

    long tcp = at + IP_BYTES;
    m.set(BE16, tcp, (short) sourcePort);
    m.set(BE16, tcp + 2, (short) destinationPort);
    m.set(BE32, tcp + 4, seq);
    m.set(BE32, tcp + 8, ack);
    m.set(BE16, tcp + 12, (short) ((tcpLength / 4) << 12 | flags));
    m.set(BE16, tcp + 14, (short) window);
    m.set(BE32, tcp + 16, 0);
    long sum = sum(m, at + 12, 8) + PROTOCOL_TCP + tcpLength + payloadBytes;
    m.set(BE16, tcp + 16, (short) ~fold(sum + sum(m, tcp, tcpLength) + payloadSum));
    return length;
  }

  /**
   * Maximum segment size, SACK permitted, timestamps, window scale: 20 bytes, as Linux orders them.
   */
  static int synOptions(MemorySegment m, long at, int mss, int timestamp, int windowScale) {
    m.set(BE32, at, 2 << 24 | 4 << 16 | mss);
    m.set(BE32, at + 4, 4 << 24 | 2 << 16 | 8 << 8 | 10);
    m.set(BE32, at + 8, timestamp);
    m.set(BE32, at + 12, 0);
    m.set(BE32, at + 16, 1 << 24 | 3 << 16 | 3 << 8 | windowScale);
    return 20;
  }

  /** Timestamps: 12 bytes. */
  static int timestampOption(MemorySegment m, long at, int timestamp, int echo) {
    m.set(BE32, at, 1 << 24 | 1 << 16 | 8 << 8 | 10);
    m.set(BE32, at + 4, timestamp);
    m.set(BE32, at + 8, echo);
    return 12;
  }

  /** Where the value of option {@code kind} begins in a TCP header, or −1. */
  static long option(MemorySegment m, long tcp, int headerBytes, int kind) {
    long at = tcp + TCP_BYTES;
    long end = tcp + headerBytes;
    while (at < end) {
      int found = m.get(JAVA_BYTE, at) & 255;
      if (found == 0) {
        return -1;
      }
      if (found == 1) {
        at++;
        continue;
      }
      int length = at + 1 < end ? m.get(JAVA_BYTE, at + 1) & 255 : 0;
      if (length < 2 || at + length > end) {
        return -1;
      }
      if (found == kind) {
        return at + 2;
      }
      at += length;
    }
    return -1;
  }

  /**
   * The Internet checksum (RFC 1071), before its complement, of the TCP segment in a packet,
   * pseudo-header included.
   */
  static int tcpSum(MemorySegment m, long packet, int tcpLength) {
    long sum = sum(m, packet + 12, 8) + PROTOCOL_TCP + tcpLength;
    return fold(sum + sum(m, packet + IP_BYTES, tcpLength));
  }

  static long sum(MemorySegment m, long at, int length) {
    long sum = 0;
    int i = 0;
    for (; i + 1 < length; i += 2) {
      sum += m.get(BE16, at + i) & 0xFFFF;
    }
    return i < length ? sum + ((m.get(JAVA_BYTE, at + i) & 255) << 8) : sum;
  }

  static int fold(long sum) {
    long folded = sum;
    while (folded >>> 16 != 0) {
      folded = (folded & 0xFFFF) + (folded >>> 16);
    }
    return (int) folded;
  }
}
