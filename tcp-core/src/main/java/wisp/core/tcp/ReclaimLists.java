package wisp.core.tcp;

import wisp.core.memory.Blocks;

/** Connections that have blocks which can be taken from them when the pool runs short. */
public final class ReclaimLists {
  private final Blocks blocks;

  /**
   * Those that are quiet but keep their activity block for one RTO, so that a writer with pauses
   * does not fall back to the initial window (RFC 5681 §4.1).
   */
  public final BlockList drowsy;

  /** Those that hold text beyond a hole, the oldest hole first. */
  public final BlockList holding;

  /** Empty. */
  public ReclaimLists(Blocks blocks) {
    this.blocks = blocks;
    this.drowsy = new BlockList(blocks, false);
    this.holding = new BlockList(blocks, true);
  }

  /** Prepares a fresh block. */
  void adopt(int block) {
    BlockList.adopt(blocks, block);
  }

  /** Takes a block out of whichever it is in. */
  void remove(int block) {
    drowsy.remove(block);
    holding.remove(block);
  }

  /** Notes whether an awake connection, which is not drowsy, holds text. */
  public void awake(int block, boolean holds) {
    drowsy.remove(block);
    if (!holds) {
      holding.remove(block);
    } else if (!holding.contains(block)) {
      holding.add(block);
    }
  }
}
