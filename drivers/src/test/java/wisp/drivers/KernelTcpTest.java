package wisp.drivers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.drivers.linux.TestNamespace;

/** Packets of 64 KiB between the kernel's TCP and every link that need not cut them. */
@Timeout(60)
class KernelTcpTest {
  private static final int PORT = 7;
  private TestNamespace namespace;

  @BeforeEach
  void makeNamespace() {
    namespace = new TestNamespace();
  }

  @AfterEach
  void deleteNamespace() {
    if (namespace != null) {
      namespace.close();
    }
  }

  /** The kernel has {@link KernelTcp#KERNEL} on its device {@code w}; on Ethernet it knows us. */
  private Link open(String provider) throws LinkException {
    String kernel = KernelTcp.KERNEL + "/64";
    String netns = ",netns=" + namespace.name();
    Link link =
        switch (provider) {
          case "afpacket" -> {
            namespace.veth("ours", "w", kernel);
            yield Links.open("afpacket:ours" + netns);
          }
          default -> Links.open(provider + ":w,host=" + kernel + netns);
        };
    if (link.kind() == Link.Kind.ETHERNET) {
      namespace.introduce(KernelTcp.OWN, link, "w");
    }
    return link;
  }

  @ParameterizedTest
  @ValueSource(strings = {"tun", "tap", "afpacket"})
  void givenAPacketToBeCut_thenItReachesASocketOfTheKernelWhole(String provider) throws Exception {
    try (Link link = open(provider);
        ServerSocketChannel server = namespace.listen(KernelTcp.KERNEL, PORT)) {
      var tcp = new KernelTcp(link, namespace.hardwareAddress("w"), PORT);
      tcp.connect();
      try (SocketChannel peer = server.accept()) {
        byte[] payload = random(50_000);
        tcp.sendUncut(payload);
        var received = ByteBuffer.allocate(payload.length);
        while (received.hasRemaining()) {
          assertTrue(peer.read(received) > 0);
        }
        assertArrayEquals(payload, received.array());
        assertEquals(0, link.drops());
        // It was one packet for the kernel too: retransmission or cutting would show here.
        String stats = namespace.run("cat", "/sys/class/net/w/statistics/rx_packets").strip();
        assertEquals("3", stats, "SYN, ACK and one packet of text");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"tun", "tap", "afpacket"})
  void givenALargeWriteOfTheKernel_thenItArrivesAsFewPacketsWithTheirSegmentSize(String provider)
      throws Exception {
    try (Link link = open(provider);
        ServerSocketChannel server = namespace.listen(KernelTcp.KERNEL, PORT)) {
      var tcp = new KernelTcp(link, namespace.hardwareAddress("w"), PORT);
      tcp.connect();
      try (SocketChannel peer = server.accept()) {
        byte[] payload = random(60_000);
        peer.configureBlocking(false);
        assertEquals(payload.length, peer.write(ByteBuffer.wrap(payload)));
        var received = ByteBuffer.allocate(payload.length);
        int largest = 0;
        int packets = 0;
        while (received.hasRemaining()) {
          byte[] text = tcp.receiveText();
          largest = Math.max(largest, text.length);
          packets++;
          assertEquals(text.length > KernelTcp.MSS ? KernelTcp.MSS : 0, tcp.segmentBytes());
          assertEquals(Burst.CHECKSUM_TRUSTED, tcp.flags());
          received.put(text);
        }
        assertArrayEquals(payload, received.array());
        assertTrue(largest >= 5 * KernelTcp.MSS, largest + " B in the largest packet");
        assertTrue(packets < 20, packets + " packets");
      }
    }
  }

  private static byte[] random(int length) {
    var bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }
}
