package wisp.core.tcp;

import wisp.core.memory.Blocks;

/**
 * Activity blocks in the order in which they came, linked through themselves. A block is in one of
 * the two lists of {@link ReclaimLists} at most: the one writes {@link Activity#LIST_PREVIOUS} as
 * it is (NONE is −1), the other mirrored (−3 and below), so that each knows its own.
 */
public final class BlockList {
  private static final int UNLISTED = -2;
  private static final int MIRROR = -4;
  private final Blocks blocks;
  private final boolean mirrored;
  private int oldest = Blocks.NONE;
  private int newest = Blocks.NONE;

  BlockList(Blocks blocks, boolean mirrored) {
    this.blocks = blocks;
    this.mirrored = mirrored;
  }

  /** Prepares a fresh block: it is in no list. */
  static void adopt(Blocks blocks, int block) {
    blocks.setInt(block, Activity.LIST_PREVIOUS, UNLISTED);
  }

  /** The block that has been in the list longest, or {@link Blocks#NONE}. */
  public int oldest() {
    return oldest;
  }

  /** The one that came after it, or {@link Blocks#NONE}. */
  public int after(int block) {
    return blocks.getInt(block, Activity.LIST_NEXT);
  }

  /** Whether a block is in this list. */
  public boolean contains(int block) {
    int word = blocks.getInt(block, Activity.LIST_PREVIOUS);
    return mirrored ? word < UNLISTED : word > UNLISTED;
  }

  /** Adds a block as the newest. */
  public void add(int block) {
    setPrevious(block, newest);
    blocks.setInt(block, Activity.LIST_NEXT, Blocks.NONE);
    if (newest == Blocks.NONE) {
      oldest = block;
    } else {
      blocks.setInt(newest, Activity.LIST_NEXT, block);
    }
    newest = block;
  }

  /** Takes a block out; does nothing when it isn't in. */
  public void remove(int block) {
    if (!contains(block)) {
      return;
    }
    int word = blocks.getInt(block, Activity.LIST_PREVIOUS);
    int previous = mirrored ? MIRROR - word : word;
    int next = blocks.getInt(block, Activity.LIST_NEXT);
    if (previous == Blocks.NONE) {
      oldest = next;
    } else {
      blocks.setInt(previous, Activity.LIST_NEXT, next);
    }
    if (next == Blocks.NONE) {
      newest = previous;
    } else {
      setPrevious(next, previous);
    }
    adopt(blocks, block);
  }

  /** Makes a block the newest. */
  public void moveToEnd(int block) {
    remove(block);
    add(block);
  }

  private void setPrevious(int block, int previous) {
    blocks.setInt(block, Activity.LIST_PREVIOUS, mirrored ? MIRROR - previous : previous);
  }
}
