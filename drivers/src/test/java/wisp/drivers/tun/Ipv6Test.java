package wisp.drivers.tun;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.drivers.Links;
import wisp.drivers.Packets;
import wisp.drivers.linux.TestNamespace;

/** IPv6 through TUN and TAP, against the real kernel. Skips where that is not allowed. */
@Timeout(60)
class Ipv6Test {
  private static final int ECHO_REQUEST = 128;
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

  private TunLink open(String spec) throws LinkException {
    return (TunLink) Links.open(spec + ",netns=" + namespace.name());
  }

  @Test
  void configuresSeveralAddressesAndRoutesOfBothFamilies() throws LinkException {
    String hosts = "10.20.0.1/20+10.21.0.1/24+fd09::1/64+fd0a::1/128";
    try (TunLink link = open("tun:w,host=" + hosts + ",route=10.30.0.0/16+fd30::/32")) {
      String device = namespace.run("ip", "address", "show", "dev", link.device());
      for (String host : hosts.split("\\+")) {
        assertTrue(device.contains(" " + host + " "), device);
      }
      assertFalse(device.contains("tentative"), device);
      assertTrue(namespace.run("ip", "route").contains("10.30.0.0/16 dev w"));
      String routes = namespace.run("ip", "-6", "route");
      assertTrue(routes.contains("fd09::/64 dev w"), routes);
      assertTrue(routes.contains("fd30::/32 dev w"), routes);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"tun", "tap"})
  void anAddressIsUsableAtOnce(String provider) throws LinkException {
    try (TunLink link = open(provider + ":w,host=10.9.0.1/24+fd09::1/64")) {
      String device =
          namespace.run("ip", "-6", "address", "show", "dev", link.device(), "to", "fd09::/16");
      assertTrue(device.contains("fd09::1/64") && device.contains("nodad"), device);
      assertFalse(device.contains("tentative"), device);
    }
  }

  @Test
  void whatTheKernelRefusesIsToldInOneLineAndNothingStays() {
    var refused = assertThrows(LinkException.class, () -> open("tun:w,host=fd09::1/64+fd09::1/64"));
    assertTrue(refused.getMessage().contains("host=fd09:"), refused.getMessage());
    refused =
        assertThrows(
            LinkException.class, () -> open("tun:w,host=fd09::1/64,route=fd30::/32+fd30::/32"));
    assertTrue(refused.getMessage().contains("such a route already"), refused.getMessage());
    namespace.run("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1");
    namespace.run("sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1");
    refused = assertThrows(LinkException.class, () -> open("tun:w,host=fd09::1/64"));
    assertTrue(refused.getMessage().contains("IPv6 is disabled"), refused.getMessage());
    assertEquals(1, refused.getMessage().lines().count());
    assertFalse(namespace.run("ip", "link").contains("w:"));
  }

  @Test
  void ipv6NeedsItsLeastMtu() {
    // RFC 8200 §5
    var given = Map.of("host", "fd09::1/64", "mtu", "1279");
    var refused =
        assertThrows(IllegalArgumentException.class, () -> TunConfig.of(Link.Kind.IP, given));
    assertTrue(refused.getMessage().contains("1280"), refused.getMessage());
    TunConfig.of(Link.Kind.IP, Map.of("host", "fd09::1/64", "mtu", "1280"));
  }

  @Test
  void answersPing() throws Exception {
    try (TunLink link = open("tun:w,host=fd09::1/64")) {
      var stop = new boolean[1];
      var reflector = Thread.ofPlatform().start(() -> reflectPings(link, stop));
      // A device's queue begins a moment after it is up, and what comes before that is lost.
      namespace.run("ping", "-6", "-c", "1", "-w", "5", "-i", "0.1", "fd09::7");
      String output =
          namespace.run("ping", "-6", "-c", "20", "-i", "0.01", "-s", "1400", "-W", "2", "fd09::7");
      stop[0] = true;
      link.wake();
      reflector.join();
      assertTrue(output.contains("20 received, 0% packet loss"), output);
      assertEquals(0, link.drops());
    }
  }

  private static void reflectPings(Link link, boolean[] stop) {
    var burst = new Burst();
    while (!stop[0]) {
      burst.clear();
      link.receive(burst);
      for (int i = 0; i < burst.size(); i++) {
        byte[] echo = Packets.copy(burst, i);
        if (Packets.isIpv6(echo, Packets.ICMPV6) && (echo[40] & 0xFF) == ECHO_REQUEST) {
          Packets.commit(link, Packets.echoReply(echo));
        }
      }
      link.flush();
      link.awaitReadable(10_000_000);
    }
  }
}
