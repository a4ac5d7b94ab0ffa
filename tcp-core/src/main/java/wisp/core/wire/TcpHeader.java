package wisp.core.wire;

import java.lang.foreign.MemorySegment;
import wisp.core.tcp.SeqNum;

/**
 * A cursor over a TCP header (RFC 9293 §3.1). It points at bytes, owns none, and one instance is
 * reused for ever.
 *
 * <pre>
 *   0       1       2       3
 *  +---------------+---------------+
 *  |  source port  |   dest. port  |  0
 *  +---------------+---------------+
 *  |        sequence number        |  4
 *  |     acknowledgment number     |  8
 *  +---+---+-------+---------------+
 *  |off|rsv|A|CEUAPRSF|   window   | 12
 *  +---+---+-------+---------------+
 *  |    checksum   | urgent pointer| 16
 *  +---------------+---------------+
 *  |            options            | 20 … 4 · off
 *  +-------------------------------+
 * </pre>
 */
public final class TcpHeader {
  /** Bytes of a header without options. */
  public static final int LENGTH = 20;

  /** Bytes of the longest header. */
  public static final int MAX_LENGTH = 60;

  /** Where the checksum stands, from the header's start. */
  public static final int CHECKSUM_OFFSET = 16;

  /** Flags, as in {@link #flags}. */
  public static final int FIN = 1;

  /** See {@link #FIN}. */
  public static final int SYN = 2;

  /** See {@link #FIN}. */
  public static final int RST = 4;

  /** See {@link #FIN}. */
  public static final int PSH = 8;

  /** See {@link #FIN}. */
  public static final int ACK = 16;

  /** See {@link #FIN}. */
  public static final int URG = 32;

  /** See {@link #FIN}; RFC 3168. */
  public static final int ECE = 64;

  /** See {@link #FIN}; RFC 3168. */
  public static final int CWR = 128;

  /** See {@link #FIN}; RFC 9768. For {@link #write} only: what arrives tells {@link #ace}. */
  public static final int AE = 256;

  private MemorySegment memory = MemorySegment.NULL;
  private long start;
  private int length;
  private int offsetFlagsWindow; // read once: what was checked is what is used

  /**
   * Points at a segment and checks its lengths; the checksum is asked for separately. When this
   * returns false, nothing may be read.
   *
   * @param m borrowed for as long as this cursor is in use
   * @param start where the header begins
   * @param length of the segment, header and payload, in bytes; any value is allowed
   */
  public boolean wrap(MemorySegment m, long start, int length) {
    assert length <= 0 || Wire.holds(m, start, length);
    if (length < LENGTH) {
      return false;
    }
    memory = m;
    this.start = start;
    this.length = length;
    offsetFlagsWindow = Wire.i32(m, start + 12);
    return dataOffsetBytes() >= LENGTH && dataOffsetBytes() <= length;
  }

  /** Source port, 0 … 65535. */
  public int sourcePort() {
    return Wire.u16(memory, start);
  }

  /** Destination port, 0 … 65535. */
  public int destinationPort() {
    return Wire.u16(memory, start + 2);
  }

  /** SEG.SEQ. */
  public @SeqNum int seq() {
    return Wire.i32(memory, start + 4);
  }

  /** SEG.ACK; means something only with {@link #ACK}. */
  public @SeqNum int ackNo() {
    return Wire.i32(memory, start + 8);
  }

  /** Header with options, in bytes: 20 … 60. */
  public int dataOffsetBytes() {
    return (offsetFlagsWindow >>> 28) * 4;
  }

  /** The eight flags. Reserved bits are ignored (RFC 9293 §3.1). */
  public int flags() {
    return offsetFlagsWindow >>> 16 & 0xFF;
  }

  /** AE, CWR and ECE as one number, AE first: the ACE field of RFC 9768. */
  public int ace() {
    return offsetFlagsWindow >>> 22 & 7;
  }

  /** Whether this flag is set, or all of them if there are several. */
  public boolean has(int flags) {
    return (flags() & flags) == flags;
  }

  /** The window field, 0 … 65535, before window scaling. */
  public int windowUnscaled() {
    return offsetFlagsWindow & 0xFFFF;
  }

  /** The checksum field. */
  public int checksum() {
    return Wire.u16(memory, start + CHECKSUM_OFFSET);
  }

  /**
   * Whether segment and checksum agree; {@code pseudoHeader} is what {@link
   * Checksum#pseudoHeaderIpv4} gave.
   */
  public boolean checksumOk(long pseudoHeader) {
    return Checksum.fold(Checksum.sum(memory, start, length, pseudoHeader)) == Checksum.INTACT;
  }

  /**
   * The urgent pointer, an offset from {@link #seq}; means something only with {@link #URG}, and
   * may lie anywhere.
   */
  public int urgentPointer() {
    return Wire.u16(memory, start + 18);
  }

  /** Where the options begin in {@link #memory}. */
  public long optionsStart() {
    return start + LENGTH;
  }

  /** Bytes of options: 0 … 40, a multiple of 4. */
  public int optionsLength() {
    return dataOffsetBytes() - LENGTH;
  }

  /** Where the payload begins in {@link #memory}. */
  public long payloadStart() {
    return start + dataOffsetBytes();
  }

  /** Payload bytes; SYN and FIN are not among them. */
  public int payloadLength() {
    return length - dataOffsetBytes();
  }

  /** SEG.LEN: sequence numbers that the segment takes up, SYN and FIN included. */
  public int seqLength() {
    return payloadLength() + (flags() >>> 1 & 1) + (flags() & 1);
  }

  /** The memory of the segment, borrowed. */
  public MemorySegment memory() {
    return memory;
  }

  /** Where the header begins in {@link #memory}. */
  public long start() {
    return start;
  }

  /** Header and payload in bytes. */
  public int length() {
    return length;
  }

  /**
   * Writes the fixed 20 bytes; the checksum field is 0 and reserved bits are too. Options are the
   * caller's, see {@link TcpOptions}.
   *
   * @param ack 0 when {@link #ACK} is not among the flags
   * @param headerBytes fixed part and options: 20 … 60, a multiple of 4
   * @param flags any of the constants here
   * @param windowField 0 … 65535, scaled already
   * @param urgent pointer, 0 unless {@link #URG} is among the flags
   */
  public static void write(
      MemorySegment m,
      long start,
      int sourcePort,
      int destinationPort,
      @SeqNum int seq,
      @SeqNum int ack,
      int headerBytes,
      int flags,
      int windowField,
      int urgent) {
    assert headerBytes >= LENGTH && headerBytes <= MAX_LENGTH && headerBytes % 4 == 0 : headerBytes;
    assert windowField >= 0 && windowField <= 0xFFFF : windowField;
    assert flags >= 0 && flags <= 0x1FF && urgent >= 0 && urgent <= 0xFFFF;
    assert sourcePort >= 0 && sourcePort <= 0xFFFF;
    assert destinationPort >= 0 && destinationPort <= 0xFFFF;
    Wire.i32(m, start, sourcePort << 16 | destinationPort);
    Wire.i32(m, start + 4, seq);
    Wire.i32(m, start + 8, ack);
    Wire.i32(m, start + 12, (headerBytes / 4) << 28 | flags << 16 | windowField);
    Wire.i32(m, start + 16, urgent);
  }

  /** Sets the checksum field of a header that begins at {@code start}. */
  public static void writeChecksum(MemorySegment m, long start, int value) {
    Wire.u16(m, start + CHECKSUM_OFFSET, value);
  }
}
