package wisp.drivers.afxdp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import wisp.core.spi.TransmitPacket;

/** A kernel played by the test: also one with a card that reads by itself, and takes its time. */
class TransmitFramesTest {
  private static final int HEADERS = 54;
  private static final int FRAMES = 1 << 20;
  private static final Ring.Places PLACES = new Ring.Places(0, 64, 192, 128);

  private final Arena arena = Arena.ofAuto();
  private final TransmitPacket packet = new TransmitPacket();
  private UmemLayout layout;
  private MemorySegment all;
  private MemorySegment payload;
  private Ring kernelsRing;
  private Ring kernelsCompletion;
  private TransmitFrames frames;

  /** Descriptors that the kernel has taken and not given back. */
  private final ArrayDeque<Long> taken = new ArrayDeque<>();

  private void begin(boolean overlapping, int chunkBytes, int mtu) {
    layout = UmemLayout.of(overlapping, chunkBytes, 64, mtu + 14).withFrames(FRAMES);
    all = arena.allocate(layout.bytes(), 4096);
    payload = all.asSlice(layout.framesStart());
    int entries = layout.transmitEntries();
    MemorySegment ring = arena.allocate(192 + (long) entries * Ring.DESCRIPTOR_BYTES, 64);
    MemorySegment completion = arena.allocate(192 + (long) entries * Ring.ADDRESS_BYTES, 64);
    kernelsRing = new Ring(ring, PLACES, entries);
    kernelsCompletion = new Ring(completion, PLACES, entries);
    frames =
        new TransmitFrames(
            all.asSlice(0, layout.framesStart()),
            layout,
            new Ring(ring, PLACES, entries),
            new Ring(completion, PLACES, entries));
  }

  private int claim() {
    int slot = frames.claim();
    if (slot >= 0) {
      packet.lend(all, layout.packet(slot));
      packet.length = HEADERS;
      all.asSlice(packet.start, HEADERS).fill((byte) 7);
    }
    return slot;
  }

  /** Takes one packet and reads it, if there is one; it looks at each descriptor as Linux does. */
  private byte[] kernelTakes() {
    if (kernelsRing.available() == 0) {
      return new byte[0];
    }
    var bytes = new ByteArrayOutputStream();
    int count = 0;
    boolean continued = true;
    while (continued) {
      long address = kernelsRing.descriptorAddress(count);
      int length = kernelsRing.length(count);
      int before = layout.overlapping() ? UmemLayout.METADATA_BYTES : 0;
      assertTrue(length > 0 && length + before <= layout.chunkBytes(), length + " bytes");
      assertTrue(address - before >= 0 && address + length <= layout.sharedBytes());
      if (!layout.overlapping()) {
        assertTrue(address % layout.chunkBytes() + length <= layout.chunkBytes(), "in one chunk");
      }
      bytes.writeBytes(all.asSlice(address, length).toArray(ValueLayout.JAVA_BYTE));
      taken.add(address);
      continued = kernelsRing.isContinued(count++);
    }
    assertTrue(count <= UmemLayout.MOST_PIECES, count + " descriptors");
    kernelsRing.release(count);
    return bytes.toByteArray();
  }

  private void kernelCompletes(int descriptors) {
    for (int i = 0; i < descriptors && !taken.isEmpty(); i++) {
      kernelsCompletion.putAddress(taken.remove());
    }
    kernelsCompletion.publish();
    frames.reap();
  }

