package wisp.drivers.tun;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.core.spi.TransmitPacket;
import wisp.drivers.KernelLinkContract;
import wisp.drivers.LinkDownException;
import wisp.drivers.Links;
import wisp.drivers.Packets;
import wisp.drivers.linux.LeakCheck;
import wisp.drivers.linux.TestNamespace;

/**
 * Against the real kernel, each test in a network namespace of its own. Skips where that is not
 * allowed.
 */
class TunLinkTest {
  private static final int ICMP_ECHO_REQUEST = 8;

  abstract static class Contract extends KernelLinkContract {
    abstract String offload();

    @Override
    protected Link openInNamespace() throws LinkException {
      return Links.open("tun:wisp0,netns=" + namespace.name() + ",offload=" + offload());
    }
  }

  @Nested
  class WithOffload extends Contract {
    @Override
    String offload() {
      return "on";
    }
  }

  @Nested
  class WithoutOffload extends Contract {
    @Override
    String offload() {
      return "off";
    }
  }

  @Nested
  class Parameters {
    @ParameterizedTest
    @ValueSource(
        strings = {
          "tun:a-name-of-16-chars",
          "tun:a/b",
          "tun:..",
          "tun:x%d",
          "tun:wa,host=10.9.0.1/33",
          "tun:wa,host=10.9.0.1/0",
          "tun:wa,host=10.9.0.1/",
          "tun:wa,host=10.9.0/16",
          "tun:wa,host=ten/16",
          "tun:wa,mtu=67",
          "tun:wa,mtu=65536",
          "tun:wa,mtu=big",
          "tun:wa,offload=yes",
          "tun:wa,route=10.9.1.1/16",
          "tun:wa,speed=1"
        })
    void wrongOnesAreRefusedInOneLine(String spec) {
      Links.Spec parsed = Links.parse(spec);
      var refused =
          assertThrows(
              IllegalArgumentException.class,
              () -> TunConfig.of(Link.Kind.IP, parsed.parameters()));
      assertEquals(1, refused.getMessage().lines().count(), refused.getMessage());
    }

    @Test
    void haveDefaults() {
      TunConfig config = TunConfig.of(Link.Kind.IP, Map.of());
      assertEquals(
          "wisp%d [10.9.0.1/16] 1500 true  []",
          config.name()
              + " "
              + config.hosts()
              + " "
              + config.mtu()
              + " "
              + config.offload()
              + " "
              + config.netns()
              + " "
              + config.routes());
      assertEquals(List.of(), TunConfig.of(Link.Kind.IP, Map.of("host", "")).hosts());
    }
  }

  @Nested
  class AgainstTheKernel {
    private TestNamespace namespace;
    private final Burst burst = new Burst();

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

    private TunLink open(String parameters) throws LinkException {
      return (TunLink) Links.open("tun:" + parameters + ",netns=" + namespace.name());
    }

    /** The next packets of a protocol, copied; gives up after five seconds. */
    private List<byte[]> receive(
        Link link, int protocol, int count, @Nullable List<Integer> flags) {
      var packets = new ArrayList<byte[]>();
      long deadline = System.nanoTime() + 5_000_000_000L;
      while (packets.size() < count && System.nanoTime() < deadline) {
        burst.clear();
        link.receive(burst);
        for (int i = 0; i < burst.size(); i++) {
          byte[] packet = Packets.copy(burst, i);
          if (Packets.isIpv4(packet, protocol)) {
            packets.add(packet);
            if (flags != null) {
              flags.add(burst.flags(i));
            }
          }
        }
        link.awaitReadable(1_000_000);
      }
      return packets;
    }

