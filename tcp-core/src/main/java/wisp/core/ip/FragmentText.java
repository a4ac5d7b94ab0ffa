package wisp.core.ip;

import java.lang.foreign.MemorySegment;
import wisp.core.memory.Blocks;
import wisp.core.spi.BlockPool;

/**
 * The text of a datagram at its place: block k has the bytes [k · 1,984, (k + 1) · 1,984) of the
 * fragmentable part. So a fragment costs what its length costs, in whatever order they come, and an
 * overlap is seen at once. In contrast to the hole list of RFC 815 there is nothing to walk.
 *
 * <pre>
 *   block:  a bit per unit of 8 bytes: is held (32) | a fragment begins here (32) | text (1,984)
 * </pre>
 */
final class FragmentText {
  /** What offsets count in (RFC 791 §3.1). */
  static final int UNIT = 8;

  private static final int HELD = 0;
  private static final int BEGINS = 32;
  private static final int TEXT = 64;

  /** Bytes of text in a block. */
  static final int BLOCK_TEXT = BlockPool.LARGEST - TEXT;

  /** Blocks that the longest datagram needs. */
  static final int MOST_BLOCKS = (0xFFFF + BLOCK_TEXT - 1) / BLOCK_TEXT;

  private final Blocks blocks;

  FragmentText(Blocks blocks) {
    this.blocks = blocks;
  }

  /** Units that so many bytes fill, the last one perhaps in part. */
  static int units(int bytes) {
    return (bytes + UNIT - 1) / UNIT;
  }

  /** The first block that [offset, end) needs and the datagram hasn't; or {@link Blocks#NONE}. */
  static int missingBlock(PartialDatagram d, int offset, int end) {
    for (int k = offset / BLOCK_TEXT; k <= (end - 1) / BLOCK_TEXT; k++) {
      if (d.blocks[k] == Blocks.NONE) {
        return k;
      }
    }
    return Blocks.NONE;
  }

  /** Gives the datagram a block, which it owns now, as its {@code k}-th. */
  void addBlock(PartialDatagram d, int k, int block) {
    for (int at = 0; at < TEXT; at += 8) {
      blocks.setLong(block, at, 0);
    }
    d.blocks[k] = block;
  }

  /** How many units of [offset, end) are held. */
  int heldUnits(PartialDatagram d, int offset, int end) {
    return count(d, HELD, offset / UNIT, units(end));
  }

  /**
   * Whether [offset, end), all of which is held, came as one fragment with just these bytes: an
   * exact duplicate, which alone RFC 8200 §4.5 allows to be ignored.
   */
  boolean isDuplicate(
      PartialDatagram d, int offset, int end, MemorySegment memory, long dataStart) {
    int unit = offset / UNIT;
    int after = units(end);
    boolean oneFragment =
        count(d, BEGINS, unit, unit + 1) == 1
            && count(d, BEGINS, unit + 1, after) == 0
            && (end == d.total || holds(d, BEGINS, after) || !holds(d, HELD, after));
    return oneFragment && sameBytes(d, offset, end, memory, dataStart);
  }

  private boolean sameBytes(
      PartialDatagram d, int offset, int end, MemorySegment memory, long dataStart) {
    for (int at = offset; at < end; ) {
      int block = d.blocks[at / BLOCK_TEXT];
      int n = here(at, end);
      long from = dataStart + at - offset;
      long held = text(block, at);
      if (MemorySegment.mismatch(memory, from, from + n, blocks.memory(block), held, held + n)
          >= 0) {
        return false;
      }
      at += n;
    }
    return true;
  }

  /** Holds a fragment of which nothing is held yet and for which all blocks are there. */
  void put(PartialDatagram d, int offset, int end, MemorySegment memory, long dataStart) {
    for (int at = offset; at < end; ) {
      int block = d.blocks[at / BLOCK_TEXT];
      int n = here(at, end);
      MemorySegment.copy(memory, dataStart + at - offset, blocks.memory(block), text(block, at), n);
      int unit = at % BLOCK_TEXT / UNIT;
      mark(block, HELD, unit, unit + units(n));
      if (at == offset) {
        mark(block, BEGINS, unit, unit + 1);
      }
      at += n;
    }
    d.heldUnits += units(end) - offset / UNIT;
  }

  /** Copies the first {@code length} bytes, all of which are held. */
  void copy(PartialDatagram d, int length, MemorySegment to, long start) {
    for (int at = 0; at < length; ) {
      int block = d.blocks[at / BLOCK_TEXT];
      int n = here(at, length);
      MemorySegment.copy(blocks.memory(block), text(block, at), to, start + at, n);
      at += n;
    }
  }

  private static int here(int at, int end) {
    return Math.min(BLOCK_TEXT - at % BLOCK_TEXT, end - at);
  }

  private long text(int block, int at) {
    return blocks.start(block) + TEXT + at % BLOCK_TEXT;
  }

  private boolean holds(PartialDatagram d, int bitmap, int unit) {
    return unit < MOST_BLOCKS * (BLOCK_TEXT / UNIT) && count(d, bitmap, unit, unit + 1) == 1;
  }

  /** Bits set in a bitmap from unit {@code from} up to, without, {@code to} of the datagram. */
  private int count(PartialDatagram d, int bitmap, int from, int to) {
    int inBlock = BLOCK_TEXT / UNIT;
    int sum = 0;
    for (int unit = from; unit < to; ) {
      int k = unit / inBlock;
      int here = Math.min(to, (k + 1) * inBlock);
      if (d.blocks[k] != Blocks.NONE) {
        sum += count(d.blocks[k], bitmap, unit - k * inBlock, here - k * inBlock);
      }
      unit = here;
    }
    return sum;
  }

  private int count(int block, int bitmap, int from, int to) {
    int sum = 0;
    for (int word = from / 64; word <= (to - 1) / 64; word++) {
      sum += Long.bitCount(blocks.getLong(block, bitmap + 8 * word) & mask(word, from, to));
    }
    return sum;
  }

  private void mark(int block, int bitmap, int from, int to) {
    for (int word = from / 64; word <= (to - 1) / 64; word++) {
      int at = bitmap + 8 * word;
      blocks.setLong(block, at, blocks.getLong(block, at) | mask(word, from, to));
    }
  }

  /** Those of the 64 bits of a word that lie in [from, to), which has some of them. */
  private static long mask(int word, int from, int to) {
    int low = Math.max(from - 64 * word, 0);
    int high = Math.min(to - 64 * word, 64);
    return -1L >>> 64 - (high - low) << low;
  }
}
