package wisp.drivers.afpacket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.core.spi.TransmitPacket;
import wisp.drivers.Links;
import wisp.drivers.Packets;
import wisp.drivers.linux.TestNamespace;

/**
 * A veth pair in a namespace for each test: a link on {@code ours}, the kernel or another link on
 * {@code kernels}.
 */
@Timeout(120)
abstract class VethTest {
  static final int EXPERIMENT = 0x88B5; // an EtherType that nobody else speaks
  static final String KERNEL = "10.9.0.1";
  static final String OWN = "10.9.1.7";
  TestNamespace namespace;
  final Burst burst = new Burst();

  @BeforeEach
  void makeNamespace() {
    namespace = new TestNamespace();
    namespace.run("sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1");
    namespace.veth("ours", "kernels", KERNEL + "/16");
  }

  @AfterEach
  void deleteNamespace() {
    if (namespace != null) {
      namespace.close();
    }
  }

  Link open(String parameters) throws LinkException {
    return Links.open("afpacket:" + parameters + ",netns=" + namespace.name());
  }

  /** All that comes until nothing has for some milliseconds. */
  List<byte[]> drain(Link link) {
    var frames = new ArrayList<byte[]>();
    long quietSince = System.nanoTime();
    while (System.nanoTime() - quietSince < 20_000_000) {
      burst.clear();
      link.receive(burst);
      for (int i = 0; i < burst.size(); i++) {
        frames.add(Packets.copy(burst, i));
        quietSince = System.nanoTime();
      }
    }
    return frames;
  }

  /** Sends a frame as it is, at the latest with {@code flush}. */
  static void commit(Link link, long to, int type, byte[] packet) {
    Packets.commit(link, frame(link, to, type, packet));
  }

  static byte[] frame(Link link, long to, int type, byte[] packet) {
    return Packets.ethernet(to, link.hardwareAddress(), type, packet);
  }

  /** Sends a frame whose IPv4 packet has a partial checksum, to be cut where that is asked for. */
  static void commit(Link link, byte[] frame, int checksumOffset, int segmentBytes) {
    var packet = new TransmitPacket();
    assertTrue(link.claim(frame.length, packet));
    MemorySegment.copy(frame, 0, packet.memory, ValueLayout.JAVA_BYTE, packet.start, frame.length);
    packet.length = frame.length;
    packet.needsChecksum = true;
    packet.checksumStart = 34;
    packet.checksumOffset = checksumOffset;
    packet.segmentBytes = segmentBytes;
    packet.headerBytes = segmentBytes > 0 ? 40 : 0;
    link.commit(packet);
  }

  /** Receives until so many frames are in the burst. */
  void fill(Link link, int frames) {
    long deadline = System.nanoTime() + 5_000_000_000L;
    burst.clear();
    while (burst.size() < frames && System.nanoTime() < deadline) {
      link.awaitReadable(1_000_000);
      link.receive(burst);
    }
    assertEquals(frames, burst.size());
  }
}
