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

  /** See {@link #ECHO_REPLY}. */
  public static final int ECHO_REQUEST = 8;

  /** Codes of {@link #DESTINATION_UNREACHABLE}. */
  public static final int CODE_PROTOCOL_UNREACHABLE = 2;

  /** See {@link #CODE_PROTOCOL_UNREACHABLE}. */
  public static final int CODE_PORT_UNREACHABLE = 3;

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
    assert originalLength >= Ipv4Header.LENGTH : originalLength;
    int quoted = Math.min(originalLength, MAX_QUOTED);
    MemorySegment.copy(original, originalStart, m, start + LENGTH, quoted);
    Wire.i32(m, start + 4, 0);
    return finish(m, start, LENGTH + quoted, DESTINATION_UNREACHABLE << 24 | code << 16);
  }

  private static int finish(MemorySegment m, long start, int length, int typeAndCode) {
    Wire.i32(m, start, typeAndCode);
    Wire.u16(m, start + 2, Checksum.finish(Checksum.sum(m, start, length, 0)));
    return length;
  }
}
