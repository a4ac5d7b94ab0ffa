package wisp.drivers.faults;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.drivers.Framing;
import wisp.drivers.WireChecksum;

/**
 * Cuts a received TCP packet that stands for several segments into those that a wire would carry,
 * as a network card does before it sends: each with headers and complete checksums of its own, FIN
 * and PSH in the last one only, CWR in the first, the IPv4 identification counting up.
 *
 * <p>A packet that says nothing of segments but is larger than the link's MTU is cut at the MTU.
 * What is no TCP, a fragment, or malformed is left as it is.
 */
final class SegmentCutter {
  private static final int LARGEST_HEADERS = 18 + 60 + 60;
  private static final int CACHE_LINE = 64;
  private static final int TCP = 6;
  private static final int IPV6_BYTES = 40;
  private static final int FIN_PSH = 0x09;
  private static final int CWR = 0x80;
  private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
  private static final ValueLayout.OfShort BE16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfInt BE32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private final Link.Kind kind;
  private final int mtu;
  private final MemorySegment segment;

  // The packet being cut.
  private MemorySegment memory = MemorySegment.NULL;
  private long start;
  private int ip; // where each header and the payload begin
  private int tcp;
  private int payload;
  private int end;
  private boolean spoilt;
  private int segmentBytes;
  private int at; // where the next segment's payload begins
  private int length;

  /**
   * A cutter.
   *
   * @param mtu no segment is larger, in bytes of IP
   */
  SegmentCutter(Link.Kind kind, int mtu) {
    this.kind = kind;
    this.mtu = mtu;
    segment = Arena.ofAuto().allocate(mtu + (long) LARGEST_HEADERS, CACHE_LINE);
  }

  /**
   * Takes up packet {@code i} of a burst; its memory is read until the last {@link #next}.
   *
   * @return whether it must be cut; otherwise it passes as it is
   */
  boolean begin(Burst burst, int i) {
    int bytes = burst.length(i);
    if (burst.segmentBytes(i) == 0 && bytes <= mtu) {
      return false;
    }
    memory = burst.memory(i);
    start = burst.start(i);
    ip = Framing.ipOffset(kind, memory, start, bytes);
    if (ip < 0 || !findHeaders(bytes)) {
      return false;
    }
    int most = mtu - (payload - ip);
    segmentBytes = burst.segmentBytes(i) == 0 ? most : Math.min(most, burst.segmentBytes(i));
    if (segmentBytes < 1 || end - payload <= segmentBytes) {
      return false;
    }
    at = payload;
    spoilt = (burst.flags(i) & Burst.CHECKSUM_TRUSTED) == 0 && !checksumIsRight();
    return true;
  }

  /** Makes the next segment; false when there is none left. */
  boolean next() {
    if (at >= end) {
      return false;
    }
    int bytes = Math.min(segmentBytes, end - at);
    MemorySegment.copy(memory, start, segment, 0, payload);
    MemorySegment.copy(memory, start + at, segment, payload, bytes);
    length = payload + bytes;
    int number = (at - payload) / segmentBytes;
    if (isIpv6()) {
      segment.set(BE16, ip + 4L, (short) (length - ip - IPV6_BYTES));
    } else {
      segment.set(BE16, ip + 2L, (short) (length - ip));
      segment.set(BE16, ip + 4L, (short) (memory.get(BE16, start + ip + 4) + number));
      segment.set(BE16, ip + 10L, (short) 0);
      segment.set(BE16, ip + 10L, (short) WireChecksum.ofIpv4Header(segment, ip, tcp - ip));
    }
    segment.set(BE32, tcp + 4L, memory.get(BE32, start + tcp + 4) + at - payload);
    int flags = segment.get(BYTE, tcp + 13L);
    flags &= number > 0 ? ~CWR : -1;
    flags &= at + bytes < end ? ~FIN_PSH : -1;
    segment.set(BYTE, tcp + 13L, (byte) flags);
    int checksum = WireChecksum.checksum(WireChecksum.of(segment, ip, length - ip));
    segment.set(BE16, tcp + 16L, (short) (spoilt ? ~checksum : checksum));
    at += bytes;
    return true;
  }

  /** Where the segment lies, until the next one is made; it begins at 0. */
  MemorySegment memory() {
    return segment;
  }

  /** Its bytes. */
  int length() {
    return length;
  }

  /** Finds TCP and its payload in what Framing has found to be IP. */
  private boolean findHeaders(int available) {
    int total;
    if (isIpv6()) {
      tcp = ip + IPV6_BYTES;
      total = IPV6_BYTES + (memory.get(BE16, start + ip + 4) & 0xFFFF);
      if (memory.get(BYTE, start + ip + 6) != TCP) {
        return false;
      }
    } else {
      tcp = ip + (memory.get(BYTE, start + ip) & 0xF) * 4;
      total = memory.get(BE16, start + ip + 2) & 0xFFFF;
      if (tcp - ip < 20
          || memory.get(BYTE, start + ip + 9) != TCP
          || (memory.get(BE16, start + ip + 6) & 0x3FFF) != 0) {
        return false;
      }
    }
    end = ip + total;
    if (end > available || tcp + 20 > end) {
      return false;
    }
    payload = tcp + (memory.get(BYTE, start + tcp + 12) >> 4 & 0xF) * 4;
    return payload >= tcp + 20 && payload <= end;
  }

  private boolean isIpv6() {
    return (memory.get(BYTE, start + ip) >> 4 & 0xF) == 6;
  }

  /** A new checksum must not heal what the old one would have found. */
  private boolean checksumIsRight() {
    long right = WireChecksum.of(memory, start + ip, end - ip);
    return right != WireChecksum.NONE
        && (memory.get(BE16, start + tcp + 16) & 0xFFFF) == WireChecksum.checksum(right);
  }
}
