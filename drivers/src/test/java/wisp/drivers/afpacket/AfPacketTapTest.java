package wisp.drivers.afpacket;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.drivers.Links;
import wisp.drivers.Packets;
import wisp.drivers.linux.Libc;
import wisp.drivers.linux.PolledLink;
import wisp.drivers.linux.TestNamespace;

/** A packet socket on a TAP device: what a virtual machine sends comes in by it as the machine says. */
@Timeout(60)
class AfPacketTapTest {
  private static final int EXPERIMENT = 0x88B5;
  private static final int GSO_UDP = 3; // fragments, which virtio headers can't tell back
  private final TestNamespace namespace = new TestNamespace();
  private final Burst burst = new Burst();

  @AfterEach
  void deleteNamespace() {
    namespace.close();
  }

  private static void write(Link tap, byte[] header, byte[] frame) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(header.length + frame.length);
      MemorySegment.copy(header, 0, bytes, ValueLayout.JAVA_BYTE, 0, header.length);
      MemorySegment.copy(frame, 0, bytes, ValueLayout.JAVA_BYTE, header.length, frame.length);
      int written =
          new Libc(arena)
              .write(
                  ((PolledLink) tap).readableDescriptor(),
                  bytes.address(),
                  (int) bytes.byteSize());
      assertEquals(bytes.byteSize(), written);
    }
  }

  private int receive(Link link) {
    int frames = 0;
    long end = System.nanoTime() + 100_000_000;
    while (System.nanoTime() < end) {
      burst.clear();
      link.receive(burst);
      frames += burst.size();
    }
    return frames;
  }

  @Test
  void repro() throws Exception {
    namespace.run("sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1");
    try (Link tap = Links.open("tap:vm,netns=" + namespace.name());
        Link link = Links.open("afpacket:vm,netns=" + namespace.name())) {
      byte[] plain =
          Packets.ethernet(link.hardwareAddress(), 0x02_00_00_00_00_09L, EXPERIMENT, new byte[60]);
      write(tap, new byte[10], plain);
      System.out.println("REPRO before: " + receive(link));
      byte[] udp =
          Packets.ethernet(
              link.hardwareAddress(),
              0x02_00_00_00_00_09L,
              Packets.ETHER_IPV4,
              Packets.udp("10.9.0.9", 1, "10.9.1.7", 2, new byte[3000]));
      byte[] header =
          ByteBuffer.allocate(10)
              .order(ByteOrder.LITTLE_ENDIAN)
              .put((byte) 1)
              .put((byte) GSO_UDP)
              .putShort((short) 42)
              .putShort((short) 1480)
              .putShort((short) 34)
              .putShort((short) 6)
              .array();
      write(tap, header, udp);
      System.out.println("REPRO ufo: " + receive(link) + " drops " + link.drops());
      for (int i = 0; i < 5; i++) {
        write(tap, new byte[10], plain);
      }
      System.out.println("REPRO after: " + receive(link) + " drops " + link.drops());
    }
  }
}
