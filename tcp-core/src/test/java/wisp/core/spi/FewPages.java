package wisp.core.spi;

import java.util.BitSet;

/** Pages from the heap, so many at most. One that comes back twice or is used after is an error. */
public final class FewPages implements IndexPages {
  /** So many at most. */
  public int most = Integer.MAX_VALUE;

  /** Pages that are out. */
  public int inUse;

  private final IndexPages pages = IndexPages.onHeap();
  private final BitSet out = new BitSet();

  @Override
  public int acquire() {
    if (inUse >= most) {
      return NONE;
    }
    inUse++;
    int page = pages.acquire();
    out.set(page);
    return page;
  }

  private void check(int page) {
    if (!out.get(page)) {
      throw new IllegalStateException("page " + page + " is not in use");
    }
  }

  @Override
  public void release(int page) {
    check(page);
    out.clear(page);
    inUse--;
    pages.release(page);
  }

  @Override
  public int get(int page, int i) {
    check(page);
    return pages.get(page, i);
  }

  @Override
  public void set(int page, int i, int value) {
    check(page);
    pages.set(page, i, value);
  }

  @Override
  public long reservedBytes() {
    return pages.reservedBytes();
  }
}
