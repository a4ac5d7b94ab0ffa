package wisp.core.spi;

import java.lang.foreign.MemorySegment;

/**
 * One packet on its way out: the link sets {@link #memory} and {@link #start} in {@link
 * Link#claim}, the stack writes there and sets the rest before {@link Link#commit}. One instance is
 * reused for ever.
 *
 * <pre>
 *   claimed memory          pieces, where they are
 *   ┌──────────────────┐    ┌────────┐ ┌─────────────────┐
 *   │ length           │ ++ │        │ │                 │ …     {@link #pieceBytes} in all
 *   └──────────────────┘    └────────┘ └─────────────────┘
 * </pre>
 *
 * <p>A link that {@linkplain Link#gatherPieces gathers} takes payload from where it lies: then only
 * the headers are written to what was claimed, and the packet goes on with its pieces.
 */
public final class TransmitPacket {
  /** The most pieces a packet can have. */
  public static final int MOST_PIECES = 64;

  private final MemorySegment[] pieceMemory = new MemorySegment[MOST_PIECES];
  private final long[] pieceStart = new long[MOST_PIECES];
  private final int[] pieceLength = new int[MOST_PIECES];

  /** Pieces that follow what was written; read only. */
  public int pieces;

  /** Bytes of all pieces; read only. */
  public int pieceBytes;

  /** Where to write; borrowed until commit. */
  public MemorySegment memory = MemorySegment.NULL;

  /** First byte of the packet in {@link #memory}. */
  public long start;

  /** Bytes written: of the whole packet where there are no pieces. */
  public int length;

  /** The link has to complete a checksum from {@link #checksumStart} on; only if it offers that. */
  public boolean needsChecksum;

  /** Where the checksummed part begins, from the packet's start. */
  public int checksumStart;

  /** Where the checksum field is, from {@link #checksumStart}. */
  public int checksumOffset;

  /** Payload bytes of each segment the link is to cut; 0: send as it is. */
  public int segmentBytes;

  /** IP and TCP header together, in bytes; set when {@link #segmentBytes} is. */
  public int headerBytes;

  /** Set by the link when it lends memory. */
  public void lend(MemorySegment memory, long start) {
    this.memory = memory;
    this.start = start;
    length = 0;
    dropPieces();
    needsChecksum = false;
    checksumStart = 0;
    checksumOffset = 0;
    segmentBytes = 0;
    headerBytes = 0;
  }

  /**
   * Adds a piece of payload.
   *
   * @param memory borrowed until the link says that it {@linkplain Link#gathersDone has done}
   * @throws IndexOutOfBoundsException beyond {@link #MOST_PIECES}
   */
  public void add(MemorySegment memory, long start, int length) {
    pieceMemory[pieces] = memory;
    pieceStart[pieces] = start;
    pieceLength[pieces] = length;
    pieces++;
    pieceBytes += length;
  }

  /** Memory of piece {@code i}. */
  public MemorySegment pieceMemory(int i) {
    return pieceMemory[i];
  }

  /** First byte of piece {@code i} in its memory. */
  public long pieceStart(int i) {
    return pieceStart[i];
  }

  /** Bytes of piece {@code i}. */
  public int pieceLength(int i) {
    return pieceLength[i];
  }

  /** Bytes of the packet: written ones and pieces. */
  public int totalLength() {
    return length + pieceBytes;
  }

  /** Copies the pieces to where they follow each other. */
  public void copyPieces(MemorySegment to, long toStart) {
    long at = toStart;
    for (int i = 0; i < pieces; i++) {
      MemorySegment.copy(pieceMemory[i], pieceStart[i], to, at, pieceLength[i]);
      at += pieceLength[i];
    }
  }

  /** Forgets the pieces. */
  public void dropPieces() {
    pieces = 0;
    pieceBytes = 0;
  }
}
