package wisp.drivers.dpdk;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicInteger;
import wisp.core.spi.LinkException;

/**
 * The packet buffers of one link. All of them lie in {@link #memory}, which is as long as DPDK's
 * memory for them and no longer.
 *
 * <pre>
 *   struct rte_mempool      name 26 │ … │ at 64: size 4, cache size 4, element bytes 4, header 4, trailer 4 │ … │ at 88: operations' index 4
 *   rte_mempool_ops_table   … │ at 64, 128 each: name 32 │ alloc 8 │ free 8 │ put 8 │ take 8 │ …
 * </pre>
 */
final class MbufPool {
  private static final int SIZE = 64;
  private static final int CACHE_SIZE = 68;
  private static final int ELEMENT_BYTES = 72;
  private static final int HEADER_BYTES = 76;
  private static final int TRAILER_BYTES = 80;
  private static final int OPERATIONS = 88;
  private static final int TABLE_START = 64;
  private static final int TABLE_ENTRY = 128;
  private static final int TABLE_TAKE = 56;
  private static final int MOST_OPERATIONS = 16;
  private static final int CACHE = 250;

  /** A buffer and what precedes it then fill most of a page, and no more. */
  private static final int PAGE_ROOM = 3840;

  private static final long ANY_SOCKET = 0xFFFF_FFFFL;
  private static final AtomicInteger COUNT = new AtomicInteger();

  private final Librte librte;
  private final long address;
  private final int size;
  private final int room;
  private final MemorySegment take;
  private final MemorySegment memory;
  private final long first;
  private final long last;
  private final Arena kept = Arena.ofShared();
  private final MemorySegment withheld;
  private final int withheldCount;

  /**
   * Makes one, and looks at every buffer of it: whether it is what we believe.
   *
   * @throws LinkException when there is not enough memory, or DPDK's structures are not those known
   */
  MbufPool(Librte librte, DpdkConfig config) throws LinkException {
    this.librte = librte;
    size = config.mbufs();
    boolean whole = config.driver().equals("net_af_xdp");
    room = whole ? PAGE_ROOM : Mbuf.HEAD_ROOM + config.roomBytes();
    try (Arena arena = Arena.ofConfined()) {
      String name = "wisp" + COUNT.incrementAndGet();
      address =
          librte.call(
              "rte_pktmbuf_pool_create",
              arena.allocateFrom(name).address(),
              size,
              CACHE,
              0,
              room,
              ANY_SOCKET);
      if (address == 0) {
        throw new LinkException(
            "dpdk has no memory for mbufs="
                + size
                + "; give it more with memory= (now "
                + config.memoryMegabytes()
                + " MiB), or install its pools: "
                + Librte.install("mempool-ring"));
      }
      boolean done = false;
      try {
        take = operation();
        MemorySegment all = arena.allocate(ValueLayout.JAVA_LONG, size);
        if (Librte.take(take, address, all.address(), size) != 0) {
          throw unknown("a fresh pool is not full");
        }
        long least = Long.MAX_VALUE;
        long most = 0;
        for (int i = 0; i < size; i++) {
          long mbuf = all.getAtIndex(ValueLayout.JAVA_LONG, i);
          check(mbuf);
          least = Math.min(least, mbuf);
          most = Math.max(most, mbuf);
        }
        first = least;
        last = most;
        memory = MemorySegment.ofAddress(first).reinterpret(last - first + Mbuf.BYTES + room);
        for (int i = 0; i < size; i++) {
          Mbuf.write(all.getAtIndex(ValueLayout.JAVA_LONG, i), 0, 0, 0);
        }
        withheldCount = whole ? withhold(all) : 0;
        withheld = kept.allocate(ValueLayout.JAVA_LONG, Math.max(1, withheldCount));
        MemorySegment.copy(all, 0, withheld, 0, (long) withheldCount * Long.BYTES);
        librte.free(all.address() + (long) withheldCount * Long.BYTES, size - withheldCount);
        done = available() == size - withheldCount;
        if (!done) {
          throw unknown("a pool does not take its buffers back");
        }
      } finally {
        if (!done) {
          librte.call("rte_mempool_free", address);
        }
      }
    }
  }

