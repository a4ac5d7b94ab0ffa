package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.ACK;
import static wisp.core.stack.Seg.FIN;
import static wisp.core.stack.Seg.RST;
import static wisp.core.stack.Seg.SYN;
import static wisp.core.stack.TcpFixture.with;
import static wisp.core.tcp.State.LISTEN;
import static wisp.core.tcp.State.SYN_RECEIVED;
import static wisp.core.tcp.State.SYN_SENT;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

@ParameterizedClass(name = "IPv6: {0}")
@ValueSource(booleans = {false, true})
@DisplayName("D06 to D10, D19: opening a connection, seen from the wire")
class OpeningBehaviourTest {
  private final boolean ipv6;

  OpeningBehaviourTest(boolean ipv6) {
    this.ipv6 = ipv6;
  }

  private TcpFixture.Setup fresh() {
    return with().ipv6(ipv6);
  }

  @Test
  @Tag("D06")
  void givenSynReceived_whenTheWrongNumberIsAcknowledged_thenResetWithItAndTheRightOneCompletes() {
    var tcp = fresh().in(SYN_RECEIVED);
    for (int wrong : new int[] {0, 2, 0, 2}) {
      tcp.receives(Seg.ack().seq(1).ack(wrong)).sends(RST).seq(wrong);
      tcp.sendsNothing().isIn(SYN_RECEIVED);
    }
    tcp.receives(Seg.ack().seq(1).ack(1)).sendsNothing().isEstablished().heard("open");
  }

  @Test
  @Tag("D07")
  void givenListen_whenAnythingButASynComes_thenNoStateStaysBehind() {
    for (int flags : new int[] {ACK, RST, FIN, SYN | ACK, 0, RST | ACK, FIN | ACK}) {
      for (int length : new int[] {0, 10}) {
        var tcp = fresh().listening();
        tcp.receives(Seg.flags(flags).seq(5).ack(77).length(length));
        if ((flags & ACK) != 0 && (flags & RST) == 0) {
          tcp.sends(RST).absolute(77, 0);
        }
        tcp.sendsNothing().isIn(LISTEN);
        assertEquals(0, tcp.context.connections(), Seg.name(flags));
        tcp.receives(Seg.syn()).sends(SYN | ACK).ack(1);
      }
    }
  }

  @Test
  @Tag("D09")
  void givenSynSent_whenWrongAnswersCome_thenTheRightOneStillCompletes() {
    var tcp = fresh().actively().synSent();
    tcp.receives(Seg.flags(RST).seq(0)).sendsNothing();
    tcp.receives(Seg.flags(RST | ACK).seq(0).ack(0)).sendsNothing();
    tcp.receives(Seg.flags(RST | ACK).seq(0).ack(2)).sendsNothing();
    tcp.receives(Seg.flags(ACK).seq(0).ack(77)).sends(RST).seq(77);
    tcp.receives(Seg.flags(SYN | ACK).seq(0).ack(0)).sends(RST).seq(0);
    tcp.receives(Seg.flags(FIN).seq(0)).sendsNothing();
    tcp.receives(Seg.flags(FIN | ACK).seq(0).ack(1)).sendsNothing();
    tcp.isIn(SYN_SENT).heardNothing();
    tcp.receives(Seg.synAck()).sends(ACK).seq(1).ack(1);
    tcp.isEstablished().heard("open");
    var refused = fresh().actively().synSent();
    refused.receives(Seg.flags(RST | ACK).seq(0).ack(1)).sendsNothing().isGone();
    refused.heard("closed Refused").allReturns();
  }

  @Test
  @Tag("D10")
  void givenCrossingSyns_whenEachIsAnswered_thenEstablished() {
    var tcp = fresh().actively().synSent();
    tcp.receives(Seg.syn()).sends(SYN | ACK).seq(0).ack(1);
    tcp.receives(Seg.synAck().ack(1)).isEstablished();
    tcp.sends(ACK).seq(1).ack(1);
    tcp.receives(Seg.data(10)).delivered(10);
  }

  @Test
  @Tag("D10")
  void givenCrossingSyns_whenOurSynAckIsLost_thenItGoesAgain() {
    var tcp = fresh().actively().synSent();
    tcp.receives(Seg.syn()).sends(SYN | ACK);
    tcp.untilSends(1_100);
    tcp.sends(SYN | ACK).seq(0).ack(1);
    tcp.receives(Seg.ack().seq(1).ack(1)).isEstablished().heard("open");
  }

  @Test
  @Tag("D10")
  void givenCrossingSyns_whenAResetFollows_thenRefused() {
    var tcp = fresh().actively().synSent();
    tcp.receives(Seg.syn()).sends(SYN | ACK);
    tcp.receives(Seg.rst().seq(1)).sendsNothing().isGone().heard("closed Refused");
  }

  @Test
  @Tag("D19")
  void givenSynSent_whenNobodyAnswers_thenItIsResentForThreeMinutesAtLeastAndThenOver() {
    var tcp = fresh().actively().synSent();
    long begin = tcp.host.now;
    List<Long> gaps = new ArrayList<>();
    long last = 0;
    while (tcp.reason == null) {
      double millis = tcp.untilSendsOrEnds();
      for (Sent s : tcp.sent()) {
        assertTrue(s.has(SYN) && !s.has(ACK));
        gaps.add(Math.round(millis / 1_000));
        last = (tcp.host.now - begin) / TcpFixture.MS;
      }
    }
    assertEquals(List.of(1L, 2L, 4L, 8L, 16L, 32L), gaps.subList(0, 6));
    assertTrue(last >= 120_000, () -> "the last copy went after " + gaps);
    assertTrue((tcp.host.now - begin) / TcpFixture.MS >= 180_000);
    assertEquals("closed TimedOut", tcp.events.getLast());
    tcp.allReturns();
  }
}
