package wisp.pools.region;

import java.lang.foreign.MemorySegment;
import net.openhft.chronicle.bytes.BytesStore;

/**
 * One piece of native memory, aligned to cache lines.
 *
 * @param store the chronicle store in which it lies, whose reads and writes of single words are
 *     unchecked and therefore fast
 * @param base where it begins in {@code store}
 * @param memory the same bytes as a segment, made once, for those who need bounds or bulk copies
 */
record Slab(BytesStore<?, Void> store, long base, MemorySegment memory) {
  static final int ALIGNMENT = 64;

  /** The part of {@code store} that begins at the {@code index}-th multiple of {@code bytes}. */
  static Slab in(BytesStore<?, Void> store, int index, long bytes) {
    long address = store.addressForRead(0);
    long base = (-address & ALIGNMENT - 1) + index * bytes;
    return new Slab(store, base, MemorySegment.ofAddress(address + base).reinterpret(bytes));
  }
}
