package wisp.core.stack;

import java.util.Arrays;
import wisp.core.spi.IndexPages;

/**
 * Pages that are kept for a while when they come back: four, and an eighth of those in use. So a
 * ring that loses a page at one end for each that it gains at the other allocates nothing, and what
 * a peak has taken goes back all the same.
 */
final class SparePages implements IndexPages {
  private static final int LEAST_SPARE = 4;
  private static final int ARRAY_HEADER_BYTES = 16;

  private final IndexPages pages;
  private int[] spare = new int[LEAST_SPARE];
  private int spares;
  private int inUse;

  /** Over pages that are all this one's. */
  SparePages(IndexPages pages) {
    this.pages = pages;
  }

  @Override
  public int acquire() {
    int page = spares > 0 ? clear(spare[--spares]) : pages.acquire();
    inUse += page == NONE ? 0 : 1;
    return page;
  }

  private int clear(int page) {
    for (int i = 0; i < WORDS; i++) {
      pages.set(page, i, 0);
    }
    return page;
  }

  @Override
  public void release(int page) {
    inUse--;
    if (spares == spare.length) {
      spare = Arrays.copyOf(spare, 2 * spares);
    }
    spare[spares++] = page;
    while (spares > LEAST_SPARE + inUse / 8) {
      pages.release(spare[--spares]);
    }
  }

  @Override
  public int get(int page, int i) {
    return pages.get(page, i);
  }

  @Override
  public void set(int page, int i, int value) {
    pages.set(page, i, value);
  }

  @Override
  public long reservedBytes() {
    return pages.reservedBytes() + ARRAY_HEADER_BYTES + 4L * spare.length;
  }
}
