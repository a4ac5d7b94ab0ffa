package wisp.lab.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.lab.sim.ContextOnEthernetTest.connect;
import static wisp.lab.sim.ContextOnEthernetTest.connected;
import static wisp.lab.sim.ContextOnEthernetTest.host;
import static wisp.lab.sim.ContextOnEthernetTest.listener;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import wisp.core.ip.IpAddress;
import wisp.core.ip.NetworkConfig;
import wisp.core.ip.Route;
import wisp.core.stack.Endpoint;
import wisp.drivers.faults.PathConfig;
import wisp.lab.sim.ContextOnEthernetTest.Talker;

/** What routers say, said by the test, and what connections make of it. */
@DisplayName("RFC 4862, RFC 4861 §6.3: a context that believes routers")
class RouterOnEthernetTest {
  private static final PathConfig LAN = PathConfig.PERFECT.delay(100_000);
  private static final int DAY = 86_400;

  /** Identifiers of station 02:00:00:00:00:01 and …:02 (RFC 4291 appendix A). */
  private static final String FIRST = "0:0:ff:fe00:1";

  private static final String SECOND = "0:0:ff:fe00:2";

  private EthernetLab lab =
      new EthernetLab(
          1,
          LAN,
          host().withNetwork(NetworkConfig.DEFAULT.withAutoconfiguration(true)),
          host().withNetwork(NetworkConfig.DEFAULT.withAutoconfiguration(true)));

  @BeforeEach
  void empty() {
    assertTrue(
        lab.station(0).tap.about.stream().anyMatch(f -> lab.station(0).tap.isIcmpv6(f, 133)));
  }

  @AfterEach
  void close() {
    lab.close();
  }

  /** The address that a station makes of {@code 2001:db8:N::/64}. */
  private static String in(int prefix, String identifier) {
    String address = "2001:db8:" + prefix + ":" + identifier;
    return IpAddress.parse(address).toString();
  }

  private String local(Talker talker) {
    Endpoint local = lab.context(0).local(talker.connection);
    assertNotNull(local);
    return local.address().toString();
  }

  private void say(Talker talker) {
    long before = talker.acknowledged;
    talker.say(lab.context(0), 3_000);
    assertTrue(lab.runUntil(() -> talker.acknowledged >= before + 3_000, 5), "nothing arrives");
  }

  @Test
  @Tag("rfc4862-c")
  @DisplayName("§5.5.3: a prefix gives an address, and connections use it")
  void formsAnAddress() {
    lab.inject(Frames.router(1_800, Frames.prefix("2001:db8:1::", DAY, DAY)));
    lab.advance(4);
    listener(lab, 1);
    Talker client = connected(lab, 0, in(1, SECOND));
    assertEquals(in(1, FIRST), local(client));
    say(client);
  }

  @Test
  @Tag("rfc6724-b")
  @Tag("rfc6724-c")
  @DisplayName("§5.5.4: deprecated: new connections take another address, old ones go on")
  void deprecates() {
    lab.inject(
        Frames.router(
            1_800,
            Frames.prefix("2001:db8:1::", DAY, DAY),
            Frames.prefix("2001:db8:2::", DAY, DAY)));
    lab.advance(4);
    listener(lab, 1);
    Talker old = connected(lab, 0, in(1, SECOND));
    assertEquals(in(1, FIRST), local(old));
    lab.inject(Frames.router(1_800, Frames.prefix("2001:db8:1::", DAY, 0)));
    lab.advance(2);
    Talker young = connected(lab, 0, in(1, SECOND));
    assertEquals(in(2, FIRST), local(young));
    say(old);
    say(young);
    assertEquals(in(1, FIRST), local(old));
  }

  @Test
  @DisplayName("RFC 4861 §4.6.4: an MTU of 1,400 keeps segments of both sides that small")
  void mtuLowersTheMss() {
    lab.inject(Frames.router(1_800, Frames.mtu(1_400), Frames.prefix("2001:db8:1::", DAY, DAY)));
    lab.advance(4);
    listener(lab, 1);
    Talker client = connected(lab, 0, in(1, SECOND));
    say(client);
    assertEquals(1_400, lab.station(0).tap.largest);
  }

  @Test
  @DisplayName("§6.3.4: what routers say is on the link is, though routes for IPv4 are configured")
  void onLinkDespiteRoutes() {
    lab.close();
    var network =
        NetworkConfig.DEFAULT
            .withAutoconfiguration(true)
            .withRoutes(List.of(Route.parse("10.0.0.1")));
    lab =
        new EthernetLab(1, LAN, host("10.0.0.5").withNetwork(network), host().withNetwork(network));
    lab.inject(Frames.router(0, Frames.prefix("2001:db8:1::", DAY, DAY)));
    lab.advance(4);
    listener(lab, 1);
    var client = new Talker();
    assertTrue(connect(lab, 0, in(1, SECOND), client) >= 0, "no route");
    assertTrue(lab.runUntil(() -> client.opened, 5));
    say(client);
  }

  @Test
  @DisplayName("§6.3.4, §5.2: on-link goes straight, though a router for the rest is configured")
  void onLinkBeforeConfiguredRouter() {
    lab.close();
    var network =
        NetworkConfig.DEFAULT
            .withAutoconfiguration(true)
            .withRoutes(List.of(Route.parse("fe80::99")));
    lab = new EthernetLab(1, LAN, host().withNetwork(network), host().withNetwork(network));
    lab.inject(Frames.router(0, Frames.prefix("2001:db8:1::", DAY, DAY)));
    lab.advance(4);
    listener(lab, 1);
    say(connected(lab, 0, in(1, SECOND)));
  }

  @Test
  @DisplayName("§6.3.4: packets for elsewhere go to the router, which alone is asked for")
  void defaultRouter() {
    lab.inject(Frames.router(1_800, Frames.prefix("2001:db8:1::", DAY, DAY)));
    lab.advance(4);
    lab.station(0).tap.about.clear();
    var client = new Talker();
    assertTrue(connect(lab, 0, "2001:db8:f::1", client) >= 0);
    lab.advance(2);
    assertTrue(
        lab.station(0).tap.about.stream().anyMatch(f -> Frames.asksFor(f, "fe80::99")),
        "the router's station is asked for");
    assertTrue(
        lab.station(0).tap.about.stream().noneMatch(f -> Frames.asksFor(f, "2001:db8:f::1")));
  }
}