    @Test
    void configuresTheDeviceAsAskedFor() throws LinkException {
      try (TunLink link =
          open("wisp7,host=10.20.0.1/20,mtu=1400,route=10.30.0.0/16+10.40.1.0/24")) {
        assertEquals("wisp7", link.device());
        assertEquals("tun:wisp7", link.name());
        assertEquals(1400, link.mtu());
        String device = namespace.run("ip", "address", "show", "dev", "wisp7");
        assertTrue(
            device.contains("mtu 1400")
                && device.contains("UP")
                && device.contains("inet 10.20.0.1/20"),
            device);
        String routes = namespace.run("ip", "route");
        assertTrue(routes.contains("10.20.0.0/20 dev wisp7"), routes);
        assertTrue(routes.contains("10.30.0.0/16 dev wisp7"), routes);
        assertTrue(routes.contains("10.40.1.0/24 dev wisp7"), routes);
        assertEquals(3, routes.lines().count(), routes);
      }
      try (TunLink unnamed = open("host=");
          TunLink second = open("host=,offload=off")) {
        assertEquals("wisp0", unnamed.device());
        assertEquals("wisp1", second.device());
        assertFalse(namespace.run("ip", "address").contains("inet 10."));
      }
    }

    @Test
    void answersPing() throws Exception {
      try (TunLink link = open("wisp0")) {
        var stop = new boolean[1];
        var reflector = Thread.ofPlatform().start(() -> reflectPings(link, stop));
        String output =
            namespace.run("ping", "-c", "20", "-i", "0.01", "-s", "1000", "-W", "2", "10.9.200.7");
        assertTrue(output.contains("20 received, 0% packet loss"), output);
        stop[0] = true;
        link.wake();
        reflector.join();
        assertEquals(0, link.drops());
      }
    }

    private void reflectPings(Link link, boolean[] stop) {
      var packet = new TransmitPacket();
      while (!stop[0]) {
        burst.clear();
        link.receive(burst);
        for (int i = 0; i < burst.size(); i++) {
          byte[] echo = Packets.copy(burst, i);
          if (!Packets.isIpv4(echo, Packets.ICMP) || echo[20] != ICMP_ECHO_REQUEST) {
            continue;
          }
          byte[] reply = echo.clone();
          System.arraycopy(echo, 12, reply, 16, 4);
          System.arraycopy(echo, 16, reply, 12, 4);
          reply[20] = 0;
          reply[22] = reply[23] = 0;
          ByteBuffer.wrap(reply).putShort(22, (short) ~Packets.sum(reply, 20, reply.length, 0));
          assertTrue(link.claim(reply.length, packet));
          MemorySegment.copy(
              reply, 0, packet.memory, ValueLayout.JAVA_BYTE, packet.start, reply.length);
          packet.length = reply.length;
          link.commit(packet);
        }
        link.flush();
        link.awaitReadable(10_000_000_000L);
      }
    }

    @Test
    void givenAPacketToBeCut_whenForwardedToALinkWithoutOffload_thenItsSegmentsArriveComplete()
        throws Exception {
      namespace.run("sysctl", "-qw", "net.ipv4.ip_forward=1");
      try (TunLink in = open("in,host=10.9.0.1/24");
          TunLink out = open("out,host=10.8.0.1/24,offload=off")) {
        byte[] payload = new byte[20_000];
        new Random(1).nextBytes(payload);
        sendSegmented(in, payload);
        List<byte[]> segments = receive(out, Packets.TCP, 14, null);
        var whole = ByteBuffer.allocate(payload.length);
        for (int i = 0; i < segments.size(); i++) {
          byte[] segment = segments.get(i);
          assertTrue(segment.length <= 1500, segment.length + " B");
          assertTrue(Packets.checksumsAreRight(segment), "segment " + i);
          assertEquals(1000 + whole.position(), ByteBuffer.wrap(segment).getInt(24));
          assertEquals(i == 0 ? 0x80 : 0, segment[33] & 0x80, "CWR in segment " + i);
          whole.put(segment, 40, segment.length - 40);
        }
        assertArrayEquals(payload, whole.array());
        assertEquals(0, in.drops() + out.drops());
      }
    }

