package wisp.drivers.dpdk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import wisp.core.spi.Link;
import wisp.core.spi.TransmitPacket;
import wisp.drivers.KernelStationContract;
import wisp.drivers.Links;
import wisp.drivers.linux.TestNamespace;

/** A device of DPDK with the kernel at its other end. Skips where that is not allowed. */
abstract class DpdkContract extends KernelStationContract {
  /** The device, in the namespace. */
  abstract String spec();

  /** Makes what has to be there before. */
  abstract void prepare();

  /** Skips the test with the reason where DPDK can't be used. */
  @BeforeAll
  static void assumeUsable() {
    String reason = new MemifProvider().unavailable();
    assumeTrue(reason == null, reason);
  }

  /** A pair of interfaces, both up: {@code va} for a link, {@code vb} for the kernel. */
  static void veth(TestNamespace namespace) {
    namespace.veth("va", "vb");
  }

  @Override
  protected final Link openStation() throws Exception {
    prepare();
    Link link = Links.open("dpdk:vdev=" + spec() + ",netns=" + namespace.name());
    String device = kernelsDevice();
    namespace.run("ip", "address", "add", KERNEL + "/16", "dev", device);
    namespace.run("ip", "link", "set", device, "up");
    return link;
  }

  /** All of them are back when nothing is under way. */
  @AfterEach
  void everyBufferCameBack() {
    if (link != null) {
      link.close(); // asserts it
    }
  }

  /** An application that frees, and overwrites, each frame as soon as the link says so. */
  @Test
  void givenFramesThatAreOverwrittenWhenTheLinkHasDone_thenThePeerHasThemAsTheyWere()
      throws Exception {
    assumeTrue(link.gatherPieces() > 0, link.name() + " takes no pieces");
    int rounds = 20;
    int packets = 20;
    int bytes = 1_200;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment[] frames = new MemorySegment[packets];
      long before = 0;
      for (int round = 0; round < rounds; round++) {
        for (int i = 0; i < packets; i++) {
          frames[i] = arena.allocate(bytes);
          commitGathered(frames[i], pattern(bytes, round + i));
          overwrite(frames, before);
        }
        link.flush();
        for (int i = 0; i < packets; i++) {
          assertArrayEquals(pattern(bytes, round + i), peerReceives(5000));
        }
        before += packets;
        assertEquals(before, link.gathersDone());
      }
    }
    assertEquals(0, link.drops());
  }

  private void overwrite(MemorySegment[] frames, long before) {
    for (int i = 0; i < link.gathersDone() - before; i++) {
      frames[i].fill((byte) 0xDB);
    }
  }

  /** Of 3 pieces, the middle one of which is odd. */
  private void commitGathered(MemorySegment frame, byte[] payload) {
    byte[] whole = toPeer(payload);
    int headers = whole.length - payload.length;
    var packet = new TransmitPacket();
    assertTrue(link.claim(headers, packet));
    MemorySegment.copy(whole, 0, packet.memory, ValueLayout.JAVA_BYTE, packet.start, headers);
    MemorySegment.copy(payload, 0, frame, ValueLayout.JAVA_BYTE, 0, payload.length);
    packet.length = headers;
    packet.add(frame, 0, 500);
    packet.add(frame, 500, 333);
    packet.add(frame, 833, payload.length - 833);
    link.commit(packet);
  }
}
