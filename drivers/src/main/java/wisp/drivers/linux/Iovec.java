package wisp.drivers.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import wisp.core.spi.TransmitPacket;

/**
 * The pieces of packets as the kernel takes them, in the order in which they are to follow each
 * other:
 *
 * <pre>
 *   struct iovec (16 B)   address 8 │ length 8
 * </pre>
 */
public final class Iovec {
  /** Structures that one packet needs at most: what was written, and its pieces. */
  public static final int MOST = 1 + TransmitPacket.MOST_PIECES;

  private static final int BYTES = SocketCalls.IOVEC_BYTES;

  private final MemorySegment memory;

  /** Room for so many packets. */
  public Iovec(Arena arena, int packets) {
    memory = arena.allocate((long) packets * MOST * BYTES, 8);
  }

  /** Where the structures of a packet are. */
  public long address(int packet) {
    return memory.address() + (long) packet * MOST * BYTES;
  }

  /**
   * Describes a packet.
   *
   * @param packet its place, from 0
   * @param before bytes that lie directly before what was written and are to be sent with it
   * @return structures used
   */
  public int describe(int packet, TransmitPacket of, int before) {
    long at = (long) packet * MOST * BYTES;
    set(at, of.memory.address() + of.start - before, of.length + before);
    for (int i = 0; i < of.pieces; i++) {
      at += BYTES;
      set(at, of.pieceMemory(i).address() + of.pieceStart(i), of.pieceLength(i));
    }
    return 1 + of.pieces;
  }

  private void set(long at, long address, long length) {
    memory.set(ValueLayout.JAVA_LONG, at, address);
    memory.set(ValueLayout.JAVA_LONG, at + 8, length);
  }
}
