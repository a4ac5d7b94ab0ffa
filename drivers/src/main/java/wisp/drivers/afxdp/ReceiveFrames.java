package wisp.drivers.afxdp;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.wire.EthernetHeader;
import wisp.core.wire.Ipv4Header;
import wisp.drivers.Framing;

/**
 * The chunks into which the kernel writes what comes in. Each is at one place: in the fill ring, in
 * the kernel's hands, in the receive ring, or lent with the packets of the last burst; it goes back
 * to the fill ring with the next one.
 */
final class ReceiveFrames {
  private static final int IPV4_PROTOCOL = 9;
  private static final int IPV6_NEXT_HEADER = 6;
  private static final int IPV6_BYTES = 40;
  private static final int TCP_DATA_OFFSET = 12;

  private final MemorySegment umem;
  private final UmemLayout layout;
  private final Ring fill;
  private final Ring ring;
  private final int mtu;
  private final int trusted; // flags of a packet
  private final int[] lent; // numbers of chunks, in the order in which they came
  private int lentChunks;
  private int gathered;
  private long drops;

  /**
   * Gives the kernel all chunks.
   *
   * @param mtu of an IP packet; what is longer was not cut yet, or put together by the kernel
   * @param flags of the packets of a burst
   */
  ReceiveFrames(MemorySegment umem, UmemLayout layout, Ring fill, Ring ring, int mtu, int flags) {
    this.umem = umem;
    this.layout = layout;
    this.fill = fill;
    this.ring = ring;
    this.mtu = mtu;
    this.trusted = flags;
    lent = new int[layout.receiveChunks()];
    for (int i = 0; i < layout.receiveChunks(); i++) {
      fill.putAddress(layout.chunk(i));
    }
    fill.publish();
  }

  /** Gives back what was lent, then lends what is there until the burst is full. */
  void receive(Burst burst) {
    giveBack();
    int available = ring.available();
    int taken = 0;
    while (taken < available && !burst.isFull()) {
      int pieces = pieces(taken, available);
      if (pieces == 0 || !lend(burst, taken, pieces)) {
        break;
      }
      taken += pieces;
    }
    if (taken > 0) {
      ring.release(taken);
    }
  }

  private void giveBack() {
    if (lentChunks > 0) {
      for (int i = 0; i < lentChunks; i++) {
        fill.putAddress(layout.chunk(lent[i]));
      }
      fill.publish();
      lentChunks = 0;
      gathered = 0;
    }
  }

  /** Entries of the packet that begins with that one; 0: it is not there whole. */
  private int pieces(int first, int available) {
    int last = first;
    while (ring.isContinued(last)) {
      if (++last == available) {
        return 0;
      }
    }
    return last - first + 1;
  }

  /** False when it has to wait for the next burst. */
  private boolean lend(Burst burst, int first, int pieces) {
    boolean valid = true;
    boolean inOnePiece = true;
    long start = layout.position(ring.descriptorAddress(first));
    long end = start;
    long bytes = 0;
    for (int i = first; i < first + pieces; i++) {
      long at = layout.position(ring.descriptorAddress(i));
      int length = ring.length(i);
      valid &=
          layout.chunkOf(ring.descriptorAddress(i)) >= 0
              && length > 0
              && length <= layout.roomBytes()
              && at >= 0
              && at + length <= layout.sharedBytes();
      inOnePiece &= at == end;
      end = at + length;
      bytes += length;
    }
    valid &= bytes <= UmemLayout.LARGEST_PACKET;
    if (valid && !inOnePiece) {
      if (gathered == UmemLayout.GATHER_SLOTS) {
        return false;
      }
      start = gather(first, pieces);
    }
    for (int i = first; i < first + pieces; i++) {
      int chunk = layout.chunkOf(ring.descriptorAddress(i));
      if (chunk >= 0) {
        lent[lentChunks++] = chunk;
      }
    }
    if (valid) {
      add(burst, start, (int) bytes);
    } else {
      drops++;
    }
    return true;
  }

  private long gather(int first, int pieces) {
    long start = layout.gather(gathered++);
    long to = start;
    for (int i = first; i < first + pieces; i++) {
      long from = layout.position(ring.descriptorAddress(i));
      int length = ring.length(i);
      MemorySegment.copy(umem, from, umem, to, length);
      to += length;
    }
    return start;
  }

  private void add(Burst burst, long start, int length) {
    if (length < EthernetHeader.LENGTH) {
      drops++;
    } else if (length <= EthernetHeader.LENGTH + mtu) {
      burst.add(umem, start, length, trusted);
    } else {
      addLarge(burst, start, length);
    }
  }

  /**
   * A packet that no wire has brought like this. The kernel has verified the checksums of what it
   * has put together, or a neighbour on this machine has left the cutting to it, and nobody tells
   * how long the segments are to be: as long as the MTU allows. Other than with TCP nobody could
   * take them apart.
   */
  private void addLarge(Burst burst, long start, int length) {
    int headers = headers(start, length);
    if (headers < 0) {
      drops++;
    } else {
      burst.add(umem, start, length, Burst.CHECKSUM_TRUSTED, mtu - headers);
    }
  }

  /** Bytes of IP and TCP header together; −1: it is no TCP, or has no room for a payload. */
  private int headers(long start, int length) {
    int offset = Framing.ipOffset(Link.Kind.ETHERNET, umem, start, length);
    if (offset < 0) {
      return -1;
    }
    long ip = start + offset;
    boolean ipv4 = octet(ip) >>> 4 == 4;
    int ipBytes = ipv4 ? (octet(ip) & 0xF) * 4 : IPV6_BYTES;
    int protocol = octet(ip + (ipv4 ? IPV4_PROTOCOL : IPV6_NEXT_HEADER));
    int headers = ipBytes + (octet(ip + ipBytes + TCP_DATA_OFFSET) >>> 4) * 4;
    return protocol == Ipv4Header.PROTOCOL_TCP && headers < mtu ? headers : -1;
  }

  private int octet(long at) {
    return umem.get(JAVA_BYTE, at) & 0xFF;
  }

  /** Whether the kernel waits to be told of chunks in the fill ring. */
  boolean needsWakeup() {
    return fill.needsWakeup();
  }

  /** Chunks lent, on offer to the kernel and waiting for us; the others are in its hands. */
  int lentChunks() {
    return lentChunks;
  }

  /** As {@link #lentChunks}. */
  int offeredChunks() {
    return fill.waiting();
  }

  /** As {@link #lentChunks}. */
  int waitingChunks() {
    return ring.available();
  }

  /** Packets that were no use. */
  long drops() {
    return drops;
  }
}
