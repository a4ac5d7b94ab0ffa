package wisp.core.stack;

import java.util.Arrays;

/**
 * A deadline and a small number for slots, four bytes each, in pages that exist only where one of
 * their slots has a deadline. Moving a deadline later, which is what every packet does, is one
 * store: each page knows a moment before which none of its deadlines can come, and is looked
 * through when that has passed.
 *
 * <p>Deadlines are kept in ticks of an eighth of a second, rounded up: never early.
 */
final class SlotDeadlines {
  static final int NONE = Records.NONE;

  /** Largest number beside a deadline. */
  static final int MOST_NUMBER = 62;

  private static final int NUMBER_BITS = 6;
  private static final int NUMBER_MASK = (1 << NUMBER_BITS) - 1;
  private static final int TICK_BITS = 27;
  private static final long NEVER = Long.MAX_VALUE;

  private final Column ipv4 = new Column();
  private final Column ipv6 = new Column();

  /** Sets deadline and number, 0 … {@link #MOST_NUMBER}; no more than 50 days ahead. */
  void set(int slot, long deadlineNanos, int number) {
    assert number >= 0 && number <= MOST_NUMBER : number;
    column(slot).set(place(slot), -(-deadlineNanos >> TICK_BITS), number);
  }

  /** The number beside the deadline; {@link #NONE}: there is none. */
  int number(int slot) {
    return column(slot).number(place(slot));
  }

  /** The deadline itself, 50 days from now at most; {@link Long#MAX_VALUE}: there is none. */
  long deadlineNanos(int slot, long nowNanos) {
    long tick = column(slot).tick(place(slot), nowNanos >> TICK_BITS);
    return tick == NEVER ? NEVER : tick << TICK_BITS;
  }

  void clear(int slot) {
    column(slot).clear(place(slot));
  }

  /**
   * A slot whose deadline has come, or {@link #NONE}. Whoever asks sets or clears it before asking
   * again.
   */
  int due(long nowNanos) {
    long tick = nowNanos >> TICK_BITS;
    int place = ipv4.due(tick);
    if (place != NONE) {
      return place;
    }
    place = ipv6.due(tick);
    return place == NONE ? NONE : place | Records.IPV6;
  }

  /** When {@link #due} must be asked next; nothing may be due then yet. */
  long nextDeadlineNanos() {
    long tick = Math.min(ipv4.soonest, ipv6.soonest);
    return tick == NEVER ? NEVER : tick << TICK_BITS;
  }

  long reservedBytes() {
    return ipv4.reservedBytes() + ipv6.reservedBytes();
  }

  private Column column(int slot) {
    return (slot & Records.IPV6) == 0 ? ipv4 : ipv6;
  }

  private static int place(int slot) {
    return slot & ~Records.IPV6;
  }

  /** The slots of one family. */
  private static final class Column {
    private static final int PAGE_BITS = 8;
    private static final int PAGE = 1 << PAGE_BITS;

    /** Each entry: the tick's low 26 bits, then the number + 1; 0: none. */
    private int[][] pages = {};

    /** No deadline of a page comes before. */
    private long[] earliest = {};

    private int[] used = {};

    /** Nor one of any page. */
    long soonest = NEVER;

    private int cursor;

    void set(int place, long tick, int number) {
      int page = place >>> PAGE_BITS;
      if (page >= pages.length) {
        grow(page);
      }
      if (pages[page] == null) {
        pages[page] = new int[PAGE];
        earliest[page] = NEVER;
      }
      int i = place & PAGE - 1;
      int before = pages[page][i];
      int entry = (int) tick << NUMBER_BITS | number + 1;
      if (entry == before) {
        return;
      }
      used[page] += before == 0 ? 1 : 0;
      pages[page][i] = entry;
      earliest[page] = Math.min(earliest[page], tick);
      soonest = Math.min(soonest, tick);
    }

    int number(int place) {
      int page = place >>> PAGE_BITS;
      int entry = has(page) ? pages[page][place & PAGE - 1] : 0;
      return entry == 0 ? NONE : (entry & NUMBER_MASK) - 1;
    }

    long tick(int place, long now) {
      int page = place >>> PAGE_BITS;
      int entry = has(page) ? pages[page][place & PAGE - 1] : 0;
      return entry == 0 ? NEVER : tickOf(entry, now);
    }

    void clear(int place) {
      int page = place >>> PAGE_BITS;
      if (!has(page) || pages[page][place & PAGE - 1] == 0) {
        return;
      }
      pages[page][place & PAGE - 1] = 0;
      if (--used[page] == 0) {
        pages[page] = null;
        earliest[page] = NEVER;
      }
    }

    private boolean has(int page) {
      return page < pages.length && pages[page] != null;
    }

    int due(long now) {
      if (soonest > now) {
        return NONE;
      }
      for (; cursor < pages.length; cursor++) {
        if (earliest[cursor] <= now) {
          int place = dueIn(cursor, now);
          if (place != NONE) {
            return place;
          }
        }
      }
      cursor = 0;
      long least = NEVER;
      for (long e : earliest) {
        least = Math.min(least, e);
      }
      soonest = least;
      return NONE;
    }

    private int dueIn(int page, long now) {
      int[] entries = pages[page];
      long least = NEVER;
      for (int i = 0; i < PAGE; i++) {
        if (entries[i] != 0) {
          long tick = tickOf(entries[i], now);
          if (tick <= now) {
            return page << PAGE_BITS | i;
          }
          least = Math.min(least, tick);
        }
      }
      earliest[page] = least;
      return NONE;
    }

    /** The tick with these low bits that is nearest to now. */
    private static long tickOf(int entry, long now) {
      int ahead = ((entry >>> NUMBER_BITS) - (int) now) << NUMBER_BITS;
      return now + (ahead >> NUMBER_BITS);
    }

    private void grow(int page) {
      int size = Math.max(page + 1, Math.max(16, 2 * pages.length));
      int before = pages.length;
      pages = Arrays.copyOf(pages, size);
      earliest = Arrays.copyOf(earliest, size);
      Arrays.fill(earliest, before, size, NEVER);
      used = Arrays.copyOf(used, size);
    }

    long reservedBytes() {
      long sum = pages.length * 16L;
      for (int[] page : pages) {
        sum += page == null ? 0 : PAGE * 4L;
      }
      return sum;
    }
  }
}
