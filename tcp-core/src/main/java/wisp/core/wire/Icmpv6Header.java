package wisp.core.wire;

import java.lang.foreign.MemorySegment;

/**
 * A cursor over an ICMPv6 message (RFC 4443 §2.1): type, code, checksum, a word that depends on the
 * type, then the rest. It points at bytes, owns none, and one instance is reused for ever.
 *
 * <p>Other than ICMP's, its checksum covers the pseudo-header: what is written here has a checksum
 * of 0 until {@link #completeChecksum} fills it in.
 */
public final class Icmpv6Header {
  /** Bytes in front of the payload. */
  public static final int LENGTH = 8;

  /** Where the checksum stands, from the header's start. */
  public static final int CHECKSUM_OFFSET = 2;

  /** Types of errors: what follows the word is the packet in question (RFC 4443 §3). */
  public static final int DESTINATION_UNREACHABLE = 1;

  /** See {@link #DESTINATION_UNREACHABLE}. */
  public static final int PACKET_TOO_BIG = 2;

  /** See {@link #DESTINATION_UNREACHABLE}. */
  public static final int TIME_EXCEEDED = 3;

  /** See {@link #DESTINATION_UNREACHABLE}. */
  public static final int PARAMETER_PROBLEM = 4;

  /** Types of informational messages (RFC 4443 §4). */
  public static final int ECHO_REQUEST = 128;

  /** See {@link #ECHO_REQUEST}. */
  public static final int ECHO_REPLY = 129;

  /** Types of multicast listener discovery (RFC 2710, RFC 3810). */
  public static final int MULTICAST_LISTENER_QUERY = 130;

  /** See {@link #MULTICAST_LISTENER_QUERY}. */
  public static final int MULTICAST_LISTENER_REPORT = 131;

  /** See {@link #MULTICAST_LISTENER_QUERY}. */
  public static final int MULTICAST_LISTENER_DONE = 132;

  /** See {@link #MULTICAST_LISTENER_QUERY}. */
  public static final int MULTICAST_LISTENER_REPORT_V2 = 143;

  /** Types of neighbour discovery (RFC 4861 §4). */
  public static final int ROUTER_SOLICITATION = 133;

  /** See {@link #ROUTER_SOLICITATION}. */
  public static final int ROUTER_ADVERTISEMENT = 134;

  /** See {@link #ROUTER_SOLICITATION}. */
  public static final int NEIGHBOUR_SOLICITATION = 135;

  /** See {@link #ROUTER_SOLICITATION}. */
  public static final int NEIGHBOUR_ADVERTISEMENT = 136;

  /** See {@link #ROUTER_SOLICITATION}. */
  public static final int REDIRECT = 137;

  /** Codes of {@link #DESTINATION_UNREACHABLE} (RFC 4443 §3.1). */
  public static final int CODE_NO_ROUTE = 0;

  /** See {@link #CODE_NO_ROUTE}. */
  public static final int CODE_ADMINISTRATIVELY_PROHIBITED = 1;

  /** See {@link #CODE_NO_ROUTE}. */
  public static final int CODE_BEYOND_SCOPE = 2;

  /** See {@link #CODE_NO_ROUTE}. */
  public static final int CODE_ADDRESS_UNREACHABLE = 3;

  /** See {@link #CODE_NO_ROUTE}. */
  public static final int CODE_PORT_UNREACHABLE = 4;

  /** See {@link #CODE_NO_ROUTE}. */
  public static final int CODE_SOURCE_POLICY_FAILED = 5;

  /** See {@link #CODE_NO_ROUTE}. */
  public static final int CODE_ROUTE_REJECTED = 6;

  /** Codes of {@link #TIME_EXCEEDED} (RFC 4443 §3.3). */
  public static final int CODE_HOP_LIMIT_EXCEEDED = 0;

  /** See {@link #CODE_HOP_LIMIT_EXCEEDED}. */
  public static final int CODE_REASSEMBLY_TIME_EXCEEDED = 1;

  /** Codes of {@link #PARAMETER_PROBLEM} (RFC 4443 §3.4); the last one is of RFC 7112 §5. */
  public static final int CODE_ERRONEOUS_FIELD = 0;

  /** See {@link #CODE_ERRONEOUS_FIELD}. */
  public static final int CODE_UNRECOGNIZED_NEXT_HEADER = 1;

  /** See {@link #CODE_ERRONEOUS_FIELD}. */
  public static final int CODE_UNRECOGNIZED_OPTION = 2;

  /** See {@link #CODE_ERRONEOUS_FIELD}. */
  public static final int CODE_INCOMPLETE_HEADER_CHAIN = 3;

  /**
   * How much of a packet an error quotes at most: with both headers this makes the minimum MTU (RFC
   * 4443 §2.4 c).
   */
  public static final int MAX_QUOTED = Ipv6Header.MINIMUM_MTU - Ipv6Header.LENGTH - LENGTH;

  private static final int FIRST_INFORMATIONAL = 128;

  private MemorySegment memory = MemorySegment.NULL;
  private long start;
  private int length;

