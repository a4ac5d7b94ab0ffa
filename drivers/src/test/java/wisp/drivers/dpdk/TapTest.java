package wisp.drivers.dpdk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import wisp.core.spi.TransmitPacket;
import wisp.drivers.Packets;

/** DPDK's net_tap against the kernel. */
@Timeout(180)
class TapTest {
  @Nested
  class Contract extends DpdkContract {
    @Override
    void prepare() {}

    @Override
    String spec() {
      return "net_tap0,iface=wt";
    }

    @Override
    protected String kernelsDevice() {
      return "wt";
    }

    @Test
    void itsDeviceGoesWithIt() {
      assertTrue(namespace.run("ip", "-br", "link").contains("wt"));
      link.close();
      assertFalse(namespace.run("ip", "-br", "link").contains("wt"));
    }

    /** The driver adds up the sums of pieces; of odd ones, too, the kernel must have the right. */
    @Test
    void itCompletesChecksumsOfPieces() throws Exception {
      try (var arena = Arena.ofConfined()) {
        for (int first : new int[] {300, 301, 1}) {
          byte[] payload = pattern(1000, first);
          byte[] frame = toPeer(payload);
          byte[] packet = Packets.unframed(frame, Packets.ETHER_IPV4);
          ByteBuffer.wrap(frame).putShort(14 + 26, (short) Packets.pseudoHeaderSum(packet));
          var out = new TransmitPacket();
          assertTrue(link.claim(42, out));
          MemorySegment.copy(frame, 0, out.memory, ValueLayout.JAVA_BYTE, out.start, 42);
          MemorySegment text = arena.allocateFrom(ValueLayout.JAVA_BYTE, payload);
          out.length = 42;
          out.needsChecksum = true;
          out.checksumStart = 34;
          out.checksumOffset = 6;
          out.add(text, 0, first);
          out.add(text, first, 1000 - first);
          link.commit(out);
          link.flush();
          assertArrayEquals(payload, peerReceives(5000), "first piece of " + first);
        }
      }
      assertEquals(3, link.gathersDone());
    }

    /** The kernel drops what has a wrong checksum. */
    @Test
    void itCompletesChecksums() throws Exception {
      assertTrue(link.offloads().transmitChecksum());
      for (int length : new int[] {0, 1, 77, 1400}) {
        byte[] payload = pattern(length, length);
        byte[] frame = toPeer(payload);
        byte[] packet = Packets.unframed(frame, Packets.ETHER_IPV4);
        ByteBuffer.wrap(frame).putShort(14 + 26, (short) Packets.pseudoHeaderSum(packet));
        var out = new TransmitPacket();
        assertTrue(link.claim(frame.length, out));
        MemorySegment.copy(frame, 0, out.memory, ValueLayout.JAVA_BYTE, out.start, frame.length);
        out.length = frame.length;
        out.needsChecksum = true;
        out.checksumStart = 34;
        out.checksumOffset = 6;
        link.commit(out);
        link.flush();
        assertArrayEquals(payload, peerReceives(5000));
      }
      assertEquals(0, link.drops());
    }
  }
}
