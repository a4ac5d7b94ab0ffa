package wisp.drivers.steering;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import wisp.core.spi.Burst;
import wisp.core.spi.TransmitPacket;

/** The end of a {@link PacketRing} that packets are taken from. */
final class RingReader {
  private final PacketRing ring;
  private long taken;
  private long released;
  private long publishedSeen;

  // Two cache lines lie between this and what another thread writes.
  @SuppressWarnings("unused")
  private long p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14, p15;

  RingReader(PacketRing ring) {
    this.ring = ring;
  }

  /** Whether there is a packet that was not taken. */
  boolean hasNext() {
    if (taken == publishedSeen) {
      publishedSeen = ring.published();
      if (taken == publishedSeen) {
        return false;
      }
    }
    if (nextLength() == PacketRing.SKIP) {
      taken += ring.left(taken); // a packet follows: the mark was published with it
    }
    return true;
  }

  /** Bytes of the next packet, after {@link #hasNext} was true. */
  int nextLength() {
    return ring.memory.get(JAVA_INT, ring.place(taken) + PacketRing.LENGTH);
  }

  /** Adds the next packet to a burst: borrowed until {@link #release}. */
  void take(Burst burst) {
    MemorySegment memory = ring.memory;
    long at = ring.place(taken);
    int length = nextLength();
    burst.add(
        memory,
        at + PacketRing.HEADER,
        length,
        memory.get(JAVA_INT, at + PacketRing.FLAGS),
        memory.get(JAVA_INT, at + PacketRing.SEGMENT_BYTES));
    taken += PacketRing.size(length);
  }

  /** Copies the next packet to what a link has lent for it, with all that is to be done to it. */
  void take(TransmitPacket packet) {
    MemorySegment memory = ring.memory;
    long at = ring.place(taken);
    int length = nextLength();
    MemorySegment.copy(memory, at + PacketRing.HEADER, packet.memory, packet.start, length);
    packet.length = length;
    packet.segmentBytes = memory.get(JAVA_INT, at + PacketRing.SEGMENT_BYTES);
    packet.headerBytes = memory.get(JAVA_INT, at + PacketRing.HEADER_BYTES);
    packet.needsChecksum = memory.get(JAVA_INT, at + PacketRing.NEEDS_CHECKSUM) != 0;
    packet.checksumStart = memory.get(JAVA_INT, at + PacketRing.CHECKSUM_START);
    packet.checksumOffset = memory.get(JAVA_INT, at + PacketRing.CHECKSUM_OFFSET);
    taken += PacketRing.size(length);
  }

  /** Goes past the next packet. */
  void skip() {
    taken += PacketRing.size(nextLength());
  }

  /** Gives back the room of all that was taken. */
  void release() {
    if (released != taken) {
      released = taken;
      ring.release(taken);
    }
  }
}
