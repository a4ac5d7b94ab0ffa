package wisp.drivers.steering;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import wisp.core.spi.Burst;
import wisp.core.spi.TransmitPacket;

@Timeout(60)
class PacketRingTest {
  private static final int CAPACITY = 1 << 14;

  /** Lengths that come to lie at every place of the ring, also across its end. */
  private static int length(int i) {
    return 1 + (int) (Integer.toUnsignedLong(i * 0x9E3779B1) % 3000);
  }

  private static boolean put(PacketRing ring, MemorySegment packet, int i) {
    int length = length(i);
    for (int at = 0; at < length; at += 512) {
      packet.set(ValueLayout.JAVA_BYTE, at, (byte) (i + at / 512));
    }
    packet.set(ValueLayout.JAVA_BYTE, length - 1, (byte) i);
    var burst = new Burst();
    burst.add(packet, 0, length, i & 1, i & 0xFF);
    return ring.writer.copy(burst, 0);
  }

  private static void check(Burst burst, int at, int i) {
    int length = length(i);
    assertEquals(length, burst.length(at), "packet " + i);
    assertEquals(i & 1, burst.flags(at));
    assertEquals(i & 0xFF, burst.segmentBytes(at));
    for (int k = 0; k < length - 1; k += 512) {
      byte found = burst.memory(at).get(ValueLayout.JAVA_BYTE, burst.start(at) + k);
      assertEquals((byte) (i + k / 512), found, "packet " + i + " at " + k);
    }
    byte last = burst.memory(at).get(ValueLayout.JAVA_BYTE, burst.start(at) + length - 1);
    assertEquals((byte) i, last);
  }

  @Test
  void nothingIsThereBeforeItIsPublished_norRoomBeforeItIsReleased() {
    try (Arena arena = Arena.ofConfined()) {
      var ring = new PacketRing(arena, 1024);
      MemorySegment packet = arena.allocate(3000);
      var burst = new Burst();
      burst.add(packet, 0, 400, 0);
      assertTrue(ring.writer.copy(burst, 0));
      assertFalse(ring.reader.hasNext());
      assertTrue(ring.writer.publish());
      assertFalse(ring.writer.publish());
      assertTrue(ring.reader.hasNext());
      assertTrue(ring.writer.copy(burst, 0));
      assertFalse(ring.writer.copy(burst, 0), "it is full");
      ring.reader.take(burst);
      assertFalse(ring.writer.copy(burst, 0), "what was taken is still borrowed");
      ring.reader.release();
      assertTrue(ring.writer.copy(burst, 0));
    }
  }

  @Test
  void whatIsToBeDoneToAPacketComesAlong() {
    try (Arena arena = Arena.ofConfined()) {
      var ring = new PacketRing(arena, 1024);
      var packet = new TransmitPacket();
      packet.lend(ring.writer.memory(), ring.writer.claim(100));
      packet.memory.set(ValueLayout.JAVA_BYTE, packet.start + 99, (byte) 42);
      packet.length = 100;
      packet.needsChecksum = true;
      packet.checksumStart = 20;
      packet.checksumOffset = 16;
      packet.segmentBytes = 30;
      packet.headerBytes = 40;
      ring.writer.commit(packet);
      ring.writer.publish();
      var sent = new TransmitPacket();
      sent.lend(arena.allocate(200), 7);
      assertTrue(ring.reader.hasNext());
      assertEquals(100, ring.reader.nextLength());
      ring.reader.take(sent);
      assertEquals(100, sent.length);
      assertTrue(sent.needsChecksum);
      assertEquals(20, sent.checksumStart);
      assertEquals(16, sent.checksumOffset);
      assertEquals(30, sent.segmentBytes);
      assertEquals(40, sent.headerBytes);
      assertEquals(42, sent.memory.get(ValueLayout.JAVA_BYTE, 7 + 99));
    }
  }

  @Test
  void whatOneThreadPutsInAnotherTakesOutInOrder() throws Exception {
    int packets = 300_000;
    var failure = new AtomicReference<Throwable>();
    try (Arena arena = Arena.ofShared()) {
      var ring = new PacketRing(arena, CAPACITY);
      MemorySegment packet = arena.allocate(4096);
      Thread writer =
          Thread.ofPlatform()
              .start(
                  () -> {
                    for (int i = 0; i < packets && failure.get() == null; ) {
                      if (put(ring, packet, i)) {
                        i++;
                      } else {
                        Thread.yield();
                      }
                      if (i % 7 == 0 || i == packets || ring.writer.claim(3000) < 0) {
                        ring.writer.publish();
                      }
                    }
                  });
      try {
        var burst = new Burst();
        for (int next = 0; next < packets; ) {
          burst.clear();
          ring.reader.release();
          while (!burst.isFull() && ring.reader.hasNext()) {
            ring.reader.take(burst);
          }
          for (int i = 0; i < burst.size(); i++) {
            check(burst, i, next++);
          }
          if (burst.size() == 0) {
            Thread.yield();
          }
        }
      } catch (Throwable e) {
        failure.set(e);
        throw e;
      } finally {
        writer.join();
      }
      assertFalse(ring.reader.hasNext());
    }
  }
}
