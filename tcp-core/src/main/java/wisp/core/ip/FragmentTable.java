package wisp.core.ip;

import org.jspecify.annotations.Nullable;
import wisp.core.Counters;
import wisp.core.Counters.Event;
import wisp.core.memory.Blocks;
import wisp.core.memory.Payer;
import wisp.core.spi.BlockPool;
import wisp.core.spi.KeyedHash;

/**
 * The datagrams in hand, found by key and ordered by age, and who has to go when there are too
 * many. No sender gets more than an eighth of the datagrams and of the bytes (but always one
 * datagram of any length): beyond that it pushes out its own oldest. When all together are too many
 * the oldest one of whoever has most goes, so a flood hurts the flooder first (FragmentSmack,
 * CVE-2018-5391).
 */
final class FragmentTable {
  private static final int NONE = FragmentMap.NONE;
  private static final int SHARE = 8;

  /** Blocks of one datagram of the greatest length. */
  private static final int LARGEST_DATAGRAM =
      BlockPool.ACTIVITY + FragmentText.MOST_BLOCKS * BlockPool.LARGEST;

  private final Blocks blocks;
  private final KeyedHash hash;
  private final Counters counters;
  private final int budgetBytes;
  private final int senderBytes;
  private final int senderDatagrams;

  private final PartialDatagram[] slots;
  private final FragmentMap map;
  private final FragmentSenders senders;
  private int oldest = NONE;
  private int newest = NONE;
  private int heldBytes;
  private int size;

  FragmentTable(Blocks blocks, KeyedHash hash, int budgetBytes, int most, Counters counters) {
    this.blocks = blocks;
    this.hash = hash;
    this.counters = counters;
    this.budgetBytes = budgetBytes;
    senderBytes = Math.max(budgetBytes / SHARE, LARGEST_DATAGRAM);
    senderDatagrams = Math.max(most / SHARE, 1);
    map = new FragmentMap(most);
    senders = new FragmentSenders(hash, most);
    slots = new PartialDatagram[most];
    for (int i = 0; i < most; i++) {
      slots[i] = new PartialDatagram(i);
    }
  }

  /** The datagram of this key, given up or not; null if there is none. */
  @Nullable PartialDatagram find(
      long sourceHigh, long sourceLow, long destinationHigh, long destinationLow, long tag) {
    int slot = map.first(hash(sourceHigh, sourceLow, destinationHigh, destinationLow, tag));
    for (; slot != NONE; slot = map.next(slot)) {
      PartialDatagram d = slots[slot];
      if (d.tag == tag
          && d.destinationLow == destinationLow
          && d.destinationHigh == destinationHigh
          && senders.is(d.sender, sourceHigh, sourceLow)) {
        return d;
      }
    }
    return null;
  }

  /** A fresh datagram of a key that has none, the newest; another one may have to go for it. */
  PartialDatagram open(
      long sourceHigh,
      long sourceLow,
      long destinationHigh,
      long destinationLow,
      long tag,
      long deadlineNanos) {
    int sender = senders.find(sourceHigh, sourceLow);
    if (sender != NONE && senders.datagrams(sender) >= senderDatagrams) {
      evict(oldestOf(sender));
    } else if (map.isFull()) {
      evict(oldestOfMostDatagrams());
    }
    PartialDatagram d =
        slots[map.take(hash(sourceHigh, sourceLow, destinationHigh, destinationLow, tag))];
    d.reset();
    d.sender = senders.join(sourceHigh, sourceLow);
    d.destinationHigh = destinationHigh;
    d.destinationLow = destinationLow;
    d.tag = tag;
    d.deadlineNanos = deadlineNanos;
    d.older = newest;
    d.newer = NONE;
    if (newest == NONE) {
      oldest = d.slot;
    } else {
      slots[newest].newer = d.slot;
    }
    newest = d.slot;
    size++;
    return d;
  }

  /** Two words and two words and the rest; each step is keyed. */
  private long hash(
      long sourceHigh, long sourceLow, long destinationHigh, long destinationLow, long tag) {
    return hash.hash(hash.hash(sourceHigh, sourceLow, destinationHigh), destinationLow, tag);
  }

