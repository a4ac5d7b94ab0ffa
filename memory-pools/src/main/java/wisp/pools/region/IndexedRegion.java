package wisp.pools.region;

import org.jspecify.annotations.Nullable;
import wisp.core.spi.IndexedRecordStore;
import wisp.core.spi.RecordClass;
import wisp.core.spi.RecordStore;
import wisp.core.spi.StrategyConfig;

/**
 * Records in slabs, an index in others, and socket buffers where the strategy has them. The parts
 * are its own: it closes them.
 */
public final class IndexedRegion implements RecordRegion {
  private final RecordSlabs slabs;
  private final IndexSlabs index;
  private final @Nullable BufferSlabs buffers;
  private final RecordStore records;

  /** Without socket buffers. */
  public IndexedRegion(
      StrategyConfig config, RecordClass recordClass, RecordSlabs records, IndexSlabs index) {
    this(config, recordClass, records, index, null);
  }

  /** With socket buffers, unless they are {@code null}. */
  public IndexedRegion(
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
  public static IndexedRegion fixed(
      StrategyConfig config, RecordClass recordClass, int connections) {
    var records = RecordSlabs.fixed(recordClass, config.recordWords(), connections);
    try {
      return new IndexedRegion(config, recordClass, records, IndexSlabs.fixed(connections));
    } catch (IllegalArgumentException e) {
      records.close();
      throw e;
    }
  }

  @Override
  public RecordStore records() {
    return records;
  }

  @Override
  public @Nullable BufferSlabs buffers() {
    return buffers;
  }

  @Override
  public void close() {
    slabs.close();
    index.close();
    if (buffers != null) {
      buffers.close();
    }
  }
}
