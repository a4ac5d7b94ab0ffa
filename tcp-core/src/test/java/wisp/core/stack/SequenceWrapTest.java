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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("D40, threats 5.1: sequence numbers wrap and nothing special happens")
@Tag("rfc9293-3.4")
class SequenceWrapTest {
  private static TcpFixture starting(int iss, int irs) {
    var tcp =
        with()
            .options(mss(1_460), sackPermitted(), scale(7))
            .window(10_000)
            .irs(irs)
            .iss(iss)
            .established();
    assertEquals(iss, tcp.iss, "the ISN was to be this one");
    return tcp;
  }

  @ParameterizedTest
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
      tcp.receives(Seg.ack().ack(1_461)).untilSends(5_000);
      assertTrue(tcp.sent().stream().anyMatch(s -> s.seq == 1_461));
      for (int i = 0; i < 100 && tcp.events.stream().noneMatch(e -> e.startsWith("rel")); i++) {
        tcp.advance(1_100).receives(Seg.ack().ack(Math.min(tcp.ourNxt, 1 + 1_460 * (i + 2))));
      }
      tcp.sent();
      assertTrue(tcp.events.contains("released 10000/10000"), tcp.events::toString);
      // Both ends.
      tcp.shutdown();
      tcp.sends(FIN | ACK).seq(10_001);
      tcp.receives(Seg.fin()).isIn(TIME_WAIT).allReturns();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {-100_000, Integer.MAX_VALUE - 100_000})
  void givenALongTransfer_whenItCrossesTheEdge_thenEveryByteOnce(int irs) {
    var tcp = with().irs(irs).established();
    for (int i = 0; i < 200; i++) {
      tcp.receives(Seg.data(1_000));
      tcp.receives(Seg.data(1_000).seq(tcp.peerNxt - 1_500));
    }
    tcp.delivered(200_000);
  }
}
