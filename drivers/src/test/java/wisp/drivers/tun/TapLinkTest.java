package wisp.drivers.tun;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.Map;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.drivers.KernelStationContract;
import wisp.drivers.Links;
import wisp.drivers.Packets;
import wisp.drivers.linux.TestNamespace;

/** TAP against the real kernel. Skips where that is not allowed. */
@Timeout(120)
class TapLinkTest {
  private static final int ARP_REQUEST = 1;
  private static final int ARP_REPLY = 2;
  private static final long BROADCAST = 0xFFFF_FFFF_FFFFL;

  abstract static class Contract extends KernelStationContract {
    abstract String offload();

    @Override
    protected Link openStation() throws LinkException {
      return Links.open("tap:wisp0,netns=" + namespace.name() + ",offload=" + offload());
    }

    @Override
    protected String kernelsDevice() {
      return "wisp0";
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
          "tap:wa,mac=02:00:00:00:00",
          "tap:wa,mac=020000000001",
          "tap:wa,mac=01:00:5e:00:00:01",
          "tap:wa,mac=x2:00:00:00:00:01",
          "tap:wa,mtu=65522"
        })
    void wrongOnesAreRefusedInOneLine(String spec) {
      var given = Links.parse(spec).parameters();
      var refused =
          assertThrows(
              IllegalArgumentException.class, () -> TunConfig.of(Link.Kind.ETHERNET, given));
      assertEquals(1, refused.getMessage().lines().count(), refused.getMessage());
    }

    @Test
    void aTunDeviceHasNoHardwareAddress() {
      var given = Map.of("mac", "02:00:00:00:00:01");
      assertThrows(IllegalArgumentException.class, () -> TunConfig.of(Link.Kind.IP, given));
    }
  }

  @Test
  void itsHardwareAddressIsTheOneAskedForOrFollowsFromTheName() throws Exception {
    try (var namespace = new TestNamespace()) {
      String netns = ",netns=" + namespace.name();
      long first;
      try (Link a = Links.open("tap:wisp0" + netns);
          Link b = Links.open("tap:wb,host=,mac=02:00:00:00:ab:cd" + netns)) {
        assertEquals("tap:wisp0", a.name());
        assertEquals(0x02_0000_00AB_CDL, b.hardwareAddress());
        first = a.hardwareAddress();
        assertEquals(0x02, first >>> 40, "unicast, locally administered");
        assertNotEquals(namespace.hardwareAddress("wisp0"), first);
        String device = namespace.run("ip", "address", "show", "dev", "wisp0");
        assertTrue(device.contains("10.9.0.1/16 brd 10.9.255.255"), device);
      }
      try (Link again = Links.open("tap:wisp0" + netns)) {
        assertEquals(first, again.hardwareAddress());
      }
    }
  }

  @Test
  void givenATunDeviceOfThatName_thenItSaysSo() throws Exception {
    try (var namespace = new TestNamespace()) {
      namespace.run("ip", "tuntap", "add", "dev", "wisp0", "mode", "tun");
      var refused =
          assertThrows(
              LinkException.class, () -> Links.open("tap:wisp0,netns=" + namespace.name()));
      assertTrue(refused.getMessage().contains("tap device 'wisp0'"), refused.getMessage());
    }
  }

  /** RFC 826 as the kernel does it: it asks, believes the reply, and its ping comes through. */
  @Test
  void theKernelResolvesUsByArpAndItsPingIsAnswered() throws Exception {
    try (var namespace = new TestNamespace();
        Link link = Links.open("tap:wisp0,netns=" + namespace.name())) {
      var responder = new Responder(link);
      var thread = Thread.ofPlatform().start(responder);
      String output =
          namespace.run("ping", "-c", "5", "-i", "0.01", "-s", "1000", "-W", "2", "10.9.1.7");
      responder.stopped = true;
      link.wake();
      thread.join();
      assertTrue(output.contains("5 received, 0% packet loss"), output);
      byte[] request = responder.firstRequest;
      var arp = ByteBuffer.wrap(Packets.unframed(request, Packets.ETHER_ARP));
      assertEquals(BROADCAST, ByteBuffer.wrap(request).getLong() >>> 16);
      assertEquals(0x0001_0800, arp.getInt(0));
      assertEquals(0x0604_0001, arp.getInt(4));
      assertEquals(namespace.hardwareAddress("wisp0"), arp.getLong(8) >>> 16);
      assertEquals(0x0A09_0107, arp.getInt(24), "asks for us");
      String neighbour = namespace.run("ip", "neigh", "show", "10.9.1.7");
      assertTrue(
          neighbour.contains("lladdr " + TestNamespace.text(link.hardwareAddress())), neighbour);
      assertEquals(0, link.drops());
    }
  }

  /** Answers ARP requests for one address, and pings. */
  private static final class Responder implements Runnable {
    private final Link link;
    volatile boolean stopped;
    byte[] firstRequest = {};

    Responder(Link link) {
      this.link = link;
    }

    @Override
    public void run() {
      var burst = new Burst();
      while (!stopped) {
        burst.clear();
        link.receive(burst);
        for (int i = 0; i < burst.size(); i++) {
          answer(Packets.copy(burst, i));
        }
        link.flush();
        link.awaitReadable(10_000_000);
      }
    }

    private void answer(byte[] frame) {
      var arp = ByteBuffer.wrap(Packets.unframed(frame, Packets.ETHER_ARP));
      byte[] packet = Packets.unframed(frame, Packets.ETHER_IPV4);
      long sender = ByteBuffer.wrap(frame).getLong(6) >>> 16;
      if (arp.capacity() >= 28 && arp.getShort(6) == ARP_REQUEST) {
        firstRequest = firstRequest.length == 0 ? frame : firstRequest;
        commit(sender, Packets.ETHER_ARP, reply(arp));
      } else if (Packets.isIpv4(packet, Packets.ICMP) && packet[20] == 8) {
        commit(sender, Packets.ETHER_IPV4, Packets.echoReply(packet));
      }
    }

    private byte[] reply(ByteBuffer request) {
      var reply = ByteBuffer.allocate(28);
      reply.putInt(0x0001_0800).putShort((short) 0x0604).putShort((short) ARP_REPLY);
      reply.putShort((short) (link.hardwareAddress() >>> 32)).putInt((int) link.hardwareAddress());
      reply.putInt(request.getInt(24));
      reply.putShort(request.getShort(8)).putInt(request.getInt(10)).putInt(request.getInt(14));
      return reply.array();
    }

    private void commit(long to, int type, byte[] packet) {
      Packets.commit(link, Packets.ethernet(to, link.hardwareAddress(), type, packet));
    }
  }

  @Test
  void aShortFrameAndABareHeaderAreNoTrouble() throws Exception {
    try (var namespace = new TestNamespace();
        Link link = Links.open("tap:wisp0,netns=" + namespace.name())) {
      Packets.commit(link, new byte[13]);
      assertEquals(1, link.drops());
      Packets.commit(
          link, Packets.ethernet(BROADCAST, link.hardwareAddress(), 0x88B5, new byte[0]));
      assertEquals(1, link.drops());
      byte[] tooLong = Packets.ethernet(BROADCAST, link.hardwareAddress(), 0x88B5, new byte[1501]);
      Packets.commit(link, tooLong);
      assertEquals(2, link.drops());
    }
  }
}
