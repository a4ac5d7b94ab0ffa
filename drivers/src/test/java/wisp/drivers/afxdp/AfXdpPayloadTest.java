package wisp.drivers.afxdp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import wisp.core.spi.Link;
import wisp.core.spi.TransmitPacket;
import wisp.drivers.Packets;

/** Payload that leaves from where the application wrote it, in memory shared with the kernel. */
class AfXdpPayloadTest extends AfXdpVethTest {
  private static final int HEADER = 14;

  private final TransmitPacket packet = new TransmitPacket();

  /** A frame whose payload lies in pieces of that memory. */
  private boolean commit(Link link, Link to, MemorySegment memory, long start, int... pieces) {
    if (!link.claim(HEADER, packet)) {
      return false;
    }
    byte[] header = frame(link, to.hardwareAddress(), EXPERIMENT, new byte[0]);
    MemorySegment.copy(header, 0, packet.memory, ValueLayout.JAVA_BYTE, packet.start, HEADER);
    packet.length = HEADER;
    long at = start;
    for (int piece : pieces) {
      packet.add(memory, at, piece);
      at += piece;
    }
    link.commit(packet);
    return true;
  }

  private static byte[] pattern(int number, int length) {
    var bytes = new byte[length];
    new Random(number).nextBytes(bytes);
    bytes[0] = (byte) number;
    return bytes;
  }

  /**
   * What the link has done with is poisoned at once: were a packet still to be sent from there, it
   * would arrive wrong.
   */
  @ParameterizedTest
  @CsvSource({
    "native,2048,1500",
    "native,4096,1500",
    "skb,2048,1500",
    "skb,4096,1500",
    "skb,4096,9000"
  })
  void itIsReadWhereItLies_andNotAfterTheRingSaysSo(String mode, int chunk, int mtu)
      throws Exception {
    for (String end : new String[] {"ours", "kernels"}) {
      namespace.run("ip", "link", "set", end, "mtu", String.valueOf(mtu));
    }
    try (Link link = open(OURS + ",mode=" + mode + ",chunk=" + chunk + ",payload=1Mi");
        Link other = other()) {
      MemorySegment memory = link.frameMemory();
      assertEquals(1 << 20, memory.byteSize());
      assertTrue(link.gathers(memory.asSlice(5, 100)));
      var random = new Random(mtu);
      int most = mtu - 20;
      var free = new ArrayDeque<Integer>();
      for (int place = 0; place < memory.byteSize() / most; place++) {
        free.add(place);
      }
      var reading = new ArrayDeque<int[]>(); // place, number of the packet
      var underWay = new ArrayDeque<byte[]>();
      int sent = 0;
      int waited = 0;
      for (int round = 0; round < 3000; round++) {
        for (int i = random.nextInt(20); i > 0 && !free.isEmpty(); i--) {
          int place = free.remove();
          byte[] text = pattern(sent, 60 + random.nextInt(most - 60));
          MemorySegment.copy(
              text, 0, memory, ValueLayout.JAVA_BYTE, (long) place * most, text.length);
          int first = 1 + random.nextInt(text.length / 2);
          assertTrue(commit(link, other, memory, (long) place * most, first, text.length - first));
          reading.add(new int[] {place, ++sent});
          underWay.add(text);
        }
        waited += link.gathersDone() < sent ? 1 : 0;
        if (random.nextInt(3) == 0) {
          link.flush();
        }
        while (!reading.isEmpty() && reading.peek()[1] <= link.gathersDone()) {
          int place = reading.remove()[0];
          memory.asSlice((long) place * most, most).fill((byte) 0xEE);
          free.add(place);
        }
        check(other, underWay);
      }
      link.flush();
      long deadline = System.nanoTime() + 5_000_000_000L;
      while ((!underWay.isEmpty() || link.gathersDone() < sent) && System.nanoTime() < deadline) {
        burst.clear();
        link.receive(burst);
        check(other, underWay);
      }
      assertEquals(0, underWay.size(), "frames are missing");
      assertEquals(sent, link.gathersDone());
      assertEquals(0, link.drops() + other.drops());
      assertTrue(sent > 5000 && waited > 500, sent + " sent, waited " + waited + " times");
      TransmitFrames transmit = ((AfXdpLink) link).queue().transmit();
      assertEquals(((AfXdpLink) link).queue().layout().transmitSlots(), transmit.freeSlots());
    }
  }

  private void check(Link other, ArrayDeque<byte[]> underWay) {
    burst.clear();
    other.receive(burst);
    for (int i = 0; i < burst.size(); i++) {
      byte[] arrived = Packets.unframed(Packets.copy(burst, i), EXPERIMENT);
      byte[] expected = underWay.remove();
      assertArrayEquals(expected, Arrays.copyOf(arrived, expected.length));
    }
  }

  @Test
  void itCanBeWrittenAndGivenBackWhenTheLinkIsClosed() throws Exception {
    Link link = open(OURS + ",payload=1");
    MemorySegment memory = link.frameMemory();
    assertEquals(4096, memory.byteSize());
    link.close();
    memory.fill((byte) 1);
    assertEquals(1, memory.get(ValueLayout.JAVA_BYTE, 4095));
  }

  @Test
  void withoutItEverythingIsCopied() throws Exception {
    try (Link link = open(OURS);
        Arena arena = Arena.ofConfined()) {
      assertEquals(0, link.gatherPieces());
      assertEquals(0, link.frameMemory().byteSize());
      assertFalse(link.gathers(arena.allocate(1)));
    }
    try (Link link = open(OURS + ",payload=64Ki");
        Arena arena = Arena.ofConfined()) {
      assertFalse(link.gathers(arena.allocate(1)));
      assertFalse(link.gathers(MemorySegment.ofArray(new byte[1])));
    }
  }
}
