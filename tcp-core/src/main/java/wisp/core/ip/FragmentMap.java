package wisp.core.ip;

import java.util.Arrays;

/**
 * Numbers 0 … most − 1, free or found by a hash: chained buckets in arrays, nothing allocated after
 * the start. Who asks compares the keys; the hash must be a keyed one, or hostile peers make one
 * long chain.
 */
final class FragmentMap {
  static final int NONE = -1;

  private final int[] bucket;
  private final int[] next;
  private final long[] hashes;
  private int free;

  FragmentMap(int most) {
    bucket = new int[Integer.highestOneBit(most) * 2];
    Arrays.fill(bucket, NONE);
    next = new int[most];
    for (int i = 0; i < most; i++) {
      next[i] = i + 1 == most ? NONE : i + 1;
    }
    hashes = new long[most];
  }

  /** Whether no number is free. */
  boolean isFull() {
    return free == NONE;
  }

  /** A free number, from now on found by the hash; there must be one. */
  int take(long hash) {
    assert !isFull();
    int taken = free;
    free = next[taken];
    hashes[taken] = hash;
    next[taken] = bucket[place(hash)];
    bucket[place(hash)] = taken;
    return taken;
  }

  /** Frees a number. */
  void giveBack(int taken) {
    int place = place(hashes[taken]);
    if (bucket[place] == taken) {
      bucket[place] = next[taken];
    } else {
      int before = bucket[place];
      while (next[before] != taken) {
        before = next[before];
      }
      next[before] = next[taken];
    }
    next[taken] = free;
    free = taken;
  }

  /** The first number whose hash may be this one, or {@link #NONE}. */
  int first(long hash) {
    return bucket[place(hash)];
  }

  /** The one after it, or {@link #NONE}. */
  int next(int taken) {
    return next[taken];
  }

  private int place(long hash) {
    return (int) hash & bucket.length - 1;
  }

  long reservedBytes() {
    return 4L * bucket.length + 12L * next.length;
  }
}
