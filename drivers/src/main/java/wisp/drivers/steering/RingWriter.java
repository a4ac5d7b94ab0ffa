package wisp.drivers.steering;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import wisp.core.spi.Burst;
import wisp.core.spi.TransmitPacket;

/** The end of a {@link PacketRing} that packets are put into. */
final class RingWriter {
  private final PacketRing ring;
  private long written;
  private long published;
  private long releasedSeen;
  private long claimed;

  // Two cache lines lie between this and what another thread writes.
  @SuppressWarnings("unused")
  private long p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14, p15;

  RingWriter(PacketRing ring) {
    this.ring = ring;
  }

  /** What packets are written to. */
  MemorySegment memory() {
    return ring.memory;
  }

  /**
   * Finds room for a packet.
   *
   * @return where it goes in {@link #memory}, or −1: the ring is full
   */
  long claim(int bytes) {
    long size = PacketRing.size(bytes);
    long left = ring.left(written);
    long begin = size <= left ? written : written + left;
    if (begin + size - releasedSeen > ring.capacity) {
      releasedSeen = ring.released();
      if (begin + size - releasedSeen > ring.capacity) {
        return -1;
      }
    }
    claimed = begin;
    return ring.place(begin) + PacketRing.HEADER;
  }

  /** Puts in a packet of the stack's, written to what {@link #claim} found. */
  void commit(TransmitPacket packet) {
    long at = put(packet.length, packet.segmentBytes);
    MemorySegment memory = ring.memory;
    memory.set(JAVA_INT, at + PacketRing.HEADER_BYTES, packet.headerBytes);
    memory.set(JAVA_INT, at + PacketRing.NEEDS_CHECKSUM, packet.needsChecksum ? 1 : 0);
    memory.set(JAVA_INT, at + PacketRing.CHECKSUM_START, packet.checksumStart);
    memory.set(JAVA_INT, at + PacketRing.CHECKSUM_OFFSET, packet.checksumOffset);
  }

  /** Puts in a copy of a packet that was received; false when the ring is full. */
  boolean copy(Burst burst, int i) {
    int length = burst.length(i);
    long to = claim(length);
    if (to < 0) {
      return false;
    }
    MemorySegment.copy(burst.memory(i), burst.start(i), ring.memory, to, length);
    long at = put(length, burst.segmentBytes(i));
    ring.memory.set(JAVA_INT, at + PacketRing.FLAGS, burst.flags(i));
    return true;
  }

  private long put(int length, int segmentBytes) {
    if (claimed != written) {
      ring.memory.set(JAVA_INT, ring.place(written) + PacketRing.LENGTH, PacketRing.SKIP);
    }
    long at = ring.place(claimed);
    ring.memory.set(JAVA_INT, at + PacketRing.LENGTH, length);
    ring.memory.set(JAVA_INT, at + PacketRing.SEGMENT_BYTES, segmentBytes);
    written = claimed + PacketRing.size(length);
    return at;
  }

  /** Lets the reader have what was put in; whether that was anything. */
  boolean publish() {
    if (published == written) {
      return false;
    }
    published = written;
    ring.publish(written);
    return true;
  }
}
