package wisp.pools.heap;

import java.lang.foreign.MemorySegment;
import wisp.core.spi.Footprint;
import wisp.core.spi.FrameAllocator;

/** An array a frame, and an object that counts its references. */
public final class HeapFrames implements FrameAllocator {
  private static final int LARGEST = 65_536;

  private final HeapBudget budget;
  private HandleTable<Frame> frames = new HandleTable<>();

  /** So many bytes at most, objects included. */
  public HeapFrames(long limitBytes) {
    budget = new HeapBudget(limitBytes, (int) ObjectLayout.object(ObjectLayout.REFERENCE + 12));
  }

  @Override
  public int acquire(int payloadBytes) {
    if (payloadBytes < 1 || payloadBytes > LARGEST) {
      throw new IllegalArgumentException(
          "a frame of " + payloadBytes + " bytes; possible are 1 … " + LARGEST);
    }
    MemorySegment memory = budget.allocate(withSums(payloadBytes));
    if (memory == null) {
      return NONE;
    }
    try {
      return frames.add(new Frame(memory, payloadBytes));
    } catch (OutOfMemoryError e) {
      budget.free(memory);
      return NONE;
    }
  }

  private static int withSums(int payloadBytes) {
    return payloadBytes < SUM_CHUNK
        ? payloadBytes
        : payloadBytes + 2 * FrameAllocator.sumsOf(payloadBytes);
  }

  @Override
  public void retain(int frame) {
    live(frame).references++;
  }

  @Override
  public void release(int frame) {
    int references = --live(frame).references;
    if (references == 0) {
      budget.free(frames.remove(frame, "frame").memory);
    } else if (references == 1) {
      frames.get(frame).sums = 0;
    }
  }

  private Frame live(int frame) {
    if (!frames.contains(frame)) {
      throw new IllegalStateException("frame " + frame + " has no references");
    }
    return frames.get(frame);
  }

  @Override
  public int references(int frame) {
    return frames.get(frame).references;
  }

  @Override
  public MemorySegment memory(int frame) {
    return frames.get(frame).memory;
  }

  @Override
  public long start(int frame) {
    return 0;
  }

  @Override
  public int length(int frame) {
    return frames.get(frame).length;
  }

  @Override
  public long sumsStart(int frame) {
    int length = frames.get(frame).length;
    return length < SUM_CHUNK ? NO_SUMS : length;
  }

  @Override
  public int sums(int frame) {
    return frames.get(frame).sums;
  }

  @Override
  public void sums(int frame, int count) {
    frames.get(frame).sums = count;
  }

  @Override
  public int largest() {
    return LARGEST;
  }

  @Override
  public int inUse() {
    return frames.size();
  }

  /** Adds its {@link Footprint.Kind#FRAMES}. */
  public void footprint(Footprint into) {
    into.add(Footprint.Kind.FRAMES, budget.used() + frames.bytes(), budget.used());
  }

  /** Forgets all frames. */
  public void close() {
    frames = new HandleTable<>();
  }

  private static final class Frame {
    final MemorySegment memory;
    final int length;
    int references = 1;
    int sums;

    Frame(MemorySegment memory, int length) {
      this.memory = memory;
      this.length = length;
    }
  }
}
