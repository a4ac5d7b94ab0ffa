package wisp.core.link;

import java.util.Arrays;
import wisp.core.spi.KeyedHash;

/**
 * The neighbours' entries: a fixed number of them, found by a keyed hash, each in one of three
 * lists by what its state is worth, the one used last in front: being asked, idle, in use.
 */
final class NeighbourTable {
  static final int NONE = -1;

  private static final int ASKED = 0;
  private static final int IDLE = 1;
  private static final int IN_USE = 2;
  private static final int LISTS = 3;

  final long[] high;
  final long[] low;
  final long[] hardware;
  final long[] deadline;
  final int[] solicitations;

  private final KeyedHash hash;
  private final NeighbourState[] state;
  private final boolean[] live;
  private final int[] bucket;
  private final int[] next; // in the bucket, or of the free ones
  private final int[] newer;
  private final int[] older;
  private final int[] newest = new int[LISTS];
  private final int[] oldest = new int[LISTS];
  private final int[] size = new int[LISTS];
  private int free;

  NeighbourTable(int capacity, KeyedHash hash) {
    this.hash = hash;
    high = new long[capacity];
    low = new long[capacity];
    hardware = new long[capacity];
    deadline = new long[capacity];
    solicitations = new int[capacity];
    state = new NeighbourState[capacity];
    live = new boolean[capacity];
    bucket = new int[Integer.highestOneBit(capacity) * 2];
    next = new int[capacity];
    newer = new int[capacity];
    older = new int[capacity];
    Arrays.fill(bucket, NONE);
    Arrays.fill(newest, NONE);
    Arrays.fill(oldest, NONE);
    for (int e = 0; e < capacity; e++) {
      next[e] = e + 1 < capacity ? e + 1 : NONE;
    }
  }

  int capacity() {
    return live.length;
  }

  boolean isLive(int e) {
    return live[e];
  }

  NeighbourState state(int e) {
    return state[e];
  }

  /** Entries that are being asked. */
  int asked() {
    return size[ASKED];
  }

  int size() {
    return size[ASKED] + size[IDLE] + size[IN_USE];
  }

  boolean isFull() {
    return free == NONE;
  }

  int oldestAsked() {
    return oldest[ASKED];
  }

  int oldestIdle() {
    return oldest[IDLE];
  }

  int oldestInUse() {
    return oldest[IN_USE];
  }

  int find(long high, long low) {
    int e = bucket[place(high, low)];
    while (e != NONE && (this.low[e] != low || this.high[e] != high)) {
      e = next[e];
    }
    return e;
  }

  /** A new entry; there must be room. */
  int add(long high, long low, long hardware, NeighbourState state) {
    int e = free;
    free = next[e];
    int place = place(high, low);
    next[e] = bucket[place];
    bucket[place] = e;
    this.high[e] = high;
    this.low[e] = low;
    this.hardware[e] = hardware;
    deadline[e] = Long.MAX_VALUE;
    solicitations[e] = 0;
    live[e] = true;
    this.state[e] = state;
    link(e);
    return e;
  }

  void remove(int e) {
    unlink(e);
    live[e] = false;
    int place = place(high[e], low[e]);
    if (bucket[place] == e) {
      bucket[place] = next[e];
    } else {
      int before = bucket[place];
      while (next[before] != e) {
        before = next[before];
      }
      next[before] = next[e];
    }
    next[e] = free;
    free = e;
  }

  void state(int e, NeighbourState to) {
    unlink(e);
    state[e] = to;
    link(e);
  }

  /** It was used: it goes to the front of its list. */
  void touch(int e) {
    if (newest[list(e)] != e) {
      unlink(e);
      link(e);
    }
  }

  private int list(int e) {
    return switch (state[e]) {
      case INCOMPLETE -> ASKED;
      case STALE -> IDLE;
      case REACHABLE, DELAY, PROBE -> IN_USE;
    };
  }

  private void link(int e) {
    int list = list(e);
    newer[e] = NONE;
    older[e] = newest[list];
    if (newest[list] == NONE) {
      oldest[list] = e;
    } else {
      newer[newest[list]] = e;
    }
    newest[list] = e;
    size[list]++;
  }

  private void unlink(int e) {
    int list = list(e);
    if (newer[e] == NONE) {
      newest[list] = older[e];
    } else {
      older[newer[e]] = older[e];
    }
    if (older[e] == NONE) {
      oldest[list] = newer[e];
    } else {
      newer[older[e]] = newer[e];
    }
    size[list]--;
  }

  private int place(long high, long low) {
    return (int) hash.hash(high, low) & (bucket.length - 1);
  }

  long reservedBytes() {
    long perEntry = 4L * Long.BYTES + 5L * Integer.BYTES + 1;
    return capacity() * perEntry + 4L * bucket.length + 4L * 3 * LISTS;
  }
}
