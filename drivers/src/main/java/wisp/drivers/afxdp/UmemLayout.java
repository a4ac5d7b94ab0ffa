package wisp.drivers.afxdp;

/**
 * How the memory shared with the kernel (UMEM) is divided.
 *
 * <pre>
 *   receive chunks, in the order of the fill ring │ transmit slots │ places for packets to be put together │ frames
 * </pre>
 *
 * <p>The kernel writes a packet 256 bytes into its chunk, and one that is longer than the rest into
 * the rest of the next ones. Where it copies, nothing is ever written into those 256 bytes, and so
 * chunks overlap by them: a packet of 64 KiB then lies in one piece, if its chunks follow each
 * other, which they do as long as they go back in the order in which they came. Where a card writes
 * by itself chunks lie apart, and what takes several is put together by a copy.
 *
 * @param overlapping whether the kernel copies
 * @param chunkBytes that the kernel knows: 2048 or 4096
 * @param receiveChunks a power of two
 * @param transmitSlots each for one packet
 * @param slotBytes of them
 * @param framesBytes in which the stack may have what it sends, whole pages; 0: it is copied
 */
record UmemLayout(
    boolean overlapping,
    int chunkBytes,
    int receiveChunks,
    int transmitSlots,
    int slotBytes,
    long framesBytes) {
  /** What a chunk begins with (XDP_PACKET_HEADROOM). */
  static final int HEADROOM_BYTES = 256;

  /** Flags, where the checksum begins, where it goes, and room that a completion would take. */
  static final int METADATA_BYTES = 24;

  /** Pieces of a packet: the kernel's first and the fragments of an skb (MAX_SKB_FRAGS). */
  static final int MOST_PIECES = 17;

  /** Ethernet header with a VLAN tag, IPv6 header and 65,535 bytes of payload. */
  static final int LARGEST_PACKET = 65_575 + 18;

  /** Packets of a burst that can be put together. */
  static final int GATHER_SLOTS = 4;

  static final int GATHER_BYTES = 65 << 10;
  private static final int ALIGNMENT = 64;
  static final int PAGE_BYTES = 4096;

  /** Descriptors that may be on their way. */
  private static final int TRANSMIT_PIECES = 2048;

  private static final int OFFSET_SHIFT = 48; // XSK_UNALIGNED_BUF_OFFSET_SHIFT
  private static final long ADDRESS_MASK = (1L << OFFSET_SHIFT) - 1;

  /** For frames of at most so many bytes. */
  static UmemLayout of(boolean overlapping, int chunkBytes, int receiveChunks, int frameBytes) {
    int pieces = (frameBytes + chunkBytes - METADATA_BYTES - 1) / (chunkBytes - METADATA_BYTES);
    int slotBytes =
        overlapping ? roundUp(frameBytes, ALIGNMENT) + ALIGNMENT : roundUp(frameBytes, chunkBytes);
    return new UmemLayout(
        overlapping, chunkBytes, receiveChunks, TRANSMIT_PIECES / pieces, slotBytes, 0);
  }

  /** With at least so many bytes for frames. */
  UmemLayout withFrames(long bytes) {
    return new UmemLayout(
        overlapping,
        chunkBytes,
        receiveChunks,
        transmitSlots,
        slotBytes,
        roundUp(bytes, PAGE_BYTES));
  }

  /** What a descriptor of a packet to be sent speaks of at most: a chunk has its metadata too. */
  int pieceBytes() {
    return overlapping ? chunkBytes - METADATA_BYTES : chunkBytes;
  }

  /** What is there of a packet in one chunk. */
  int roomBytes() {
    return chunkBytes - HEADROOM_BYTES;
  }

  /** From one receive chunk to the next. */
  int strideBytes() {
    return overlapping ? roomBytes() : chunkBytes;
  }

  /** Where a receive chunk begins. */
  long chunk(int number) {
    return (long) number * strideBytes();
  }

  /** Where the last receive chunk ends. */
  long receiveBytes() {
    return chunk(receiveChunks) + (overlapping ? HEADROOM_BYTES : 0);
  }

  /** Where the transmit slots begin. */
  private long transmitStart() {
    return roundUp(chunk(receiveChunks) + HEADROOM_BYTES, PAGE_BYTES);
  }

  /** Where the packet of a transmit slot begins; there is room for metadata before it. */
  long packet(int slot) {
    return transmitStart() + (long) slot * slotBytes + packetOffset();
  }

  private int packetOffset() {
    return overlapping ? ALIGNMENT : 0;
  }

  private long transmitEnd() {
    return roundUp(transmitStart() + (long) transmitSlots * slotBytes, PAGE_BYTES);
  }

  /** What the kernel knows of. */
  long sharedBytes() {
    return framesBytes == 0 ? transmitEnd() : bytes();
  }

  /** Where a packet is put together. */
  long gather(int number) {
    return transmitEnd() + (long) number * GATHER_BYTES;
  }

  /** Where the memory for frames begins. */
  long framesStart() {
    return gather(GATHER_SLOTS);
  }

  /** All of it. */
  long bytes() {
    return framesStart() + framesBytes;
  }

  /** Whether all of these bytes lie in the memory for frames. */
  boolean isInFrames(long address, int bytes) {
    return address >= framesStart() && address + bytes <= bytes();
  }

  /**
   * How much of what begins there one descriptor can speak of: where chunks lie apart, to the end
   * of one.
   */
  int pieceBytes(long address, int bytes) {
    int most = overlapping ? pieceBytes() : chunkBytes - (int) (address % chunkBytes);
    return Math.min(bytes, most);
  }

  /** Entries of the transmit and of the completion ring: there is always room in them. */
  int transmitEntries() {
    return TRANSMIT_PIECES;
  }

  /** Where a packet that was received lies, by its descriptor. */
  long position(long address) {
    return overlapping ? (address & ADDRESS_MASK) + (address >>> OFFSET_SHIFT) : address;
  }

  /** The number of the chunk that a descriptor speaks of; −1: of none of the receive chunks. */
  int chunkOf(long address) {
    long base = overlapping ? address & ADDRESS_MASK : address - Math.floorMod(address, chunkBytes);
    long number = Math.floorDiv(base, strideBytes());
    return base % strideBytes() == 0 && number >= 0 && number < receiveChunks ? (int) number : -1;
  }

  /** The slot in which a piece of a packet that was sent lies; −1: in none. */
  int slotOf(long address) {
    long number = Math.floorDiv(address - transmitStart(), (long) slotBytes);
    return number >= 0 && number < transmitSlots ? (int) number : -1;
  }

  private static int roundUp(int number, int to) {
    return (number + to - 1) / to * to;
  }

  private static long roundUp(long number, int to) {
    return (number + to - 1) / to * to;
  }
}
