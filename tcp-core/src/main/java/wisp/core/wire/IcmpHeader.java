package wisp.core.wire;

import java.lang.foreign.MemorySegment;

/**
 * A cursor over an ICMP message (RFC 792): type, code, checksum, four bytes that depend on the
 * type, then the rest. It points at bytes, owns none, and one instance is reused for ever.
 */
public final class IcmpHeader {
  /** Bytes in front of the payload. */
  public static final int LENGTH = 8;

  /** Types. */
  public static final int ECHO_REPLY = 0;

  /** See {@link #ECHO_REPLY}. */
  public static final int DESTINATION_UNREACHABLE = 3;

  /** See {@link #ECHO_REPLY}. Deprecated: ignored and never sent (RFC 6633). */
  public static final int SOURCE_QUENCH = 4;

  /** See {@link #ECHO_REPLY}. */
  public static final int REDIRECT = 5;

  /** See {@link #ECHO_REPLY}. */
  public static final int ECHO_REQUEST = 8;

  /** See {@link #ECHO_REPLY}. */
  public static final int TIME_EXCEEDED = 11;

  /** See {@link #ECHO_REPLY}. */
  public static final int PARAMETER_PROBLEM = 12;

  /** Codes of {@link #DESTINATION_UNREACHABLE} (RFC 792, RFC 1122 §3.2.2.1, RFC 1812 §5.2.7.1). */
  public static final int CODE_NET_UNREACHABLE = 0;

  /** See {@link #CODE_NET_UNREACHABLE}. */
  public static final int CODE_HOST_UNREACHABLE = 1;

  /** See {@link #CODE_NET_UNREACHABLE}. */
  public static final int CODE_PROTOCOL_UNREACHABLE = 2;

  /** See {@link #CODE_NET_UNREACHABLE}. */
  public static final int CODE_PORT_UNREACHABLE = 3;

  /**
   * See {@link #CODE_NET_UNREACHABLE}. DF is set; {@link #nextHopMtu} says what fits (RFC 1191 §4).
   */
  public static final int CODE_FRAGMENTATION_NEEDED = 4;

  /** See {@link #CODE_NET_UNREACHABLE}. */
  public static final int CODE_SOURCE_ROUTE_FAILED = 5;

  /** See {@link #CODE_NET_UNREACHABLE}. */
  public static final int CODE_NET_UNKNOWN = 6;

  /** See {@link #CODE_NET_UNREACHABLE}. */
  public static final int CODE_HOST_UNKNOWN = 7;

  /** See {@link #CODE_NET_UNREACHABLE}. */
  public static final int CODE_SOURCE_ISOLATED = 8;

  /** See {@link #CODE_NET_UNREACHABLE}. */
  public static final int CODE_NET_PROHIBITED = 9;

  /** See {@link #CODE_NET_UNREACHABLE}. */
  public static final int CODE_HOST_PROHIBITED = 10;

  /** See {@link #CODE_NET_UNREACHABLE}. */
  public static final int CODE_NET_UNREACHABLE_FOR_TOS = 11;

  /** See {@link #CODE_NET_UNREACHABLE}. */
  public static final int CODE_HOST_UNREACHABLE_FOR_TOS = 12;

  /** See {@link #CODE_NET_UNREACHABLE}. */
  public static final int CODE_ADMINISTRATIVELY_PROHIBITED = 13;

  /** See {@link #CODE_NET_UNREACHABLE}. */
  public static final int CODE_HOST_PRECEDENCE_VIOLATION = 14;

  /** See {@link #CODE_NET_UNREACHABLE}. */
  public static final int CODE_PRECEDENCE_CUTOFF = 15;

  /** Codes of {@link #TIME_EXCEEDED}. */
  public static final int CODE_TTL_EXCEEDED = 0;

  /** See {@link #CODE_TTL_EXCEEDED}. */
  public static final int CODE_REASSEMBLY_TIME_EXCEEDED = 1;

  /**
   * How much of a packet an error quotes at most: with both headers this makes 576 bytes (RFC 1812
   * §4.3.2.3).
   */
  public static final int MAX_QUOTED = 548;

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

  /** Whether this tells of a problem with a packet, which it quotes (RFC 1122 §3.2.2). */
  public boolean isError() {
    return switch (type()) {
      case DESTINATION_UNREACHABLE, SOURCE_QUENCH, REDIRECT, TIME_EXCEEDED, PARAMETER_PROBLEM ->
          true;
      default -> false;
    };
  }

  /**
   * The four bytes behind the checksum, whose sense depends on the type: in a parameter problem the
   * first one points at the byte in question.
   */
  public int word() {
    return Wire.i32(memory, start + 4);
  }

  /**
   * What fits the next link, in bytes, header included; means something with {@link
   * #CODE_FRAGMENTATION_NEEDED} only. 0: the router is too old to say (RFC 1191 §5).
   */
  public int nextHopMtu() {
    return word() & 0xFFFF;
  }

  /** Whether the whole message and its checksum agree. */
  public boolean checksumOk() {
    return Checksum.fold(Checksum.sum(memory, start, length, 0)) == Checksum.INTACT;
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
   * Writes the reply to an echo request: the same bytes with another type (RFC 792 p. 15, RFC 1122
   * §3.2.2.6).
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
    return finish(m, start, length, ECHO_REPLY << 24);
  }

  /** As {@link #writeUnreachable} with {@link #CODE_PORT_UNREACHABLE}. */
  public static int writePortUnreachable(
      MemorySegment m, long start, MemorySegment original, long originalStart, int originalLength) {
    return writeUnreachable(
        m, start, CODE_PORT_UNREACHABLE, original, originalStart, originalLength);
  }

  /**
   * Writes a destination unreachable message that quotes as much of a packet as fits {@link
   * #MAX_QUOTED}. Whether one may be sent at all (never about a broadcast, a later fragment or
   * another ICMP error: RFC 1122 §3.2.2) is the caller's question.
   *
   * @param m borrowed; has room for {@link #LENGTH} + {@link #MAX_QUOTED} bytes
   * @param original borrowed; the packet with its IP header
   * @param originalLength its total length in bytes, by its IP header
   * @return bytes written
   */
  public static int writeUnreachable(
      MemorySegment m,
      long start,
      int code,
      MemorySegment original,
      long originalStart,
      int originalLength) {
    return writeError(
        m, start, DESTINATION_UNREACHABLE, code, 0, original, originalStart, originalLength);
  }

  /**
   * Writes an error that quotes as much of a packet as fits {@link #MAX_QUOTED}. Whether one may be
   * sent at all is the caller's question, as in {@link #writeUnreachable}.
   *
   * @param to borrowed; has room for {@link #LENGTH} + {@link #MAX_QUOTED} bytes
   * @param word the four bytes behind the checksum, see {@link #word}
   * @param from borrowed; the packet with its IP header
   * @param quoted its total length in bytes, by its IP header, or less
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
    assert quoted >= Ipv4Header.LENGTH : quoted;
    assert type >= 0 && type <= 255 && code >= 0 && code <= 255;
    int copied = Math.min(quoted, MAX_QUOTED);
    MemorySegment.copy(from, fromStart, to, toStart + LENGTH, copied);
    Wire.i32(to, toStart + 4, word);
    return finish(to, toStart, LENGTH + copied, type << 24 | code << 16);
  }

  private static int finish(MemorySegment m, long start, int length, int typeAndCode) {
    Wire.i32(m, start, typeAndCode);
    Wire.u16(m, start + 2, Checksum.finish(Checksum.sum(m, start, length, 0)));
    return length;
  }
}
