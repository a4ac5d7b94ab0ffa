package wisp.core.wire;

import java.lang.foreign.MemorySegment;

/**
 * A cursor over an IPv6 header (RFC 8200 §3). It points at bytes, owns none, and one instance is
 * reused for ever. What stands between it and the transport header is for {@link Ipv6Extensions}.
 *
 * <pre>
 *   0       1       2       3
 *  +---+-------+-------------------+
 *  |ver|traffic|    flow label     |  0
 *  +---+-------+---+-------+-------+
 *  | payload length| next h|hop lim|  4
 *  +---------------+-------+-------+
 *  |            source             |  8
 *  |                               |
 *  |          destination          | 24
 *  |                               |
 *  +-------------------------------+ 40
 * </pre>
 */
public final class Ipv6Header {
  /** Bytes of the header. */
  public static final int LENGTH = 40;

  /** The smallest MTU of a link, in bytes (RFC 8200 §5). */
  public static final int MINIMUM_MTU = 1280;

  /** Where the payload length stands, from the header's start: parameter problems point there. */
  public static final int PAYLOAD_LENGTH_OFFSET = 4;

  /** Where the next header field stands, from the header's start. */
  public static final int NEXT_HEADER_OFFSET = 6;

  /** Protocol numbers, as in the last next header field. */
  public static final int PROTOCOL_TCP = Ipv4Header.PROTOCOL_TCP;

  /** See {@link #PROTOCOL_TCP}. */
  public static final int PROTOCOL_UDP = Ipv4Header.PROTOCOL_UDP;

  /** See {@link #PROTOCOL_TCP}. */
  public static final int PROTOCOL_ICMPV6 = 58;

  /** {@link #problem}: the last packet was accepted. */
  public static final int PROBLEM_NONE = 0;

  /** {@link #problem}: shorter than a header, or than its payload length says. */
  public static final int PROBLEM_LENGTH = 1;

  /** {@link #problem}: not version 6. */
  public static final int PROBLEM_VERSION = 2;

  private MemorySegment memory = MemorySegment.NULL;
  private long start;
  private int problem;
  private int payloadLength; // read once: what was checked is what is used

  /**
   * Points at a packet and checks version and length; there is no checksum. When this returns
   * false, only {@link #problem} may be asked.
   *
   * @param m borrowed for as long as this cursor is in use
   * @param start where the header begins
   * @param available bytes from there on, perhaps with padding of the link behind the packet; any
   *     value is allowed
   */
  public boolean wrap(MemorySegment m, long start, int available) {
    assert available <= 0 || Wire.holds(m, start, available);
    problem = check(m, start, available);
    memory = m;
    this.start = start;
    return problem == PROBLEM_NONE;
  }

  private int check(MemorySegment m, long start, int available) {
    if (available < LENGTH) {
      return PROBLEM_LENGTH;
    }
    if (Wire.u8(m, start) >>> 4 != 6) {
      return PROBLEM_VERSION;
    }
    payloadLength = Wire.u16(m, start + PAYLOAD_LENGTH_OFFSET);
    return payloadLength <= available - LENGTH ? PROBLEM_NONE : PROBLEM_LENGTH;
  }

  /** Why the last {@link #wrap} returned false: one of the {@code PROBLEM_} constants. */
  public int problem() {
    return problem;
  }

  /** 6, always. */
  public int version() {
    return Wire.u8(memory, start) >>> 4;
  }

  /** DSCP and ECN together, 0 … 255. */
  public int trafficClass() {
    return Wire.i32(memory, start) >>> 20 & 0xFF;
  }

  /** Differentiated services code point (RFC 2474). */
  public int dscp() {
    return trafficClass() >>> 2;
  }

  /** The two bits of explicit congestion notification (RFC 3168 §5). */
  public int ecn() {
    return trafficClass() & 3;
  }

  /** Flow label, 20 bits (RFC 6437); 0: none. */
  public int flowLabel() {
    return Wire.i32(memory, start) & 0xF_FFFF;
  }

  /**
   * Bytes behind this header, extension headers included. What lies behind them is the link's
   * padding. A jumbogram (RFC 2675) says 0 here and has none as far as we are concerned.
   */
  public int payloadLength() {
    return payloadLength;
  }

  /** Header and payload in bytes. */
  public int totalLength() {
    return LENGTH + payloadLength;
  }

  /** What the payload begins with: a protocol or an extension header. */
  public int nextHeader() {
    return Wire.u8(memory, start + NEXT_HEADER_OFFSET);
  }

  /** Hop limit. */
  public int hopLimit() {
    return Wire.u8(memory, start + 7);
  }

  /** First 64 bits of the source address. */
  public long sourceHigh() {
    return Wire.i64(memory, start + 8);
  }

  /** Last 64 bits of the source address. */
  public long sourceLow() {
    return Wire.i64(memory, start + 16);
  }

  /** First 64 bits of the destination address. */
  public long destinationHigh() {
    return Wire.i64(memory, start + 24);
  }

  /** Last 64 bits of the destination address. */
  public long destinationLow() {
    return Wire.i64(memory, start + 32);
  }

  /** The memory of the packet, borrowed. */
  public MemorySegment memory() {
    return memory;
  }

  /** Where the header begins in {@link #memory}. */
  public long start() {
    return start;
  }

  /** Where the payload begins in {@link #memory}. */
  public long payloadStart() {
    return start + LENGTH;
  }

  /**
   * Writes a header.
   *
   * @param payloadLength bytes behind this header, extension headers included: 0 … 65535
   * @param nextHeader what the payload begins with
   * @param hopLimit 0 … 255
   * @param trafficClass DSCP and ECN, 0 … 255
   * @param flowLabel 20 bits; 0: none
   * @return {@link #LENGTH}
   */
  public static int write(
      MemorySegment m,
      long start,
      int payloadLength,
      int nextHeader,
      long sourceHigh,
      long sourceLow,
      long destinationHigh,
      long destinationLow,
      int hopLimit,
      int trafficClass,
      int flowLabel) {
    assert payloadLength >= 0 && payloadLength <= 0xFFFF : payloadLength;
    assert nextHeader >= 0 && nextHeader <= 255 && hopLimit >= 0 && hopLimit <= 255;
    assert trafficClass >= 0 && trafficClass <= 255 && flowLabel >>> 20 == 0;
    Wire.i32(m, start, 6 << 28 | trafficClass << 20 | flowLabel);
    Wire.i32(m, start + 4, payloadLength << 16 | nextHeader << 8 | hopLimit);
    Wire.i64(m, start + 8, sourceHigh);
    Wire.i64(m, start + 16, sourceLow);
    Wire.i64(m, start + 24, destinationHigh);
    Wire.i64(m, start + 32, destinationLow);
    return LENGTH;
  }
}
