package wisp.pools.packed;

import wisp.core.spi.Footprint;
import wisp.core.spi.RecordClass;
import wisp.core.spi.RecordStore;
import wisp.core.spi.StrategyConfig;
import wisp.pools.region.FixedBytes;
import wisp.pools.region.RecordRegion;

/**
 * Records that lie in the hash table itself: a bounded number, in buckets of 64 places. A key is
 * mixed under the context's secret and then has three {@link Ways} to a bucket; the record goes
 * into the emptiest of the three and stays in its place until it is removed. So slots don't move,
 * nothing is ever rehashed, and every call does a bounded amount of work. What finds all three
 * full, which hardly happens at the load that the table is made for, goes to the {@link Stash}.
 *
 * <pre>
 *   value    = way(mix(key))                  64 bits, for each of the three ways
 *   bucket   = value mod buckets              any number of buckets
 *   quotient = value div buckets
 *   tag      = lowest 6 bits of the quotient | way, 2 bits         one byte; 0: the place is free
 *   slot     = bucket · 64 + place            beyond the last bucket: a place of the stash
 *
 *   memory:  tags, 64 bytes a bucket | buckets | turns, a byte a bucket
 *   bucket:  what else tells the key, of 64 places | words of 64 places, side by side for each place
 * </pre>
 *
 * <p>All tags lie together, aligned: a look-up reads one cache line a way, hardly anything else
 * unless the record is there, and with a million connections the lines of all buckets are but a
 * megabyte. A bucket's <em>turn</em> is the place where the search for a free one begins, behind
 * the one taken last: places are reused in turn, so that a stale handle is seldom met by a new
 * record.
 */
abstract class PackedRecords implements RecordStore, RecordRegion {
  /** Places in a bucket. */
  static final int PLACES = 64;

  /**
   * How many of them are taken, on average, when the table is full: 95.3 %. Then after long churn
   * one bucket of 5,000 is full and a key has three full ones once in 10^11 times; with one record
   * more a bucket that would be once in 10,000 times.
   */
  static final int TAKEN_PLACES = 61;

  /** Fewer would give a quotient more bits than there is room for. */
  static final int LEAST_BUCKETS = 8;

  /** A context has 29 bits for slots of a class, of which the stash takes 64. */
  static final int MOST_CONNECTIONS = ((1 << 23) - 1) * TAKEN_PLACES;

  private static final int TAG_BITS = 6;
  private static final int WAY_BITS = 2;
  private static final int BUCKET_SHIFT = 6;

  final FixedBytes memory;
  final Divisor divisor;
  final int buckets;
  private final int capacity;
  private final int words;
  private final int keyBytes;
  private final int bucketBytes;
  private final long turns;
  private final Stash stash;
  private int size;
  private int slotBound;

  // What look-ups ahead read goes here, lest the compiler leave them out.
  @SuppressWarnings("unused")
  private long prefetched;

  /**
   * Room for so many records, reserved now.
   *
   * @param buckets at least {@value #LEAST_BUCKETS}; no more records find a place than these and
   *     the stash have
   * @param keyBytes of the part of a bucket that tells keys
   * @throws IllegalArgumentException when the machine has no such memory
   */
  PackedRecords(int connections, int buckets, int words, int keyBytes) {
    this.capacity = connections;
    this.buckets = buckets;
    this.words = words;
    this.keyBytes = keyBytes;
    bucketBytes = keyBytes + PLACES * 4 * words;
    divisor = new Divisor(buckets);
    boolean none = connections == 0;
    turns = (long) buckets * (PLACES + bucketBytes);
    memory = new FixedBytes(none ? 0 : turns + buckets);
    stash = new Stash(none ? 0 : Stash.PLACES, words);
  }

  /** Records of a class for so many connections; for 0 there is room for none. */
  static PackedRecords of(StrategyConfig config, RecordClass recordClass, int connections) {
    return of(config, recordClass, connections, buckets(connections));
  }

  /** With another number of buckets than is good: for tests. */
  static PackedRecords of(
      StrategyConfig config, RecordClass recordClass, int connections, int buckets) {
    return switch (recordClass) {
      case IPV4 -> new PackedIpv4Records(config, connections, buckets);
      case IPV6 -> new PackedIpv6Records(config, connections, buckets);
    };
  }

