package wisp.pools.packed;

import wisp.core.spi.RecordStore;

/**
 * A few records that found all three of their buckets full, with whole keys. It is searched from
 * end to end, but only while there is something in it, and there hardly ever is: see decision 29.
 */
final class Stash {
  /** Records it can hold: as many as a word has bits. */
  static final int PLACES = 64;

  private static final int KEY_BYTES = 8 + 8 + 4;
  private static final int HEADER_BYTES = 16;

  private final long[] highs;
  private final long[] lows;
  private final int[] tails;
  private final int[] state;
  private final int words;
  private long live;
  private long taken;

  /**
   * Empty.
   *
   * @param places 0 or {@value #PLACES}
   * @param words of state that a record has
   */
  Stash(int places, int words) {
    highs = new long[places];
    lows = new long[places];
    tails = new int[places];
    state = new int[places * words];
    this.words = words;
  }

  /** The place of the record with this key, or {@link RecordStore#NONE}. */
  int find(long high, long low, int tail) {
    for (long rest = live; rest != 0; rest &= rest - 1) {
      int place = Long.numberOfTrailingZeros(rest);
      if (tails[place] == tail && lows[place] == low && highs[place] == high) {
        return place;
      }
    }
    return RecordStore.NONE;
  }

  /** A place for the record with this key, its words 0; or {@link RecordStore#NONE}: full. */
  int take(long high, long low, int tail) {
    if (live == -1 || lows.length == 0) {
      return RecordStore.NONE;
    }
    // Round and round, so that a stale handle is seldom met by a new record.
    int turn = (int) taken++;
    int place = turn + Long.numberOfTrailingZeros(Long.rotateRight(~live, turn)) & PLACES - 1;
    live |= 1L << place;
    highs[place] = high;
    lows[place] = low;
    tails[place] = tail;
    java.util.Arrays.fill(state, place * words, (place + 1) * words, 0);
    return place;
  }

  void release(int place) {
    live &= ~(1L << place);
  }

  boolean isLive(int place) {
    return place >= 0 && place < lows.length && (live >>> place & 1) != 0;
  }

  long high(int place) {
    return highs[place];
  }

  long low(int place) {
    return lows[place];
  }

  int tail(int place) {
    return tails[place];
  }

  int get(int place, int word) {
    return state[place * words + word];
  }

  void set(int place, int word, int value) {
    state[place * words + word] = value;
  }

  int size() {
    return Long.bitCount(live);
  }

  /** Records that were ever taken in. */
  long taken() {
    return taken;
  }

  long reservedBytes() {
    return 4L * HEADER_BYTES + (long) lows.length * KEY_BYTES + 4L * state.length;
  }
}
