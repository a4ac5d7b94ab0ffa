package wisp.core.ip.ndp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.ip.Crafted.ALL_NODES_HIGH;
import static wisp.core.ip.Crafted.SOURCE;
import static wisp.core.ip.Crafted.TARGET;
import static wisp.core.ip.Host.FE80;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import wisp.core.Counters.Event;
import wisp.core.ip.Crafted;
import wisp.core.ip.Host;
import wisp.core.ip.Lan;
import wisp.core.link.NeighbourState;

@DisplayName("RFC 4861: neighbour discovery of a host")
@Tag("rfc4861")
class NdpTest {
  private static final long SECOND = 1_000_000_000L;
  private static final int SOLICITED = 0x4000_0000;
  private static final int OVERRIDE = 0x2000_0000;
  private static final long STATION_9 = 0x0200_0000_0009L;

  private final Lan lan = new Lan();
  private final Host a = lan.host(1);
  private final Host b = lan.host(2);

  @BeforeEach
  void bothAreUp() {
    a.start();
    b.start();
    lan.advance(20 * SECOND);
    lan.frames.clear();
  }

  private byte[] question() {
    return Crafted.solicitation(FE80, a.linkLocal, Crafted.linkOption(SOURCE, STATION_9));
  }

  private Crafted toA() {
    return Crafted.from(9).to(FE80, a.linkLocal);
  }

  private long dropped() {
    return a.counters.get(Event.DROP_NDP);
  }

  @Test
  @Tag("rfc4861-a")
  @DisplayName("§7.1: hop limit, checksum, code, length and option lengths are checked")
  void malformedIsDropped() {
    long before = dropped();
    byte[] code = question();
    code[1] = 1;
    byte[] zero = question();
    zero[25] = 0;
    byte[] beyond = question();
    beyond[25] = 2;
    byte[] group = Crafted.solicitation(ALL_NODES_HIGH, 1);
    a.receiveFrame(toA().hopLimit(254).frame(question()));
    a.receiveFrame(toA().badChecksum().frame(question()));
    a.receiveFrame(toA().frame(code));
    a.receiveFrame(toA().frame(zero));
    a.receiveFrame(toA().frame(beyond));
    a.receiveFrame(toA().frame(group));
    a.receiveFrame(toA().frame(Arrays.copyOf(question(), 23)));
    lan.settle();
    assertEquals(before + 7, dropped());
    assertEquals(0, lan.frames.size());
    assertNull(a.hood.cache().state(FE80, 9, lan.now));
  }

  @Test
  @Tag("rfc4861-b")
  @DisplayName("§7.2.4: a solicitation is answered with solicited flag and target link address")
  void solicitationIsAnswered() {
    a.receiveFrame(toA().frame(question()));
    lan.settle();
    var answers = lan.seen(f -> f.isIcmpv6(136));
    assertEquals(1, answers.size());
    var answer = answers.getFirst();
    assertEquals(STATION_9, answer.station(0));
    assertEquals(255, answer.u8(21));
    assertEquals(SOLICITED | OVERRIDE, answer.i32(58));
    assertEquals(a.linkLocal, answer.i64(70));
    assertEquals(TARGET, answer.u8(78));
    assertEquals(a.hardware, answer.station(80));
    assertEquals(NeighbourState.STALE, a.hood.cache().state(FE80, 9, lan.now));

    a.receiveFrame(toA().frame(Crafted.solicitation(FE80, 77)));
    lan.settle();
    assertEquals(1, lan.seen(f -> f.isIcmpv6(136)).size(), "not ours");
  }

  @Test
  @Tag("rfc4861-c")
  @DisplayName("§7.2.5: unsolicited advertisements make no entry; the override flag is respected")
  void override() {
    byte[] option = Crafted.linkOption(TARGET, STATION_9);
    a.receiveFrame(toA().frame(Crafted.advertisement(OVERRIDE, FE80, 9, option)));
    assertNull(a.hood.cache().state(FE80, 9, lan.now));

    a.hood.cache().resolve(FE80, 9, lan.now);
    a.receiveFrame(toA().frame(Crafted.advertisement(SOLICITED, FE80, 9, option)));
    assertEquals(NeighbourState.REACHABLE, a.hood.cache().state(FE80, 9, lan.now));

    byte[] other = Crafted.linkOption(TARGET, 0x0200_0000_0008L);
    a.receiveFrame(toA().frame(Crafted.advertisement(SOLICITED, FE80, 9, other)));
    assertEquals(STATION_9, a.hood.cache().peek(FE80, 9), "kept without override");
    assertEquals(NeighbourState.STALE, a.hood.cache().state(FE80, 9, lan.now));

    a.receiveFrame(toA().frame(Crafted.advertisement(OVERRIDE, FE80, 9, other)));
    assertEquals(0x0200_0000_0008L, a.hood.cache().peek(FE80, 9));
    assertEquals(NeighbourState.STALE, a.hood.cache().state(FE80, 9, lan.now));
  }

