package wisp.drivers.afpacket;

import wisp.drivers.Framing;
import wisp.drivers.linux.VirtioHeader;

/**
 * How a ring's memory is divided: blocks, which the kernel allocates in one piece each, and slots
 * in them, none across a border.
 *
 * @param slotBytes a multiple of the cache line
 * @param slotsPerBlock ≥ 1
 * @param blockBytes a power of two of at least one page, so that the kernel wastes nothing
 * @param blocks ≥ 1
 */
record RingShape(int slotBytes, int slotsPerBlock, int blockBytes, int blocks) {
  /**
   * What the kernel writes before a frame: {@code struct tpacket2_hdr} 32 and {@code struct
   * sockaddr_ll} 20, both aligned, then the virtio header, at most.
   */
  private static final int OVERHEAD_BYTES = 80 + VirtioHeader.BYTES;

  private static final int LINE = 64;
  private static final int PAGE = 4096;
  private static final int USUAL_BLOCK_BYTES = 1 << 20;

  /** Room for 64 KiB, and an odd number of cache lines, lest the headers of all slots compete. */
  static final int USUAL_SLOT_BYTES = 1027 * LINE;

  static final int LEAST_SLOT_BYTES = 256;
  static final int MOST_SLOT_BYTES = 1 << 18;

  /** At least so many slots of at least so many bytes. */
  static RingShape of(int slots, int slotBytes) {
    int rounded = (slotBytes + LINE - 1) / LINE * LINE;
    long wanted = Math.max((long) slots * rounded, PAGE);
    int blockBytes = (int) Math.min(USUAL_BLOCK_BYTES, Long.highestOneBit(2 * wanted - 1));
    int slotsPerBlock = blockBytes / rounded;
    return new RingShape(
        rounded, slotsPerBlock, blockBytes, (slots + slotsPerBlock - 1) / slotsPerBlock);
  }

  /** Bytes of a slot that holds every frame with an IP packet of that size. */
  static int slotBytesFor(int mtu) {
    int frame = Framing.ETHERNET_BYTES + Framing.VLAN_TAG_BYTES + mtu;
    return (OVERHEAD_BYTES + frame + LINE - 1) / LINE * LINE;
  }

  int slots() {
    return slotsPerBlock * blocks;
  }

  long bytes() {
    return (long) blockBytes * blocks;
  }
}
