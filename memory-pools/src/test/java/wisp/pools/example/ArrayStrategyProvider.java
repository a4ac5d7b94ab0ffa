package wisp.pools.example;

import it.unimi.dsi.fastutil.ints.IntArrayFIFOQueue;
import java.util.Arrays;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import wisp.core.spi.Footprint;
import wisp.core.spi.IndexPages;
import wisp.core.spi.IndexedRecordStore;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.MemoryStrategyProvider;
import wisp.core.spi.Parameter;
import wisp.core.spi.Parameters;
import wisp.core.spi.RecordClass;
import wisp.core.spi.RecordMemory;
import wisp.core.spi.RecordStore;
import wisp.core.spi.StrategyConfig;
import wisp.pools.Leaks;
import wisp.pools.heap.HeapBlocks;
import wisp.pools.heap.HeapFrames;

/** A strategy of your own, whole: records in one growing array, the rest off the shelf. */
public final class ArrayStrategyProvider implements MemoryStrategyProvider {
  private static final List<Parameter> PARAMETERS =
      List.of(
          new Parameter("blocks", "64Mi", "bytes", "limit to blocks"),
          new Parameter("frames", "64Mi", "bytes", "limit to frames"));

  @Override
  public String name() {
    return "example";
  }

  @Override
  public String description() {
    return "an example: all records in one growing array";
  }

  @Override
  public List<Parameter> parameters() {
    return PARAMETERS;
  }

  @Override
  public MemoryStrategy create(StrategyConfig config) {
    var given = Parameters.of(name(), PARAMETERS, config.parameters());
    var blocks = new HeapBlocks(given.number("blocks", 0, Long.MAX_VALUE));
    var frames = new HeapFrames(given.number("frames", 0, Long.MAX_VALUE));
    return new ArrayStrategy(config, blocks, frames);
  }

  private static final class ArrayStrategy implements MemoryStrategy {
    private final StrategyConfig config;
    private final Map<RecordClass, RecordStore> records = new EnumMap<>(RecordClass.class);
    private final HeapBlocks blocks;
    private final HeapFrames frames;
    private boolean closed;

    ArrayStrategy(StrategyConfig config, HeapBlocks blocks, HeapFrames frames) {
      this.config = config;
      this.blocks = blocks;
      this.frames = frames;
      records(RecordClass.IPV4);
    }

    /** Made when first asked for: who has no IPv6 pays nothing for it. */
    @Override
    public RecordStore records(RecordClass recordClass) {
      return records.computeIfAbsent(
          recordClass,
          c ->
              new IndexedRecordStore(
                  config,
                  c,
                  new ArrayRecords(c.keyWords() + config.recordWords()),
                  IndexPages.onHeap()));
    }

    @Override
    public HeapBlocks blocks() {
      return blocks;
    }

    @Override
    public HeapFrames frames() {
      return frames;
    }

    @Override
    public void footprint(Footprint into) {
      if (!closed) {
        records.values().forEach(store -> store.footprint(into));
        blocks.footprint(into);
        frames.footprint(into);
      }
    }

    @Override
    public void close() {
      if (closed) {
        return;
      }
      closed = true;
      var leaks = new Leaks("example");
      records.forEach(
          (c, store) ->
              leaks.add(c == RecordClass.IPV4 ? "records" : "IPv6 records", store.size()));
      leaks.add("blocks", blocks.inUse()).add("frames", frames.inUse()).report();
    }
  }

  /** Slots side by side in one array, which doubles when it is full. */
  private static final class ArrayRecords implements RecordMemory {
    private final int words;
    private final BitSet live = new BitSet();
    private final IntArrayFIFOQueue free = new IntArrayFIFOQueue();
    private int[] memory = new int[1024];
    private int bound;

    ArrayRecords(int words) {
      this.words = words;
    }

    @Override
    public int acquire() {
      int slot = free.isEmpty() ? bound : free.dequeueInt();
      if ((slot + 1) * words > memory.length) {
        memory = Arrays.copyOf(memory, memory.length * 2);
      }
      bound = Math.max(bound, slot + 1);
      live.set(slot);
      Arrays.fill(memory, slot * words, (slot + 1) * words, 0);
      return slot;
    }

    @Override
    public void release(int slot) {
      live.clear(slot);
      free.enqueue(slot);
    }

    @Override
    public boolean isLive(int slot) {
      return slot >= 0 && live.get(slot);
    }

    @Override
    public int get(int slot, int word) {
      return memory[slot * words + word];
    }

    @Override
    public void set(int slot, int word, int value) {
      memory[slot * words + word] = value;
    }

    @Override
    public int slotBound() {
      return bound;
    }

    @Override
    public int size() {
      return bound - free.size();
    }

    @Override
    public long reservedBytes() {
      return 4L * memory.length + live.size() / 8 + 4L * free.size();
    }
  }
}