  /** Buckets for so many connections. */
  static int buckets(int connections) {
    return Math.max(LEAST_BUCKETS, Math.ceilDiv(connections, TAKEN_PLACES));
  }

  /** A key as 64 bits that no peer can foresee; the same for equal keys. */
  abstract long mix(long high, long low, int tail);

  /** Whether the record in a taken place, whose tag fits, has this key. */
  abstract boolean holds(int bucket, int place, long quotient, long high, long low, int tail);

  /** Writes what a bucket tells of a key. */
  abstract void put(int bucket, int place, long quotient, long high, long low, int tail);

  /** The record in this slot is known to have this key. */
  abstract void note(int slot, long high, long low, int tail);

  /** The first 64 bits of an address, from a place in a bucket. */
  abstract long highAt(int slot);

  /** The last 64 bits of an address, from a place in a bucket. */
  abstract long lowAt(int slot);

  /** The tail of a key, from a place in a bucket. */
  abstract int tailAt(int slot);

  /** Where in memory a bucket begins, behind its tags. */
  final long bucketAt(int bucket) {
    return (long) buckets * PLACES + (long) bucket * bucketBytes;
  }

  private static int tag(long quotient, int way) {
    return (int) (quotient & (1 << TAG_BITS) - 1) << WAY_BITS | way;
  }

  /** The way that a record in a bucket has gone. */
  final int wayOf(int slot) {
    return memory.readByte(slot) & (1 << WAY_BITS) - 1;
  }

  /** Those bits of the quotient that the tag of a place in a bucket has. */
  final int tagBitsOf(int slot) {
    return memory.readByte(slot) >>> WAY_BITS;
  }

  @Override
  public final int find(long high, long low, int tail) {
    if (size == 0) {
      return NONE;
    }
    long mixed = mix(high, low, tail);
    for (int way = 1; way <= Ways.COUNT; way++) {
      long value = Ways.go(way, mixed);
      long quotient = divisor.quotient(value);
      int bucket = (int) (value - quotient * buckets);
      long pattern = Tags.eightOf(tag(quotient, way));
      for (int first = 0; first < PLACES; first += Tags.PER_WORD) {
        long word = memory.readLong((long) bucket * PLACES + first);
        for (long fits = Tags.zeroBytes(word ^ pattern); fits != 0; fits &= fits - 1) {
          int place = first + (Long.numberOfTrailingZeros(fits) >>> 3);
          if (holds(bucket, place, quotient, high, low, tail)) {
            int slot = bucket << BUCKET_SHIFT | place;
            note(slot, high, low, tail);
            return slot;
          }
        }
      }
    }
    int place = stash.find(high, low, tail);
    return place == NONE ? NONE : stashSlot(place);
  }

  @Override
  public final void prefetchIndex(long high, long low, int tail) {
    if (size != 0) {
      long mixed = mix(high, low, tail);
      prefetched =
          memory.readLong(lineOf(Ways.go(1, mixed)))
              ^ memory.readLong(lineOf(Ways.go(2, mixed)))
              ^ memory.readLong(lineOf(Ways.go(3, mixed)));
    }
  }

  private long lineOf(long value) {
    return (value - divisor.quotient(value) * buckets) * PLACES;
  }

  @Override
  public final int insert(long high, long low, int tail) {
    assert find(high, low, tail) == NONE : "the key is there already, tail " + tail;
    if (size == capacity) {
      return NONE;
    }
    long mixed = mix(high, low, tail);
    int bestWay = 0;
    long bestFree = 0;
    for (int way = 1; way <= Ways.COUNT; way++) {
      long free = freePlaces(lineOf(Ways.go(way, mixed)));
      if (Long.bitCount(free) > Long.bitCount(bestFree)) {
        bestWay = way;
        bestFree = free;
      }
    }
    int slot =
        bestWay == 0
            ? takeStash(high, low, tail)
            : take(Ways.go(bestWay, mixed), bestWay, bestFree, high, low, tail);
    if (slot != NONE) {
      size++;
      slotBound = Math.max(slotBound, slot + 1);
    }
    return slot;
  }

  /** A bit for each free place of the bucket with the tags there. */
  private long freePlaces(long line) {
    long free = 0;
    for (int first = 0; first < PLACES; first += Tags.PER_WORD) {
      long zeros = Tags.zeroBytes(memory.readLong(line + first));
      free |= Tags.gather(zeros) << first;
    }
    return free;
  }

