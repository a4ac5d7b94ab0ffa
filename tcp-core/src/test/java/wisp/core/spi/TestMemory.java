package wisp.core.spi;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * A memory strategy for tests: plain, checked and scarce on demand. What is given back is poisoned,
 * giving back twice is an error, and {@link #close} asserts that everything came back.
 */
public final class TestMemory implements MemoryStrategy {
  private static final byte POISON = (byte) 0xA5;

  /** When requests of one kind are refused. */
  public static final class Scarcity {
    /** Requests so far. */
    public long requests;

    /** The request with this number is refused, counted from 1; 0: none. */
    public long failAt;

    /** All requests from {@link #failAt} on are refused. */
    public boolean failFrom;

    /** Things in use at most. */
    public int most = Integer.MAX_VALUE;

    /** Requests refused so far. */
    public long refused;

    private boolean refuses(int inUse) {
      requests++;
      boolean refuse =
          inUse >= most || failAt > 0 && (failFrom ? requests >= failAt : requests == failAt);
      refused += refuse ? 1 : 0;
      return refuse;
    }
  }

  public final Scarcity recordRequests = new Scarcity();
  public final Scarcity blockRequests = new Scarcity();
  public final Scarcity frameRequests = new Scarcity();

  private final StrategyConfig config;
  private final IndexedRecordStore ipv4Records;
  private IndexedRecordStore ipv6Records;
  private int recordsInUse;
  private final TestBlocks blocks;
  private final TestFrames frames = new TestFrames();

  /** Without limits. */
  public TestMemory() {
    this(Long.MAX_VALUE);
  }

  /** With so many bytes of blocks. */
  public TestMemory(long blockBytes) {
    this(blockBytes, StrategyConfig.forBoth(1_000, 1_000, 1));
  }

  private TestMemory(long blockBytes, StrategyConfig config) {
    this.config = config;
    blocks = new TestBlocks(blockBytes);
    ipv4Records = newStore(RecordClass.IPV4);
  }

  /** Without limits, and with records of so many words. */
  public static TestMemory withWords(int words) {
    return new TestMemory(
        Long.MAX_VALUE, new StrategyConfig(words, 1_000, 1_000, 1, 2, java.util.Map.of()));
  }

  /** Without limits, and with records that have no word for TS.Recent. */
  public static TestMemory withoutTimestamps() {
    return withWords(RecordStore.STATE_WORDS_WITHOUT_TIMESTAMPS);
  }

  private IndexedRecordStore newStore(RecordClass recordClass) {
    return new IndexedRecordStore(
        config,
        recordClass,
        new ScarceSlots(recordClass.keyWords() + config.recordWords()),
        IndexPages.onHeap());
  }

  @Override
  public RecordStore records(RecordClass recordClass) {
    if (recordClass == RecordClass.IPV4) {
      return ipv4Records;
    }
    if (ipv6Records == null) {
      ipv6Records = newStore(RecordClass.IPV6);
    }
    return ipv6Records;
  }

  @Override
  public BlockPool blocks() {
    return blocks;
  }

  @Override
  public FrameAllocator frames() {
    return frames;
  }

  @Override
  public void footprint(Footprint into) {
    ipv4Records.footprint(into);
    if (ipv6Records != null) {
      ipv6Records.footprint(into);
    }
    into.add(Footprint.Kind.BLOCKS, blocks.bytesInUse, blocks.bytesInUse);
  }

  @Override
  public void close() {
    if (recordsInUse + blocks.inUse + frames.inUse > 0) {
      throw new IllegalStateException(
          "leaked "
              + recordsInUse
              + " records, "
              + blocks.inUse
              + " blocks, "
              + frames.inUse
              + " frames");
    }
  }

  private final class ScarceSlots implements RecordMemory {
    private final ArrayRecords slots;
    private int size;

    ScarceSlots(int words) {
      slots = new ArrayRecords(words);
    }

    @Override
    public int acquire() {
      if (recordRequests.refuses(recordsInUse)) {
        return NONE;
      }
      size++;
      recordsInUse++;
      return slots.acquire();
    }

    @Override
    public void release(int slot) {
      if (!slots.isLive(slot)) {
        throw new IllegalStateException("slot " + slot + " released twice");
      }
      size--;
      recordsInUse--;
      slots.release(slot);
    }

    @Override
    public boolean isLive(int slot) {
      return slots.isLive(slot);
    }

    @Override
    public int get(int slot, int word) {
      return slots.get(slot, word);
    }

    @Override
    public void set(int slot, int word, int value) {
      slots.set(slot, word, value);
    }

    @Override
    public int slotBound() {
      return slots.slotBound();
    }

    @Override
    public int size() {
      return size;
    }

    @Override
    public long reservedBytes() {
      return slots.reservedBytes();
    }
  }

  private final class TestBlocks implements BlockPool {
    private final long most;
    private MemorySegment[] memory = new MemorySegment[64];
    private boolean[] live = new boolean[64];
    private final int[][] free = new int[3][64];
    private final int[] frees = new int[3];
    private int bound;
    private int inUse;
    private long bytesInUse;

    TestBlocks(long most) {
      this.most = most;
    }

    @Override
    public int acquire(int bytes) {
      int kind = kind(bytes);
      int size = kind == 0 ? HALF_OPEN : kind == 1 ? ACTIVITY : LARGEST;
      if (blockRequests.refuses(inUse) || most - bytesInUse < size) {
        return NONE;
      }
      int block;
      if (frees[kind] > 0) {
        block = free[kind][--frees[kind]];
      } else {
        if (bound == memory.length) {
          memory = Arrays.copyOf(memory, 2 * bound);
          live = Arrays.copyOf(live, 2 * bound);
        }
        block = bound++;
        memory[block] = MemorySegment.ofArray(new byte[size]);
        memory[block].fill(POISON);
      }
      live[block] = true;
      inUse++;
      bytesInUse += size;
      return block;
    }

    @Override
    public void release(int block) {
      check(block);
      memory[block].fill(POISON);
      live[block] = false;
      inUse--;
      bytesInUse -= capacity(block);
      int kind = kind(capacity(block));
      if (frees[kind] == free[kind].length) {
        free[kind] = Arrays.copyOf(free[kind], 2 * frees[kind]);
      }
      free[kind][frees[kind]++] = block;
    }

    private static int kind(int bytes) {
      return bytes <= HALF_OPEN ? 0 : bytes <= ACTIVITY ? 1 : 2;
    }

    private void check(int block) {
      if (block < 0 || block >= bound || !live[block]) {
        throw new IllegalStateException("block " + block + " is not in use");
      }
    }

    @Override
    public MemorySegment memory(int block) {
      check(block);
      return memory[block];
    }

    @Override
    public long start(int block) {
      return 0;
    }

    @Override
    public int capacity(int block) {
      return (int) memory[block].byteSize();
    }

    @Override
    public long availableBytes() {
      if (inUse >= blockRequests.most) {
        return 0;
      }
      return most == Long.MAX_VALUE ? most : most - bytesInUse;
    }

    @Override
    public int inUse() {
      return inUse;
    }
  }

  private final class TestFrames implements FrameAllocator {
    private static final int LARGEST = 16_384;
    private MemorySegment[] memory = new MemorySegment[64];
    private int[] lengths = new int[64];
    private int[] references = new int[64];
    private int[] free = new int[64];
    private int frees;
    private int bound;
    private int inUse;

    @Override
    public int acquire(int payloadBytes) {
      if (payloadBytes < 1 || payloadBytes > LARGEST) {
        throw new IllegalArgumentException("frame of " + payloadBytes + " bytes");
      }
      if (frameRequests.refuses(inUse)) {
        return NONE;
      }
      int frame;
      if (frees > 0) {
        frame = free[--frees];
      } else {
        if (bound == memory.length) {
          memory = Arrays.copyOf(memory, 2 * bound);
          lengths = Arrays.copyOf(lengths, 2 * bound);
          references = Arrays.copyOf(references, 2 * bound);
        }
        frame = bound++;
        memory[frame] = MemorySegment.ofArray(new byte[LARGEST]);
      }
      lengths[frame] = payloadBytes;
      references[frame] = 1;
      inUse++;
      return frame;
    }

    private void check(int frame) {
      if (frame < 0 || frame >= bound || references[frame] == 0) {
        throw new IllegalStateException("frame " + frame + " is not in use");
      }
    }

    @Override
    public void retain(int frame) {
      check(frame);
      references[frame]++;
    }

    @Override
    public void release(int frame) {
      check(frame);
      if (--references[frame] == 0) {
        memory[frame].asSlice(0, lengths[frame]).fill(POISON);
        inUse--;
        if (frees == free.length) {
          free = Arrays.copyOf(free, 2 * frees);
        }
        free[frees++] = frame;
      }
    }

    @Override
    public int references(int frame) {
      return frame < 0 || frame >= bound ? 0 : references[frame];
    }

    @Override
    public MemorySegment memory(int frame) {
      check(frame);
      return memory[frame];
    }

    @Override
    public long start(int frame) {
      return 0;
    }

    @Override
    public int length(int frame) {
      check(frame);
      return lengths[frame];
    }

    @Override
    public int largest() {
      return LARGEST;
    }

    @Override
    public int inUse() {
      return inUse;
    }
  }

  /** The byte that freed memory is filled with, to see it when it leaks out. */
  public static boolean isPoison(MemorySegment memory, long at) {
    return memory.get(ValueLayout.JAVA_BYTE, at) == POISON;
  }
}
