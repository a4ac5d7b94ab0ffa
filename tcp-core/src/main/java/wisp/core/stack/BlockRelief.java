package wisp.core.stack;

import wisp.core.Counters;
import wisp.core.Counters.Event;
import wisp.core.memory.Blocks;
import wisp.core.memory.Peers;
import wisp.core.spi.BlockPool;
import wisp.core.tcp.Activity;
import wisp.core.tcp.BlockList;
import wisp.core.tcp.Reassembly;
import wisp.core.tcp.ReclaimLists;
import wisp.core.tcp.Tcb;

/**
 * Who gives way when the pool has nothing left (decision 31). In this order: a connection at rest
 * of a peer above its share, the held text of such a peer, whoever has been at rest longest, and
 * for what is in order the text of whoever has waited longest for a hole to close. Never what was
 * acknowledged or is still to be sent.
 */
final class BlockRelief implements Blocks.Relief {
  /** Connections looked at in one list for one of a greedy peer. */
  private static final int LOOKED_AT = 8;

  private final Peers peers;
  private final ReclaimLists lists;
  private final Activity activity;
  private final Reassembly reassembly;
  private final TcbDesk desk;
  private final Counters counters;

  BlockRelief(
      Peers peers,
      ReclaimLists lists,
      Activity activity,
      Reassembly reassembly,
      TcbDesk desk,
      Counters counters) {
    this.peers = peers;
    this.lists = lists;
    this.activity = activity;
    this.reassembly = reassembly;
    this.desk = desk;
    this.counters = counters;
  }

  @Override
  public boolean relieve(Blocks.Purpose purpose, boolean fromGreedy) {
    if (peers.anyAboveShare() && (wakeGreedyNoMore() || cutGreedy())) {
      return true;
    }
    if (fromGreedy) {
      return false;
    }
    return switch (purpose) {
      case HELD_TEXT -> false;
      case NEW -> wakeOldestNoMore();
      case ORDINARY, ESSENTIAL -> wakeOldestNoMore() || cutOldest();
    };
  }

  private boolean wakeGreedyNoMore() {
    int block = lists.drowsy.oldest();
    for (int i = 0; i < LOOKED_AT && block != BlockPool.NONE; i++) {
      int next = lists.drowsy.after(block);
      if (isFree(block) && wakeNoMore(block, true)) {
        return true;
      }
      block = next;
    }
    return false;
  }

  /** Those that are looked at in vain go to the end, so that all are looked at in time. */
  private boolean cutGreedy() {
    int block = lists.holding.oldest();
    for (int i = 0; i < LOOKED_AT && block != BlockPool.NONE; i++) {
      int next = lists.holding.after(block);
      if (isFree(block)) {
        if (cut(block, true)) {
          return true;
        }
        lists.holding.moveToEnd(block);
      }
      block = next;
    }
    return false;
  }

  private boolean wakeOldestNoMore() {
    int block = oldestFree(lists.drowsy);
    return block != BlockPool.NONE && wakeNoMore(block, false);
  }

  private boolean cutOldest() {
    int block = oldestFree(lists.holding);
    return block != BlockPool.NONE && cut(block, false);
  }

  /** Not one that is in use right now. */
  private int oldestFree(BlockList list) {
    int block = list.oldest();
    while (block != BlockPool.NONE && !isFree(block)) {
      block = list.after(block);
    }
    return block;
  }

  private boolean isFree(int block) {
    return !desk.isLaidOut(activity.slotOf(block));
  }

  private boolean wakeNoMore(int block, boolean onlyGreedy) {
    Tcb tcb = desk.open(activity.slotOf(block));
    boolean takes = !onlyGreedy || peers.isAboveShare(tcb.payer, 0);
    if (takes) {
      desk.wakeNoMore(tcb);
      counters.add(Event.DROWSY_TAKEN);
    }
    desk.close(tcb);
    return takes;
  }

  private boolean cut(int block, boolean onlyGreedy) {
    Tcb tcb = desk.open(activity.slotOf(block));
    boolean takes = !onlyGreedy || peers.isAboveShare(tcb.payer, 0);
    if (takes) {
      counters.add(Event.HELD_TEXT_TAKEN, reassembly.cut(tcb.held));
    }
    desk.close(tcb);
    return takes;
  }
}
