package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.ACK;
import static wisp.core.stack.Seg.FIN;
import static wisp.core.stack.Seg.URG;
import static wisp.core.stack.Seg.mss;
import static wisp.core.stack.Seg.sackPermitted;
import static wisp.core.stack.Seg.scale;
import static wisp.core.stack.TcpFixture.with;
import static wisp.core.tcp.State.TIME_WAIT;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("D40, threats 5.1: sequence numbers wrap and nothing special happens")
@Tag("rfc9293-3.4")
@ParameterizedClass(name = "IPv6: {0}")
@ValueSource(booleans = {false, true})
class SequenceWrapTest {
  private static final int FULL = 1_400;
  private final boolean ipv6;

  SequenceWrapTest(boolean ipv6) {
    this.ipv6 = ipv6;
  }

  private TcpFixture starting(int iss, int irs) {
    var tcp =
        with()
            .ipv6(ipv6)
            .options(mss(FULL), sackPermitted(), scale(7))
            .window(10_000)
            .irs(irs)
            .iss(iss)
            .established();
    assertEquals(iss, tcp.iss, "the ISN was to be this one");
    return tcp;
  }

  @ParameterizedTest
  @Tag("D40")
  @ValueSource(
      ints = {-2_000, -1, 0, 1, Integer.MAX_VALUE, Integer.MIN_VALUE, Integer.MAX_VALUE - 2_000})
  void givenIsnsNearTheEdges_whenDataFlowsWithLoss_thenBothStreamsAreExact(int isn) {
    for (int other : new int[] {isn, 12_345}) {
      var tcp = starting(isn, other);
      // Theirs, with holes.
      tcp.receives(Seg.data(1_000).seq(2_001), Seg.data(1_000).seq(1_001)).delivered(0);
      assertEquals(tcp.irs + 1_001, tcp.sent().getLast().sack[0]);
      tcp.receives(Seg.data(1_000).seq(1)).delivered(3_000).sent();
      tcp.peerNxt = 3_001;
      tcp.receives(Seg.flags(ACK | URG).length(10).urgent(10)).delivered(3_010);
      // Ours, with a loss, a time-out and partial ACKs.
      tcp.send(10_000).sent();
      for (int i = 0; i < 3; i++) {
        tcp.receives(Seg.ack().ack(1));
      }
      assertEquals(1, tcp.sent().stream().filter(s -> s.seq == 1).count());
      tcp.receives(Seg.ack().ack(1 + FULL)).untilSends(5_000);
      assertTrue(tcp.sent().stream().anyMatch(s -> s.seq == 1 + FULL));
      for (int i = 0; i < 100 && tcp.events.stream().noneMatch(e -> e.startsWith("rel")); i++) {
        tcp.advance(1_100).receives(Seg.ack().ack(Math.min(tcp.ourNxt, 1 + FULL * (i + 2))));
      }
      tcp.sent();
      assertTrue(tcp.events.contains("released 10000/10000"), tcp.events::toString);
      // A hole that SACK shows, in urgent data.
      int base = tcp.ourNxt;
      tcp.sendUrgent(5_600).receives(Seg.ack().ack(base));
      assertTrue(tcp.sent().stream().anyMatch(s -> s.has(URG)));
      tcp.receives(Seg.ack()).sent();
      // Both ends.
      tcp.receives(Seg.ack()).shutdown();
      tcp.sends(FIN | ACK).seq(15_601);
      tcp.receives(Seg.fin()).isIn(TIME_WAIT).allReturns();
    }
  }

  @ParameterizedTest
  @Tag("D40")
  @ValueSource(ints = {-100_000, Integer.MAX_VALUE - 100_000})
  void givenALongTransfer_whenItCrossesTheEdge_thenEveryByteOnce(int irs) {
    var tcp = with().ipv6(ipv6).irs(irs).established();
    for (int i = 0; i < 200; i++) {
      tcp.receives(Seg.data(1_000));
      tcp.receives(Seg.data(1_000).seq(tcp.peerNxt - 1_500));
    }
    tcp.delivered(200_000);
  }
}