  @Test
  @Tag("MUST-20")
  @DisplayName("RFC 1122 §3.3.1.4: whom a transport doubts is asked again when used, once doubted")
  void doubt() {
    a.send(FE80, b.linkLocal, 100);
    lan.settle();
    assertEquals(NeighbourState.REACHABLE, a.hood.cache().state(FE80, b.linkLocal, lan.now));
    a.hood.cache().doubt(FE80, b.linkLocal);
    assertEquals(NeighbourState.STALE, a.hood.cache().state(FE80, b.linkLocal, lan.now));
    a.hood.cache().doubt(FE80, 77);
    lan.frames.clear();
    a.send(FE80, b.linkLocal, 100);
    lan.advance(6 * SECOND);
    assertEquals(1, lan.seen(f -> f.isIcmpv6(135)).size());
    assertEquals(NeighbourState.REACHABLE, a.hood.cache().state(FE80, b.linkLocal, lan.now));
  }

  @Test
  @Tag("rfc4861-d")
  @DisplayName("§7.3: no probes while progress is confirmed; a silent neighbour is asked 3 times")
  void unreachability() {
    a.send(FE80, b.linkLocal, 100);
    lan.settle();
    assertEquals(List.of(100), b.delivered);
    lan.frames.clear();
    for (int i = 0; i < 200; i++) {
      lan.advance(SECOND);
      a.send(FE80, b.linkLocal, 100);
      a.hood.cache().confirm(FE80, b.linkLocal, lan.now);
    }
    assertEquals(0, lan.seen(f -> f.isIcmpv6(135)).size());

    lan.unplug(b);
    lan.advance(60 * SECOND);
    assertEquals(NeighbourState.STALE, a.hood.cache().state(FE80, b.linkLocal, lan.now));
    long used = lan.now;
    a.send(FE80, b.linkLocal, 100);
    assertEquals(NeighbourState.DELAY, a.hood.cache().state(FE80, b.linkLocal, lan.now));
    lan.advance(20 * SECOND);
    var probes = lan.seen(f -> f.isIcmpv6(135));
    assertEquals(
        List.of(5L, 6L, 7L), probes.stream().map(f -> (f.atNanos() - used) / SECOND).toList());
    assertTrue(probes.stream().allMatch(f -> f.station(0) == b.hardware), "unicast");
    assertNull(a.hood.cache().state(FE80, b.linkLocal, lan.now));
  }

  @Test
  @Tag("rfc4861-d")
  @DisplayName("§7.3: a probe that is answered makes the neighbour reachable again")
  void probeAnswered() {
    a.send(FE80, b.linkLocal, 100);
    lan.advance(60 * SECOND);
    a.send(FE80, b.linkLocal, 100);
    lan.advance(6 * SECOND);
    assertEquals(NeighbourState.REACHABLE, a.hood.cache().state(FE80, b.linkLocal, lan.now));
    assertEquals(0, a.counters.get(Event.NEIGHBOURS_FAILED));
  }

  @Test
  @Tag("rfc6980-a")
  @DisplayName("RFC 6980 §5: with a fragment header solicitation and advertisement are ignored")
  void fragmented() {
    a.receiveFrame(toA().extension(44).frame(question()));
    a.hood.cache().resolve(FE80, 8, lan.now);
    a.link.outgoing.clear();
    byte[] option = Crafted.linkOption(TARGET, STATION_9);
    byte[] answer = Crafted.advertisement(SOLICITED, FE80, 8, option);
    a.receiveFrame(toA().extension(44).frame(answer));
    lan.settle();
    assertEquals(0, lan.frames.size());
    assertEquals(2, dropped());
    assertEquals(NeighbourState.INCOMPLETE, a.hood.cache().state(FE80, 8, lan.now));
    a.receiveFrame(toA().frame(answer));
    assertEquals(NeighbourState.REACHABLE, a.hood.cache().state(FE80, 8, lan.now));
  }

  @Test
  @Tag("rfc6980-b")
  @DisplayName("§8.1, RFC 6980 §5: a redirect changes nothing, fragmented or not")
  void redirect() {
    int size = a.hood.cache().size();
    long[] addresses = {FE80, 8, 0x2001_0DB8_0000_0000L, 5};
    byte[] redirect = Crafted.message(137, 0, addresses, Crafted.linkOption(TARGET, STATION_9));
    a.receiveFrame(toA().extension(44).frame(redirect));
    assertEquals(1, dropped());
    assertEquals(0, a.counters.get(Event.REDIRECTS_IGNORED));
    a.receiveFrame(toA().frame(redirect));
    assertEquals(1, a.counters.get(Event.REDIRECTS_IGNORED));
    a.receiveFrame(toA().source(0x2001_0DB8_0000_0000L, 9).frame(redirect));
    assertEquals(2, dropped());
    assertEquals(size, a.hood.cache().size());
  }

