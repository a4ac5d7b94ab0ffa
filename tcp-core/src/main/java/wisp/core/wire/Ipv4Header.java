package wisp.core.wire;

import java.lang.foreign.MemorySegment;

/**
 * A cursor over an IPv4 header (RFC 791 §3.1). It points at bytes, owns none, and one instance is
 * reused for ever.
 *
 * <pre>
 *   0       1       2       3
 *  +---+---+-------+---------------+
 *  |ver|IHL|DSCP EC|  total length |  0
 *  +---+---+-------+--+------------+
 *  | identification|.DM| fragment  |  4
 *  +-------+-------+---------------+
 *  |  TTL  |protoc.|    checksum   |  8
 *  +-------+-------+---------------+
 *  |            source             | 12
 *  |          destination          | 16
 *  |            options            | 20 … 4 · IHL
 *  +-------------------------------+
 * </pre>
 */
public final class Ipv4Header {
  /** Bytes of a header without options. */
  public static final int LENGTH = 20;

  /** Protocol numbers. */
  public static final int PROTOCOL_ICMP = 1;

  /** See {@link #PROTOCOL_ICMP}. */
  public static final int PROTOCOL_TCP = 6;

  /** See {@link #PROTOCOL_ICMP}. */
  public static final int PROTOCOL_UDP = 17;

  /** {@link #problem}: the last packet was accepted. */
  public static final int PROBLEM_NONE = 0;

  /**
   * {@link #problem}: shorter than a header, or than its own lengths say, or these contradict each
   * other.
   */
  public static final int PROBLEM_LENGTH = 1;

  /** {@link #problem}: not version 4. */
  public static final int PROBLEM_VERSION = 2;

  private static final int DONT_FRAGMENT = 0x4000;
  private static final int MORE_FRAGMENTS = 0x2000;

  private MemorySegment memory = MemorySegment.NULL;
  private long start;
  private int problem;

  // Both lengths are read once: the ones that were checked are the ones in use, even if whoever
  // shares the memory writes to it meanwhile.
  private int headerLength;
  private int totalLength;

  /**
   * Points at a packet and checks version and lengths; the checksum is asked for separately. When
   * this returns false, only {@link #problem} may be asked.
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

  /** Lengths in this order, before any subtraction: available ≥ total ≥ header ≥ 20. */
  private int check(MemorySegment m, long start, int available) {
    if (available < LENGTH) {
      return PROBLEM_LENGTH;
    }
    int first = Wire.i32(m, start);
    if (first >>> 28 != 4) {
      return PROBLEM_VERSION;
    }
    headerLength = (first >>> 24 & 0xF) * 4;
    totalLength = first & 0xFFFF;
    boolean fits =
        available >= totalLength && totalLength >= headerLength && headerLength >= LENGTH;
    return fits ? PROBLEM_NONE : PROBLEM_LENGTH;
  }

  /** Why the last {@link #wrap} returned false: one of the {@code PROBLEM_} constants. */
  public int problem() {
    return problem;
  }

  /** 4, always. */
  public int version() {
    return Wire.u8(memory, start) >>> 4;
  }

  /** Header with options, in bytes: 20 … 60. */
  public int headerLength() {
    return headerLength;
  }

  /** Differentiated services code point (RFC 2474). */
  public int dscp() {
    return Wire.u8(memory, start + 1) >>> 2;
  }

  /** The two bits of explicit congestion notification (RFC 3168 §5). */
  public int ecn() {
    return Wire.u8(memory, start + 1) & 3;
  }

  /** Header and payload in bytes. What lies behind is the link's padding. */
  public int totalLength() {
    return totalLength;
  }

  /** Identification; means something in fragments only (RFC 6864). */
  public int identification() {
    return Wire.u16(memory, start + 4);
  }

  /** DF. */
  public boolean dontFragment() {
    return (Wire.u16(memory, start + 6) & DONT_FRAGMENT) != 0;
  }

  /** MF. */
  public boolean moreFragments() {
    return (Wire.u16(memory, start + 6) & MORE_FRAGMENTS) != 0;
  }

  /** Where this fragment belongs in its datagram, in bytes (on the wire: units of 8). */
  public int fragmentOffset() {
    return (Wire.u16(memory, start + 6) & 0x1FFF) * 8;
  }

  /** Whether this is a piece of a datagram, first and last one included. */
  public boolean isFragment() {
    return (Wire.u16(memory, start + 6) & (MORE_FRAGMENTS | 0x1FFF)) != 0;
  }

