package wisp.drivers.faults;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** What a router with active queue management does instead of dropping a packet (RFC 3168 §5). */
final class EcnMark {
  private static final ValueLayout.OfShort BE16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final int IPV4_CHECKSUM = 10;
  private static final int NOT_ECT = 0;
  private static final int CE = 3;

  private EcnMark() {}

  /**
   * Marks a whole IP packet that says it may be.
   *
   * @return false: it says no (Not-ECT), or has a mark already
   */
  static boolean set(MemorySegment memory, long ip) {
    boolean ipv6 = (memory.get(ValueLayout.JAVA_BYTE, ip) >> 4 & 0xF) == 6;
    int place = ipv6 ? 4 : 0; // of the two bits, in the first 16 of the header
    int old = memory.get(BE16, ip) & 0xFFFF;
    int codePoint = old >>> place & CE;
    if (codePoint == NOT_ECT || codePoint == CE) {
      return false;
    }
    int now = old | CE << place;
    memory.set(BE16, ip, (short) now);
    if (!ipv6) {
      // RFC 1624, equation 3
      int sum = (~memory.get(BE16, ip + IPV4_CHECKSUM) & 0xFFFF) + (~old & 0xFFFF) + now;
      sum = (sum & 0xFFFF) + (sum >>> 16);
      sum = (sum & 0xFFFF) + (sum >>> 16);
      memory.set(BE16, ip + IPV4_CHECKSUM, (short) ~sum);
    }
    return true;
  }
}