    @Test
    void givenAPacketToBeCut_whenForwardedToALinkWithOffload_thenItArrivesWholeAndTrusted()
        throws Exception {
      namespace.run("sysctl", "-qw", "net.ipv4.ip_forward=1");
      try (TunLink in = open("in,host=10.9.0.1/24");
          TunLink out = open("out,host=10.8.0.1/24")) {
        byte[] payload = new byte[60_000];
        new Random(2).nextBytes(payload);
        sendSegmented(in, payload);
        var flags = new ArrayList<Integer>();
        var received = ByteBuffer.allocate(payload.length);
        while (received.hasRemaining()) { // CWR may keep the first segment apart
          for (byte[] packet : receive(out, Packets.TCP, 1, flags)) {
            received.put(packet, 40, packet.length - 40);
          }
          assertFalse(flags.isEmpty(), "nothing came");
        }
        assertArrayEquals(payload, received.array());
        assertTrue(flags.size() < 60_000 / 1460, flags.size() + " packets");
        assertTrue(flags.contains(Burst.CHECKSUM_TRUSTED));
      }
    }

    private void sendSegmented(Link link, byte[] payload) {
      byte[] bytes = Packets.tcp("10.9.0.7", 5000, "10.8.0.7", 7, 1000, payload);
      bytes[33] |= (byte) 0x80; // CWR
      ByteBuffer.wrap(bytes).putShort(36, (short) Packets.pseudoHeaderSum(bytes));
      var packet = new TransmitPacket();
      assertTrue(link.claim(bytes.length, packet));
      MemorySegment.copy(
          bytes, 0, packet.memory, ValueLayout.JAVA_BYTE, packet.start, bytes.length);
      packet.length = bytes.length;
      packet.needsChecksum = true;
      packet.checksumStart = 20;
      packet.checksumOffset = 16;
      packet.segmentBytes = 1460;
      packet.headerBytes = 40;
      link.commit(packet);
      link.flush();
    }

    @Test
    void givenADatagramOf60KB_thenItArrivesInPiecesOfTheMtu() throws Exception {
      try (TunLink link = open("wisp0");
          DatagramChannel peer = namespace.udp("10.9.0.1", 9)) {
        peer.send(ByteBuffer.allocate(60_000), new InetSocketAddress("10.9.1.7", 9));
        for (byte[] fragment : receive(link, Packets.UDP, 41, null)) {
          assertTrue(fragment.length <= 1500);
        }
      }
    }

    @Test
    void givenANameInUse_thenItSaysSo() throws LinkException {
      try (TunLink link = open("taken")) {
        var refused = assertThrows(LinkException.class, () -> open("taken"));
        assertEquals(1, refused.getMessage().lines().count());
        assertTrue(
            refused.getMessage().contains("'taken' is in use")
                && refused.getMessage().contains("another name"),
            refused.getMessage());
        assertEquals("taken", link.device());
      }
      open("taken").close();
    }

    @Test
    void givenADeviceThatIsNoTun_thenItSaysSo() throws LinkException {
      var refused = assertThrows(LinkException.class, () -> open("lo"));
      assertTrue(refused.getMessage().contains("'lo' can't be made"), refused.getMessage());
    }

    @Test
    void givenARouteThatExists_thenItSaysSoAndLeavesNothing() throws Exception {
      LeakCheck before = LeakCheck.now();
      var refused =
          assertThrows(
              LinkException.class,
              () -> open("wisp0,host=10.9.0.1/16,route=10.9.0.0/16+10.10.0.0/16+10.10.0.0/16"));
      assertTrue(refused.getMessage().contains("route=10."), refused.getMessage());
      assertFalse(namespace.run("ip", "link").contains("wisp0"));
      before.assertNothingMore();
    }

    @Test
    void givenNoSuchNamespace_thenItSaysHowToMakeOne() {
      var refused =
          assertThrows(LinkException.class, () -> Links.open("tun:wisp0,netns=wisp-no-such"));
      assertTrue(refused.getMessage().contains("ip netns add wisp-no-such"), refused.getMessage());
      refused =
          assertThrows(LinkException.class, () -> Links.open("tun:wisp0,netns=/proc/self/status"));
      assertTrue(refused.getMessage().contains("can't be entered"), refused.getMessage());
    }

    @Test
    void whenClosed_thenDeviceAndDescriptorsAreFree() throws Exception {
      open("wisp0").close();
      LeakCheck before = LeakCheck.now();
      for (int i = 0; i < 20; i++) {
        TunLink link = open("wisp0");
        assertNotEquals(before, LeakCheck.now());
        assertTrue(link.readableDescriptor() >= 0);
        link.close();
        link.close();
        link.wake();
        assertEquals(-1, link.readableDescriptor());
      }
      before.assertNothingMore();
      assertFalse(namespace.run("ip", "link").contains("wisp0"));
    }