  /**
   * Points at a message and checks that it is long enough; the checksum is asked for separately.
   * When this returns false, nothing may be read.
   *
   * @param m borrowed for as long as this cursor is in use
   * @param start where the message begins
   * @param length of the whole message in bytes; any value is allowed
   */
  public boolean wrap(MemorySegment m, long start, int length) {
    assert length <= 0 || Wire.holds(m, start, length);
    if (length < LENGTH) {
      return false;
    }
    memory = m;
    this.start = start;
    this.length = length;
    return true;
  }

  /** What kind of message this is. */
  public int type() {
    return Wire.u8(memory, start);
  }

  /** Refines the type. */
  public int code() {
    return Wire.u8(memory, start + 1);
  }

  /** The checksum field. */
  public int checksum() {
    return Wire.u16(memory, start + CHECKSUM_OFFSET);
  }

  /** Whether the type is one of errors, known or not: below 128 (RFC 4443 §2.1). */
  public boolean isError() {
    return type() < FIRST_INFORMATIONAL;
  }

  /**
   * The 32 bits behind the checksum: the MTU of a packet too big, the pointer of a parameter
   * problem, identifier and sequence number of an echo. The first two are unsigned.
   */
  public int word() {
    return Wire.i32(memory, start + 4);
  }

  /** Whether the whole message and its checksum agree, for a packet between these addresses. */
  public boolean checksumOk(
      long sourceHigh, long sourceLow, long destinationHigh, long destinationLow) {
    long pseudoHeader =
        pseudoHeader(sourceHigh, sourceLow, destinationHigh, destinationLow, length);
    return Checksum.fold(Checksum.sum(memory, start, length, pseudoHeader)) == Checksum.INTACT;
  }

  /** The memory of the message, borrowed. */
  public MemorySegment memory() {
    return memory;
  }

  /** Where the message begins in {@link #memory}. */
  public long start() {
    return start;
  }

  /** The whole message in bytes. */
  public int length() {
    return length;
  }

  /** Where the payload begins in {@link #memory}; in an error, the quoted packet. */
  public long payloadStart() {
    return start + LENGTH;
  }

  /** Payload bytes. */
  public int payloadLength() {
    return length - LENGTH;
  }

  /**
   * Writes the first 8 bytes of a message; the checksum field is 0.
   *
   * @param word the 32 bits behind the checksum
   * @return {@link #LENGTH}
   */
  public static int write(MemorySegment m, long start, int type, int code, int word) {
    assert type >= 0 && type <= 255 && code >= 0 && code <= 255;
    Wire.i32(m, start, type << 24 | code << 16);
    Wire.i32(m, start + 4, word);
    return LENGTH;
  }

  /**
   * Writes the reply to an echo request: the same bytes with another type (RFC 4443 §4.2); the
   * checksum field is 0.
   *
   * @param request borrowed; {@code length} bytes from {@code requestStart} on are an echo request
   *     that was accepted
   * @param m borrowed; has room for as many
   * @return bytes written: {@code length}
   */
  public static int writeEchoReply(
      MemorySegment request, long requestStart, int length, MemorySegment m, long start) {
    assert length >= LENGTH : length;
    MemorySegment.copy(request, requestStart, m, start, length);
    Wire.i32(m, start, ECHO_REPLY << 24);
    return length;
  }

  /**
   * Writes an error that quotes as much of a packet as fits {@link #MAX_QUOTED}; the checksum field
   * is 0. Whether one may be sent at all (never about another error, seldom about a multicast
   * packet: RFC 4443 §2.4 e) is the caller's question.
   *
   * @param to borrowed; has room for {@link #LENGTH} + {@link #MAX_QUOTED} bytes
   * @param word the 32 bits behind the checksum, see {@link #word}
   * @param from borrowed; the packet with its IPv6 header
   * @param quoted its length in bytes, by its IPv6 header, or less
   * @return bytes written
   */
  public static int writeError(
      MemorySegment to,
      long toStart,
      int type,
      int code,
      int word,
      MemorySegment from,
      long fromStart,
      int quoted) {
    assert quoted >= Ipv6Header.LENGTH : quoted;
    int copied = Math.min(quoted, MAX_QUOTED);
    MemorySegment.copy(from, fromStart, to, toStart + LENGTH, copied);
    return write(to, toStart, type, code, word) + copied;
  }

  /**
   * Fills in the checksum of a message whose checksum field is 0.
   *
   * @param length of the whole message in bytes
   */
  public static void completeChecksum(
      MemorySegment m,
      long start,
      int length,
      long sourceHigh,
      long sourceLow,
      long destinationHigh,
      long destinationLow) {
    long pseudoHeader =
        pseudoHeader(sourceHigh, sourceLow, destinationHigh, destinationLow, length);
    int checksum = Checksum.finish(Checksum.sum(m, start, length, pseudoHeader));
    Wire.u16(m, start + CHECKSUM_OFFSET, checksum);
  }

  private static long pseudoHeader(
      long sourceHigh, long sourceLow, long destinationHigh, long destinationLow, int length) {
    return Checksum.pseudoHeaderIpv6(
        sourceHigh, sourceLow, destinationHigh, destinationLow, Ipv6Header.PROTOCOL_ICMPV6, length);
  }
}
