package wisp.core.stack;

import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;
import wisp.core.ip.IpAddress;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.RecordClass;
import wisp.core.spi.RecordStore;
import wisp.core.spi.SocketBuffers;

/**
 * The records of both families behind one slot number: {@link #IPV6} set in it means a slot of the
 * IPv6 class, whose keys are longer. Who speaks IPv4 only has no record of the other class. With
 * {@link #TIME_WAIT} it is not a record but what is left of one in the {@link TimeWaitTable}, which
 * can be found and read in the same way.
 */
final class Records {
  /** Bit of a slot number: a record of the IPv6 class. */
  static final int IPV6 = 1 << 30;

  /** Bit of a slot number: a place of the TIME-WAIT table. */
  static final int TIME_WAIT = 1 << 29;

  static final int NONE = RecordStore.NONE;

  private final MemoryStrategy memory;
  private final RecordStore ipv4;
  private @Nullable RecordStore ipv6;
  private final @Nullable SocketBuffers buffers;
  private final boolean timestamps;
  private final TimeWaitTable timeWaits;

  Records(MemoryStrategy memory, @Nullable SocketBuffers buffers, TimeWaitTable timeWaits) {
    this.memory = memory;
    this.ipv4 = memory.records(RecordClass.IPV4);
    this.buffers = buffers;
    this.timeWaits = timeWaits;
    int words = ipv4.words();
    if (words < RecordStore.STATE_WORDS_WITHOUT_TIMESTAMPS) {
      throw new IllegalArgumentException("records of " + words + " words are too small");
    }
    this.timestamps = words > RecordFlags.TS_RECENT;
  }

  /** Whether records have a word for TS.Recent; without, no connection can have timestamps. */
  boolean keepTimestamps() {
    return timestamps;
  }

  /** Words of a record that hold the stack's state. */
  int words() {
    return timestamps ? RecordStore.STATE_WORDS : RecordStore.STATE_WORDS_WITHOUT_TIMESTAMPS;
  }

  private RecordStore store(int slot) {
    if (isTimeWait(slot)) {
      return timeWaits.store(slot);
    }
    return (slot & IPV6) == 0 ? ipv4 : ipv6();
  }

  /** Whether it is a place of the TIME-WAIT table. */
  static boolean isTimeWait(int slot) {
    return (slot & TIME_WAIT) != 0;
  }

  /** Made when the first IPv6 connection comes. */
  private RecordStore ipv6() {
    if (ipv6 == null) {
      ipv6 = memory.records(RecordClass.IPV6);
    }
    return ipv6;
  }

  /** Where it is in its store: a slot number without what tells which store that is. */
  static int place(int slot) {
    return slot & ~(IPV6 | TIME_WAIT);
  }

  /** The slot with this key, in TIME-WAIT or not; {@link #NONE}: there is no such connection. */
  int find(long high, long low, int tail) {
    int slot = findRecord(high, low, tail);
    return slot == NONE && timeWaits.size() > 0 ? timeWaits.find(high, low, tail) : slot;
  }

  private int findRecord(long high, long low, int tail) {
    if (IpAddress.isIpv4(high, low)) {
      return ipv4.find(high, low, tail);
    }
    int place = ipv6 == null ? NONE : ipv6.find(high, low, tail);
    return place == NONE ? NONE : place | IPV6;
  }

  /** Makes a record, with socket buffers where the strategy has such; {@link #NONE}: no memory. */
  int insert(long high, long low, int tail) {
    boolean isIpv4 = IpAddress.isIpv4(high, low);
    int place = (isIpv4 ? ipv4 : ipv6()).insert(high, low, tail);
    if (place == NONE) {
      return NONE;
    }
    if (place >= TIME_WAIT) {
      (isIpv4 ? ipv4 : ipv6()).remove(place); // no slot number is left
      return NONE;
    }
    int slot = isIpv4 ? place : place | IPV6;
    if (buffers != null && !buffers.open(slot)) {
      store(slot).remove(place);
      return NONE;
    }
    return slot;
  }

  /** Removes a record. */
  void remove(int slot) {
    if (buffers != null) {
      buffers.close(slot);
    }
    store(slot).remove(place(slot));
  }

  void prefetchIndex(long high, long low, int tail) {
    RecordStore store = IpAddress.isIpv4(high, low) ? ipv4 : ipv6;
    if (store != null) {
      store.prefetchIndex(high, low, tail);
    }
  }

  boolean isLive(int slot) {
    if (isTimeWait(slot)) {
      return timeWaits.isLive(slot);
    }
    return ((slot & IPV6) == 0 || ipv6 != null) && store(slot).isLive(place(slot));
  }

  /** Whether the record in a live slot has this key. */
  boolean hasKey(int slot, long high, long low, int tail) {
    RecordStore store = store(slot);
    int place = place(slot);
    return store.tail(place) == tail
        && store.addressLow(place) == low
        && store.addressHigh(place) == high;
  }

  long addressHigh(int slot) {
    return store(slot).addressHigh(place(slot));
  }

  long addressLow(int slot) {
    return store(slot).addressLow(place(slot));
  }

  int tail(int slot) {
    return store(slot).tail(place(slot));
  }

  int get(int slot, int word) {
    return store(slot).get(place(slot), word);
  }

  void set(int slot, int word, int value) {
    store(slot).set(place(slot), word, value);
  }

  /** See {@link RecordStore#begin}. */
  void begin(int slot) {
    store(slot).begin(place(slot));
  }

  /** See {@link RecordStore#commit}. */
  void commit(int slot) {
    store(slot).commit();
  }

  /** See {@link RecordStore#restore}; of IPv6 only if there were any. */
  void restore(boolean withIpv6, IntPredicate keep) {
    ipv4.restore(keep);
    if (withIpv6) {
      ipv6().restore(place -> keep.test(place | IPV6));
    }
  }

  /** Records; what is in the TIME-WAIT table does not count. */
  int size() {
    return ipv4.size() + (ipv6 == null ? 0 : ipv6.size());
  }

  /** One more than the highest place that a record of a family ever had. */
  int bound(boolean isIpv6) {
    return !isIpv6 ? ipv4.slotBound() : ipv6 == null ? 0 : ipv6.slotBound();
  }

  /** Bound of a walk over the slots of all records: {@link #at} of 0 … bound − 1. */
  int bound() {
    return ipv4.slotBound() + (ipv6 == null ? 0 : ipv6.slotBound());
  }

  /** The {@code i}-th slot of a walk, live or not. */
  int at(int i) {
    int first = ipv4.slotBound();
    return i < first ? i : i - first | IPV6;
  }
}
