package wisp.pools.region;

import java.lang.foreign.MemorySegment;
import wisp.core.spi.Footprint;
import wisp.core.spi.FrameAllocator;

/**
 * Frames in {@link Slabs}, one for each power of two from 64 B to 64 KiB of payload, all from one
 * source.
 *
 * <pre>
 *   slot:    references, 4  |  valid sums << 17 | length, 4  |  payload  |  running sums
 *   handle:  slot << 4 | size class
 * </pre>
 *
 * <p>Frames of less than {@link #SUM_CHUNK} have no room for sums: it would be a large part of
 * them.
 */
public final class FrameSlabs implements FrameAllocator {
  /** The largest payload: what TCP segmentation offload can take at once. */
  public static final int LARGEST = 65_536;

  private static final int REFERENCES = 0;
  private static final int LENGTH = 4;
  private static final int LENGTH_BITS = 17;
  private static final int LENGTH_MASK = (1 << LENGTH_BITS) - 1;
  private static final int HEADER_BYTES = 8;
  private static final int SMALLEST_BITS = 6;
  private static final int LARGEST_BITS = 16;
  private static final int CLASS_BITS = 4;
  private static final int CLASS_MASK = (1 << CLASS_BITS) - 1;

  private final SlabSource source;
  private final Slabs[] classes = new Slabs[LARGEST_BITS - SMALLEST_BITS + 1];
  private int inUse;

  /**
   * Slabs that come and go.
   *
   * @param slabBytes a slab is at most so large, but holds at least one frame
   */
  public static FrameSlabs growing(long slabBytes, SlabSource source) {
    return new FrameSlabs(slabBytes, source);
  }

  /**
   * About so many bytes of frames, reserved now: slabs of two of the largest frames, which the
   * sizes share out as they need them.
   */
  public static FrameSlabs fixed(long bytes) {
    long slabBytes = Slabs.slabBytes(slotBytes(LARGEST), 2);
    int count = (int) Math.max(LARGEST_BITS - SMALLEST_BITS + 1, bytes / slabBytes);
    return new FrameSlabs(slabBytes, SlabSource.preallocated(slabBytes, count));
  }

  /**
   * As {@link #fixed}, in memory that is there already.
   *
   * @param memory aligned to cache lines; there as long as it can be reached
   */
  public static FrameSlabs within(MemorySegment memory) {
    long slabBytes = Slabs.slabBytes(slotBytes(LARGEST), 2);
    return new FrameSlabs(slabBytes, SlabSource.within(memory, slabBytes));
  }

  /** The slabs of a size class, for who adopts those of a former process. */
  Slabs slabs(int sizeClass) {
    return classes[sizeClass];
  }

  int sizeClasses() {
    return classes.length;
  }

  /**
   * One more reference to a frame of a former process, which makes it live; false: there is no such
   * frame.
   */
  public boolean claim(int frame) {
    int sizeClass = frame & CLASS_MASK;
    int slot = frame >>> CLASS_BITS;
    if (frame < 0 || sizeClass >= classes.length) {
      return false;
    }
    Slabs slabs = classes[sizeClass];
    if (slabs.claim(slot)) {
      slabs.writeInt(slot, REFERENCES, 0);
      sums(frame, 0); // they may have been half made
      inUse++;
    } else if (!slabs.isLive(slot)) {
      return false;
    }
    slabs.writeInt(slot, REFERENCES, slabs.readInt(slot, REFERENCES) + 1);
    return true;
  }

  private FrameSlabs(long slabBytes, SlabSource source) {
    this.source = source;
    for (int i = 0; i < classes.length; i++) {
      int slotBytes = slotBytes(1 << (SMALLEST_BITS + i));
      classes[i] =
          new Slabs(slotBytes, Slabs.fitting(slotBytes, slabBytes), 31 - CLASS_BITS, source);
    }
  }

