package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import wisp.core.Counters.Event;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.BlockPool;
import wisp.core.spi.Footprint;
import wisp.core.spi.FrameAllocator;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.RecordClass;
import wisp.core.spi.RecordStore;
import wisp.core.spi.TestLink;
import wisp.core.spi.TestMemory;

@DisplayName("RFC 1122 §3.2.1.3: packets from ourselves, when a part that was lent to us fails")
class LoopbackFailureTest {
  private static final int BYTES = 60_000;

  /** Throws instead of giving blocks while it is broken, against its contract. */
  private static final class Broken implements MemoryStrategy, BlockPool {
    final TestMemory sound = new TestMemory();
    boolean broken;

    @Override
    public int acquire(int bytes) {
      if (broken) {
        throw new IllegalStateException("on purpose");
      }
      return sound.blocks().acquire(bytes);
    }

    @Override
    public void release(int handle) {
      sound.blocks().release(handle);
    }

    @Override
    public MemorySegment memory(int handle) {
      return sound.blocks().memory(handle);
    }

    @Override
    public long start(int handle) {
      return sound.blocks().start(handle);
    }

    @Override
    public int capacity(int handle) {
      return sound.blocks().capacity(handle);
    }

    @Override
    public long availableBytes() {
      return sound.blocks().availableBytes();
    }

    @Override
    public int inUse() {
      return sound.blocks().inUse();
    }

    @Override
    public RecordStore records(RecordClass recordClass) {
      return sound.records(recordClass);
    }

    @Override
    public BlockPool blocks() {
      return this;
    }

    @Override
    public FrameAllocator frames() {
      return sound.frames();
    }

    @Override
    public void footprint(Footprint into) {
      sound.footprint(into);
    }

    @Override
    public void close() {
      sound.close();
    }
  }

  @Test
  @DisplayName("A burst that fails gives its room back; what comes later has all of it")
  void givenAPoolThatThrows_whenLoopedPacketsNeedIt_thenTheRingIsNotUsedUp() {
    var memory = new Broken();
    var context =
        new Context(
            ContextConfig.of(IpPrefix.parse("10.0.0.1/32")),
            memory,
            new TestLink(1_500),
            new SplittableRandom(5)::nextLong);
    long[] heard = {0};
    context.bind(Endpoint.any(53), (c, port, d) -> heard[0] += d.length());
    DatagramPort port =
        context.bind(Endpoint.any(54), Endpoint.of("10.0.0.1", 53), (c, p, d) -> {});
    var datagram = MemorySegment.ofArray(new byte[BYTES]);
    long now = 1_000_000_000L;
    for (int i = 0; i < 50; i++) {
      memory.broken = true;
      assertTrue(port.send(datagram, 0, BYTES));
      long at = now;
      assertThrows(IllegalStateException.class, () -> context.poll(at));
      memory.broken = false;
      context.poll(now);
    }
    assertEquals(0, context.counters().get(Event.DROP_LINK_FULL));
    now += 61_000_000_000L; // what had begun to be put together is given up
    context.poll(now);
    heard[0] = 0;
    for (int i = 0; i < 8; i++) {
      assertTrue(port.send(datagram, 0, BYTES), "the whole ring is free");
    }
    for (int i = 0; i < 8; i++) {
      context.poll(now);
    }
    assertEquals(8L * BYTES, heard[0]);
    assertEquals(0, context.counters().get(Event.DROP_LINK_FULL));
    context.close();
    memory.close();
  }
}
