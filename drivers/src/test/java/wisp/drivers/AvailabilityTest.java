package wisp.drivers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.drivers.linux.LeakCheck;
import wisp.drivers.linux.TestNamespace;

@DisplayName("What stands in the way of a link is said before it is opened, with the way out")
class AvailabilityTest {
  private TestNamespace namespace;

  @BeforeEach
  void makeNamespace() {
    namespace = new TestNamespace();
    namespace.veth("wup", "wother", "10.9.0.1/16");
    namespace.run("ip", "link", "add", "wdown", "type", "veth", "peer", "name", "wdown2");
  }

  @AfterEach
  void deleteNamespace() {
    if (namespace != null) {
      namespace.close();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "nothing",
      value = {
        "afpacket:wup                           | nothing",
        "afpacket:wdown                         | ip link set wdown up",
        "afpacket:nosuch                       | ip -br link",
        "rawip:wup,own=10.9.1.0/24              | nothing",
        "rawip:own=10.9.1.0/24                 | nothing",
        "rawip:wdown,own=10.9.1.0/24            | ip link set wdown up",
        "rawip:nosuch,own=10.9.1.0/24          | ip -br link",
        "rawip:wup,own=10.9.1.0/24,mtu=1501     | ip link set wup mtu 1501",
        "afxdp:wup,own=10.9.1.0/24             | nothing",
        "afxdp:wdown,own=10.9.1.0/24           | ip link set wdown up",
        "afxdp:nosuch,own=10.9.1.0/24          | ip -br link",
        "afxdp:lo,own=10.9.1.0/24              | is no Ethernet interface; use the tun link",
        "afxdp:wup,own=10.9.1.0/24,queue=1     | wup has 1 queue, counted from 0; try queue=0, or:"
            + " ethtool -L wup combined 2",
        "tun:wisp0                             | nothing",
        "tap:wisp0                             | nothing",
        "tun:wup                                | is there another device of that name?",
        "tap:wup                                | is there another device of that name?"
      })
  void ofInterfaces(String spec, String says) throws Exception {
    assertSaid(spec, says);
  }

  @Test
  void ofAnMtuThatNoChunksHold() throws Exception {
    namespace.run("ip", "link", "set", "wup", "mtu", "65000");
    assertSaid("afxdp:wup,own=10.9.1.0/24", null);
    assertSaid(
        "afxdp:wup,own=10.9.1.0/24,chunk=2048", "use chunk=4096, or ip link set wup mtu 30450");
    var refused = refused("afxdp:wup,own=10.9.1.0/24,chunk=2048");
    assertTrue(refused.contains("use chunk=4096"), refused);
  }

  @Test
  void ofAProgramOfOurOwn() throws Exception {
    String spec = "afxdp:wup,own=10.9.1.0/24";
    try (Link link = Links.open(spec + ",netns=" + namespace.name())) {
      assertSaid(spec, null); // it can be shared
      assertSaid("afxdp:wup,own=10.9.2.0/24", "all links of an interface need the same");
      assertEquals(1500, link.mtu());
    }
  }

  /** What whoever opens it is told. */
  private String refused(String spec) {
    String all = spec + ",netns=" + namespace.name();
    return assertThrows(LinkException.class, () -> Links.open(all).close()).getMessage();
  }

  @Test
  void ofADeviceInUse() throws Exception {
    try (Link link = Links.open("tun:wisp0,netns=" + namespace.name())) {
      assertSaid("tun:wisp0", "choose another name, or end the program that holds it");
      assertEquals(1500, link.mtu());
    }
    assertSaid("tun:wisp0", null);
  }

  @Test
  void ofTheReversePath() throws Exception {
    namespace.run("sysctl", "-qw", "net.ipv4.conf.wup.rp_filter=1");
    assertSaid("rawip:wup,own=10.9.1.0/24", null);
    assertSaid("rawip:own=10.9.1.0/24", "name the interface, as in rawip:wup");
  }

  @Test
  void ofANamespace() {
    Links.Spec spec = Links.parse("tun:wisp0,netns=wisp-no-such");
    String reason = Links.provider(spec.provider()).unavailable(spec.parameters());
    assertNotNull(reason);
    assertTrue(reason.contains("ip netns add wisp-no-such"), reason);
  }

  /** The system is as before, and so are we. */
  private void assertSaid(String text, String says) throws Exception {
    LeakCheck before = LeakCheck.now();
    String links = namespace.run("ip", "-br", "link") + namespace.run("ip", "rule");
    Links.Spec spec = Links.parse(text + ",netns=" + namespace.name());
    String reason = Links.provider(spec.provider()).unavailable(spec.parameters());
    if (says == null) {
      assertNull(reason);
    } else {
      assertNotNull(reason);
      assertTrue(reason.contains(says) && reason.lines().count() == 1, reason);
    }
    assertEquals(links, namespace.run("ip", "-br", "link") + namespace.run("ip", "rule"));
    before.assertNothingMore();
  }
}
