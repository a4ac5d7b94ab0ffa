package wisp.lab.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.lab.sim.EthernetLab.SECOND;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;
import wisp.core.ip.IpPrefix;
import wisp.core.ip.NetworkConfig;
import wisp.core.ip.Route;
import wisp.core.stack.CloseReason;
import wisp.core.stack.ConnectionHandler;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Context;
import wisp.core.stack.ContextConfig;
import wisp.core.stack.Endpoint;
import wisp.core.wire.ArpPacket;
import wisp.core.wire.EthernetHeader;
import wisp.core.wire.HardwareAddress;
import wisp.drivers.faults.PathConfig;

/** TCP between contexts whose packets need a neighbour's station first. */
@DisplayName("A context on an Ethernet link: RFC 826, RFC 4861 seen from a connection")
class ContextOnEthernetTest {
  private static final String[] V4 = {"10.0.0.1", "10.0.0.2", "10.0.0.3"};
  private static final String[] V6 = {"fd00::1", "fd00::2", "fd00::3"};
  private static final int PORT = 7;
  private static final long MINE = 0x0200_0000_0099L;
  private static final PathConfig LAN = PathConfig.PERFECT.delay(100_000);

  static String[] family(String name) {
    return name.equals("IPv4") ? V4 : V6;
  }

  static ContextConfig host(String... addresses) {
    var prefixes = new ArrayList<IpPrefix>();
    for (String address : addresses) {
      prefixes.add(IpPrefix.parse(address));
    }
    return ContextConfig.of(prefixes.toArray(IpPrefix[]::new)).withMaxSegmentLifetime(60 * SECOND);
  }

  private static EthernetLab lab(String... addresses) {
    var configs = new ArrayList<ContextConfig>();
    for (String address : addresses) {
      configs.add(host(address));
    }
    return new EthernetLab(1, LAN, configs.toArray(ContextConfig[]::new));
  }

  /** Sends when told, counts what comes and what it hears. */
  static final class Talker implements ConnectionHandler {
    final List<String> errors = new ArrayList<>();
    boolean opened;
    long received;
    long acknowledged;
    @Nullable CloseReason closed;
    long connection = -1;

    @Override
    public void onOpen(Context context, long connection) {
      opened = true;
      this.connection = connection;
    }

    @Override
    public void onData(Context context, long connection, MemorySegment m, long at, int length) {
      received += length;
    }

    @Override
    public void onAcknowledged(Context context, long connection, int bytes) {
      acknowledged += bytes;
    }

    @Override
    public void onUnreachable(Context context, long connection, int type, int code) {
      errors.add(type + "/" + code);
    }

    @Override
    public void onClosed(Context context, long connection, CloseReason reason) {
      closed = reason;
    }

    void say(Context context, int bytes) {
      int frame = context.frame(bytes);
      context.memory(frame).asSlice(context.start(frame), bytes).fill((byte) 0x42);
      assertTrue(context.send(connection, frame));
      context.release(frame);
    }
  }

  static Talker listener(EthernetLab lab, int station) {
    var talker = new Talker();
    lab.context(station).listen(Endpoint.any(PORT), ConnectionProfile.NO_DELAY, talker);
    return talker;
  }

  static long connect(EthernetLab lab, int station, String to, ConnectionHandler handler) {
    return lab.context(station)
        .connect(null, Endpoint.of(to, PORT), ConnectionProfile.NO_DELAY, handler);
  }

  static Talker connected(EthernetLab lab, int station, String to) {
    var talker = new Talker();
    assertTrue(connect(lab, station, to, talker) >= 0);
    assertTrue(lab.runUntil(() -> talker.opened, 5), "never opened");
    return talker;
  }

  /** Says a little again and again; fails when it does not arrive. */
  private static void talk(EthernetLab lab, int station, Talker talker, int seconds) {
    for (int i = 0; i < seconds * 4; i++) {
      long before = talker.acknowledged;
      talker.say(lab.context(station), 100);
      assertTrue(lab.runUntil(() -> talker.acknowledged > before, 2), "nothing arrives");
      lab.runUntil(() -> false, 0);
      lab.now += SECOND / 4;
    }
  }

