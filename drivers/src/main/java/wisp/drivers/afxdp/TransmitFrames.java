package wisp.drivers.afxdp;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;
import wisp.core.spi.TransmitPacket;

/**
 * The slots in which packets are written that leave. Each is free, claimed, or on its way: from
 * {@link #commit} until all its pieces have come back through the completion ring. The rings have
 * room for the pieces of all slots.
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

  private final MemorySegment umem;
  private final UmemLayout layout;
  private final Ring ring;
  private final Ring completion;
  private final int[] free;
  private final int[] piecesOnTheirWay; // by slot
  private int freeSlots;
  private boolean unpublished;

  /** All slots are free. */
  TransmitFrames(MemorySegment umem, UmemLayout layout, Ring ring, Ring completion) {
    this.umem = umem;
    this.layout = layout;
    this.ring = ring;
    this.completion = completion;
    free = new int[layout.transmitSlots()];
    piecesOnTheirWay = new int[layout.transmitSlots()];
    for (int slot = layout.transmitSlots() - 1; slot >= 0; slot--) {
      free[freeSlots++] = slot;
    }
  }

  /** A slot; −1: none is free. */
  int claim() {
    return freeSlots == 0 ? -1 : free[--freeSlots];
  }

  /** Gives a claimed slot back. */
  void cancel(int slot) {
    free[freeSlots++] = slot;
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
    int sent = 0;
    int pieces = 0;
    while (sent < packet.length) {
      int bytes = Math.min(packet.length - sent, layout.pieceBytes());
      boolean more = sent + bytes < packet.length;
      ring.putDescriptor(start + sent, bytes, more ? options | Ring.CONTINUED : options);
      options = 0;
      sent += bytes;
      pieces++;
    }
    piecesOnTheirWay[slot] = pieces;
    unpublished = true;
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
      if (slot >= 0 && piecesOnTheirWay[slot] > 0 && --piecesOnTheirWay[slot] == 0) {
        free[freeSlots++] = slot;
      }
    }
    if (available > 0) {
      completion.release(available);
    }
  }

  /** Slots that are neither claimed nor on their way. */
  int freeSlots() {
    return freeSlots;
  }
}
