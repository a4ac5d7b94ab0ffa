package wisp.drivers.dpdk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.core.spi.TransmitPacket;
import wisp.drivers.LinkDownException;
import wisp.drivers.Links;
import wisp.drivers.Packets;
import wisp.drivers.linux.TestNamespace;

/** What all devices of DPDK have in common, on those that need nobody else. */
@Timeout(180)
class DpdkLinkTest {
  private static final byte[] FRAME =
      Packets.ethernet(-1L >>> 16, 0x020000000001L, 0x88B5, new byte[86]);

  private static DpdkLink open(String spec) throws LinkException {
    return (DpdkLink) Links.open(spec);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "dpdk",
        "dpdk:vdev=eth0",
        "dpdk:iface=va",
        "dpdk:vdev=net_ring0,pci=0000:03:00.0",
        "dpdk:pci=3",
        "dpdk:net_ring0,mac=01:00:00:00:00:00",
        "dpdk:net_ring0,mtu=9217",
        "dpdk:net_af_xdp0,iface=va,mtu=2031",
        "dpdk:net_ring0,mbufs=1",
        "dpdk:net_ring0,huge=maybe",
        "dpdk:net_ring0,checksum=on",
        "dpdk:net_ring0,host=10.9.0.1/16"
      })
  void wrongParametersAreRefusedInOneLine(String spec) {
    var given = Links.parse(spec).parameters();
    var refused = assertThrows(IllegalArgumentException.class, () -> DpdkConfig.of(given));
    assertEquals(1, refused.getMessage().lines().count(), refused.getMessage());
  }

  @Test
  void aVirtualDeviceIsWrittenAsInDpdkInOnePieceOrSeveral() {
    var pieces = DpdkConfig.of(Links.parse("dpdk:vdev=net_tap0,mtu=1400,iface=wt").parameters());
    assertEquals("net_tap0", pieces.device());
    assertEquals("iface=wt", pieces.arguments());
    assertEquals(1400, pieces.mtu());
    var whole = DpdkConfig.of(Map.of("vdev", "net_af_packet0,iface=va,framecnt=512"));
    assertEquals("net_af_packet0", whole.device());
    assertEquals("net_af_packet", whole.driver());
    assertEquals("iface=va,framecnt=512", whole.arguments());
    assertEquals("va", whole.argument("iface"));
  }

  @Test
  void aRingBringsBackWhatWasSent() throws Exception {
    DpdkContract.assumeUsable();
    try (var link = open("dpdk:net_ring0")) {
      var burst = new Burst();
      for (int i = 0; i < 100_000; i++) {
        assertTrue(Packets.commit(link, FRAME));
        link.flush();
        burst.clear();
        assertEquals(1, link.receive(burst));
        assertEquals(FRAME.length, burst.length(0));
      }
      assertArrayEquals(FRAME, Packets.copy(burst, 0));
      assertEquals(0, link.drops());
    }
  }

  /** In the ring, lent, claimed, queued, found while waiting: close asserts that all came back. */
  @Test
  void buffersComeBackWhereverTheyAreWhenItIsClosed() throws Exception {
    DpdkContract.assumeUsable();
    var link = open("dpdk:net_ring0,mbufs=2047");
    int all = link.availableBuffers();
    assertEquals(2047, all);
    for (int i = 0; i < 200; i++) {
      Packets.commit(link, FRAME);
    }
    link.flush();
    var burst = new Burst();
    link.receive(burst);
    assertEquals(Burst.CAPACITY, burst.size());
    link.awaitReadable(1_000_000);
    Packets.commit(link, FRAME);
    assertTrue(link.claim(100, new TransmitPacket()));
    assertTrue(link.availableBuffers() <= all - 202);
    link.close();
  }

  @Test
  void whenBuffersRunOut_thenClaimSaysSoAndCounts() throws Exception {
    DpdkContract.assumeUsable();
    try (var link = open("dpdk:net_ring0,mbufs=1023")) {
      int sent = 0;
      var packet = new TransmitPacket();
      while (sent < 5000 && link.claim(FRAME.length, packet)) {
        packet.length = FRAME.length;
        link.commit(packet);
        sent++;
      }
      assertTrue(sent >= 900 && sent <= 1023, sent + " sent");
      assertTrue(link.drops() >= 1);
      var burst = new Burst();
      link.flush();
      link.receive(burst);
      burst.clear();
      link.receive(burst);
      assertTrue(link.claim(10, packet), "buffers that came back are used");
      link.cancel(packet);
    }
  }

  @Test
  void severalDevicesAtOnceAndOneAfterTheOther() throws Exception {
    DpdkContract.assumeUsable();
    try (var a = open("dpdk:net_ring0");
        var b = open("dpdk:net_null0")) {
      var burst = new Burst();
      assertEquals(Burst.CAPACITY, b.receive(burst), "net_null always has some");
      burst.clear();
      assertEquals(0, a.receive(burst));
      var refused = assertThrows(LinkException.class, () -> open("dpdk:net_ring0"));
      assertTrue(refused.getMessage().contains("already"), refused.getMessage());
      Packets.commit(a, FRAME);
      a.flush();
      assertEquals(1, a.receive(burst), "still of use");
    }
    for (int i = 0; i < 40; i++) {
      open("dpdk:net_ring0").close(); // there are 32 ports
    }
  }

  @Test
  void nothingIsLeftInTheProcess() throws Exception {
    DpdkContract.assumeUsable();
    try (var namespace = new TestNamespace()) {
      DpdkContract.veth(namespace);
      String spec = "dpdk:net_af_packet0,iface=va,netns=" + namespace.name();
      open(spec).close();
      long descriptors = descriptors();
      for (int i = 0; i < 5; i++) {
        open(spec).close();
      }
      assertEquals(descriptors, descriptors());
    }
  }

  private static long descriptors() throws java.io.IOException {
    try (var all = Files.list(Path.of("/proc/self/fd"))) {
      return all.count();
    }
  }

  @Test
  void anInterfaceThatIsDeletedIsNoticed() throws Exception {
    DpdkContract.assumeUsable();
    try (var namespace = new TestNamespace()) {
      DpdkContract.veth(namespace);
      try (var link = open("dpdk:net_af_packet0,iface=va,netns=" + namespace.name())) {
        link.awaitReadable(300_000_000);
        namespace.run("ip", "link", "del", "va");
        assertThrows(
            LinkDownException.class,
            () -> {
              for (int i = 0; i < 100; i++) {
                link.receive(new Burst());
                link.awaitReadable(50_000_000);
              }
            });
        assertThrows(LinkDownException.class, () -> link.receive(new Burst()));
        assertFalse(Packets.commit(link, FRAME));
      }
    }
  }

  @Test
  void whatCantBeOpenedSaysWhyInOneLine() throws Exception {
    DpdkContract.assumeUsable();
    try (var namespace = new TestNamespace()) {
      DpdkContract.veth(namespace);
      namespace.run("ip", "link", "set", "va", "mtu", "1400");
      String inside = ",netns=" + namespace.name();
      assertRefused("dpdk:net_af_packet0,iface=va,mtu=1500" + inside, "MTU");
      assertRefused("dpdk:net_af_packet0,iface=vx" + inside, "'vx'");
      namespace.run("ip", "link", "set", "vb", "down");
      assertRefused("dpdk:net_af_packet0,iface=vb" + inside, "is down");
      assertRefused("dpdk:net_af_packet0,iface=va,framesz=7" + inside, "net_af_packet0");
      assertRefused("dpdk:net_af_packet0" + inside, "net_af_packet0");
      assertRefused("dpdk:net_nothing0", "apt-get install");
      assertRefused("dpdk:net_ring0,huge=on,memory=1000000", "huge");
      assertRefused("dpdk:pci=0000:ff:1f.7", "PCI");
      assertRefused("dpdk:net_ring0,mbufs=4000000", "memory=");
      try (var link = open("dpdk:net_af_packet0,iface=va" + inside)) {
        assertEquals(1400, link.mtu());
      }
    }
  }

  private static void assertRefused(String spec, String words) {
    var refused = assertThrows(LinkException.class, () -> Links.open(spec).close(), spec);
    assertEquals(1, refused.getMessage().lines().count(), refused.getMessage());
    assertTrue(refused.getMessage().contains(words), refused.getMessage());
  }

  /** Each word wrong for itself: a call by such a table would kill the JVM. */
  @Test
  void aTableThatIsNotThatOfTheLibrariesIsRefused() throws Exception {
    DpdkContract.assumeUsable();
    Abi abi = Librte.find().abi();
    var wrong =
        new Abi[] {
          new Abi(abi.number(), abi.release(), 16, 0, 80, 64),
          new Abi(abi.number(), abi.release(), 8, 24, 64, 88),
          new Abi(abi.number(), abi.release(), abi.receiveBurst(), 0, 64, 88),
          new Abi(abi.number(), abi.release(), abi.receiveBurst(), 24, 72, 88),
          new Abi(abi.number(), abi.release(), abi.receiveBurst(), 24, 88, 88),
          new Abi(abi.number(), abi.release(), abi.receiveBurst(), 24, 64, 80),
          new Abi(abi.number(), abi.release(), abi.receiveBurst(), 24, 64, 104)
        };
    var config = DpdkConfig.of(Map.of("vdev", "net_ring0"));
    for (Abi table : wrong) {
      var refused =
          assertThrows(
              LinkException.class,
              () -> DpdkLink.open("dpdk:net_ring0", config, Watch.NONE, table),
              table.toString());
      assertTrue(
          refused.getMessage().contains("does not know") && refused.getMessage().contains("22.11"),
          refused.getMessage());
    }
    try (Link link = DpdkLink.open("dpdk:net_ring0", config, Watch.NONE, abi)) {
      assertEquals(1500, link.mtu());
    }
  }
}
