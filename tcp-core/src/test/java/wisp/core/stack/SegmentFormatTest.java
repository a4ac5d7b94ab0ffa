package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.SYN;
import static wisp.core.stack.Seg.mss;
import static wisp.core.stack.Seg.sackPermitted;
import static wisp.core.stack.Seg.scale;
import static wisp.core.stack.Seg.timestamp;
import static wisp.core.stack.TcpFixture.with;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every kind of segment that we send, read by {@link Sent}, which fails on a wrong checksum, on an
 * option without a right length, on padding that is not zero, and on an MSS option without SYN.
 */
@ParameterizedClass(name = "IPv6: {0}")
@ValueSource(booleans = {false, true})
@DisplayName("RFC 9293 §3.1, §3.2: the format of what is sent")
class SegmentFormatTest {
  private final boolean ipv6;

  SegmentFormatTest(boolean ipv6) {
    this.ipv6 = ipv6;
  }

  private static List<byte[]> offers() {
    return List.of(
        new byte[0],
        mss(1_400),
        Seg.flags(0).options(mss(1_400), sackPermitted()).options,
        Seg.flags(0).options(mss(1_400), timestamp(1, 0)).options,
        Seg.flags(0).options(mss(1_400), sackPermitted(), timestamp(1, 0), scale(7)).options);
  }

  private List<Sent> all() {
    var all = new ArrayList<Sent>();
    for (boolean active : new boolean[] {false, true}) {
      for (byte[] offer : offers()) {
        var setup = with().ipv6(ipv6).options(offer).actively(active);
        var tcp = active ? setup.actively().closed().connect() : setup.listening();
        all.addAll(tcp.out);
        if (active) {
          tcp.sent();
          tcp.receives(Seg.flags(SYN | Seg.ACK).seq(0).options(offer));
        } else {
          tcp.receives(Seg.flags(SYN).seq(0).options(offer));
          all.addAll(tcp.sent());
          tcp.receives(Seg.ack().seq(1));
        }
        tcp.isEstablished().peerNxt = 1;
        tcp.receives(Seg.data(10).seq(101), Seg.data(11).seq(201), Seg.data(12).seq(301));
        tcp.send(3_001).sendUrgent(7).advance(5_000);
        tcp.receives(Seg.rst().seq(50)).receives(Seg.data(10).seq(1)).shutdown().advance(3_000);
        all.addAll(tcp.sent());
        tcp.abort();
        all.addAll(tcp.sent());
        tcp.isGone();
      }
    }
    return all;
  }

  @Test
  @Tag("MUST-2")
  @Tag("MUST-4")
  @Tag("MUST-65")
  @Tag("MUST-68")
  @Tag("MUST-69")
  @Tag("MAY-3")
  void givenEveryOffer_whenSegmentsOfEveryKindLeave_thenAllAreWellFormed() {
    List<Sent> all = all();
    assertTrue(all.size() > 100, () -> all.size() + " segments");
    int syns = 0;
    for (Sent s : all) {
      assertEquals(s.has(SYN), s.mss > 0, () -> "MSS on " + s);
      syns += s.has(SYN) ? 1 : 0;
    }
    assertEquals(10, syns, "each SYN once");
    assertTrue(all.stream().anyMatch(s -> s.sack.length > 0));
    assertTrue(all.stream().anyMatch(s -> s.has(Seg.FIN)));
    assertTrue(all.stream().anyMatch(s -> s.has(Seg.RST)));
    assertTrue(all.stream().anyMatch(s -> s.has(Seg.URG)));
    assertTrue(all.stream().anyMatch(s -> s.hasTimestamp && s.payload.length > 0));
  }
}
