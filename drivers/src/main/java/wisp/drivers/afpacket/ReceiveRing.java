package wisp.drivers.afpacket;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import wisp.core.spi.Burst;
import wisp.drivers.Framing;
import wisp.drivers.linux.VirtioHeader;

/**
 * The slots into which the kernel writes what an interface receives (TPACKET_V2). A slot belongs to
 * us while its status says so; writing 0 there gives it back.
 *
 * <pre>
 *   struct tpacket2_hdr   status 4 │ length 4 │ captured 4 │ frame's place 2 │ IP header's 2 │ time 8 │ VLAN 4, pad 4
 *   then                  struct sockaddr_ll 20 … virtio header 10 │ frame
 *   status: 1 ours, 8 checksum is partial, 128 checksum has been verified
 * </pre>
 *
 * <p>V2, not V3: V3 hands over blocks, when they are full or after a millisecond, and a stack waits
 * for acknowledgments. Frames are lent, none copied; those of a burst go back with the next.
 */
final class ReceiveRing {
  private static final VarHandle STATUS = JAVA_INT.varHandle();
  private static final int LENGTH = 4;
  private static final int CAPTURED = 8;
  private static final int PLACE = 12;
  private static final int HEADER_BYTES = 32;
  private static final int OURS = 1;
  private static final int KERNELS = 0;
  private static final int CHECKSUM_PARTIAL = 0x8;
  private static final int CHECKSUM_VALID = 0x80;

  private final MemorySegment memory;
  private final RingShape shape;
  private final Cursor next; // to be filled by the kernel
  private final Cursor lent; // the oldest that is lent
  private int lentSlots;
  private long drops;

  /** All slots are the kernel's. */
  ReceiveRing(MemorySegment memory, RingShape shape) {
    assert memory.byteSize() == shape.bytes();
    this.memory = memory;
    this.shape = shape;
    next = new Cursor(shape);
    lent = new Cursor(shape);
  }

  /**
   * Gives back what was lent, then lends what is there until the burst is full.
   *
   * @return slots that the kernel had filled, also with what is no use
   */
  int receive(Burst burst) {
    while (lentSlots > 0) {
      STATUS.setRelease(memory, lent.at, KERNELS);
      lent.advance();
      lentSlots--;
    }
    while (lentSlots < shape.slots() && !burst.isFull()) {
      int status = (int) STATUS.getAcquire(memory, next.at);
      if ((status & OURS) == 0) {
        break;
      }
      lend(burst, next.at, status);
      lentSlots++;
      next.advance();
    }
    return lentSlots;
  }

  private void lend(Burst burst, long at, int status) {
    int captured = memory.get(JAVA_INT, at + CAPTURED);
    int place = memory.get(JAVA_SHORT, at + PLACE) & 0xFFFF;
    long start = at + place;
    // Cut off, too short, or not where it can be; or datagrams that nobody can take apart again.
    if (captured != memory.get(JAVA_INT, at + LENGTH)
        || captured < Framing.ETHERNET_BYTES
        || place < HEADER_BYTES + VirtioHeader.BYTES
        || captured > shape.slotBytes() - place
        || !VirtioHeader.isWholeOrTcp(memory, start)) {
      drops++;
      return;
    }
    boolean vouched = (status & (CHECKSUM_PARTIAL | CHECKSUM_VALID)) != 0;
    VirtioHeader.add(burst, memory, start, captured, vouched);
  }

  /** All slots. */
  MemorySegment memory() {
    return memory;
  }

  /** Slots that are not the kernel's. */
  int slotsOut() {
    int out = 0;
    var slot = new Cursor(shape);
    for (int i = 0; i < shape.slots(); i++) {
      out += (int) STATUS.getAcquire(memory, slot.at) == KERNELS ? 0 : 1;
      slot.advance();
    }
    return out;
  }

  /** Frames that were no use. */
  long drops() {
    return drops;
  }

  /** Goes round the slots. */
  private static final class Cursor {
    private final RingShape shape;
    private long at;
    private int inBlock;
    private int block;

    Cursor(RingShape shape) {
      this.shape = shape;
    }

    void advance() {
      at += shape.slotBytes();
      if (++inBlock == shape.slotsPerBlock()) {
        inBlock = 0;
        block = block + 1 == shape.blocks() ? 0 : block + 1;
        at = (long) block * shape.blockBytes();
      }
    }
  }
}
