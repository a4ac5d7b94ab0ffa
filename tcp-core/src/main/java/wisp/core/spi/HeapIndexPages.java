package wisp.core.spi;

import java.util.Arrays;

/** Index pages as Java arrays. */
final class HeapIndexPages implements IndexPages {
  private static final long ARRAY_HEADER_BYTES = 16;
  private static final int REFERENCE_BYTES = 4;
  private int[][] pages = new int[4][];
  private int[] free = new int[4];
  private int freeCount;
  private int bound;

  @Override
  public int acquire() {
    try {
      int[] words = new int[WORDS];
      if (freeCount == 0 && bound == pages.length) {
        free = Arrays.copyOf(free, bound * 2);
        pages = Arrays.copyOf(pages, bound * 2);
      }
      int page = freeCount > 0 ? free[--freeCount] : bound++;
      pages[page] = words;
      return page;
    } catch (OutOfMemoryError e) {
      return NONE;
    }
  }

  @SuppressWarnings("NullAway") // a released page may be collected
  @Override
  public void release(int page) {
    pages[page] = null;
    free[freeCount++] = page;
  }

  @Override
  public int get(int page, int i) {
    return pages[page][i];
  }

  @Override
  public void set(int page, int i, int value) {
    pages[page][i] = value;
  }

  @Override
  public int matching(int page, int line, int value, int mask) {
    int[] words = pages[page];
    int matching = 0;
    for (int i = 0; i < LINE_WORDS; i++) {
      matching |= ((words[line + i] ^ value) & mask) == 0 ? 1 << i : 0;
    }
    return matching;
  }

  @Override
  public void read(int page, int[] into, int at) {
    System.arraycopy(pages[page], 0, into, at, WORDS);
  }

  @Override
  public void write(int page, int[] from, int at) {
    System.arraycopy(from, at, pages[page], 0, WORDS);
  }

  @Override
  public long reservedBytes() {
    long live = (long) bound - freeCount;
    return live * (ARRAY_HEADER_BYTES + 4L * WORDS)
        + (long) pages.length * (REFERENCE_BYTES + 4)
        + 2L * ARRAY_HEADER_BYTES;
  }
}