    @Test
    void givenTheDeviceIsSetDown_thenSendingCountsDrops_andGoesOnWhenItIsUpAgain()
        throws Exception {
      try (TunLink link = open("wisp0");
          DatagramChannel peer = namespace.udp("10.9.0.1", 7)) {
        byte[] datagram = Packets.udp("10.9.1.7", 1, "10.9.0.1", 7, new byte[3]);
        namespace.run("ip", "link", "set", "wisp0", "down");
        for (int i = 0; i < 10; i++) {
          Packets.commit(link, datagram);
        }
        assertEquals(10, link.drops());
        burst.clear();
        link.receive(burst);
        link.awaitReadable(1_000_000);
        namespace.run("ip", "link", "set", "wisp0", "up");
        assertTrue(Packets.commit(link, datagram));
        var buffer = ByteBuffer.allocate(100);
        peer.receive(buffer);
        assertEquals(3, buffer.position());
        assertEquals(10, link.drops());
      }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void givenTheDeviceIsDeleted_thenReceiveSaysItIsGone(boolean sendFirst) throws Exception {
      LeakCheck before = LeakCheck.now();
      TunLink link = open("wisp0");
      receive(link, Packets.TCP, 0, null);
      namespace.run("ip", "link", "del", "wisp0");
      if (sendFirst) {
        Packets.commit(link, Packets.udp("10.9.1.7", 1, "10.9.0.1", 7, new byte[3]));
        assertEquals(1, link.drops());
      } else {
        link.awaitReadable(5_000_000_000L); // returns: there is something to learn
      }
      burst.clear();
      var gone =
          assertThrows(
              LinkDownException.class,
              () -> {
                while (true) {
                  link.receive(burst);
                  burst.clear();
                }
              });
      assertTrue(gone.getMessage().contains("tun:wisp0 is gone"), gone.getMessage());
      assertThrows(LinkDownException.class, () -> link.awaitReadable(1));
      assertFalse(link.claim(100, new TransmitPacket()));
      link.close();
      before.assertNothingMore();
    }

    @Test
    void givenGarbageAndLiesAboutOffloads_thenTheLinkSurvives() throws Exception {
      try (TunLink link = open("wisp0");
          DatagramChannel peer = namespace.udp("10.9.0.1", 7)) {
        var random = new Random(3);
        var packet = new TransmitPacket();
        byte[] valid = Packets.tcp("10.9.1.7", 1, "10.9.0.1", 7, 0, new byte[3000]);
        for (int i = 0; i < 100_000; i++) {
          int length = random.nextInt(i % 100 == 0 ? 65_536 : 3040);
          assertTrue(link.claim(length, packet));
          for (int at = 0; at < Math.min(length, 120); at++) {
            byte value =
                random.nextInt(10) > 0 && at < valid.length ? valid[at] : (byte) random.nextInt();
            packet.memory.set(ValueLayout.JAVA_BYTE, packet.start + at, value);
          }
          packet.length = length;
          packet.needsChecksum = random.nextBoolean();
          packet.checksumStart = random.nextInt(10) > 0 ? 20 : random.nextInt(70_000) - 10;
          packet.checksumOffset = random.nextInt(10) > 0 ? 16 : random.nextInt(70_000) - 10;
          packet.segmentBytes =
              packet.needsChecksum && random.nextBoolean() ? random.nextInt(2000) - 2 : 0;
          packet.headerBytes = random.nextInt(10) > 0 ? 40 : random.nextInt(70_000) - 10;
          link.commit(packet);
          burst.clear();
          link.receive(burst);
        }
        assertTrue(link.drops() > 1000);
        long before = link.drops();
        Packets.commit(link, Packets.udp("10.9.1.7", 1, "10.9.0.1", 7, new byte[3]));
        assertEquals(before, link.drops());
        var buffer = ByteBuffer.allocate(100);
        peer.receive(buffer);
        assertEquals(3, buffer.position());
      }
    }
  }
}
