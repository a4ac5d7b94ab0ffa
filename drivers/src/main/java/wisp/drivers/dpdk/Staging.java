package wisp.drivers.dpdk;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Packets that the device is to cut, and that are larger than a buffer. They lie in DPDK's memory,
 * where a card can read them, but in none of the buffers that stand for them; their places are used
 * in turn, when the driver has freed the one before.
 */
final class Staging {
  private static final int PLACES = 64;
  private static final int PLACE_BYTES = 65_600; // the largest IP packet, and its Ethernet header

  private final Librte librte;
  private final long address;
  private final MemorySegment memory;
  private final ExternalPieces references;

  /** Without memory there are no places. */
  Staging(Librte librte, Arena arena) {
    this.librte = librte;
    address = librte.call("rte_zmalloc", 0, (long) PLACES * PLACE_BYTES, 64);
    memory = MemorySegment.ofAddress(address).reinterpret(address == 0 ? 0 : PLACES * PLACE_BYTES);
    references = new ExternalPieces(arena, PLACES);
  }

  /** Whether a packet of so many bytes can be written now. */
  boolean hasRoom(int bytes) {
    return address != 0 && bytes <= PLACE_BYTES && references.hasRoom();
  }

  MemorySegment memory() {
    return memory;
  }

  /** Where the next packet is to be written. */
  long start() {
    return (long) references.next() * PLACE_BYTES;
  }

  /**
   * Lets a buffer stand for the packet written there, and another one for its payload. The headers
   * are copied to the first: DPDK's own cutting takes it for granted that they lie in a buffer.
   */
  void attach(MbufPool pool, long mbuf, long payload, int headerBytes, int bytes) {
    MemorySegment.copy(
        memory,
        start(),
        pool.memory(),
        mbuf + Mbuf.BYTES + Mbuf.HEAD_ROOM - pool.memory().address(),
        headerBytes);
    long data = address + start() + headerBytes;
    Mbuf.writeExternal(payload, data, bytes - headerBytes, references.lend(1));
    Mbuf.chain(mbuf, payload);
    Mbuf.total(mbuf, 2, bytes);
  }

  /** When no driver can have one of them any more. */
  void close() {
    librte.call("rte_free", address);
  }
}
