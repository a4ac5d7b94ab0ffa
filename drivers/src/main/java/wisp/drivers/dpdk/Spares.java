package wisp.drivers.dpdk;

import java.lang.foreign.Arena;
import wisp.core.spi.Burst;

/**
 * Buffers that wait to be written to. They come from the pool, some at once, and from what was
 * received and has been read: those are still in the cache.
 */
final class Spares {
  private static final int REFILL = 32;
  private static final int MOST = 2 * Burst.CAPACITY;

  private final Librte librte;
  private final MbufPool pool;
  private final MbufList list;
  private int count;

  Spares(Librte librte, MbufPool pool, Arena arena) {
    this.librte = librte;
    this.pool = pool;
    list = new MbufList(arena, MOST + 1); // with room for one that is claimed and cancelled
  }

  /** One of them, owned by the caller; 0: there is none, nor in the pool. */
  long take() {
    return count > 0 || refill() ? list.get(--count) : 0;
  }

  private boolean refill() {
    if (pool.take(list.address(0), REFILL)) {
      count = REFILL;
    } else if (pool.take(list.address(0), 1)) {
      count = 1;
    }
    for (int i = 0; i < count; i++) {
      Mbuf.write(list.get(i), 0, 0, 0); // so that it can be given back whatever happens
    }
    return count > 0;
  }

  /** Whether one more is wanted. */
  boolean wantsMore() {
    return count < MOST;
  }

  /** How many there are. */
  int count() {
    return count;
  }

  /** One more. */
  void put(long mbuf) {
    list.set(count++, mbuf);
  }

  /** All go to the pool. */
  void close() {
    list.free(librte, 0, count);
    count = 0;
  }
}
