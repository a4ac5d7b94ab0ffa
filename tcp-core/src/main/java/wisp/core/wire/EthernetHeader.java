package wisp.core.wire;

import java.lang.foreign.MemorySegment;

/**
 * A cursor over an Ethernet header (RFC 894, RFC 2464). It points at bytes, owns none, and one
 * instance is reused for ever.
 *
 * <pre>
 *  +-----------------------+-----------------------+-------+--------- - -
 *  |      destination      |        source         | type  | payload, padding
 *  +-----------------------+-----------------------+-------+--------- - -
 *  0                       6                      12      14
 * </pre>
 */
public final class EthernetHeader {
  /** Bytes of a header. */
  public static final int LENGTH = 14;

  /** What the payload is. */
  public static final int TYPE_IPV4 = 0x0800;

  /** See {@link #TYPE_IPV4}. */
  public static final int TYPE_ARP = 0x0806;

  /** See {@link #TYPE_IPV4}. */
  public static final int TYPE_IPV6 = 0x86DD;

  private MemorySegment memory = MemorySegment.NULL;
  private long start;
  private int length;

  /**
   * Points at a frame and checks that its header is there. When this returns false, nothing may be
   * read.
   *
   * @param m borrowed for as long as this cursor is in use
   * @param start where the header begins
   * @param length of the frame in bytes, without its checksum; any value is allowed
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

  /** Whom the frame is for, see {@link HardwareAddress}. */
  public long destination() {
    return HardwareAddress.read(memory, start);
  }

  /** Who sent it. */
  public long source() {
    return HardwareAddress.read(memory, start + 6);
  }

  /** What the payload is; below 1536 it is an IEEE 802.3 length. */
  public int etherType() {
    return Wire.u16(memory, start + 12);
  }

  /** The memory of the frame, borrowed. */
  public MemorySegment memory() {
    return memory;
  }

  /** Where the payload begins in {@link #memory}. */
  public long payloadStart() {
    return start + LENGTH;
  }

  /** Payload bytes, perhaps with padding behind the packet. */
  public int payloadLength() {
    return length - LENGTH;
  }

  /**
   * Writes a header.
   *
   * @return {@link #LENGTH}
   */
  public static int write(
      MemorySegment m, long start, long destination, long source, int etherType) {
    HardwareAddress.write(m, start, destination);
    HardwareAddress.write(m, start + 6, source);
    Wire.u16(m, start + 12, etherType);
    return LENGTH;
  }
}
