package wisp.core.wire;

import java.lang.foreign.MemorySegment;

/**
 * Addresses of Ethernet stations: 48 bits in a {@code long}, the first byte on the wire highest,
 * the upper 16 bits zero.
 */
public final class HardwareAddress {
  /** Bytes on the wire. */
  public static final int LENGTH = 6;

  /** Every station. */
  public static final long BROADCAST = 0xFFFF_FFFF_FFFFL;

  /** No address, or not known yet. */
  public static final long UNKNOWN = -1;

  private static final long GROUP_BIT = 0x0100_0000_0000L;
  private static final long LOCAL_BIT = 0x0200_0000_0000L;

  private HardwareAddress() {}

  /** The six bytes at a place. */
  public static long read(MemorySegment m, long at) {
    return (long) Wire.u16(m, at) << 32 | Wire.i32(m, at + 2) & 0xFFFF_FFFFL;
  }

  /** Writes six bytes. */
  public static void write(MemorySegment m, long at, long address) {
    Wire.u16(m, at, (int) (address >>> 32));
    Wire.i32(m, at + 2, (int) address);
  }

  /** Whether it can be the address of one station: not zero and without the group bit. */
  public static boolean isUnicast(long address) {
    return address > 0 && address <= BROADCAST && (address & GROUP_BIT) == 0;
  }

  /**
   * The group address that carries an IP multicast address: 33:33 and its last four bytes for IPv6
   * (RFC 2464 §7), 01:00:5E and its last 23 bits for IPv4 in the mapped form (RFC 1112 §6.4).
   */
  public static long ofMulticast(long high, long low) {
    return Mapped.isIpv4(high, low)
        ? 0x0100_5E00_0000L | low & 0x7F_FFFF
        : 0x3333_0000_0000L | low & 0xFFFF_FFFFL;
  }

  /**
   * The interface identifier that follows from a station's address: FFFE in its middle, universal
   * bit inverted (RFC 4291 appendix A).
   */
  public static long interfaceIdentifier(long address) {
    long inverted = address ^ LOCAL_BIT;
    return (inverted & 0xFFFF_FF00_0000L) << 16 | 0xFFFEL << 24 | inverted & 0xFF_FFFF;
  }
}
