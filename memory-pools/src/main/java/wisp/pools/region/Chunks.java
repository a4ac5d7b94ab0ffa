package wisp.pools.region;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import net.openhft.chronicle.bytes.PointerBytesStore;
import org.jspecify.annotations.Nullable;

/**
 * Slabs cut out of large chunks of address space, one behind the other, so that none wastes the
 * rest of a page, and neighbours share huge pages. Only what is touched costs memory. The lowest
 * free place is taken first; what is given back goes back to the kernel at once, but for a page
 * that a neighbour still uses, and an empty chunk altogether.
 *
 * <p>Taking or giving a slab is work for at most two calls of the kernel, and rare.
 */
final class Chunks {
  /** Bytes of a chunk's address space, or one slab if that is larger. */
  private static final long CHUNK_BYTES = 32 << 20;

  /** A store, its segment and its places. */
  private static final int CHUNK_OVERHEAD_BYTES = 512;

  private final long hugeFromBytes;
  private final Map<Long, TreeMap<Long, Chunk>> withRoomBySlabBytes = new HashMap<>();
  private final TreeMap<Long, Chunk> byAddress = new TreeMap<>();
  private long tableBytes;

  /**
   * None yet.
   *
   * @param hugeFromBytes what lies beyond so many bytes is in huge pages, if the kernel has any:
   *     before, their size would show
   */
  Chunks(long hugeFromBytes) {
    this.hugeFromBytes = hugeFromBytes;
  }

  /** Whether this machine has what it takes. */
  static boolean areAvailable() {
    return System.getProperty("os.name").equals("Linux");
  }

  /** A slab of zeros, or of what was there before; {@code null}: no memory. */
  @Nullable Slab take(long bytes) {
    var withRoom = withRoomBySlabBytes.computeIfAbsent(bytes, b -> new TreeMap<>());
    Chunk chunk;
    if (withRoom.isEmpty()) {
      chunk = Chunk.map(bytes, byAddress.size() * CHUNK_BYTES >= hugeFromBytes);
      if (chunk == null) {
        return null;
      }
      byAddress.put(chunk.address, chunk);
      withRoom.put(chunk.address, chunk);
      tableBytes += CHUNK_OVERHEAD_BYTES + chunk.free.bytes();
    } else {
      chunk = withRoom.firstEntry().getValue();
    }
    Slab slab = chunk.take();
    if (chunk.used == chunk.places) {
      withRoom.remove(chunk.address);
    }
    return slab;
  }

  void give(Slab slab) {
    Chunk chunk = byAddress.floorEntry(slab.memory().address()).getValue();
    chunk.give(slab);
    var withRoom = Objects.requireNonNull(withRoomBySlabBytes.get(chunk.slabBytes));
    if (chunk.used > 0) {
      withRoom.put(chunk.address, chunk);
      return;
    }
    withRoom.remove(chunk.address);
    byAddress.remove(chunk.address);
    tableBytes -= CHUNK_OVERHEAD_BYTES + chunk.free.bytes();
    chunk.unmap();
  }

  /** Bytes of bookkeeping, which chunks that are there cost. */
  long tableBytes() {
    return tableBytes;
  }

  private static final class Chunk {
    final long address;
    final long slabBytes;
    final int places;
    final LowestSet free = new LowestSet();
    private final long bytes;
    private final PointerBytesStore store = new PointerBytesStore();
    int used;

    private Chunk(long address, long bytes, long slabBytes) {
      this.address = address;
      this.bytes = bytes;
      this.slabBytes = slabBytes;
      this.places = (int) (bytes / slabBytes);
      store.singleThreadedCheckDisabled(true); // built by one thread, run by another
      store.set(address, bytes);
      for (int i = 0; i < places; i++) {
        free.add(i);
      }
    }

    static @Nullable Chunk map(long slabBytes, boolean huge) {
      long most = Math.max(slabBytes, CHUNK_BYTES);
      long bytes = most + SystemPages.HUGE_BYTES - 1 & -SystemPages.HUGE_BYTES;
      long address = SystemPages.map(bytes, huge);
      return address == SystemPages.NONE ? null : new Chunk(address, bytes, slabBytes);
    }

    Slab take() {
      int place = free.lowest();
      free.remove(place);
      used++;
      long base = place * slabBytes;
      var memory = MemorySegment.ofAddress(address + base).reinterpret(slabBytes);
      return new Slab(store, base, memory);
    }

    void give(Slab slab) {
      int place = (int) (slab.base() / slabBytes);
      free.add(place);
      used--;
      // Pages shared with free neighbours go too.
      long from = place > 0 && free.contains(place - 1) ? slab.base() - slabBytes : slab.base();
      int next = place + 1;
      long to = next < places && free.contains(next) ? (next + 1) * slabBytes : next * slabBytes;
      if (used > 0) {
        SystemPages.discard(address + from, address + to);
      }
    }

    void unmap() {
      store.releaseLast();
      SystemPages.unmap(address, bytes);
    }
  }
}