  private static long asked(EthernetLab lab, int station) {
    TappedLink tap = lab.station(station).tap;
    return tap.arpRequests() + tap.solicitations();
  }

  @ParameterizedTest
  @ValueSource(strings = {"IPv4", "IPv6"})
  @DisplayName("every byte arrives once, in order, however many frames of all kinds are lost")
  void transferWithLoss(String family) {
    String[] hosts = family(family);
    for (long seed = 1; seed <= 10; seed++) {
      ContextConfig[] configs = {host(hosts[0]), host(hosts[1]), host(hosts[2])};
      for (int i = 0; i < configs.length; i++) {
        configs[i] = configs[i].withMaxSegmentLifetime(1_000 * SECOND);
      }
      try (var lab = new EthernetLab(seed, LAN.loss(0.05), configs)) {
        var clients = new StreamPeer[2];
        var servers = new StreamPeer[2];
        for (int i = 0; i < 2; i++) {
          clients[i] = new StreamPeer(300_000, 1, 2, 100_000, seed);
          servers[i] = new StreamPeer(200_000, 2, 1, 100_000, ~seed);
          lab.context(i + 1).listen(Endpoint.any(PORT), ConnectionProfile.DEFAULT, servers[i]);
          assertTrue(connect(lab, 0, hosts[i + 1], clients[i]) >= 0);
        }
        assertTrue(
            lab.runUntil(
                () ->
                    clients[0].closed != null
                        && clients[1].closed != null
                        && servers[0].closed != null
                        && servers[1].closed != null,
                20_000),
            () -> clients[0] + "\n" + clients[1] + "\n" + servers[0] + "\n" + servers[1]);
        for (int i = 0; i < 2; i++) {
          assertEquals(200_000, clients[i].received);
          assertEquals(300_000, servers[i].received);
          assertInstanceOf(CloseReason.Closed.class, clients[i].closed);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"IPv4", "IPv6"})
  @Tag("rfc826-c")
  @DisplayName("the SYN waits for the neighbour's answer and goes then: nothing is resent")
  void synWaits(String family) {
    String[] hosts = family(family);
    try (var lab = lab(hosts[0], hosts[1])) {
      listener(lab, 1);
      lab.station(0).tap.about.clear();
      lab.station(1).tap.about.clear();
      connected(lab, 0, hosts[1]);
      assertEquals(1, asked(lab, 0));
      assertEquals(0, asked(lab, 1), "RFC 4861 §7.2.2: the question told it our address");
      assertEquals(0, lab.station(0).count(Event.SEGMENTS_RETRANSMITTED));
      assertEquals(0, lab.station(0).count(Event.DROP_NEIGHBOUR_WAIT));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"IPv4", "IPv6"})
  @Tag("rfc4861-d")
  @DisplayName("a neighbour that never answers: asked 3 times, unreachable, then timed out")
  void neverAnswers(String family) {
    String[] hosts = family(family);
    try (var lab = lab(hosts[0], hosts[1])) {
      lab.station(0).tap.about.clear();
      var talker = new Talker();
      assertTrue(connect(lab, 0, hosts[2], talker) >= 0);
      assertTrue(lab.runUntil(() -> !talker.errors.isEmpty(), 5), "hears nothing");
      assertEquals(3, asked(lab, 0));
      assertEquals(family.equals("IPv4") ? "3/1" : "1/3", talker.errors.getFirst());
      assertTrue(lab.runUntil(() -> talker.closed != null, 1_000));
      assertInstanceOf(CloseReason.TimedOut.class, talker.closed);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"IPv4", "IPv6"})
  @DisplayName("§7.2.6, RFC 5227 §2.3: a neighbour that tells its new station is found there")
  void movesAndTells(String family) {
    String[] hosts = family(family);
    try (var lab = lab(hosts[0], hosts[1])) {
      Talker server = listener(lab, 1);
      Talker client = connected(lab, 0, hosts[1]);
      talk(lab, 0, client, 2);
      TappedLink moving = lab.station(1).tap;
      moving.moved = 0x0200_0000_0077L;
      lab.inject(told(family, hosts[1], moving.moved));
      lab.runUntil(() -> false, 0);
      long before = lab.station(0).count(Event.SEGMENTS_RETRANSMITTED);
      talk(lab, 0, client, 60);
      assertEquals(before, lab.station(0).count(Event.SEGMENTS_RETRANSMITTED));
      assertEquals(client.acknowledged, server.received);
    }
  }

  /**
   * A gratuitous ARP, or an unsolicited advertisement with the override flag. The frame comes from
   * another station, lest the switch look for the new one at the test's port.
   */
  private static byte[] told(String family, String address, long station) {
    if (family.equals("IPv6")) {
      return Frames.icmpv6(
          MINE,
          Frames.high(address),
          Frames.low(address),
          Frames.advertisement(0x2000_0000, address, station));
    }
    byte[] frame = new byte[60];
    var m = MemorySegment.ofArray(frame);
    int ip = (int) Frames.low(address);
    EthernetHeader.write(m, 0, HardwareAddress.BROADCAST, MINE, EthernetHeader.TYPE_ARP);
    ArpPacket.write(m, 14, ArpPacket.REQUEST, station, ip, 0, ip);
    return frame;
  }

  @ParameterizedTest
  @ValueSource(strings = {"IPv4", "IPv6"})
  @Tag("rfc4861-d")
  @DisplayName("§7.3.3: one that moves without a word is probed, given up and found anew")
  void movesSilently(String family) {
    String[] hosts = family(family);
    try (var lab = lab(hosts[0], hosts[1])) {
      Talker server = listener(lab, 1);
      Talker client = connected(lab, 0, hosts[1]);
      talk(lab, 0, client, 2);
      lab.station(1).tap.moved = 0x0200_0000_0077L;
      long before = client.acknowledged;
      client.say(lab.context(0), 1_000);
      assertTrue(lab.runUntil(() -> client.acknowledged > before, 200), "lost for ever");
      talk(lab, 0, client, 10);
      assertEquals(client.acknowledged, server.received);
      assertTrue(lab.station(0).count(Event.NEIGHBOURS_FAILED) >= 1);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"IPv4", "IPv6"})
  @Tag("rfc4861-d")
  @DisplayName("§7.3.1: minutes of a connection that makes progress draw no probe")
  void progressConfirms(String family) {
    String[] hosts = family(family);
    try (var lab = lab(hosts[0], hosts[1])) {
      listener(lab, 1);
      Talker client = connected(lab, 0, hosts[1]);
      lab.station(0).tap.about.clear();
      talk(lab, 0, client, 300);
      assertEquals(0, asked(lab, 0));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"IPv4", "IPv6"})
  @DisplayName("§7.3.3: after an idle hour the next bytes go at once and are not resent")
  void idle(String family) {
    String[] hosts = family(family);
    try (var lab = lab(hosts[0], hosts[1])) {
      Talker server = listener(lab, 1);
      Talker client = connected(lab, 0, hosts[1]);
      talk(lab, 0, client, 1);
      lab.advance(3_600);
      lab.station(0).tap.about.clear();
      talk(lab, 0, client, 4);
      assertEquals(client.acknowledged, server.received);
      assertEquals(0, lab.station(0).count(Event.SEGMENTS_RETRANSMITTED));
      lab.advance(30);
      assertEquals(0, asked(lab, 0), "progress came before the 5 s of DELAY were over");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"IPv4", "IPv6"})
  @DisplayName("RFC 6583: a scan of 100,000 addresses through us takes nobody's place")
  void scan(String family) {
    String[] hosts = family(family);
    boolean ipv4 = family.equals("IPv4");
    try (var lab = lab(hosts[0], hosts[1])) {
      listener(lab, 1);
      Talker client = connected(lab, 0, hosts[1]);
      long before = lab.station(0).count(Event.SEGMENTS_RETRANSMITTED);
      for (int i = 0; i < 100_000; i++) {
        // Made-up sources: each answer of ours (RST) needs a neighbour that is not there.
        lab.inject(Frames.syn(ipv4, hosts[0], EthernetLab.FIRST, 0x20000 + i));
        if (i % 500 == 499) {
          talk(lab, 0, client, 1);
        }
      }
      assertEquals(before, lab.station(0).count(Event.SEGMENTS_RETRANSMITTED));
      assertTrue(lab.station(0).count(Event.NEIGHBOURS_EVICTED) > 40_000);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"IPv4", "IPv6"})
  @DisplayName("a route with a gateway: its station gets the packets; without a route, NO_ROUTE")
  void gateway(String family) {
    boolean ipv4 = family.equals("IPv4");
    String there = ipv4 ? "192.0.2.9" : "2001:db8::9";
    String link = ipv4 ? "10.0.0.0/24" : "fd00::/64";
    String far = (ipv4 ? "192.0.2.0/24=" : "2001:db8::/32=") + family(family)[1];
    var routes = List.of(Route.parse(link), Route.parse(far));
    ContextConfig near =
        host(family(family)[0]).withNetwork(NetworkConfig.DEFAULT.withRoutes(routes));
    // The "router" is the far host itself: it has both addresses.
    try (var lab = new EthernetLab(1, LAN, near, host(family(family)[1], there))) {
      Talker server = listener(lab, 1);
      Talker client = connected(lab, 0, there);
      talk(lab, 0, client, 2);
      assertEquals(client.acknowledged, server.received);
      String nowhere = ipv4 ? "198.51.100.1" : "2001:db9::1";
      assertEquals(Context.NO_ROUTE, connect(lab, 0, nowhere, new Talker()));
      for (byte[] frame : lab.station(0).tap.about) {
        assertFalse(Frames.asksFor(frame, there), "a far address is not asked for on the link");
      }
    }
  }

  @Test
  @Tag("rfc4862-b")
  @DisplayName("RFC 4862 §5.4: an address that another has is neither answered for nor used")
  void duplicate() {
    try (var lab =
        new EthernetLab(1, LAN, host("fd00::1"), host("fd00::9"), host("fd00::2", "10.0.0.2"))) {
      Talker first = listener(lab, 1);
      var late = host("fd00::9", "10.0.0.3");
      EthernetLab.Station other = lab.join(late);
      lab.advance(4);
      assertEquals(1, other.count(Event.ADDRESS_DUPLICATES));
      var handler = new Talker();
      other.context.listen(Endpoint.any(PORT), ConnectionProfile.NO_DELAY, handler);
      assertEquals(
          Context.NO_ROUTE,
          other.context.connect(
              Endpoint.of("fd00::9", 0),
              Endpoint.of("fd00::1", PORT),
              ConnectionProfile.NO_DELAY,
              new Talker()));
      Talker client = connected(lab, 0, "fd00::9");
      talk(lab, 0, client, 2);
      assertTrue(first.opened);
      assertFalse(handler.opened);
    }
  }

  @Test
  @DisplayName("bytes that lie in an unanswered neighbour's wait come back when the context closes")
  void closesWhileWaiting() {
    try (var lab = lab("10.0.0.1", "fd00::1")) {
      for (int i = 10; i < 40; i++) {
        assertTrue(connect(lab, 0, "10.0.0." + i, new Talker()) >= 0);
        assertTrue(connect(lab, 1, "fd00::" + i, new Talker()) >= 0);
      }
      lab.advance(1);
      assertTrue(lab.station(0).memory.blocks().inUse() > 0);
    }
  }
}
