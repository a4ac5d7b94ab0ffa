package wisp.pools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.spi.Footprint;
import wisp.core.spi.FrameAllocator;
import wisp.core.spi.Link;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.MemoryStrategyProvider;
import wisp.core.spi.Parameter;
import wisp.core.spi.StrategyConfig;
import wisp.core.spi.TestLink;
import wisp.pools.contract.MemoryStrategyContract;
import wisp.pools.heap.HeapStrategyProvider;

/** The contract, with the heap's records and blocks, and frames in the link's memory. */
class LinkMemoryTest extends MemoryStrategyContract {
  private static final int BYTES = 1 << 20;

  @Override
  protected MemoryStrategyProvider provider() {
    return new MemoryStrategyProvider() {
      private final MemoryStrategyProvider heap = new HeapStrategyProvider();

      @Override
      public String name() {
        return heap.name();
      }

      @Override
      public String description() {
        return heap.description();
      }

      @Override
      public List<Parameter> parameters() {
        return heap.parameters();
      }

      @Override
      public MemoryStrategy create(StrategyConfig config) {
        return LinkMemory.of(link(), heap.create(config));
      }
    };
  }

  @Override
  protected boolean hasName() {
    return false;
  }

  @Override
  protected boolean allocates() {
    return true;
  }

  private static Link link() {
    MemorySegment memory = Arena.ofAuto().allocate(BYTES, 4096);
    return new TestLink(1500) {
      @Override
      public MemorySegment frameMemory() {
        return memory;
      }
    };
  }

  private static MemoryStrategy strategy(String name, Map<String, String> parameters) {
    var config = StrategyConfig.forConnections(16, 1);
    return Strategies.provider(name)
        .create(
            new StrategyConfig(
                config.recordWords(), 16, 0, config.hashKey0(), config.hashKey1(), parameters));
  }

  private static boolean isIn(MemorySegment memory, FrameAllocator frames, int frame) {
    long at = frames.memory(frame).address() + frames.start(frame) - memory.address();
    boolean begins = at >= 0 && at < memory.byteSize();
    return begins && at + frames.length(frame) <= memory.byteSize();
  }

  @ParameterizedTest
  @ValueSource(strings = {"heap", "pool", "slab", "packed"})
  void framesLieInTheLinksMemoryUntilItIsFull_thenInTheStrategysOwn(String name) {
    Link link = link();
    MemorySegment memory = link.frameMemory();
    try (MemoryStrategy strategy = LinkMemory.of(link, strategy(name, Map.of()))) {
      FrameAllocator frames = strategy.frames();
      var inside = new ArrayDeque<Integer>();
      var outside = new ArrayDeque<Integer>();
      while (outside.size() < 3) {
        int frame = frames.acquire(4096);
        assertNotEquals(FrameAllocator.NONE, frame);
        (isIn(memory, frames, frame) ? inside : outside).add(frame);
      }
      assertTrue(inside.size() * 4096 > BYTES * 3 / 4, inside.size() + " frames");
      assertEquals(inside.size() + 3, frames.inUse());
      frames.release(inside.remove());
      int again = frames.acquire(4000);
      assertTrue(isIn(memory, frames, again));
      inside.add(again);
      inside.forEach(frames::release);
      outside.forEach(frames::release);
      assertEquals(0, frames.inUse());
      var footprint = new Footprint();
      strategy.footprint(footprint);
      assertTrue(footprint.reservedBytes(Footprint.Kind.FRAMES) >= BYTES);
    }
  }

  @Test
  void smallFramesTakeNoneOfIt() {
    Link link = link();
    try (MemoryStrategy strategy = LinkMemory.of(link, strategy("slab", Map.of()))) {
      FrameAllocator frames = strategy.frames();
      int small = frames.acquire(255);
      int large = frames.acquire(256);
      assertFalse(isIn(link.frameMemory(), frames, small));
      assertTrue(isIn(link.frameMemory(), frames, large));
      frames.release(small);
      frames.release(large);
    }
  }

  @Test
  void aFrameThatDoesNotComeBackIsALeak() {
    MemoryStrategy strategy = LinkMemory.of(link(), strategy("slab", Map.of()));
    strategy.frames().acquire(1000);
    var leak = assertThrows(IllegalStateException.class, strategy::close);
    assertEquals("the link's memory closed with 1 frames still in use", leak.getMessage());
  }

  @Test
  void whereItWouldBeNoUse_theStrategyIsLeftAsItIs() {
    try (MemoryStrategy classic = strategy("persocket", Map.of());
        MemoryStrategy slab = strategy("slab", Map.of())) {
      assertSame(classic, LinkMemory.of(link(), classic));
      assertSame(slab, LinkMemory.of(new TestLink(1500), slab));
    }
    var file = new HashMap<String, String>();
    try (MemoryStrategy mapped = strategy("mapped", file)) {
      assertEquals(mapped.durability() != null, mapped == LinkMemory.of(link(), mapped));
    }
  }
}
