package wisp.drivers.afxdp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.spi.Burst;
import wisp.drivers.Packets;

/** A kernel played by the test: also one with a card that writes by itself, and one that lies. */
class ReceiveFramesTest {
  private static final int CHUNKS = 64;
  private static final int MTU = 9000;
  private static final Ring.Places PLACES = new Ring.Places(0, 64, 192, 128);

  private final Arena arena = Arena.ofAuto();
  private final Burst burst = new Burst();
  private UmemLayout layout;
  private MemorySegment umem;
  private Ring kernelsFill;
  private Ring kernelsRing;
  private ReceiveFrames frames;

  private void begin(boolean overlapping) {
    layout = UmemLayout.of(overlapping, 2048, CHUNKS, MTU + 14);
    umem = arena.allocate(layout.bytes(), 64);
    MemorySegment fill = arena.allocate(192 + CHUNKS * Ring.ADDRESS_BYTES, 64);
    MemorySegment ring = arena.allocate(192 + CHUNKS * Ring.DESCRIPTOR_BYTES, 64);
    kernelsFill = new Ring(fill, PLACES, CHUNKS);
    kernelsRing = new Ring(ring, PLACES, CHUNKS);
    frames =
        new ReceiveFrames(
            umem,
            layout,
            new Ring(fill, PLACES, CHUNKS),
            new Ring(ring, PLACES, CHUNKS),
            MTU,
            Burst.CHECKSUM_TRUSTED);
  }

  /** As the kernel does it: false when there are too few chunks. */
  private boolean kernelReceives(byte[] packet) {
    int pieces = (packet.length + layout.roomBytes() - 1) / layout.roomBytes();
    if (kernelsFill.available() < pieces) {
      return false;
    }
    for (int i = 0; i < pieces; i++) {
      long chunk = kernelsFill.address(i);
      int from = i * layout.roomBytes();
      int length = Math.min(layout.roomBytes(), packet.length - from);
      MemorySegment.copy(MemorySegment.ofArray(packet), from, umem, chunk + 256, length);
      long address = layout.overlapping() ? chunk | 256L << 48 : chunk + 256;
      kernelsRing.putDescriptor(address, length, i + 1 < pieces ? Ring.CONTINUED : 0);
    }
    kernelsFill.release(pieces);
    kernelsRing.publish();
    return true;
  }

  private void receive() {
    burst.clear();
    frames.receive(burst);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void packetsOfAllLengthsArriveAsTheyAre(boolean overlapping) {
    begin(overlapping);
    var random = new Random(1);
    int received = 0;
    int together = 0;
    for (int i = 0; i < 5000; i++) {
      var sent = new byte[1 + random.nextInt(6)][];
      int there = 0;
      for (int k = 0; k < sent.length; k++) {
        sent[k] = new byte[14 + random.nextInt(MTU)];
        random.nextBytes(sent[k]);
        there += kernelReceives(sent[k]) ? 1 : 0;
        if (there <= k) {
          break;
        }
      }
      for (int next = 0; next < there; ) { // what can't be put together now comes later
        receive();
        assertTrue(burst.size() > 0, "nothing came");
        for (int k = 0; k < burst.size(); k++) {
          together += burst.start(k) >= layout.sharedBytes() ? 1 : 0;
          assertArrayEquals(sent[next++], Packets.copy(burst, k));
        }
      }
      received += there;
      receive();
      assertEquals(CHUNKS, kernelsFill.available());
      assertEquals(0, frames.lentChunks());
    }
    assertEquals(0, frames.drops());
    // Chunks that lie apart hold no packet of several in one piece.
    assertTrue(overlapping ? together < received / 4 : together > received / 2, together + "");
  }

  @Test
  void aPacketOfWhichAPartIsMissingYetIsLeftAlone() {
    begin(true);
    kernelsRing.putDescriptor(kernelsFill.address(0) | 256L << 48, 1792, Ring.CONTINUED);
    kernelsRing.publish();
    receive();
    assertEquals(0, burst.size());
    kernelsRing.putDescriptor(kernelsFill.address(1) | 256L << 48, 100, 0);
    kernelsRing.publish();
    receive();
    assertEquals(1892, burst.length(0));
    assertEquals(2, frames.lentChunks());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void descriptorsThatLieAreDroppedAndCounted(boolean overlapping) {
    begin(overlapping);
    var random = new Random(2);
    long[] addresses = {
      0,
      1,
      -1,
      255,
      256,
      Long.MIN_VALUE,
      Long.MAX_VALUE,
      layout.sharedBytes(),
      layout.bytes(),
      layout.chunk(CHUNKS),
      layout.packet(0),
      0xFFFFL << 48,
      1L << 47,
      256L << 48
    };
    int[] lengths = {0, -1, 1, 13, 14, 100, 1792, 1793, 2048, 65_536, Integer.MAX_VALUE};
    int described = 0;
    for (int i = 0; i < 100_000; i++) {
      long address =
          random.nextBoolean() ? addresses[random.nextInt(addresses.length)] : random.nextLong();
      boolean last = random.nextBoolean() || i % CHUNKS == CHUNKS - 1;
      kernelsRing.putDescriptor(
          address, lengths[random.nextInt(lengths.length)], last ? 0 : Ring.CONTINUED);
      kernelsRing.publish();
      described += last ? 1 : 0;
      if (last) {
        receive();
        for (int k = 0; k < burst.size(); k++) {
          assertTrue(burst.start(k) >= 0 && burst.length(k) >= 14);
          assertTrue(burst.start(k) + burst.length(k) <= layout.bytes());
        }
      }
    }
    assertTrue(described > 10_000 && frames.drops() > described / 2, frames.drops() + " dropped");
  }
}