  /**
   * Moves to the front those that must not be used. The driver net_af_xdp takes it for granted that
   * a pool is as long as the sum of its buffers. With gaps at the ends of pages the last ones lie
   * outside of what it tells the kernel, and what is sent in them never leaves.
   *
   * @return how many those are
   */
  private int withhold(MemorySegment all) {
    long bytes = (long) word(HEADER_BYTES) + word(ELEMENT_BYTES) + word(TRAILER_BYTES);
    long end = first + (size - 1L) * bytes;
    int count = 0;
    for (int i = 0; i < size; i++) {
      long mbuf = all.getAtIndex(ValueLayout.JAVA_LONG, i);
      if (mbuf > end) {
        all.setAtIndex(ValueLayout.JAVA_LONG, i, all.getAtIndex(ValueLayout.JAVA_LONG, count));
        all.setAtIndex(ValueLayout.JAVA_LONG, count++, mbuf);
      }
    }
    return count;
  }

  private MemorySegment operation() throws LinkException {
    if (word(SIZE) != size
        || word(CACHE_SIZE) != CACHE
        || word(ELEMENT_BYTES) != Mbuf.BYTES + room) {
      throw unknown("a pool is not as it was asked for");
    }
    int index = word(OPERATIONS);
    if (index < 0 || index >= MOST_OPERATIONS) {
      throw unknown("a pool has no operations");
    }
    long entry =
        librte.symbol("rte_mempool_ops_table").address() + TABLE_START + (long) index * TABLE_ENTRY;
    for (int i = 0; i < 4; i++) {
      byte letter = Mbuf.ALL.get(ValueLayout.JAVA_BYTE, entry + i);
      if ((letter < 'a' || letter > 'z') && letter != '_') {
        throw unknown("a pool's operations have no name");
      }
    }
    MemorySegment function =
        MemorySegment.ofAddress(Mbuf.ALL.get(ValueLayout.JAVA_LONG_UNALIGNED, entry + TABLE_TAKE));
    if (!CodePages.look().contains(function.address(), "librte_")) {
      throw unknown("a pool's operations are no code");
    }
    return function;
  }

  private void check(long mbuf) throws LinkException {
    if (mbuf == 0
        || (mbuf & 63) != 0
        || Mbuf.buffer(mbuf) != mbuf + Mbuf.BYTES
        || Mbuf.bufferBytes(mbuf) != room
        || Mbuf.pool(mbuf) != address) {
      throw unknown("a packet buffer is not as known");
    }
  }

  private LinkException unknown(String what) {
    return unknown(librte, what);
  }

  /** What the self-test says. */
  static LinkException unknown(Librte librte, String what) {
    return new LinkException(
        "this DPDK ("
            + librte.version()
            + ") has structures that Wisp does not know: "
            + what
            + "; use another link");
  }

  private int word(int offset) {
    return Mbuf.ALL.get(ValueLayout.JAVA_INT, address + offset);
  }

  long address() {
    return address;
  }

  /** Bytes in each, head room included. */
  int room() {
    return room;
  }

  /** How many buffers there are. */
  int size() {
    return size;
  }

  /** All buffers. */
  MemorySegment memory() {
    return memory;
  }

  /** Whether an address that a driver has given us can be one of our buffers. */
  boolean contains(long mbuf) {
    return mbuf >= first && mbuf <= last && (mbuf & 63) == 0;
  }

  /** Takes {@code count} buffers, all or none. */
  boolean take(long array, int count) {
    return Librte.take(take, address, array, count) == 0;
  }

  /** Buffers that nobody has. */
  int available() {
    return librte.callInt("rte_mempool_avail_count", address);
  }

  /**
   * Gives the memory back, unless a buffer is missing: whoever has it may still write there.
   *
   * @param abandoned what a driver forgets to give back, but does not use any more
   * @return how many are missing
   */
  int close(int abandoned) {
    if (withheldCount > 0) {
      librte.free(withheld.address(), withheldCount);
    }
    kept.close();
    int missing = size - available();
    if (missing > abandoned) {
      return missing;
    }
    librte.call("rte_mempool_free", address);
    return 0;
  }
}