  /** Time to live. */
  public int ttl() {
    return Wire.u8(memory, start + 8);
  }

  /** What the payload is. */
  public int protocol() {
    return Wire.u8(memory, start + 9);
  }

  /** Source address. */
  public int source() {
    return Wire.i32(memory, start + 12);
  }

  /** Destination address. */
  public int destination() {
    return Wire.i32(memory, start + 16);
  }

  /** Whether header and checksum agree. */
  public boolean checksumOk() {
    return Checksum.fold(Checksum.sum(memory, start, headerLength, 0)) == Checksum.INTACT;
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
    return start + headerLength;
  }

  /** Payload bytes, by total length. */
  public int payloadLength() {
    return totalLength - headerLength;
  }

  /**
   * Writes a header of 20 bytes with DF set and identification 0, which such a packet may have (RFC
   * 6864 §4.1) and which tells no one how much we send; its checksum is filled in.
   *
   * @param totalLength header and payload in bytes; a link that segments cuts what exceeds its MTU
   * @param protocol of the payload
   * @param trafficClass DSCP and ECN, 0 … 255
   * @return {@link #LENGTH}
   */
  public static int write(
      MemorySegment m,
      long start,
      int totalLength,
      int protocol,
      int source,
      int destination,
      int ttl,
      int trafficClass) {
    return write(
        m,
        start,
        totalLength,
        protocol,
        source,
        destination,
        ttl,
        trafficClass,
        /* identification= */ 0,
        /* dontFragment= */ true,
        /* moreFragments= */ false,
        /* fragmentOffset= */ 0);
  }

  /**
   * Makes a header that was written longer: its options are there already. Its checksum is made
   * anew.
   *
   * @param headerLength 24 … 60, a multiple of 4
   */
  public static void extend(MemorySegment m, long start, int headerLength) {
    assert headerLength > LENGTH && headerLength <= 60 && headerLength % 4 == 0 : headerLength;
    Wire.i32(m, start, (Wire.i32(m, start) & 0xF0FF_FFFF) | headerLength / 4 << 24);
    Wire.i32(m, start + 8, Wire.i32(m, start + 8) & 0xFFFF_0000);
    int checksum = Checksum.finish(Checksum.sum(m, start, headerLength, 0));
    Wire.i32(m, start + 8, Wire.i32(m, start + 8) | checksum);
  }

  /**
   * Writes a header of 20 bytes that says how its packet may be, or has been, fragmented; its
   * checksum is filled in.
   *
   * @param totalLength header and payload of this packet in bytes; the payload of a fragment that
   *     is not the last one is a multiple of 8
   * @param protocol of the payload
   * @param trafficClass DSCP and ECN, 0 … 255
   * @param identification 0 … 65535, the same in all fragments of a datagram (RFC 6864 §4.2)
   * @param fragmentOffset where the payload belongs in its datagram, in bytes: 0 … 65528, a
   *     multiple of 8
   * @return {@link #LENGTH}
   */
  public static int write(
      MemorySegment m,
      long start,
      int totalLength,
      int protocol,
      int source,
      int destination,
      int ttl,
      int trafficClass,
      int identification,
      boolean dontFragment,
      boolean moreFragments,
      int fragmentOffset) {
    assert totalLength >= LENGTH && totalLength <= 0xFFFF : totalLength;
    assert ttl >= 0 && ttl <= 255 && protocol >= 0 && protocol <= 255;
    assert trafficClass >= 0 && trafficClass <= 255 : trafficClass;
    assert identification >= 0 && identification <= 0xFFFF : identification;
    assert fragmentOffset >= 0 && fragmentOffset <= 0xFFF8 && fragmentOffset % 8 == 0
        : fragmentOffset;
    int first = 0x45 << 24 | trafficClass << 16 | totalLength;
    int second =
        identification << 16
            | (dontFragment ? DONT_FRAGMENT : 0)
            | (moreFragments ? MORE_FRAGMENTS : 0)
            | fragmentOffset / 8;
    int third = ttl << 24 | protocol << 16;
    long sum =
        (first & 0xFFFF_FFFFL)
            + (second & 0xFFFF_FFFFL)
            + (third & 0xFFFF_FFFFL)
            + (source & 0xFFFF_FFFFL)
            + (destination & 0xFFFF_FFFFL);
    Wire.i32(m, start, first);
    Wire.i32(m, start + 4, second);
    Wire.i32(m, start + 8, third | Checksum.finish(sum));
    Wire.i32(m, start + 12, source);
    Wire.i32(m, start + 16, destination);
    return LENGTH;
  }
}
