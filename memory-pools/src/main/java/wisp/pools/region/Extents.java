package wisp.pools.region;

import net.openhft.chronicle.bytes.BytesStore;

/**
 * Pieces of equal size of a memory that outlives its process, each with a label by which it is
 * found again.
 */
public interface Extents {
  /** No memory. */
  int NONE = -1;

  /** An extent whose first so many bytes are zero and backed by memory, or {@link #NONE}. */
  int take(long bytes);

  /** Labels an extent: it is found again. */
  void label(int extent, int kind, int number);

  /** Gives an extent back; its label goes first. */
  void give(int extent);

  /** Bytes of an extent. */
  long extentBytes();

  /** The store in which an extent lies. */
  BytesStore<?, Void> store(int extent);

  /** Where in {@link #store} it begins, a multiple of a cache line. */
  long start(int extent);

  /** The extent that begins there. */
  int extentAt(long start);
}
