package wisp.drivers.dpdk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import wisp.core.spi.Link;
import wisp.drivers.Links;
import wisp.drivers.linux.TestNamespace;

@DisplayName("What stands in the way of a link over DPDK is said before it is opened")
class UnavailableTest {
  @Test
  void ofDevices() throws Exception {
    DpdkContract.assumeUsable();
    try (var namespace = new TestNamespace()) {
      namespace.run("ip", "link", "add", "va", "type", "veth", "peer", "name", "vb");
      namespace.run("ip", "link", "set", "va", "up");
      String inside = ",netns=" + namespace.name();
      assertSaid("dpdk:net_af_packet0,iface=va" + inside, null);
      assertSaid("dpdk:net_af_packet0,iface=vb" + inside, "ip link set vb up");
      assertSaid("dpdk:net_af_packet0,iface=vx" + inside, "ip -br link");
      assertSaid("dpdk:net_af_packet0,iface=va,mtu=1501" + inside, "ip link set va mtu 1501");
      assertSaid("dpdk:net_tap0,iface=wt" + inside, null);
    }
    assertSaid("dpdk:net_tap0,netns=wisp-no-such", "ip netns add wisp-no-such");
    assertSaid("dpdk:net_nothing0", "apt-get install");
  }

  @Test
  void ofMemoryAndOfWhatRunsAlready() throws Exception {
    DpdkContract.assumeUsable();
    assertSaid("dpdk:net_ring0,huge=on,memory=1000000", "huge");
    try (Link link = Links.open("dpdk:net_ring0")) {
      assertEquals(1500, link.mtu());
      assertSaid("dpdk:net_ring0", "already");
      assertSaid("dpdk:net_ring1", null);
      assertSaid("dpdk:pci=0000:ff:1f.7", "open the link with pci= first");
    }
    assertSaid("dpdk:net_ring0", null);
  }

  @Test
  void ofCards() {
    String none = PciDevice.unavailable("ff:1f.7");
    assertTrue(none != null && none.contains("no PCI device"), none);
  }

  @Test
  void ofSockets(@TempDir Path directory) throws Exception {
    DpdkContract.assumeUsable();
    assertSaid("memif:" + directory.resolve("s"), null);
    assertSaid("memif:" + directory.resolve("a/s"), "mkdir -p " + directory.resolve("a"));
    assertSaid("memif:" + Files.createFile(directory.resolve("file")), "choose another path");
    try (Link link = Links.open("memif:" + directory.resolve("s"))) {
      assertSaid(link.name(), null);
      assertSaid(link.name() + ",role=server", "leave role=server out");
    }
  }

  /** Opening says the same, or nothing. */
  private static void assertSaid(String text, @Nullable String words) {
    Links.Spec spec = Links.parse(text);
    String reason = Links.provider(spec.provider()).unavailable(spec.parameters());
    if (words == null) {
      assertNull(reason, text);
    } else {
      assertNotNull(reason, text);
      assertEquals(1, reason.lines().count(), reason);
      assertTrue(reason.contains(words), reason);
    }
  }
}
