package wisp.drivers.afxdp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import wisp.core.spi.Burst;
import wisp.drivers.Packets;
import wisp.drivers.linux.Linux;
import wisp.drivers.linux.WakeEvent;

/** What links of one interface tell each other. */
class SiblingsTest {
  private final Burst burst = new Burst();
  private WakeEvent wakeEvent;
  private SignalBox box;

  @BeforeEach
  void makeBox() {
    assumeTrue(Linux.unavailable() == null, Linux.unavailable());
    wakeEvent = new WakeEvent();
    box = new SignalBox(3, wakeEvent);
  }

  @AfterEach
  void closeEvent() {
    if (wakeEvent != null) {
      wakeEvent.close();
    }
  }

  private static MemorySegment segment(byte[] bytes) {
    return Arena.ofAuto().allocate(bytes.length).copyFrom(MemorySegment.ofArray(bytes));
  }

  private boolean post(byte[] frame) {
    burst.clear();
    burst.add(segment(frame), 0, frame.length, Burst.CHECKSUM_TRUSTED);
    return box.post(burst, 0);
  }

  private static byte[] filled(int length, int value) {
    var bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  @Test
  void whatWasToldIsReadAsItWas() {
    MemorySegment inbox = Arena.ofAuto().allocate(SignalBox.PLACE_BYTES);
    for (int i = 0; i < 200; i++) {
      byte[] frame = filled(42 + i, i);
      assertTrue(post(frame));
      assertEquals(i + 1, box.told());
      burst.clear();
      box.read(i, inbox, 0, burst);
      assertArrayEquals(frame, Packets.copy(burst, 0));
      assertEquals(Burst.CHECKSUM_TRUSTED, burst.flags(0));
    }
    assertFalse(post(new byte[2000]), "too long");
    assertEquals(200, box.told());
  }

  @Test
  void whatWasWrittenOverIsNotRead() {
    MemorySegment inbox = Arena.ofAuto().allocate(SignalBox.PLACE_BYTES);
    for (int i = 0; i < 100; i++) {
      post(filled(60, i));
    }
    burst.clear();
    box.read(35, inbox, 0, burst);
    assertEquals(0, burst.size());
    assertEquals(37, SignalBox.oldest(100));
    for (long i = SignalBox.oldest(100); i < 100; i++) {
      burst.clear();
      box.read(i, inbox, 0, burst);
      assertEquals(i, Packets.copy(burst, 0)[0]);
    }
  }

  @Test
  void aReaderOnAnotherThreadSeesWholeFramesOnly() throws InterruptedException {
    int frames = 300_000;
    var torn = new int[1];
    var seen = new int[1];
    var reader =
        Thread.ofPlatform()
            .start(
                () -> {
                  MemorySegment inbox = Arena.ofAuto().allocate(SignalBox.PLACE_BYTES);
                  var own = new Burst();
                  long next = 0;
                  while (next < frames) {
                    long told = box.told();
                    next = Math.max(next, SignalBox.oldest(told));
                    for (; next < told; next++) {
                      own.clear();
                      box.read(next, inbox, 0, own);
                      if (own.size() == 1) {
                        byte[] frame = Packets.copy(own, 0);
                        seen[0]++;
                        torn[0] += Arrays.equals(frame, filled(frame.length, (int) next)) ? 0 : 1;
                      }
                    }
                  }
                });
    MemorySegment memory = Arena.ofAuto().allocate(1500);
    for (int i = 0; i < frames; i++) {
      memory.fill((byte) i);
      burst.clear();
      burst.add(memory, 0, 1000 + i % 500, 0);
      box.post(burst, 0);
    }
    reader.join();
    assertEquals(0, torn[0]);
    assertTrue(seen[0] > 100, seen[0] + " seen");
  }

  @Test
  void itIsArpNeighbourDiscoveryAndErrors() {
    assertTrue(concernsAll(Packets.ETHER_ARP, new byte[28]));
    assertFalse(concernsAll(0x88B5, new byte[28]));
    assertFalse(concernsAll(Packets.ETHER_IPV4, new byte[28]));
    assertFalse(
        concernsAll(Packets.ETHER_IPV4, Packets.udp("10.0.0.1", 3, "10.0.0.2", 3, new byte[9])));
    for (int type = 0; type < 256; type++) {
      byte[] icmp = Packets.udp("10.0.0.1", type << 8, "10.0.0.2", 3, new byte[9]);
      icmp[9] = Packets.ICMP;
      assertEquals(
          type == 3 || type == 11 || type == 12, concernsAll(Packets.ETHER_IPV4, icmp), "" + type);
      byte[] icmpv6 =
          Packets.ipv6(Packets.ICMPV6, "fd09::1", "fd09::2", new byte[] {(byte) type, 0, 0, 0}, 2);
      assertEquals(
          type <= 4 || (type >= 133 && type <= 137),
          concernsAll(Packets.ETHER_IPV6, icmpv6),
          "" + type);
    }
  }

  @Test
  void aFrameThatEndsTooSoonConcernsNobody() {
    byte[] frame =
        Packets.ethernet(
            1,
            2,
            Packets.ETHER_IPV6,
            Packets.ipv6(Packets.ICMPV6, "fd09::1", "fd09::2", new byte[] {1, 0, 0, 0}, 2));
    for (int length = 0; length < 55; length++) {
      assertFalse(Siblings.concernsAll(segment(frame), 0, length), length + " B");
    }
  }

  private static boolean concernsAll(int type, byte[] packet) {
    byte[] frame = Packets.ethernet(1, 2, type, packet);
    return Siblings.concernsAll(segment(frame), 0, frame.length);
  }
}
