package wisp.drivers.drain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.drivers.LinkContract;
import wisp.drivers.Packets;
import wisp.drivers.inmemory.InMemoryPipe;

/**
 * The queue is emptied before the first packet is handed out, and nothing gets lost or mixed up.
 */
@Timeout(60)
class DrainedLinkTest {
  private static final long SMALLEST_RING = 128 << 10;

  @Nested
  class Contract extends LinkContract {
    private final InMemoryPipe pipe = new InMemoryPipe(1500, 1024, InMemoryPipe.ALL_OFFLOADS);
    private final Burst burst = new Burst();
    private int next;

    @Override
    protected Link open() {
      return new DrainedLink(pipe.a(), 100, 1 << 20);
    }

    @Override
    protected String peerAddress() {
      return "10.9.0.1";
    }

    @Override
    protected int peerPort() {
      return 7;
    }

    @Override
    protected void peerSends(byte[] payload) {
      Packets.commit(pipe.b(), Packets.udp("10.9.0.1", 7, OWN, OWN_PORT, payload));
      pipe.b().flush();
    }

    @Override
    protected byte @Nullable [] peerReceives(int timeoutMillis) {
      if (next == burst.size()) {
        next = 0;
        burst.clear();
        pipe.b().receive(burst);
      }
      return burst.size() == 0 ? null : Packets.udpPayload(Packets.copy(burst, next++));
    }

    @Override
    protected void closePeer() {
      pipe.close();
    }
  }

  private static byte[] packet(int number, int payloadBytes) {
    var payload = new byte[payloadBytes];
    new Random(number).nextBytes(payload);
    return Packets.udp("10.9.0.1", 1, "10.9.1.7", 2, payload);
  }

  private static void send(Link link, byte[] packet) {
    Packets.commit(link, packet);
    link.flush();
  }

  /** What the pipe can queue again shows that the wrapper took all out of it at once. */
  @Test
  void theQueueIsEmptyBeforeTheFirstPacketIsHandedOut() {
    try (var pipe = new InMemoryPipe(1500, 128, InMemoryPipe.ALL_OFFLOADS);
        var link = new DrainedLink(pipe.a(), 128, 1 << 20)) {
      for (int i = 0; i < 128; i++) {
        send(pipe.b(), packet(i, 10));
      }
      assertEquals(0, pipe.b().drops());
      var burst = new Burst();
      assertEquals(Burst.CAPACITY, link.receive(burst));
      for (int i = 128; i < 256; i++) {
        send(pipe.b(), packet(i, 10));
      }
      assertEquals(0, pipe.b().drops(), "the pipe's queue was full after the first burst");
      assertEquals(0, link.nanosUntilDue());
      for (int next = 0; next < 256; next += burst.size()) {
        if (next > 0) {
          burst.clear();
          link.receive(burst);
        }
        assertNotEquals(0, burst.size());
        for (int i = 0; i < burst.size(); i++) {
          assertArrayEquals(packet(next + i, 10), Packets.copy(burst, i));
        }
      }
      burst.clear();
      assertEquals(0, link.receive(burst));
      assertEquals(Long.MAX_VALUE, link.nanosUntilDue());
    }
  }

  /**
   * Sizes by chance, a ring that is too small for one burst: all arrive whole and in their order.
   */
  @Test
  void nothingIsLostOrMixedUpWhateverTheSizes() {
    var random = new Random(5);
    try (var pipe = new InMemoryPipe(65_535, 512, InMemoryPipe.ALL_OFFLOADS);
        var link = new DrainedLink(pipe.a(), 90, SMALLEST_RING)) {
      var expected = new ArrayDeque<byte[]>();
      var burst = new Burst();
      int received = 0;
      for (int round = 0; round < 2_000; round++) {
        for (int i = random.nextInt(80); i > 0 && expected.size() < 400; i--) {
          byte[] packet = packet(random.nextInt(), random.nextInt(random.nextInt(60_000) + 1));
          send(pipe.b(), packet);
          expected.add(packet);
        }
        burst.clear();
        link.receive(burst);
        for (int i = 0; i < burst.size(); i++, received++) {
          assertArrayEquals(expected.remove(), Packets.copy(burst, i));
        }
      }
      assertTrue(received > 10_000, received + " packets");
      assertEquals(0, link.drops());
      assertEquals(0, pipe.b().drops());
    }
  }

  /** What was handed out stays as it is until the next receive, and lies in the ring. */
  @Test
  void thePacketsLieInTheRing() {
    try (var pipe = new InMemoryPipe();
        var link = new DrainedLink(pipe.a(), 64, SMALLEST_RING)) {
      var burst = new Burst();
      send(pipe.b(), packet(1, 100));
      link.receive(burst);
      send(pipe.b(), packet(2, 100));
      assertArrayEquals(packet(1, 100), Packets.copy(burst, 0));
      assertEquals(SMALLEST_RING, burst.memory(0).byteSize());
      var first = burst.memory(0);
      burst.clear();
      link.receive(burst);
      assertSame(first, burst.memory(0));
      assertArrayEquals(packet(2, 100), Packets.copy(burst, 0));
    }
  }

  /** Larger than the whole ring: dropped and counted, and what follows arrives. */
  @Test
  void whatCanNeverFitIsDroppedAndCounted() {
    try (var pipe = new InMemoryPipe();
        var link = new DrainedLink(pipe.a(), 4, 1024)) {
      send(pipe.b(), packet(1, 1_200));
      send(pipe.b(), packet(2, 100));
      var burst = new Burst();
      assertEquals(1, link.receive(burst));
      assertArrayEquals(packet(2, 100), Packets.copy(burst, 0));
      assertEquals(1, link.drops());
    }
  }

  @Test
  void parametersAreChecked() {
    var provider = new DrainProvider();
    try (var pipe = new InMemoryPipe()) {
      var parameters = new HashMap<String, String>(Map.of("packets", "0"));
      var refused =
          assertThrows(IllegalArgumentException.class, () -> provider.wrap(pipe.a(), parameters));
      assertTrue(String.valueOf(refused.getMessage()).contains("packets"), refused.getMessage());
      provider.wrap(pipe.a(), Map.of("packets", "256")).close();
    }
  }
}
