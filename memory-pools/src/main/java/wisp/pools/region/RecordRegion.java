package wisp.pools.region;

import org.jspecify.annotations.Nullable;
import wisp.core.spi.Footprint;
import wisp.core.spi.IndexedRecordStore;
import wisp.core.spi.RecordClass;
import wisp.core.spi.RecordStore;
import wisp.core.spi.StrategyConfig;
import wisp.pools.Leaks;

/**
 * What a strategy keeps for the connections of one class: their records, the index, and socket
 * buffers where it has them. The parts are its own: it closes them.
 */
public final class RecordRegion {
  private final RecordSlabs slabs;
  private final IndexSlabs index;
  private final @Nullable BufferSlabs buffers;
  private final RecordStore records;

  /** Without socket buffers. */
  public RecordRegion(
      StrategyConfig config, RecordClass recordClass, RecordSlabs records, IndexSlabs index) {
    this(config, recordClass, records, index, null);
  }

  /** With socket buffers, unless they are {@code null}. */
  public RecordRegion(
      StrategyConfig config,
      RecordClass recordClass,
      RecordSlabs records,
      IndexSlabs index,
      @Nullable BufferSlabs buffers) {
    this.slabs = records;
    this.index = index;
    this.buffers = buffers;
    this.records = new IndexedRecordStore(config, recordClass, records, index);
  }

  /**
   * Records and their index for so many connections, reserved now, without socket buffers.
   *
   * @param connections 0: nothing is reserved, and there is no room for any
   * @throws IllegalArgumentException when the machine has no such memory
   */
  public static RecordRegion fixed(
      StrategyConfig config, RecordClass recordClass, int connections) {
    var records = RecordSlabs.fixed(recordClass, config.recordWords(), connections);
    try {
      return new RecordRegion(config, recordClass, records, IndexSlabs.fixed(connections));
    } catch (IllegalArgumentException e) {
      records.close();
      throw e;
    }
  }

  RecordStore records() {
    return records;
  }

  @Nullable BufferSlabs buffers() {
    return buffers;
  }

  void footprint(Footprint into) {
    records.footprint(into);
    if (buffers != null) {
      buffers.footprint(into);
    }
  }

  /** Notes what is in use, by kind, behind {@code prefix}. */
  void addTo(Leaks leaks, String prefix) {
    leaks.add(prefix + "records", records.size());
    leaks.add(prefix + "pairs of socket buffers", buffers == null ? 0 : buffers.inUse());
  }

  /** Frees all memory, in use or not. */
  public void close() {
    slabs.close();
    index.close();
    if (buffers != null) {
      buffers.close();
    }
  }
}