  private static int slotBytes(int payloadBytes) {
    int sums = payloadBytes < SUM_CHUNK ? 0 : 2 * FrameAllocator.sumsOf(payloadBytes);
    return HEADER_BYTES + payloadBytes + Math.ceilDiv(sums, 8) * 8; // payloads stay aligned
  }

  @Override
  public int acquire(int payloadBytes) {
    if (payloadBytes < 1 || payloadBytes > LARGEST) {
      throw new IllegalArgumentException(
          "a frame of " + payloadBytes + " bytes; possible are 1 … " + LARGEST);
    }
    int sizeClass =
        Math.max(0, 32 - Integer.numberOfLeadingZeros(payloadBytes - 1) - SMALLEST_BITS);
    int slot = classes[sizeClass].acquire();
    if (slot == Slabs.NONE) {
      return NONE;
    }
    classes[sizeClass].writeInt(slot, REFERENCES, 1);
    classes[sizeClass].writeInt(slot, LENGTH, payloadBytes);
    inUse++;
    return slot << CLASS_BITS | sizeClass;
  }

  @Override
  public void retain(int frame) {
    Slabs slabs = live(frame);
    int slot = frame >>> CLASS_BITS;
    slabs.writeInt(slot, REFERENCES, Math.addExact(slabs.readInt(slot, REFERENCES), 1));
  }

  @Override
  public void release(int frame) {
    Slabs slabs = live(frame);
    int slot = frame >>> CLASS_BITS;
    int references = slabs.readInt(slot, REFERENCES) - 1;
    slabs.writeInt(slot, REFERENCES, references);
    if (references == 0) {
      slabs.release(slot);
      inUse--;
    } else if (references == 1) {
      sums(frame, 0);
    }
  }

  private Slabs live(int frame) {
    int sizeClass = frame & CLASS_MASK;
    if (sizeClass >= classes.length || !classes[sizeClass].isLive(frame >>> CLASS_BITS)) {
      throw new IllegalStateException("frame " + frame + " has no references");
    }
    return classes[sizeClass];
  }

  @Override
  public int references(int frame) {
    return classes[frame & CLASS_MASK].readInt(frame >>> CLASS_BITS, REFERENCES);
  }

  @Override
  public MemorySegment memory(int frame) {
    return classes[frame & CLASS_MASK].memory(frame >>> CLASS_BITS);
  }

  @Override
  public long start(int frame) {
    return classes[frame & CLASS_MASK].start(frame >>> CLASS_BITS) + HEADER_BYTES;
  }

  @Override
  public int length(int frame) {
    return classes[frame & CLASS_MASK].readInt(frame >>> CLASS_BITS, LENGTH) & LENGTH_MASK;
  }

  @Override
  public long sumsStart(int frame) {
    int payloadBytes = 1 << SMALLEST_BITS + (frame & CLASS_MASK);
    return payloadBytes < SUM_CHUNK ? NO_SUMS : start(frame) + payloadBytes;
  }

  @Override
  public int sums(int frame) {
    return classes[frame & CLASS_MASK].readInt(frame >>> CLASS_BITS, LENGTH) >>> LENGTH_BITS;
  }

  @Override
  public void sums(int frame, int count) {
    Slabs slabs = classes[frame & CLASS_MASK];
    slabs.writeInt(frame >>> CLASS_BITS, LENGTH, count << LENGTH_BITS | length(frame));
  }

  @Override
  public int largest() {
    return LARGEST;
  }

  @Override
  public int inUse() {
    return inUse;
  }

  /** Adds what is reserved and in use. */
  public void footprint(Footprint into) {
    long reserved = source.reservedBytes();
    long used = 0;
    for (Slabs slabs : classes) {
      reserved += slabs.tableBytes();
      used += (long) slabs.size() * slabs.slotBytes();
    }
    into.add(Footprint.Kind.FRAMES, reserved, used);
  }

  /** Frees the memory of all frames, in use or not. */
  public void close() {
    inUse = 0;
    for (Slabs slabs : classes) {
      slabs.close();
    }
    source.close();
  }
}