  /**
   * A block for the datagram, which the caller puts into it at once; or {@link Blocks#NONE}: the
   * datagram itself had to be given up.
   */
  int acquire(PartialDatagram d, int bytes) {
    while (d.buriedFor == null && senders.bytes(d.sender) + bytes > senderBytes) {
      bury(slots[oldestOfBytes(d.sender)], Event.DROP_FRAGMENT_BUDGET);
    }
    while (d.buriedFor == null && heldBytes + bytes > budgetBytes) {
      makeRoom(d);
    }
    int block = attempt(d, bytes);
    if (block == NONE && d.buriedFor == null) {
      makeRoom(d);
      block = attempt(d, bytes);
    }
    if (block != NONE) {
      charge(d, bytes);
    } else if (d.buriedFor == null) {
      bury(d, Event.DROP_FRAGMENT_BUDGET);
    }
    return block;
  }

  private int attempt(PartialDatagram d, int bytes) {
    return d.buriedFor == null
        ? blocks.acquire(bytes, Blocks.Purpose.HELD_TEXT, Payer.NOBODY)
        : Blocks.NONE;
  }

  /** Who has most loses the oldest that holds anything; if nobody has, the asker goes. */
  private void makeRoom(PartialDatagram asker) {
    int victim = oldestOfMostBytes();
    bury(victim == NONE ? asker : slots[victim], Event.DROP_FRAGMENT_BUDGET);
  }

  private void charge(PartialDatagram d, int change) {
    d.bytes += change;
    heldBytes += change;
    senders.charge(d.sender, change);
  }

  /**
   * Gives a datagram up: its blocks go back, its fragments count as dropped, and those to come find
   * out why.
   */
  void bury(PartialDatagram d, Event reason) {
    assert d.buriedFor == null;
    counters.add(reason, d.fragments);
    d.buriedFor = reason;
    releaseBlocks(d);
  }

  private void evict(int slot) {
    PartialDatagram d = slots[slot];
    if (d.buriedFor == null) {
      bury(d, Event.DROP_FRAGMENT_BUDGET);
    }
    remove(d);
  }

  /** Forgets a datagram. */
  void remove(PartialDatagram d) {
    releaseBlocks(d);
    if (d.older == NONE) {
      oldest = d.newer;
    } else {
      slots[d.older].newer = d.newer;
    }
    if (d.newer == NONE) {
      newest = d.older;
    } else {
      slots[d.newer].older = d.older;
    }
    senders.leave(d.sender);
    map.giveBack(d.slot);
    size--;
  }

  private void releaseBlocks(PartialDatagram d) {
    for (int k = 0; d.bytes > 0 && k < d.blocks.length; k++) {
      if (d.blocks[k] != Blocks.NONE) {
        blocks.release(d.blocks[k], Payer.NOBODY);
        d.blocks[k] = Blocks.NONE;
      }
    }
    if (d.headerBlock != Blocks.NONE) {
      blocks.release(d.headerBlock, Payer.NOBODY);
      d.headerBlock = Blocks.NONE;
    }
    charge(d, -d.bytes);
  }

  /** The datagram whose first fragment came first; null if there is none. */
  @Nullable PartialDatagram oldest() {
    return oldest == NONE ? null : slots[oldest];
  }

  private int oldestOf(int sender) {
    int slot = oldest;
    while (slots[slot].sender != sender) {
      slot = slots[slot].newer;
    }
    return slot;
  }

  private int oldestOfBytes(int sender) {
    int slot = oldest;
    while (slots[slot].sender != sender || slots[slot].bytes == 0) {
      slot = slots[slot].newer;
    }
    return slot;
  }

  private int oldestOfMostDatagrams() {
    int found = NONE;
    int most = 0;
    for (int slot = oldest; slot != NONE; slot = slots[slot].newer) {
      int datagrams = senders.datagrams(slots[slot].sender);
      if (datagrams > most) {
        most = datagrams;
        found = slot;
      }
    }
    return found;
  }

  private int oldestOfMostBytes() {
    int found = NONE;
    int most = 0;
    for (int slot = oldest; slot != NONE; slot = slots[slot].newer) {
      int bytes = slots[slot].bytes == 0 ? 0 : senders.bytes(slots[slot].sender);
      if (bytes > most) {
        most = bytes;
        found = slot;
      }
    }
    return found;
  }

  int size() {
    return size;
  }

  int heldBytes() {
    return heldBytes;
  }

  long reservedBytes() {
    return map.reservedBytes()
        + senders.reservedBytes()
        + (4L + PartialDatagram.RESERVED_BYTES) * slots.length;
  }
}
