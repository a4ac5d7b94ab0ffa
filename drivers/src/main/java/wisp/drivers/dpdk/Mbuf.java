package wisp.drivers.dpdk;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A packet buffer of DPDK, known by its address. The same in all versions from 22.11 on:
 *
 * <pre>
 *   struct rte_mbuf (128 B) buffer 8, its bus address 8 │ at 16: data offset 2, references 2, pieces 2, port 2 │ flags 8
 *                           at 32: packet type 4, packet bytes 4, piece bytes 2, VLAN 2 │ … │ at 54: buffer bytes 2 │ pool 8
 *                           at 64: next piece 8 │ offloads 8: header bytes of layer 2:7, 3:9, 4:8, segment 16 │ shared 8
 *   behind it               head room 128 │ data
 * </pre>
 *
 * <p>Nothing here is checked: addresses come from {@link MbufPool#contains}.
 */
final class Mbuf {
  static final int BYTES = 128;

  /** What DPDK leaves free before the packet. */
  static final int HEAD_ROOM = 128;

  /** Flag of a received packet: its transport checksum was found right. */
  static final long RECEIVED_CHECKSUM_GOOD = 1L << 8;

  /** Flag: it was found wrong; with the flag before: there is none, but the packet is intact. */
  static final long RECEIVED_CHECKSUM_BAD = 1L << 3;

  /** Flags of a packet to be sent: complete the checksum of TCP or UDP, over IPv4 or IPv6. */
  static final long SEND_TCP_CHECKSUM = 1L << 52;

  static final long SEND_UDP_CHECKSUM = 3L << 52;

  /** … cut it; that includes the checksum of TCP, not that of IPv4. */
  static final long SEND_SEGMENTS = 1L << 50;

  static final long SEND_IPV4_CHECKSUM = 1L << 54;
  static final long SEND_IPV4 = 1L << 55;
  static final long SEND_IPV6 = 1L << 56;

  /** All memory: for words that DPDK and we share, at addresses that were checked. */
  static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  private static final int BUFFER = 0;
  private static final int BUS_ADDRESS = 8;
  private static final int DATA_OFFSET = 16;
  private static final int REFERENCES = 18;
  private static final int PIECES = 20;
  private static final int FLAGS = 24;
  private static final int PACKET_TYPE = 32;
  private static final int PACKET_BYTES = 36;
  private static final int PIECE_BYTES = 40;
  private static final int BUFFER_BYTES = 54;
  private static final int POOL = 56;
  private static final int NEXT = 64;
  private static final int OFFLOADS = 72;
  private static final int SHARED = 80;

  private static final int ONE_REFERENCE_ONE_PIECE = 1 << 16 | 1;

  /** Flags: its data is that of another buffer, or outside of any. */
  private static final long BORROWED_DATA = 3L << 61;

  private static final long EXTERNAL_DATA = 1L << 61;
  private static final int LARGEST_BUFFER = 65_535;

  /** Data offset 128, one reference, one piece, no port. */
  private static final long FRESH = 0xFFFF_0001_0001_0000L | HEAD_ROOM;

  /** The longest IP header that the 9 bits hold. */
  static final int MOST_LAYER3_BYTES = 511;

  private Mbuf() {}

  /** The word that says how long the headers are. */
  static long headers(int layer2Bytes, int layer3Bytes) {
    return layer2Bytes | (long) layer3Bytes << 7;
  }

  /** The same of a packet to be cut. */
  static long headers(int layer2Bytes, int layer3Bytes, int layer4Bytes, int segmentBytes) {
    return headers(layer2Bytes, layer3Bytes) | (long) layer4Bytes << 16 | (long) segmentBytes << 24;
  }

  static long buffer(long mbuf) {
    return ALL.get(ValueLayout.JAVA_LONG, mbuf + BUFFER);
  }

  static int bufferBytes(long mbuf) {
    return ALL.get(ValueLayout.JAVA_SHORT, mbuf + BUFFER_BYTES) & 0xFFFF;
  }

  static long pool(long mbuf) {
    return ALL.get(ValueLayout.JAVA_LONG, mbuf + POOL);
  }

  static int dataOffset(long mbuf) {
    return ALL.get(ValueLayout.JAVA_SHORT, mbuf + DATA_OFFSET) & 0xFFFF;
  }

  static int pieces(long mbuf) {
    return ALL.get(ValueLayout.JAVA_SHORT, mbuf + PIECES) & 0xFFFF;
  }

  /** Whether it can be used again as it is: one piece, in nobody else's hands, its data its own. */
  static boolean isWhole(long mbuf) {
    return ALL.get(ValueLayout.JAVA_INT_UNALIGNED, mbuf + REFERENCES) == ONE_REFERENCE_ONE_PIECE
        && (ALL.get(ValueLayout.JAVA_LONG, mbuf + FLAGS) & BORROWED_DATA) == 0;
  }

  static int pieceBytes(long mbuf) {
    return ALL.get(ValueLayout.JAVA_SHORT, mbuf + PIECE_BYTES) & 0xFFFF;
  }

  /** Whether whoever received it vouches for the transport checksum. */
  static boolean isChecksumGood(long mbuf) {
    return (ALL.get(ValueLayout.JAVA_LONG, mbuf + FLAGS) & RECEIVED_CHECKSUM_GOOD) != 0;
  }

  /** Makes it a packet of one piece whose data begins behind the head room. */
  static void write(long mbuf, int bytes, long flags, long offloads) {
    ALL.set(ValueLayout.JAVA_LONG, mbuf + DATA_OFFSET, FRESH);
    ALL.set(ValueLayout.JAVA_LONG, mbuf + FLAGS, flags);
    ALL.set(ValueLayout.JAVA_INT, mbuf + PACKET_TYPE, 0);
    ALL.set(ValueLayout.JAVA_INT, mbuf + PACKET_BYTES, bytes);
    ALL.set(ValueLayout.JAVA_INT, mbuf + PIECE_BYTES, bytes); // and no VLAN
    ALL.set(ValueLayout.JAVA_LONG, mbuf + NEXT, 0);
    ALL.set(ValueLayout.JAVA_LONG, mbuf + OFFLOADS, offloads);
  }

  /**
   * Makes it a piece whose data lies outside of DPDK's memory. Freeing undoes that.
   *
   * @param bytes at most 65,535
   * @param shared address of the count of references, see {@link ExternalPieces}
   */
  static void writeExternal(long mbuf, long data, int bytes, long shared) {
    write(mbuf, bytes, EXTERNAL_DATA, 0);
    ALL.set(ValueLayout.JAVA_SHORT, mbuf + DATA_OFFSET, (short) 0);
    ALL.set(ValueLayout.JAVA_LONG, mbuf + BUFFER, data);
    ALL.set(ValueLayout.JAVA_LONG, mbuf + BUS_ADDRESS, data);
    ALL.set(ValueLayout.JAVA_SHORT, mbuf + BUFFER_BYTES, (short) LARGEST_BUFFER);
    ALL.set(ValueLayout.JAVA_LONG, mbuf + SHARED, shared);
  }

  /** Changes how many bytes a packet of one piece has. */
  static void resize(long mbuf, int bytes) {
    ALL.set(ValueLayout.JAVA_INT, mbuf + PACKET_BYTES, bytes);
    ALL.set(ValueLayout.JAVA_INT, mbuf + PIECE_BYTES, bytes); // and no VLAN
  }

  /** Lets {@code next} follow {@code mbuf}. */
  static void chain(long mbuf, long next) {
    ALL.set(ValueLayout.JAVA_LONG, mbuf + NEXT, next);
  }

  /** The first of several says how much they are. */
  static void total(long mbuf, int pieces, int bytes) {
    ALL.set(ValueLayout.JAVA_SHORT, mbuf + PIECES, (short) pieces);
    ALL.set(ValueLayout.JAVA_INT, mbuf + PACKET_BYTES, bytes);
  }
}
