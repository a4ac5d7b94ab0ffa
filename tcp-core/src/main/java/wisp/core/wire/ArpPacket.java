package wisp.core.wire;

import java.lang.foreign.MemorySegment;

/**
 * A cursor over an ARP packet of Ethernet and IPv4 (RFC 826). It points at bytes, owns none, and
 * one instance is reused for ever.
 *
 * <pre>
 *   0       1       2       3
 *  +---------------+---------------+
 *  | hardware = 1  | protocol=0800 |  0
 *  +-------+-------+---------------+
 *  | len=6 | len=4 |   operation   |  4
 *  +-------+-------+---------------+
 *  | sender hardware address   (6) |  8
 *  | sender IPv4 address       (4) | 14
 *  | target hardware address   (6) | 18
 *  | target IPv4 address       (4) | 24
 *  +-------------------------------+
 * </pre>
 */
public final class ArpPacket {
  /** Bytes of a packet. */
  public static final int LENGTH = 28;

  /** Operation: who has the target address? */
  public static final int REQUEST = 1;

  /** Operation: the sender has the sender's address. */
  public static final int REPLY = 2;

  private static final int ETHERNET_AND_IPV4 = 1 << 16 | EthernetHeader.TYPE_IPV4;
  private static final int LENGTHS = 6 << 8 | 4;

  private MemorySegment memory = MemorySegment.NULL;
  private long start;

  /**
   * Points at a packet and checks all that RFC 826 asks ("do I have the hardware type, do I speak
   * the protocol", lengths), that it is a request or a reply, and that its sender can be one
   * station. When this returns false, nothing may be read.
   *
   * @param m borrowed for as long as this cursor is in use
   * @param start where the packet begins
   * @param available bytes from there on, perhaps with the link's padding; any value is allowed
   */
  public boolean wrap(MemorySegment m, long start, int available) {
    assert available <= 0 || Wire.holds(m, start, available);
    if (available < LENGTH
        || Wire.i32(m, start) != ETHERNET_AND_IPV4
        || Wire.u16(m, start + 4) != LENGTHS) {
      return false;
    }
    memory = m;
    this.start = start;
    return (operation() == REQUEST || operation() == REPLY)
        && HardwareAddress.isUnicast(senderHardware());
  }

  /** {@link #REQUEST} or {@link #REPLY}. */
  public int operation() {
    return Wire.u16(memory, start + 6);
  }

  /** Who sent it. */
  public long senderHardware() {
    return HardwareAddress.read(memory, start + 8);
  }

  /** The sender's IPv4 address; 0 in a probe (RFC 5227 §1.1). */
  public int senderAddress() {
    return Wire.i32(memory, start + 14);
  }

  /** Means nothing in a request. */
  public long targetHardware() {
    return HardwareAddress.read(memory, start + 18);
  }

  /** The address asked for; in a reply, that of who asked. */
  public int targetAddress() {
    return Wire.i32(memory, start + 24);
  }

  /**
   * Writes a packet.
   *
   * @return {@link #LENGTH}
   */
  public static int write(
      MemorySegment m,
      long start,
      int operation,
      long senderHardware,
      int senderAddress,
      long targetHardware,
      int targetAddress) {
    Wire.i32(m, start, ETHERNET_AND_IPV4);
    Wire.u16(m, start + 4, LENGTHS);
    Wire.u16(m, start + 6, operation);
    HardwareAddress.write(m, start + 8, senderHardware);
    Wire.i32(m, start + 14, senderAddress);
    HardwareAddress.write(m, start + 18, targetHardware);
    Wire.i32(m, start + 24, targetAddress);
    return LENGTH;
  }
}
