package wisp.drivers.afpacket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.drivers.Links;
import wisp.drivers.Packets;
import wisp.drivers.linux.LeakCheck;
import wisp.drivers.linux.Libc;
import wisp.drivers.linux.PolledLink;
import wisp.drivers.linux.TestNamespace;

/**
 * A packet socket on a TAP device: what a virtual machine sends comes in by it as the machine says.
 */
@Timeout(60)
class AfPacketTapTest {
  private static final int EXPERIMENT = 0x88B5;
  private static final long VM = 0x02_00_00_00_00_09L;
  private static final int GSO_UDP = 3; // in fragments
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
                  ((PolledLink) tap).readableDescriptor(), bytes.address(), (int) bytes.byteSize());
      assertEquals(bytes.byteSize(), written);
    }
  }

  /** A frame that the kernel would have to send as fragments. */
  private static void writeUdpToBeCut(Link tap, Link to) {
    byte[] packet = Packets.udp("10.9.0.9", 1, "10.9.1.7", 2, new byte[3000]);
    ByteBuffer header = ByteBuffer.allocate(10).order(ByteOrder.LITTLE_ENDIAN);
    header.put((byte) 1).put((byte) GSO_UDP).putShort((short) 42).putShort((short) 1480);
    header.putShort((short) 34).putShort((short) 6);
    write(tap, header.array(), Packets.ethernet(to.hardwareAddress(), VM, 0x0800, packet));
  }

  private static void writePlain(Link tap, Link to) {
    write(tap, new byte[10], Packets.ethernet(to.hardwareAddress(), VM, EXPERIMENT, new byte[60]));
  }

  private int receive(Link link, boolean waits) {
    burst.clear();
    if (waits) {
      link.awaitReadable(20_000_000);
    }
    link.receive(burst);
    return burst.size();
  }

  /** The ring is there again with another one in its place; all that is lost is counted. */
  @ParameterizedTest
  @CsvSource({"'',true", "'',false", "',fanout=7/cbpf',true"})
  void givenAPacketThatStopsTheKernel_thenItGoesOnALittleLater(String parameters, boolean waits)
      throws Exception {
    namespace.run("sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1");
    LeakCheck before = LeakCheck.now();
    try (Link tap = Links.open("tap:vm,netns=" + namespace.name());
        Link link = Links.open("afpacket:vm,netns=" + namespace.name() + parameters)) {
      for (int round = 0; round < 3; round++) {
        long drops = link.drops();
        writeUdpToBeCut(tap, link);
        int sent = 0;
        int received = 0;
        long deadline = System.nanoTime() + 20_000_000_000L;
        while (received < 10 && System.nanoTime() < deadline) {
          writePlain(tap, link);
          sent++;
          received += receive(link, waits);
        }
        assertEquals(10, received);
        assertTrue(sent > 10, "it did not stop");
        // Those that came while there was none for a moment nobody counts.
        long lost = link.drops() - drops;
        assertTrue(lost > 1 && lost <= 1 + sent - received, lost + " of " + sent);
      }
    }
    before.assertNothingMore();
  }
}