  /** What has been given back is written over at once: who reads it later sends it wrong. */
  @ParameterizedTest
  @CsvSource({
    "true,2048,1500",
    "true,4096,1500",
    "true,4096,9000",
    "false,2048,1500",
    "false,4096,9000"
  })
  void payloadIsReadWhereItLiesAndGivenBackOnceItIsRead(boolean overlapping, int chunk, int mtu) {
    begin(overlapping, chunk, mtu);
    var random = new Random(chunk);
    int most = mtu - 40;
    int texts = FRAMES / most;
    var mine = new ArrayDeque<int[]>(); // texts on their way, with the number of their packet
    var expected = new ArrayDeque<byte[]>();
    var free = new ArrayDeque<Integer>();
    for (int text = 0; text < texts; text++) {
      free.add(text);
    }
    long committed = 0;
    int copied = 0;
    for (int round = 0; round < 60_000; round++) {
      int slot = free.isEmpty() || random.nextInt(3) == 0 ? -1 : claim();
      if (slot >= 0) {
        int text = free.remove();
        int length = 256 + random.nextInt(most - 256);
        MemorySegment bytes = payload.asSlice((long) text * most, length);
        for (int i = 0; i < length; i++) {
          bytes.set(ValueLayout.JAVA_BYTE, i, (byte) (committed + i));
        }
        int pieces = 1 + random.nextInt(random.nextInt(10) == 0 ? 16 : 3);
        int at = 0;
        for (int i = 0; i < pieces; i++) {
          int piece = i + 1 == pieces ? length - at : (length - at) / (pieces - i);
          packet.add(payload, (long) text * most + at, piece);
          at += piece;
        }
        var whole = new byte[HEADERS + length];
        MemorySegment.copy(packet.memory, packet.start, MemorySegment.ofArray(whole), 0, HEADERS);
        packet.copyPieces(MemorySegment.ofArray(whole), HEADERS);
        expected.add(whole);
        frames.commit(slot, packet);
        mine.add(new int[] {text, (int) ++committed});
        copied += pieces > 15 ? 1 : 0;
      }
      if (random.nextBoolean()) {
        frames.publish();
        for (int i = random.nextInt(3); i > 0; i--) {
          byte[] sent = kernelTakes();
          if (sent.length > 0) {
            assertArrayEquals(expected.remove(), sent);
          }
        }
      }
      kernelCompletes(random.nextInt(8));
      while (!mine.isEmpty() && mine.peek()[1] <= frames.gathersDone()) {
        int text = mine.remove()[0];
        payload.asSlice((long) text * most, most).fill((byte) 0xEE);
        free.add(text);
      }
    }
    frames.publish();
    while (!expected.isEmpty()) {
      assertArrayEquals(expected.remove(), kernelTakes());
    }
    kernelCompletes(Integer.MAX_VALUE);
    assertEquals(committed, frames.gathersDone());
    assertEquals(layout.transmitSlots(), frames.freeSlots());
    assertTrue(committed > 10_000 && copied > 100, committed + " sent");
  }

  @Test
  void theSameBytesMayBeOnTheirWayManyTimes_andAreDoneWithTheLast() {
    begin(true, 2048, 1500);
    for (int i = 0; i < 5; i++) { // sent once, and again, as it were
      int slot = claim();
      packet.add(payload, 100, 1000);
      frames.commit(slot, packet);
    }
    frames.publish();
    for (int i = 0; i < 5; i++) {
      assertEquals(i, frames.gathersDone());
      assertEquals(HEADERS + 1000, kernelTakes().length);
      kernelCompletes(1); // the headers
      assertEquals(i, frames.gathersDone());
      kernelCompletes(1);
    }
    assertEquals(5, frames.gathersDone());
  }

  @Test
  void onePacketThatIsLateKeepsThoseAfterIt() {
    begin(true, 2048, 1500);
    for (int i = 0; i < 3; i++) {
      int slot = claim();
      packet.add(payload, 100 * i, 100);
      frames.commit(slot, packet);
    }
    frames.publish();
    kernelTakes();
    long[] late = {taken.remove(), taken.remove()};
    kernelTakes();
    kernelTakes();
    kernelCompletes(4);
    assertEquals(0, frames.gathersDone());
    taken.add(late[0]);
    taken.add(late[1]);
    kernelCompletes(2);
    assertEquals(3, frames.gathersDone());
    assertEquals(layout.transmitSlots(), frames.freeSlots());
  }

  @Test
  void whatLiesElsewhereIsCopied_andDroppedOnesAreDone() {
    begin(true, 2048, 1500);
    MemorySegment elsewhere = arena.allocate(1000);
    elsewhere.fill((byte) 9);
    frames.commit(claimWith(elsewhere), packet);
    assertEquals(1, frames.gathersDone());
    elsewhere.fill((byte) 8);
    frames.publish();
    byte[] sent = kernelTakes();
    assertEquals(9, sent[sent.length - 1]);
    assertEquals(HEADERS + 1000, sent.length);
    frames.drop(claimWith(payload), packet);
    assertEquals(2, frames.gathersDone());
    kernelCompletes(1);
    assertEquals(layout.transmitSlots(), frames.freeSlots());
  }

  private int claimWith(MemorySegment memory) {
    int slot = claim();
    packet.add(memory, 0, 1000);
    return slot;
  }

  @Test
  void whenTheRingIsFull_thenNothingCanBeClaimed_andNothingIsOverwritten() {
    begin(false, 4096, 1500);
    int committed = 0;
    for (int slot = claim(); slot >= 0; slot = claim()) {
      for (int i = 0; i < 15; i++) {
        packet.add(payload, 100 * i, 90);
      }
      frames.commit(slot, packet);
      committed++;
    }
    assertTrue(committed * 16 <= layout.transmitEntries() && committed > 100, committed + "");
    frames.publish();
    for (int i = 0; i < committed; i++) {
      assertEquals(HEADERS + 15 * 90, kernelTakes().length);
    }
    kernelCompletes(16);
    assertTrue(claim() >= 0);
  }
}
