package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.ACK;
import static wisp.core.stack.Seg.FIN;
import static wisp.core.stack.Seg.RST;
import static wisp.core.stack.Seg.SYN;
import static wisp.core.stack.Seg.mss;
import static wisp.core.stack.Seg.timestamp;
import static wisp.core.stack.TcpFixture.with;
import static wisp.core.tcp.State.CLOSE_WAIT;
import static wisp.core.tcp.State.CLOSING;
import static wisp.core.tcp.State.FIN_WAIT_1;
import static wisp.core.tcp.State.FIN_WAIT_2;
import static wisp.core.tcp.State.SYN_RECEIVED;
import static wisp.core.tcp.State.TIME_WAIT;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ParameterizedClass(name = "IPv6: {0}")
@ValueSource(booleans = {false, true})
@DisplayName("D12 to D16: closing a connection, seen from the wire")
class ClosingBehaviourTest {
  private static final long TWO_MSL = 60_000;
  private final boolean ipv6;

  ClosingBehaviourTest(boolean ipv6) {
    this.ipv6 = ipv6;
  }

  private TcpFixture.Setup fresh() {
    return with().ipv6(ipv6);
  }

  @Test
  @Tag("D12")
  void givenFinsThatCross_whenOursIsLost_thenItGoesAgainWithBackOffAndThenTimeWait() {
    var tcp = fresh().established().shutdown();
    tcp.sends(FIN | ACK).seq(1).ack(1);
    tcp.receives(Seg.fin().ack(1)).isIn(CLOSING).sends(ACK).ack(2);
    for (int seconds : new int[] {1, 2, 4, 8}) {
      assertEquals(seconds, Math.round(tcp.untilSends(10_000) / 1_000), 1);
      tcp.sends(FIN | ACK).seq(1).ack(2);
    }
    tcp.receives(Seg.ack().ack(2)).isIn(TIME_WAIT);
    tcp.advance(TWO_MSL - 1_000).isIn(TIME_WAIT).advance(2_000).isGone().sendsNothing();
    tcp.allReturns();
  }

  @Test
  @Tag("D13")
  void givenAFinBeforeItsData_whenTheHoleIsFilled_thenItCounts() {
    for (boolean ackFirst : new boolean[] {false, true}) {
      var tcp = fresh().established().shutdown();
      tcp.sends(FIN | ACK);
      if (ackFirst) {
        tcp.receives(Seg.ack().ack(2)).isIn(FIN_WAIT_2);
      }
      tcp.receives(Seg.fin().seq(101).ack(ackFirst ? 2 : 1));
      tcp.sends(ACK).ack(1);
      tcp.isIn(ackFirst ? FIN_WAIT_2 : FIN_WAIT_1);
      tcp.receives(Seg.data(100).seq(1).ack(2)).delivered(100).sends(ACK).seq(2).ack(102);
      tcp.isIn(TIME_WAIT).heard("data 100", "peerClosed", "closed Closed");
      tcp.allReturns();
    }
  }

  @Test
  @Tag("D14")
  void givenTimeWait_whenOldSegmentsCome_thenItStays() {
    var tcp = fresh().in(TIME_WAIT);
    tcp.receives(Seg.rst()).sendsNothing().isIn(TIME_WAIT);
    tcp.receives(Seg.data(1).seq(1)).sends(ACK).seq(2).ack(2);
    tcp.receives(Seg.syn().seq(-100)).sends(ACK).seq(2).ack(2);
    tcp.advance(TWO_MSL - 5_000).receives(Seg.fin().seq(1)).sends(ACK).ack(2);
    tcp.advance(TWO_MSL - 1_000).isIn(TIME_WAIT).advance(2_000).isGone();
  }

  @Test
  @Tag("D14")
  void givenTimeWait_whenANewerSynComes_thenItOpensANewConnection() {
    var tcp = fresh().in(TIME_WAIT);
    tcp.receives(Seg.syn().seq(100_000)).sends(SYN | ACK).ack(100_001);
    tcp.isIn(SYN_RECEIVED);
    var stamped = fresh().options(mss(1_400), timestamp(5_000, 0)).in(TIME_WAIT);
    stamped.receives(Seg.flags(SYN).seq(-100).options(mss(1_400), timestamp(9_000, 0)));
    stamped.sends(SYN | ACK).ack(-99);
    stamped.isIn(SYN_RECEIVED);
  }

