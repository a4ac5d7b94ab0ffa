package wisp.pools;

import java.lang.foreign.MemorySegment;
import wisp.core.spi.FrameAllocator;

/**
 * Frames in two places: in the link's memory as long as there is room, from where their payload
 * leaves without a copy, and in the strategy's own.
 *
 * <pre>
 *   handle:  handle of its place << 1 | 1 in the link's memory, 0 in the strategy's own
 * </pre>
 */
final class LinkFrames implements FrameAllocator {
  private static final int MOST_HANDLE = Integer.MAX_VALUE >>> 1;

  private final FrameAllocator links;
  private final FrameAllocator own;

  /** In these. */
  LinkFrames(FrameAllocator links, FrameAllocator own) {
    this.links = links;
    this.own = own;
  }

  /** So little is copied in any case: it takes no room from what is not. */
  private static boolean isSmall(int payloadBytes) {
    return payloadBytes < SUM_CHUNK;
  }

  @Override
  public int acquire(int payloadBytes) {
    int frame = isSmall(payloadBytes) ? NONE : acquire(links, payloadBytes);
    if (frame != NONE) {
      return frame << 1 | 1;
    }
    frame = acquire(own, payloadBytes);
    return frame == NONE ? NONE : frame << 1;
  }

  private static int acquire(FrameAllocator from, int payloadBytes) {
    int frame = from.acquire(payloadBytes);
    if (frame > MOST_HANDLE) {
      from.release(frame);
      return NONE;
    }
    return frame;
  }

  private FrameAllocator place(int frame) {
    return (frame & 1) == 0 ? own : links;
  }

  @Override
  public void retain(int frame) {
    place(frame).retain(frame >> 1);
  }

  @Override
  public void release(int frame) {
    place(frame).release(frame >> 1);
  }

  @Override
  public int references(int frame) {
    return place(frame).references(frame >> 1);
  }

  @Override
  public MemorySegment memory(int frame) {
    return place(frame).memory(frame >> 1);
  }

  @Override
  public long start(int frame) {
    return place(frame).start(frame >> 1);
  }

  @Override
  public int length(int frame) {
    return place(frame).length(frame >> 1);
  }

  @Override
  public int largest() {
    return Math.min(links.largest(), own.largest());
  }

  @Override
  public int inUse() {
    return links.inUse() + own.inUse();
  }

  @Override
  public long sumsStart(int frame) {
    return place(frame).sumsStart(frame >> 1);
  }

  @Override
  public int sums(int frame) {
    return place(frame).sums(frame >> 1);
  }

  @Override
  public void sums(int frame, int count) {
    place(frame).sums(frame >> 1, count);
  }
}
