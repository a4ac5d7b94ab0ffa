package wisp.pools.region;

import org.jspecify.annotations.Nullable;
import wisp.core.spi.RecordStore;

/**
 * What a {@link RegionStrategy} keeps for the connections of one class: their records, however they
 * are found, and socket buffers where it has them.
 */
public interface RecordRegion {
  /** The records, the same store each time. */
  RecordStore records();

  /** Their socket buffers, or {@code null}: none. */
  default @Nullable BufferSlabs buffers() {
    return null;
  }

  /** Frees all memory, in use or not. */
  void close();
}