  @Test
  @DisplayName("§6.3.4: a router's word on hop limit, MTU, on-link prefixes and its lifetime")
  void routers() {
    long prefix = 0x2001_0DB8_0000_0001L;
    byte[] advertisement =
        Crafted.router(
            30,
            Crafted.linkOption(SOURCE, STATION_9),
            Crafted.mtuOption(1_400),
            Crafted.prefixOption(64, 0x80, 60, 60, prefix));
    advertisement[4] = 17;
    assertEquals(-1, a.hood.ndp().defaultRouter(lan.now));
    var from = Crafted.from(9).to(ALL_NODES_HIGH, 1);
    a.receiveFrame(from.frame(advertisement));
    int router = a.hood.ndp().defaultRouter(lan.now);
    assertEquals(9, a.hood.ndp().routerLow(router));
    assertEquals(17, a.hood.ndp().hopLimit());
    assertEquals(1_400, a.hood.ndp().mtu());
    assertEquals(STATION_9, a.hood.cache().peek(FE80, 9));
    assertTrue(a.hood.ndp().isOnLink(prefix, 55));
    assertFalse(a.hood.ndp().isOnLink(prefix + 1, 55));

    lan.advance(31 * SECOND);
    assertEquals(-1, a.hood.ndp().defaultRouter(lan.now));
    assertTrue(a.hood.ndp().isOnLink(prefix, 55));
    lan.advance(30 * SECOND);
    assertFalse(a.hood.ndp().isOnLink(prefix, 55));

    a.receiveFrame(Crafted.from(9).source(prefix, 9).to(ALL_NODES_HIGH, 1).frame(advertisement));
    assertEquals(-1, a.hood.ndp().defaultRouter(lan.now), "not from a link-local address");
  }

  @Test
  @DisplayName("§6.3.6: of two routers the reachable one is used; §7.2.5: one may cease to be one")
  void choiceOfRouter() {
    for (int n : new int[] {8, 9}) {
      byte[] option = Crafted.linkOption(SOURCE, 0x0200_0000_0000L | n);
      a.receiveFrame(Crafted.from(n).to(ALL_NODES_HIGH, 1).frame(Crafted.router(900, option)));
    }
    a.hood.cache().confirm(FE80, 9, lan.now);
    assertEquals(9, a.hood.ndp().routerLow(a.hood.ndp().defaultRouter(lan.now)));
    a.receiveFrame(toA().frame(Crafted.advertisement(0, FE80, 9)));
    assertEquals(8, a.hood.ndp().routerLow(a.hood.ndp().defaultRouter(lan.now)));
  }

  @Test
  @DisplayName("RFC 6583: 100,000 neighbours and routers that nobody has seen keep to the bounds")
  void flood() {
    a.send(FE80, b.linkLocal, 100);
    lan.settle();
    long before = a.hood.reservedBytes();
    for (int i = 0; i < 100_000; i++) {
      var from = Crafted.from(1_000 + i).to(FE80, a.linkLocal);
      a.receiveFrame(from.frame(question()));
      if (i % 100 == 0) {
        byte[] option = Crafted.prefixOption(64, 0xC0, 3_600, 3_600, (0x20L << 56) + i);
        a.receiveFrame(from.to(ALL_NODES_HIGH, 1).frame(Crafted.router(900, option)));
      }
      a.link.outgoing.clear();
    }
    assertTrue(a.hood.cache().size() <= 1_024);
    assertEquals(before, a.hood.reservedBytes());
    assertEquals(NeighbourState.REACHABLE, a.hood.cache().state(FE80, b.linkLocal, lan.now));
  }

  @Test
  @DisplayName("Noise in the place of messages and options never throws")
  void noise() {
    var random = new SplittableRandom(4861);
    for (int i = 0; i < 100_000; i++) {
      byte[] message = new byte[random.nextInt(120)];
      random.nextBytes(message);
      if (message.length > 25) {
        message[0] = (byte) (130 + random.nextInt(8));
        message[1] = 0;
        message[random.nextBoolean() ? 17 : 25] = (byte) random.nextInt(5);
      }
      if (message.length > 0) {
        a.receiveFrame(toA().frame(message));
        lan.now += 1_000_000;
        a.hood.tick(lan.now);
        a.link.outgoing.clear();
      }
    }
    a.hood.close();
    a.memory.close();
  }
}
