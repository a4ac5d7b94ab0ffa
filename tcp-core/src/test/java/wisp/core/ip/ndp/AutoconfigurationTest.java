package wisp.core.ip.ndp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.ip.Crafted.ALL_NODES_HIGH;
import static wisp.core.ip.Host.FE80;
import static wisp.core.ip.Host.text;

import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import wisp.core.Counters.Event;
import wisp.core.ip.Crafted;
import wisp.core.ip.Host;
import wisp.core.ip.Lan;

@DisplayName("RFC 4862: stateless address autoconfiguration")
@Tag("rfc4862")
class AutoconfigurationTest {
  private static final long SECOND = 1_000_000_000L;
  private static final long PREFIX = 0x2001_0DB8_0000_0001L;
  private static final int HOUR = 3_600;

  private final Lan lan = new Lan();
  private final Host a = lan.host(1).start();

  private void advertise(int valid, int preferred) {
    byte[] option = Crafted.prefixOption(64, 0x40, valid, preferred, PREFIX);
    a.receiveFrame(Crafted.from(9).to(ALL_NODES_HIGH, 1).frame(Crafted.router(900, option)));
  }

  private boolean isOwn() {
    return a.hood.ndp().isOwn(PREFIX, a.linkLocal);
  }

  @Test
  @Tag("rfc4862-a")
  @DisplayName("§5.4.2: an address is asked for from the unspecified address before it is used")
  void detectionComesFirst() {
    assertFalse(a.hood.ndp().isOwn(FE80, a.linkLocal));
    lan.advance(3 * SECOND);
    var asked = lan.seen(f -> f.isIcmpv6(135));
    assertEquals(1, asked.size());
    var frame = asked.getFirst();
    assertEquals(0, frame.i64(22) | frame.i64(30), "source");
    assertEquals(0x1_FF00_0000L | a.linkLocal & 0xFF_FFFF, frame.i64(46));
    assertEquals(a.linkLocal, frame.i64(70));
    assertEquals(78, frame.bytes().length, "no link address option");
    assertEquals(List.of("preferred " + text(FE80, a.linkLocal) + "/64"), a.events);
    assertTrue(a.hood.ndp().isOwn(FE80, a.linkLocal));
  }

  @Test
  @Tag("rfc4862-b")
  @DisplayName("§5.4: an address that another has, or wants as well, is not used")
  void duplicates() {
    Host b = lan.host(2).start();
    lan.advance(3 * SECOND);
    a.hood.ndp().addAddress(PREFIX, 7, 64, lan.now);
    b.hood.ndp().addAddress(PREFIX, 7, 64, lan.now);
    lan.advance(3 * SECOND);
    assertFalse(a.hood.ndp().isOwn(PREFIX, 7) && b.hood.ndp().isOwn(PREFIX, 7));
    Host c = lan.host(3).start();
    b.hood.ndp().removeAddress(PREFIX, 7, lan.now);
    a.hood.ndp().removeAddress(PREFIX, 7, lan.now);
    a.hood.ndp().addAddress(PREFIX, 7, 64, lan.now);
    lan.advance(3 * SECOND);
    c.hood.ndp().addAddress(PREFIX, 7, 64, lan.now);
    lan.advance(3 * SECOND);
    assertTrue(a.hood.ndp().isOwn(PREFIX, 7), "it was there first");
    assertEquals("duplicate " + text(PREFIX, 7), c.events.getLast());
  }

  @Test
  @Tag("rfc4862-b")
  @DisplayName("§5.4.3, §5.4.4: solicitation from nowhere and advertisement tell a duplicate")
  void duplicateIsTold() {
    var group = Crafted.from(9).source(0, 0).to(ALL_NODES_HIGH, 0x1_FF00_0000L | 1);
    a.receiveFrame(group.frame(Crafted.solicitation(FE80, a.linkLocal)));
    Host c = lan.host(3).start();
    c.receiveFrame(
        Crafted.from(9)
            .to(ALL_NODES_HIGH, 1)
            .frame(Crafted.advertisement(0x2000_0000, FE80, c.linkLocal)));
    lan.advance(10 * SECOND);
    for (Host host : List.of(a, c)) {
      assertEquals(List.of("duplicate " + text(FE80, host.linkLocal)), host.events);
      assertFalse(host.hood.ndp().isOwn(FE80, host.linkLocal));
      assertEquals(1, host.counters.get(Event.ADDRESS_DUPLICATES));
    }
    advertise(HOUR, HOUR);
    lan.advance(10 * SECOND);
    assertFalse(isOwn(), "the same identifier would be a duplicate again");
  }

  @Test
  @Tag("rfc4862-c")
  @DisplayName("§5.5: a prefix makes an address, which is deprecated and then ends")
  void lifetimes() {
    lan.advance(20 * SECOND);
    a.events.clear();
    advertise(100, 50);
    assertFalse(isOwn());
    lan.advance(10 * SECOND);
    assertTrue(isOwn());
    lan.advance(45 * SECOND);
    assertTrue(isOwn());
    assertFalse(a.hood.ndp().isPreferred(PREFIX, a.linkLocal));
    lan.advance(50 * SECOND);
    assertFalse(isOwn());
    String address = text(PREFIX, a.linkLocal);
    assertEquals(
        List.of("preferred " + address + "/64", "deprecated " + address, "removed " + address),
        a.events);
  }

  @Test
  @Tag("rfc4862-c")
  @DisplayName("§5.5.3 e: the valid lifetime is shortened to two hours, not below")
  void twoHours() {
    lan.advance(20 * SECOND);
    advertise(10 * HOUR, 10 * HOUR);
    lan.advance(10 * SECOND);
    advertise(10, 10);
    lan.advance(2L * HOUR * SECOND - SECOND);
    assertTrue(isOwn());
    advertise(0, 0);
    assertTrue(isOwn(), "what is left is not shortened");
    lan.advance(2 * SECOND);
    assertFalse(isOwn(), "nor is it prolonged");
  }

  @Test
  @DisplayName("§5.5.3: other lengths, preferred beyond valid, link-local prefixes make nothing")
  void notForAddresses() {
    lan.advance(20 * SECOND);
    a.events.clear();
    byte[][] options = {
      Crafted.prefixOption(63, 0x40, HOUR, HOUR, PREFIX),
      Crafted.prefixOption(64, 0x80, HOUR, HOUR, PREFIX),
      Crafted.prefixOption(64, 0x40, HOUR, HOUR + 1, PREFIX),
      Crafted.prefixOption(64, 0x40, HOUR, HOUR, FE80 | 5),
      Crafted.prefixOption(64, 0x40, 0, 0, PREFIX)
    };
    a.receiveFrame(Crafted.from(9).to(ALL_NODES_HIGH, 1).frame(Crafted.router(900, options)));
    lan.advance(10 * SECOND);
    assertEquals(List.of(), a.events);
  }

  @Test
  @DisplayName("RFC 4861 §6.3.7: three router solicitations, four seconds apart, until an answer")
  void routerSolicitations() {
    lan.advance(30 * SECOND);
    var asked = lan.seen(f -> f.isIcmpv6(133));
    assertEquals(3, asked.size());
    assertEquals(4 * SECOND, asked.get(1).atNanos() - asked.get(0).atNanos());
    Host c = lan.host(3).start();
    lan.frames.clear();
    lan.advance(2 * SECOND);
    c.receiveFrame(Crafted.from(9).to(ALL_NODES_HIGH, 1).frame(Crafted.router(900)));
    lan.advance(30 * SECOND);
    assertEquals(1, lan.seen(f -> f.isIcmpv6(133)).size());
  }
}
