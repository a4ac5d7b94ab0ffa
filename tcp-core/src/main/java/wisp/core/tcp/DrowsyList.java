package wisp.core.tcp;

import wisp.core.memory.Blocks;

/**
 * Connections that are quiet but keep their activity block for one RTO, so that a writer with
 * pauses does not fall back to the initial window (RFC 5681 §4.1). Oldest first: those go when the
 * pool runs short. Linked through the blocks.
 */
public final class DrowsyList {
  private static final int UNLISTED = -2;
  private final Blocks blocks;
  private int oldest = Blocks.NONE;
  private int newest = Blocks.NONE;

  /** Empty. */
  public DrowsyList(Blocks blocks) {
    this.blocks = blocks;
  }

  /** Prepares a fresh block. */
  void adopt(int block) {
    blocks.setInt(block, Activity.DROWSY_PREVIOUS, UNLISTED);
  }

  /** The block that has been drowsy longest, or {@link Blocks#NONE}. */
  public int oldest() {
    return oldest;
  }

  /** The one that has been drowsy next longest. */
  public int after(int block) {
    return blocks.getInt(block, Activity.DROWSY_NEXT);
  }

  /** Whether a block is in the list. */
  public boolean contains(int block) {
    return blocks.getInt(block, Activity.DROWSY_PREVIOUS) != UNLISTED;
  }

  /** Adds a block as the newest. */
  public void add(int block) {
    blocks.setInt(block, Activity.DROWSY_PREVIOUS, newest);
    blocks.setInt(block, Activity.DROWSY_NEXT, Blocks.NONE);
    if (newest == Blocks.NONE) {
      oldest = block;
    } else {
      blocks.setInt(newest, Activity.DROWSY_NEXT, block);
    }
    newest = block;
  }

  /** Takes a block out; does nothing when it isn't in. */
  public void remove(int block) {
    if (!contains(block)) {
      return;
    }
    int previous = blocks.getInt(block, Activity.DROWSY_PREVIOUS);
    int next = blocks.getInt(block, Activity.DROWSY_NEXT);
    if (previous == Blocks.NONE) {
      oldest = next;
    } else {
      blocks.setInt(previous, Activity.DROWSY_NEXT, next);
    }
    if (next == Blocks.NONE) {
      newest = previous;
    } else {
      blocks.setInt(next, Activity.DROWSY_PREVIOUS, previous);
    }
    adopt(block);
  }
}
