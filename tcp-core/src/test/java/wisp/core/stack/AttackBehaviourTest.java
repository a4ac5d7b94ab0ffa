package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static wisp.core.stack.Seg.ACK;
import static wisp.core.stack.Seg.FIN;
import static wisp.core.stack.Seg.PSH;
import static wisp.core.stack.Seg.SYN;
import static wisp.core.stack.Seg.URG;
import static wisp.core.stack.Seg.mss;
import static wisp.core.stack.Seg.timestamp;
import static wisp.core.stack.TcpFixture.with;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.tcp.State;

@ParameterizedClass(name = "IPv6: {0}")
@ValueSource(booleans = {false, true})
@DisplayName("D01 to D05, D11: segments that a connection must not believe")
class AttackBehaviourTest {
  private final boolean ipv6;

  AttackBehaviourTest(boolean ipv6) {
    this.ipv6 = ipv6;
  }

  private TcpFixture.Setup fresh() {
    return with().ipv6(ipv6);
  }

  @Test
  @Tag("D01")
  void givenAWrongChecksum_whenTheRightOneFollows_thenOnlyThatCounts() {
    var tcp = fresh().established();
    tcp.receives(Seg.data(100).seq(1).corrupt()).advance(1_000);
    tcp.sendsNothing().heardNothing().delivered(0);
    tcp.receives(Seg.data(100).seq(1)).delivered(100).advance(40).sends(ACK).ack(101);
    tcp.sendsNothing();
  }

  @ParameterizedTest
  @Tag("D02")
  @EnumSource(
      value = State.class,
      names = {"ESTABLISHED", "FIN_WAIT_1", "FIN_WAIT_2", "CLOSE_WAIT", "CLOSING", "LAST_ACK"})
  void givenAReset_whenItIsNotTheNextNumber_thenAChallengeOrNothing(State state) {
    var tcp = fresh().in(state);
    int window = tcp.number(t -> t.rcvAdv - t.rcvNxt);
    tcp.receives(Seg.rst().seq(tcp.peerNxt - 1)).sendsNothing();
    tcp.receives(Seg.rst().seq(tcp.peerNxt + window)).sendsNothing();
    tcp.receives(Seg.rst().seq(tcp.peerNxt + 1)).sends(ACK).seq(tcp.ourNxt).ack(tcp.peerNxt);
    tcp.receives(Seg.rst().seq(tcp.peerNxt + window - 1)).sends(ACK).ack(tcp.peerNxt);
    tcp.sendsNothing().isIn(state).heardNothing();
    tcp.receives(Seg.rst().seq(tcp.peerNxt)).sendsNothing().isGone();
    assertEquals(1, tcp.events.size());
    tcp.allReturns();
  }

  @ParameterizedTest
  @Tag("D03")
  @EnumSource(
      value = State.class,
      names = {"ESTABLISHED", "FIN_WAIT_1", "FIN_WAIT_2", "CLOSE_WAIT", "CLOSING", "LAST_ACK"})
  void givenASyn_whenSynchronized_thenAChallengeWhereverItLies(State state) {
    for (int flags : new int[] {SYN, SYN | ACK}) {
      for (int offset : new int[] {-100_000, 0, 1, 500_000_000}) {
        var tcp = fresh().in(state);
        tcp.receives(Seg.flags(flags).seq(tcp.peerNxt + offset).options(mss(1_400)));
        tcp.sends(ACK).seq(tcp.ourNxt).ack(tcp.peerNxt).length(0);
        tcp.sendsNothing().isIn(state).heardNothing();
      }
    }
    var tcp = fresh().established();
    tcp.receives(Seg.flags(SYN).seq(1)).receives(Seg.data(10).seq(1)).delivered(10);
  }

  @Test
  @Tag("D04")
  void givenAnAckOfUnsentData_whenItHasTextAndATimestamp_thenNeitherCounts() {
    var tcp = fresh().options(mss(1_400), timestamp(5_000, 0)).established();
    tcp.receives(Seg.data(10).seq(1).ack(2).ts(2_000_000_000, 0)).delivered(0);
    tcp.sends(ACK).seq(1).ack(1);
    tcp.receives(Seg.data(10).seq(1)).delivered(10);
  }

  @Test
  @Tag("D05")
  void givenAnAckBelowTheLargestWindow_whenItHasText_thenDroppedAndAnswered() {
    var tcp = fresh().established();
    tcp.receives(Seg.data(10).seq(1).ack(-65_535)).delivered(0);
    tcp.sends(ACK).seq(1).ack(1);
    tcp.receives(Seg.data(10).seq(1).ack(-65_534)).delivered(10);
  }

  @Test
  @Tag("D11")
  void givenNoAckFlag_whenTextComes_thenItIsNotTaken() {
    for (int flags : new int[] {0, PSH, FIN, URG, FIN | PSH | URG}) {
      var tcp = fresh().established();
      tcp.receives(Seg.flags(flags).seq(1).length(10)).delivered(0).sendsNothing();
      tcp.receives(Seg.flags(flags).seq(11).length(10)).sendsNothing();
      tcp.isEstablished().receives(Seg.data(10).seq(1)).delivered(10);
    }
  }
}
