package wisp.pools.heap;

import wisp.core.spi.Footprint;
import wisp.core.spi.RecordStore;

/**
 * An object a record, and an array that finds it by slot. How it is found by its key is the
 * classes' own: each has an index of its own kind, which hashes with the context's secret, since
 * the peer chooses the keys, and doubles by rehashing at once, a pause that {@code latency} charts
 * show.
 */
abstract class HeapRecords<R extends HeapRecord> implements RecordStore {
  final int words;
  HandleTable<R> records = new HandleTable<>();

  HeapRecords(int words) {
    this.words = words;
  }

  /** Bytes of a record's object. */
  abstract long recordBytes();

  /** Bytes of the index. */
  abstract long indexBytes();

  /** Bytes of an entry of the index. */
  abstract int entryBytes();

  /** Empties the index. */
  abstract void clearIndex();

  @Override
  public final boolean isLive(int slot) {
    return records.contains(slot);
  }

  @Override
  public final int get(int slot, int word) {
    return records.get(slot).get(word);
  }

  @Override
  public final void set(int slot, int word, int value) {
    records.get(slot).set(word, value);
  }

  @Override
  public final int words() {
    return words;
  }

  @Override
  public final int size() {
    return records.size();
  }

  @Override
  public final int slotBound() {
    return records.bound();
  }

  @Override
  public final void footprint(Footprint into) {
    long objects = size() * recordBytes();
    into.add(Footprint.Kind.RECORDS, objects + records.bytes(), objects);
    into.add(Footprint.Kind.INDEX, indexBytes(), (long) size() * entryBytes());
  }

  final void close() {
    clearIndex();
    records = new HandleTable<>();
  }
}
