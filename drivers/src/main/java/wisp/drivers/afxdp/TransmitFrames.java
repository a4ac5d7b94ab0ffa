package wisp.drivers.afxdp;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;
import wisp.core.spi.TransmitPacket;

/**
 * The slots in which packets are written that leave. Each is free, claimed, or on its way: from
 * {@link #commit} until all its descriptors have come back through the completion ring. Payload
 * that lies in the memory for frames stays there, and the slot holds only the headers.
 *
 * <p>The kernel completes the descriptors of a packet one after the other, and the first of them
 * speaks of its slot. A piece of a frame does not tell whose it is: the same bytes may be on their
 * way many times, to one peer again or to many.
 *
 * <pre>
 *   struct xsk_tx_metadata (24 B), before the packet     flags 8 │ checksum start 2 │ checksum offset 2, pad 4 │ 8
 *   flags: 2 checksum is to be completed
 * </pre>
 */
final class TransmitFrames {
  private static final long COMPLETE_CHECKSUM = 2;
  private static final int CHECKSUM_START = 8;
  private static final int CHECKSUM_OFFSET = 10;

  private static final int NOT_LENT = -1;
  private static final int NO_SLOT = -1;

  private final MemorySegment umem;
  private final UmemLayout layout;
  private final Ring ring;
  private final Ring completion;
  private final LentPayloads lent;
  private final int[] free;
  private final int[] descriptorsOnTheirWay; // by slot
  private final int[] placeInLent; // by slot
  private int freeSlots;
  private int onTheirWay; // descriptors of all slots
  private int completing = NO_SLOT; // whose descriptors come back at present
  private boolean unpublished;

  /**
   * All slots are free.
   *
   * @param umem all of it but the memory for frames
   */
  TransmitFrames(MemorySegment umem, UmemLayout layout, Ring ring, Ring completion) {
    this.umem = umem;
    this.layout = layout;
    this.ring = ring;
    this.completion = completion;
    lent = new LentPayloads(layout.transmitEntries());
    free = new int[layout.transmitSlots()];
    descriptorsOnTheirWay = new int[layout.transmitSlots()];
    placeInLent = new int[layout.transmitSlots()];
    for (int slot = layout.transmitSlots() - 1; slot >= 0; slot--) {
      free[freeSlots++] = slot;
    }
  }

  /** A slot; −1: none is free, or the rings have no room for all that a packet may take. */
  int claim() {
    return freeSlots == 0 || !hasRoom() ? NO_SLOT : free[--freeSlots];
  }

  /** There is always room for what lies in slots. */
  private boolean hasRoom() {
    return layout.framesBytes() == 0
        || onTheirWay + UmemLayout.MOST_PIECES <= layout.transmitEntries();
  }

  /** Gives a claimed slot back. */
  void cancel(int slot) {
    free[freeSlots++] = slot;
  }

  /** Gives the slot of a packet back that can't be sent. */
  void drop(int slot, TransmitPacket packet) {
    if (packet.pieces > 0) {
      lent.pass();
    }
    cancel(slot);
  }

  /** Where the packet of a slot is to be written. */
  long packet(int slot) {
    return layout.packet(slot);
  }

  /** Lets the packet of a claimed slot leave with the next {@link #publish}. */
  void commit(int slot, TransmitPacket packet) {
    long start = layout.packet(slot);
    int options = 0;
    if (packet.needsChecksum) {
      long at = start - UmemLayout.METADATA_BYTES;
      umem.set(JAVA_LONG, at, COMPLETE_CHECKSUM);
      umem.set(JAVA_SHORT, at + CHECKSUM_START, (short) packet.checksumStart);
      umem.set(JAVA_SHORT, at + CHECKSUM_OFFSET, (short) packet.checksumOffset);
      options = Ring.METADATA;
    }
    int written = packet.length;
    int pieces = packet.pieces;
    placeInLent[slot] = NOT_LENT;
    if (pieces > 0 && !lent.isFull() && descriptors(packet) <= UmemLayout.MOST_PIECES) {
      placeInLent[slot] = lent.lend();
    } else if (pieces > 0) {
      lent.pass();
      packet.copyPieces(umem, start + written);
      written = packet.totalLength();
      pieces = 0;
    }
    int count = describe(start, written, options, pieces > 0);
    for (int i = 0; i < pieces; i++) {
      count += describe(address(packet, i), packet.pieceLength(i), 0, i + 1 < pieces);
    }
    descriptorsOnTheirWay[slot] = count;
    onTheirWay += count;
    unpublished = true;
  }

  /** Where a piece lies, by the count of descriptors. */
  private long address(TransmitPacket packet, int piece) {
    return packet.pieceMemory(piece).address() + packet.pieceStart(piece) - umem.address();
  }

  /**
   * How many a packet needs whose pieces stay where they are, were each cut at the end of a page as
   * well: some devices take pages from the kernel instead of a copy, and no more of them. Too many
   * where a piece can't stay.
   */
  private int descriptors(TransmitPacket packet) {
    int count = 1;
    for (int i = 0; i < packet.pieces; i++) {
      long at = address(packet, i);
      int left = packet.pieceLength(i);
      if (!layout.isInFrames(at, left)) {
        return Integer.MAX_VALUE;
      }
      while (left > 0) {
        int page = UmemLayout.PAGE_BYTES - (int) (at % UmemLayout.PAGE_BYTES);
        int bytes = Math.min(page, layout.pieceBytes(at, left));
        at += bytes;
        left -= bytes;
        count++;
      }
    }
    return count;
  }

  /**
   * Puts descriptors of these bytes into the ring.
   *
   * @param options of the first
   * @param more whether the packet goes on after them
   * @return how many
   */
  private int describe(long address, int length, int options, boolean more) {
    long at = address;
    int left = length;
    int count = 0;
    while (left > 0) {
      int bytes = layout.pieceBytes(at, left);
      int continued = more || bytes < left ? Ring.CONTINUED : 0;
      ring.putDescriptor(at, bytes, (count == 0 ? options : 0) | continued);
      at += bytes;
      left -= bytes;
      count++;
    }
    return count;
  }

  /** Hands over what was committed; whether there was anything. */
  boolean publish() {
    boolean any = unpublished;
    if (any) {
      ring.publish();
      unpublished = false;
    }
    return any;
  }

  /** Descriptors that the kernel has not taken yet. */
  int waiting() {
    return ring.waiting();
  }

  boolean needsWakeup() {
    return ring.needsWakeup();
  }

  /** Frees the slots of packets that have left. */
  void reap() {
    int available = completion.available();
    for (int i = 0; i < available; i++) {
      int slot = layout.slotOf(completion.address(i));
      if (slot != NO_SLOT) {
        completing = slot; // and with it what comes from elsewhere until the next slot
      }
      complete(completing);
    }
    if (available > 0) {
      completion.release(available);
    }
  }

  private void complete(int slot) {
    if (slot == NO_SLOT || descriptorsOnTheirWay[slot] == 0) {
      return;
    }
    onTheirWay--;
    if (--descriptorsOnTheirWay[slot] == 0) {
      if (placeInLent[slot] != NOT_LENT) {
        lent.finish(placeInLent[slot]);
      }
      free[freeSlots++] = slot;
    }
  }

  /** Packets with pieces that the kernel has done with, and all before them. */
  long gathersDone() {
    return lent.done();
  }

  /** Slots that are neither claimed nor on their way. */
  int freeSlots() {
    return freeSlots;
  }
}
