package wisp.pools.heap;

import it.unimi.dsi.fastutil.Hash;
import it.unimi.dsi.fastutil.objects.ObjectOpenCustomHashSet;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.KeyedHash;

/**
 * Records of IPv6: fastutil's hash set of the records themselves, which know key and slot, so that
 * the wide key is kept only once.
 *
 * <pre>
 *   bytes a record = object + 4 (reference by slot) + 4 / load of the set, which lies between 3/8 and 3/4
 * </pre>
 */
final class HeapIpv6Records extends HeapRecords<HeapIpv6Record> {
  private final Index index;

  /** Only its key is used, to ask the set. */
  private final HeapIpv6Record probe = HeapIpv6Record.of(0);

  HeapIpv6Records(int words, KeyedHash hash) {
    super(words);
    index = new Index(hash);
  }

  @Override
  public int find(long high, long low, int tail) {
    probe.identify(high, low, tail);
    HeapIpv6Record record = index.get(probe);
    return record == null ? NONE : record.slot;
  }

  @Override
  public int insert(long high, long low, int tail) {
    assert find(high, low, tail) == NONE : "the key is there already, tail " + tail;
    HeapIpv6Record record = null;
    int slot = NONE;
    try {
      record = HeapIpv6Record.of(words);
      record.identify(high, low, tail);
      slot = records.add(record);
      record.slot = slot;
      index.add(record);
      return slot;
    } catch (OutOfMemoryError e) {
      if (slot != NONE) {
        index.remove(record);
        records.remove(slot, "record");
      }
      return NONE;
    }
  }

  @Override
  public void remove(int slot) {
    index.remove(records.remove(slot, "record"));
  }

  @Override
  public long addressHigh(int slot) {
    return records.get(slot).high;
  }

  @Override
  public long addressLow(int slot) {
    return records.get(slot).key;
  }

  @Override
  public int tail(int slot) {
    return records.get(slot).tail;
  }

  @Override
  long recordBytes() {
    return HeapIpv6Record.bytes(words);
  }

  @Override
  long indexBytes() {
    return index.bytes();
  }

  @Override
  int entryBytes() {
    return ObjectLayout.REFERENCE;
  }

  @Override
  void clearIndex() {
    index.clear();
    index.trim();
  }

  private static final class Index extends ObjectOpenCustomHashSet<HeapIpv6Record> {
    private static final long serialVersionUID = 1;

    Index(KeyedHash hash) {
      super(new Keyed(hash));
    }

    long bytes() {
      return ObjectLayout.array(ObjectLayout.REFERENCE, n + 1L); // the array is not of our type
    }
  }

  private static final class Keyed implements Hash.Strategy<HeapIpv6Record> {
    private final KeyedHash hash;

    Keyed(KeyedHash hash) {
      this.hash = hash;
    }

    @Override
    public int hashCode(HeapIpv6Record record) {
      return (int) hash.hash(record.high, record.key, record.tail);
    }

    /** The set asks of every key whether it is {@code null}. */
    @Override
    public boolean equals(HeapIpv6Record a, @Nullable HeapIpv6Record b) {
      return b != null && a.key == b.key && a.high == b.high && a.tail == b.tail;
    }
  }
}