  @Test
  @Tag("rfc6191-b")
  void givenTimeWait_whenTheTimestampIsTheSame_thenAHigherNumberOpens() {
    var tcp = fresh().options(mss(1_400), timestamp(5_000, 0)).in(TIME_WAIT);
    var syn = Seg.flags(SYN).seq(100_000).options(mss(1_400), timestamp(5_000, 0));
    tcp.receives(syn).sends(SYN | ACK).ack(100_001);
  }

  @Test
  @Tag("rfc6191-c")
  void givenTimeWait_whenNeitherTimestampNorNumberIsNewer_thenAnAckAndNoConnection() {
    for (int ts : new int[] {4_999, 5_000}) {
      var tcp = fresh().options(mss(1_400), timestamp(5_000, 0)).in(TIME_WAIT);
      tcp.receives(Seg.flags(SYN).seq(-100).options(mss(1_400), timestamp(ts, 0)));
      tcp.sends(ACK).ack(2);
      tcp.isIn(TIME_WAIT);
    }
  }

  @Test
  @Tag("D15")
  void givenTextThatNobodyWillRead_whenWeEnd_thenReset() {
    var held = fresh().established().receives(Seg.data(10).seq(101));
    held.sent();
    held.close().sends(RST | ACK);
    held.isGone().allReturns();
    var late = fresh().established().close();
    late.sends(FIN | ACK);
    late.receives(Seg.data(10).seq(1).ack(1)).sends(RST).seq(1);
    late.isGone().allReturns();
    var aborted = fresh().established().send(10).abort();
    aborted.sends(ACK).length(10);
    aborted.sends(RST | ACK).seq(11);
    aborted.isGone().allReturns();
  }

  @Test
  @Tag("D15")
  void givenAListenerThatCloses_whenConnectionsAreThere_thenTheirDataIsNotLostSilently() {
    var tcp = fresh().established();
    var half = tcp.another(6_000);
    half.receives(Seg.syn()).sends(SYN | ACK);
    tcp.context.unlisten(Endpoint.any(TcpFixture.SERVICE));
    tcp.receives(Seg.data(10)).delivered(10).isEstablished();
    half.receives(Seg.data(10).seq(1).ack(1)).advance(1_000);
    boolean reset = half.sent().stream().anyMatch(s -> s.has(RST));
    assertTrue(reset || half.delivered == 10, "neither taken nor refused");
  }

  @Test
  @Tag("D16")
  @Tag("rfc1122-tcp-d")
  void givenShutdown_whenThePeerSendsMegabytes_thenAllIsDeliveredAndTheWindowStaysOpen() {
    var tcp =
        fresh()
            .options(mss(1_400), Seg.scale(7))
            .established()
            .send(10_000)
            .send(10_000)
            .shutdown();
    assertTrue(tcp.sent().stream().noneMatch(s -> s.has(FIN)), "data first");
    int total = 3_000_000;
    for (int sent = 0; sent < total; sent += 1_000) {
      tcp.receives(Seg.data(1_000));
      for (Sent s : tcp.sent()) {
        assertTrue(s.window > 1_000, s::toString);
      }
    }
    tcp.delivered(total).receives(Seg.ack().ack(20_002)).isIn(FIN_WAIT_2);
    tcp.receives(Seg.data(1_000)).delivered(total + 1_000);
    tcp.receives(Seg.fin()).isIn(TIME_WAIT).allReturns();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 15_000})
  @Tag("rfc1122-tcp-d")
  void givenThePeersFin_whenWeGoOn_thenAllOfOursArrives(int bytes) {
    var tcp = fresh().in(CLOSE_WAIT).send(bytes);
    for (int i = 0; i < 50; i++) {
      tcp.receives(Seg.ack());
    }
    assertEquals(1 + bytes, tcp.ourNxt);
    tcp.sent();
    tcp.shutdown().sends(FIN | ACK).seq(1 + bytes).ack(2);
    tcp.receives(Seg.ack()).isGone().allReturns();
  }
}
