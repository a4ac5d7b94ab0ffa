package wisp.core.stack;

import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import wisp.core.ip.IpAddress;
import wisp.core.spi.Footprint;
import wisp.core.spi.IndexPages;
import wisp.core.spi.IndexedRecordStore;
import wisp.core.spi.KeyedHash;
import wisp.core.spi.RecordClass;
import wisp.core.spi.RecordStore;
import wisp.core.spi.StrategyConfig;

/**
 * What is left of connections in TIME-WAIT: a key and the four words of a record each, found by the
 * key like records, and in the order in which they are over. 24 bytes and about 5 of index for
 * IPv4, 36 and 5 for IPv6. Their slots are those of {@link Records} with {@link Records#TIME_WAIT}
 * set.
 */
final class TimeWaitTable {
  private final KeyedHash secret;
  private final Supplier<IndexPages> memory;
  private final Footprint bytes = new Footprint();
  private final Family ipv4;
  private @Nullable Family ipv6;

  /** The ring of a family and what finds its places. */
  private record Family(TimeWaitRing ring, RecordStore store) {}

  /**
   * An empty table.
   *
   * @param secret of which the index makes keys of its own
   * @param memory gives the pages in which all of it lives: for each ring and each index its own
   */
  TimeWaitTable(KeyedHash secret, Supplier<IndexPages> memory) {
    this.secret = secret;
    this.memory = memory;
    this.ipv4 = family(RecordClass.IPV4);
  }

  private Family family(RecordClass recordClass) {
    int which = 2 * recordClass.ordinal();
    var config =
        new StrategyConfig(
            RecordStore.STATE_WORDS,
            0,
            0,
            secret.hash(Records.TIME_WAIT, which),
            secret.hash(Records.TIME_WAIT, which + 1),
            Map.of());
    var ring = new TimeWaitRing(recordClass, new SparePages(memory.get()));
    var index = new SparePages(memory.get());
    return new Family(ring, new IndexedRecordStore(config, recordClass, ring, index));
  }

  private Family ipv6() {
    if (ipv6 == null) {
      ipv6 = family(RecordClass.IPV6);
    }
    return ipv6;
  }

  private Family of(int slot) {
    return (slot & Records.IPV6) == 0 ? ipv4 : ipv6();
  }

  /** The store of a slot of ours. */
  RecordStore store(int slot) {
    return of(slot).store;
  }

  /** Whether a slot's family has been here at all. */
  boolean knows(int slot) {
    return (slot & Records.IPV6) == 0 || ipv6 != null;
  }

  /** The slot with this key, or {@link Records#NONE}. */
  int find(long high, long low, int tail) {
    boolean isIpv4 = IpAddress.isIpv4(high, low);
    Family family = isIpv4 ? ipv4 : ipv6;
    int place = family == null ? Records.NONE : family.store.find(high, low, tail);
    return place == Records.NONE ? Records.NONE : slot(place, isIpv4);
  }

  private static int slot(int place, boolean isIpv4) {
    return place | Records.TIME_WAIT | (isIpv4 ? 0 : Records.IPV6);
  }

  /**
   * A place at the end of the ring; its words are zero but for the time.
   *
   * @param units until when it lasts: not before any that is there
   * @return {@link Records#NONE}: no memory
   */
  int insert(long high, long low, int tail, long units) {
    boolean isIpv4 = IpAddress.isIpv4(high, low);
    Family family = isIpv4 ? ipv4 : ipv6();
    family.ring.nextLastsUntil(units);
    int place = family.store.insert(high, low, tail);
    return place == Records.NONE ? Records.NONE : slot(place, isIpv4);
  }

  void remove(int slot) {
    of(slot).store.remove(Records.place(slot));
  }

  /** Until when a live slot lasts, in units of {@link TimeWaitRing#UNIT_NANOS}. */
  long deadline(int slot) {
    return of(slot).ring.deadline(Records.place(slot));
  }

  /** A word of a live slot. */
  int get(int slot, int word) {
    return of(slot).store.get(Records.place(slot), word);
  }

  /** Sets a word, of the flags those bits that are not the time. */
  void set(int slot, int word, int value) {
    Family family = of(slot);
    int place = Records.place(slot);
    if (word == RecordFlags.FLAGS) {
      value = RecordFlags.withStamp(value, RecordFlags.stampOf(family.store.get(place, word)));
    }
    family.store.set(place, word, value);
  }

  // ---- The oldest ------------------------------------------------------------------------------

  /** When the first one is over, in units of {@link TimeWaitRing#UNIT_NANOS}. */
  long headDeadline() {
    long first = ipv4.ring.headDeadline();
    return ipv6 == null ? first : Math.min(first, ipv6.ring.headDeadline());
  }

  private boolean isIpv4First() {
    return ipv6 == null || ipv4.ring.headDeadline() <= ipv6.ring.headDeadline();
  }

  /** The slot of the place that is over first, live or not; there must be one. */
  int oldest() {
    boolean isIpv4 = isIpv4First();
    return slot((isIpv4 ? ipv4 : ipv6()).ring.headSlot(), isIpv4);
  }

  /** Whether the slot of a place is in use. */
  boolean isLive(int slot) {
    return knows(slot) && store(slot).isLive(Records.place(slot));
  }

  /** Leaves the place of {@link #oldest}, which has been removed. */
  void leaveOldest() {
    (isIpv4First() ? ipv4 : ipv6()).ring.leaveHead();
  }

  // ---- How many --------------------------------------------------------------------------------

  /** Connections in TIME-WAIT. */
  int size() {
    return ipv4.store.size() + (ipv6 == null ? 0 : ipv6.store.size());
  }

  /** Places, those included that were left before their time. */
  int places() {
    return ipv4.ring.places() + (ipv6 == null ? 0 : ipv6.ring.places());
  }

  /** Bound of a walk over all slots: {@link #at} of 0 … bound − 1. */
  int bound() {
    return ipv4.store.slotBound() + (ipv6 == null ? 0 : ipv6.store.slotBound());
  }

  /** The {@code i}-th slot of a walk, live or not. */
  int at(int i) {
    int first = ipv4.store.slotBound();
    return i < first ? slot(i, true) : slot(i - first, false);
  }

  /** Bytes reserved, index and all. */
  long reservedBytes() {
    bytes.reset();
    ipv4.store.footprint(bytes);
    if (ipv6 != null) {
      ipv6.store.footprint(bytes);
    }
    return bytes.reservedBytes();
  }
}