  private int take(long value, int way, long free, long high, long low, int tail) {
    long quotient = divisor.quotient(value);
    int bucket = (int) (value - quotient * buckets);
    int turn = memory.readByte(turns + bucket);
    int ahead = Long.numberOfTrailingZeros(Long.rotateRight(free, turn));
    int place = turn + ahead & PLACES - 1;
    int slot = bucket << BUCKET_SHIFT | place;
    memory.writeByte(turns + bucket, place + 1 & PLACES - 1);
    memory.writeByte(slot, tag(quotient, way));
    put(bucket, place, quotient, high, low, tail);
    note(slot, high, low, tail);
    long at = wordAt(slot, 0);
    for (int word = 0; word < words; word++) {
      memory.writeInt(at + word * 4L, 0);
    }
    return slot;
  }

  private int takeStash(long high, long low, int tail) {
    int place = stash.take(high, low, tail);
    return place == NONE ? NONE : stashSlot(place);
  }

  private int stashSlot(int place) {
    return (buckets << BUCKET_SHIFT) + place;
  }

  /** The place in the stash that a slot stands for; negative: it is in a bucket. */
  private int stashPlace(int slot) {
    return slot - (buckets << BUCKET_SHIFT);
  }

  @Override
  public final void remove(int slot) {
    if (!isLive(slot)) {
      throw new IllegalStateException("no record lives in slot " + slot);
    }
    int place = stashPlace(slot);
    if (place >= 0) {
      stash.release(place);
    } else {
      memory.writeByte(slot, 0);
    }
    size--;
  }

  @Override
  public final boolean isLive(int slot) {
    if (slot < 0 || slot >= slotBound) {
      return false;
    }
    int place = stashPlace(slot);
    return place < 0 ? memory.readByte(slot) != 0 : stash.isLive(place);
  }

  @Override
  public final long addressHigh(int slot) {
    assert isLive(slot) : "no record lives in slot " + slot;
    int place = stashPlace(slot);
    return place < 0 ? highAt(slot) : stash.high(place);
  }

  @Override
  public final long addressLow(int slot) {
    assert isLive(slot) : "no record lives in slot " + slot;
    int place = stashPlace(slot);
    return place < 0 ? lowAt(slot) : stash.low(place);
  }

  @Override
  public final int tail(int slot) {
    assert isLive(slot) : "no record lives in slot " + slot;
    int place = stashPlace(slot);
    return place < 0 ? tailAt(slot) : stash.tail(place);
  }

  private long wordAt(int slot, int word) {
    assert word >= 0 && word < words : "word " + word + " of " + words;
    return bucketAt(slot >>> BUCKET_SHIFT) + keyBytes + ((slot & PLACES - 1) * words + word) * 4L;
  }

  @Override
  public final int get(int slot, int word) {
    assert isLive(slot) : "no record lives in slot " + slot;
    int place = stashPlace(slot);
    return place < 0 ? memory.readInt(wordAt(slot, word)) : stash.get(place, word);
  }

  @Override
  public final void set(int slot, int word, int value) {
    assert isLive(slot) : "no record lives in slot " + slot;
    int place = stashPlace(slot);
    if (place < 0) {
      memory.writeInt(wordAt(slot, word), value);
    } else {
      stash.set(place, word, value);
    }
  }

  @Override
  public final int words() {
    return words;
  }

  @Override
  public final int size() {
    return size;
  }

  @Override
  public final int slotBound() {
    return slotBound;
  }

  /** Records in the stash at present. */
  final int stashed() {
    return stash.size();
  }

  /** Records that ever went to the stash. */
  final long everStashed() {
    return stash.taken();
  }

  /** Bytes on the heap that a class has for itself. */
  abstract long tableBytes();

  /** The tags, the turns and the stash count as index, what is left as records. */
  @Override
  public final void footprint(Footprint into) {
    boolean none = memory.reservedBytes() == 0;
    long index = none ? 0 : (long) buckets * (PLACES + 1);
    long records = memory.reservedBytes() - index;
    into.add(Footprint.Kind.RECORDS, records, (long) size * bucketBytes / PLACES);
    into.add(Footprint.Kind.INDEX, index + stash.reservedBytes() + tableBytes(), size);
  }

  @Override
  public final RecordStore records() {
    return this;
  }

  @Override
  public final void close() {
    memory.close();
  }
}
