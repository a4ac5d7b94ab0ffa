package wisp.core.wire;

import java.lang.foreign.MemorySegment;

/**
 * A cursor over a UDP header (RFC 768). It points at bytes, owns none, and one instance is reused
 * for ever.
 *
 * <pre>
 *   0       1       2       3
 *  +---------------+---------------+
 *  |  source port  |   dest. port  |  0
 *  |     length    |    checksum   |  4
 *  +---------------+---------------+
 * </pre>
 */
public final class UdpHeader {
  /** Bytes of the header. */
  public static final int LENGTH = 8;

  /** Where the checksum stands, from the header's start. */
  public static final int CHECKSUM_OFFSET = 6;

  private MemorySegment memory = MemorySegment.NULL;
  private long start;
  private int length; // read once: what was checked is what is used

  /**
   * Points at a datagram and checks its length; the checksum is asked for separately. When this
   * returns false, nothing may be read. A length field that is shorter than the IP payload cuts the
   * datagram there, a longer one is refused, and so is one below 8 (0 is a jumbogram's, RFC 2675).
   *
   * @param m borrowed for as long as this cursor is in use
   * @param start where the header begins
   * @param available bytes of IP payload from there on; any value is allowed
   */
  public boolean wrap(MemorySegment m, long start, int available) {
    assert available <= 0 || Wire.holds(m, start, available);
    if (available < LENGTH) {
      return false;
    }
    memory = m;
    this.start = start;
    length = Wire.u16(m, start + 4);
    return length >= LENGTH && length <= available;
  }

  /** Source port; 0: no answer is expected. */
  public int sourcePort() {
    return Wire.u16(memory, start);
  }

  /** Destination port, 0 … 65535. */
  public int destinationPort() {
    return Wire.u16(memory, start + 2);
  }

  /** Header and payload in bytes, by the length field. The pseudo-header has this length too. */
  public int length() {
    return length;
  }

  /** The checksum field. */
  public int checksum() {
    return Wire.u16(memory, start + CHECKSUM_OFFSET);
  }

  /**
   * Whether the sender did not compute a checksum. Over IPv4 such a datagram is accepted as it is
   * (RFC 1122 §4.1.3.4), over IPv6 it is dropped (RFC 8200 §8.1).
   */
  public boolean zeroChecksum() {
    return checksum() == 0;
  }

  /**
   * Whether datagram and checksum agree; means nothing with {@link #zeroChecksum}.
   *
   * @param pseudoHeader from {@link Checksum#pseudoHeaderIpv4} or {@link
   *     Checksum#pseudoHeaderIpv6}, with {@link #length} of this datagram
   */
  public boolean checksumOk(long pseudoHeader) {
    return Checksum.fold(Checksum.sum(memory, start, length, pseudoHeader)) == Checksum.INTACT;
  }

  /** The memory of the datagram, borrowed. */
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

  /** Payload bytes. */
  public int payloadLength() {
    return length - LENGTH;
  }

  /**
   * Writes a header; the checksum field is 0.
   *
   * @param length header and payload in bytes: 8 … 65535
   * @return {@link #LENGTH}
   */
  public static int write(
      MemorySegment m, long start, int sourcePort, int destinationPort, int length) {
    assert sourcePort >= 0 && sourcePort <= 0xFFFF : sourcePort;
    assert destinationPort >= 0 && destinationPort <= 0xFFFF : destinationPort;
    assert length >= LENGTH && length <= 0xFFFF : length;
    Wire.i32(m, start, sourcePort << 16 | destinationPort);
    Wire.i32(m, start + 4, length << 16);
    return LENGTH;
  }

  /**
   * Sets the checksum field of a header that begins at {@code start}. A computed 0 is sent as all
   * ones, since 0 means that there is none (RFC 768).
   *
   * @param value from {@link Checksum#finish}
   */
  public static void writeChecksum(MemorySegment m, long start, int value) {
    Wire.u16(m, start + CHECKSUM_OFFSET, value == 0 ? 0xFFFF : value);
  }

  /**
   * Sums a datagram whose checksum field is 0, and sets it as {@link #writeChecksum} does.
   *
   * @param length header and payload in bytes
   * @param pseudoHeader its partial sum
   */
  public static void completeChecksum(MemorySegment m, long start, int length, long pseudoHeader) {
    writeChecksum(m, start, Checksum.finish(Checksum.sum(m, start, length, pseudoHeader)));
  }
}
