package wisp.core.ip.ndp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.ip.Crafted.ALL_NODES_HIGH;
import static wisp.core.ip.Host.FE80;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import wisp.core.Counters.Event;
import wisp.core.ip.Crafted;
import wisp.core.ip.Host;
import wisp.core.ip.Lan;
import wisp.core.ip.Lan.Frame;

@DisplayName("RFC 3810: multicast listener reports")
@Tag("rfc3810")
class MulticastListenerTest {
  private static final long SECOND = 1_000_000_000L;
  private static final int MILLIS = 400;

  private final Lan lan = new Lan();
  private final Host a = lan.host(1).start();
  private final long group = 0x1_FF00_0000L | a.linkLocal & 0xFF_FFFF;

  private static boolean isReport(Frame f) {
    return f.type() == 0x86DD && f.u8(20) == 0 && f.u8(62) == 143;
  }

  private void query(Crafted from, int words) {
    a.receiveFrame(from.frame(Crafted.message(130, MILLIS << 16, new long[words])));
  }

  private static Crafted router() {
    return Crafted.from(9).to(ALL_NODES_HIGH, 1).hopLimit(1).extension(0);
  }

  @Test
  @Tag("rfc3810-a")
  @DisplayName("§6.1: the solicited-node group is joined, and reported twice with router alert")
  void joined() {
    assertTrue(a.hood.ndp().groups().isMember(ALL_NODES_HIGH, group));
    lan.advance(3 * SECOND);
    var reports = lan.seen(MulticastListenerTest::isReport);
    assertEquals(2, reports.size());
    for (Frame report : reports) {
      assertEquals(1, report.u8(21), "hop limit");
      assertEquals(0x3A00_0502, report.i32(54), "router alert");
      assertEquals(0x16, report.i64(46));
      assertEquals(4, report.u8(70), "CHANGE_TO_EXCLUDE");
      assertEquals(ALL_NODES_HIGH, report.i64(74));
      assertEquals(group, report.i64(82));
    }
  }

  @Test
  @Tag("rfc3810-b")
  @DisplayName("§6.2: queries of both versions are answered within the time they give")
  void queried() {
    lan.advance(20 * SECOND);
    for (int words : new int[] {3, 2}) {
      lan.frames.clear();
      long asked = lan.now;
      if (words == 3) {
        byte[] two = Crafted.message(130, MILLIS << 16, new long[] {0, 0}, new byte[4]);
        a.receiveFrame(router().frame(two));
      } else {
        query(router(), 2);
      }
      lan.advance(5 * SECOND);
      var reports = lan.seen(MulticastListenerTest::isReport);
      assertEquals(1, reports.size());
      assertTrue(reports.getFirst().atNanos() - asked <= MILLIS * 1_000_000L);
      assertEquals(2, reports.getFirst().u8(70), "MODE_IS_EXCLUDE");
      assertEquals(FE80, reports.getFirst().i64(22));
      assertEquals(a.linkLocal, reports.getFirst().i64(30));
    }
  }

  @Test
  @DisplayName("§6.2: queries from beyond the link, without router alert or cut short are dropped")
  void notFromTheLink() {
    lan.advance(20 * SECOND);
    lan.frames.clear();
    query(router().hopLimit(2), 2);
    query(router().extension(-1), 2);
    query(router().source(0x2001_0DB8_0000_0000L, 9), 2);
    query(router().badChecksum(), 2);
    query(router(), 1);
    lan.advance(5 * SECOND);
    assertEquals(0, lan.frames.size());
    assertEquals(5, a.counters.get(Event.DROP_MLD));
  }

  @Test
  @DisplayName("§6.1: leaving is reported, and the group forgotten")
  void left() {
    lan.advance(20 * SECOND);
    a.hood.ndp().groups().join(ALL_NODES_HIGH, 0x1234, lan.now);
    a.hood.ndp().groups().join(ALL_NODES_HIGH, 0x1234, lan.now);
    a.hood.ndp().groups().leave(ALL_NODES_HIGH, 0x1234, lan.now);
    lan.advance(5 * SECOND);
    assertTrue(a.hood.ndp().groups().isMember(ALL_NODES_HIGH, 0x1234));
    lan.frames.clear();
    a.hood.ndp().groups().leave(ALL_NODES_HIGH, 0x1234, lan.now);
    lan.advance(5 * SECOND);
    var reports = lan.seen(MulticastListenerTest::isReport);
    assertEquals(2, reports.size());
    assertEquals(3, reports.getFirst().u8(70), "CHANGE_TO_INCLUDE");
  }
}
