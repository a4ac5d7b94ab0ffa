package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.ACK;
import static wisp.core.stack.Seg.FIN;
import static wisp.core.stack.Seg.RST;
import static wisp.core.stack.Seg.data;
import static wisp.core.stack.Seg.mss;
import static wisp.core.stack.TcpFixture.with;
import static wisp.core.tcp.State.CLOSE_WAIT;
import static wisp.core.tcp.State.FIN_WAIT_1;
import static wisp.core.tcp.State.FIN_WAIT_2;
import static wisp.core.tcp.State.LAST_ACK;
import static wisp.core.tcp.State.SYN_SENT;
import static wisp.core.tcp.State.TIME_WAIT;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@DisplayName(
    "RFC 9293 §3.6, §3.9.1.4, §3.9.1.5: close that waits, close with patience, abort, half-close")
class LingerTest {
  @Test
  @Tag("D15")
  void givenNoPatience_whenClosed_thenResetAndNothingWaits() {
    var tcp = TcpFixture.established().send(100);
    tcp.sends(ACK).seq(1).length(100);
    tcp.close(0).sends(RST | ACK).seq(101).ack(1);
    tcp.isGone().heard("released 0/100", "closed Aborted");
    tcp.allReturns();
  }

  @Test
  void givenPatience_whenAllIsConfirmedInTime_thenAnOrderlyClose() {
    var tcp = TcpFixture.established().send(100).close(5_000);
    tcp.sends(ACK).length(100);
    tcp.sends(FIN | ACK);
    tcp.isIn(FIN_WAIT_1).advance(1_000).sent();
    tcp.receives(Seg.ack()).isIn(FIN_WAIT_2).advance(10_000).isIn(FIN_WAIT_2);
    tcp.receives(Seg.fin()).isIn(TIME_WAIT);
    assertEquals(new CloseReason.Closed(), tcp.reason);
  }

  @Test
  void givenPatience_whenItIsOver_thenResetAndAborted() {
    var tcp = TcpFixture.established().send(100).close(5_000).advance(4_999);
    tcp.sent();
    tcp.isIn(FIN_WAIT_1).advance(140).sends(RST | ACK);
    tcp.isGone().heard("released 0/100", "closed Aborted");
    tcp.allReturns();
  }

  @Test
  void givenThePeerClosedFirst_whenOurFinIsNeverConfirmed_thenPatienceEnds() {
    var tcp = TcpFixture.in(CLOSE_WAIT).close(2_000);
    tcp.isIn(LAST_ACK).advance(2_140).isGone();
    assertEquals(new CloseReason.Aborted(), tcp.reason);
  }

  @Test
  void givenAWindowThatStaysShut_whenPatienceIsOver_thenAborted() {
    var tcp = with().window(0).established().send(100).close(3_000);
    for (int i = 0; i < 2; i++) {
      tcp.untilSends(3_000);
      tcp.sent();
      tcp.receives(Seg.ack().ack(1));
    }
    tcp.advance(3_000).sends(RST | ACK);
    tcp.isGone();
  }

  @Test
  void givenTheOpenGoesOn_whenPatienceIsOver_thenItIsGivenUp() {
    var tcp = with().in(SYN_SENT).send(10).close(1_500).isIn(SYN_SENT).advance(1_700).isGone();
    assertEquals(new CloseReason.Aborted(), tcp.reason);
  }

  @Test
  void givenPatienceAndTheSlotIsTakenAgain_whenItsTimeComes_thenTheNewOneLives() {
    var tcp = TcpFixture.established().close(5_000);
    long former = tcp.connection;
    tcp.receives(Seg.rst());
    var next = tcp.another(6_000).handshake();
    assertEquals(Context.slot(former), Context.slot(next.connection));
    next.send(10).advance(6_000).isEstablished();
  }

  @Test
  void givenAPatienceThatMeansNothingOrAStaleHandle_whenClosed_thenRefused() {
    var tcp = TcpFixture.established();
    assertThrows(IllegalArgumentException.class, () -> tcp.context.close(tcp.connection, -1));
    tcp.abort();
    assertFalse(tcp.context.close(tcp.connection, 0));
    assertFalse(tcp.context.close(tcp.connection, 1));
  }

  @Test
  @Tag("D16")
  @Tag("rfc1122-tcp-d")
  void givenWeClosedOurHalf_whenThePeerSendsMegabytes_thenAllIsDelivered() {
    var tcp = TcpFixture.established().send(100).shutdown();
    tcp.sends(ACK).length(100);
    tcp.sends(FIN | ACK);
    tcp.receives(Seg.ack()).isIn(FIN_WAIT_2);
    int bytes = 0;
    while (bytes < 2 << 20) {
      tcp.receives(data(1_460), data(1_460));
      bytes += 2_920;
      tcp.sends(ACK).seq(102).ack(bytes + 1).window(65_535);
    }
    tcp.delivered(bytes).advance(1_000_000).isIn(FIN_WAIT_2);
    tcp.receives(Seg.fin()).isIn(TIME_WAIT);
  }

  @Test
  @Tag("rfc1122-tcp-d")
  void givenThePeerClosedItsHalf_whenWeSendMegabytes_thenAllOfItIsSent() {
    var tcp = TcpFixture.in(CLOSE_WAIT);
    int given = 0;
    int confirmed = 0;
    while (confirmed < 2 << 20) {
      if (given - confirmed < 20_000) {
        tcp.send(14_600);
        given += 14_600;
      }
      for (Sent s : tcp.sent()) {
        confirmed = Math.max(confirmed, s.seq - 1 + s.payload.length);
      }
      tcp.receives(Seg.ack().ack(confirmed + 1));
    }
    tcp.isIn(CLOSE_WAIT);
    tcp.receives(Seg.ack().ack(tcp.ourNxt));
    tcp.advance(1_000).shutdown().isIn(LAST_ACK);
  }

  @Test
  @Tag("MAY-1")
  @Tag("D15")
  void givenAFullClose_whenDataArrives_thenResetAndItIsNeverDelivered() {
    var tcp = TcpFixture.established().close();
    tcp.sends(FIN | ACK);
    tcp.receives(data(10)).sends(RST);
    tcp.delivered(0).isGone();
  }

  @Test
  @Tag("D15")
  void givenTextBeyondAHole_whenClosed_thenResetAtOnce() {
    var tcp = TcpFixture.established().receives(data(10).seq(20));
    tcp.sent();
    tcp.close().sends(RST | ACK);
    tcp.isGone();
  }

  @Test
  @Tag("D15")
  @DisplayName(
      "A listener has no queue of its own: what it accepted lives on, what is half-open completes")
  void givenConnectionsOfAListener_whenItIsClosed_thenNoneIsLost() {
    var tcp = TcpFixture.established();
    var half = tcp.another(6_000).receives(Seg.flags(Seg.SYN).seq(0).options(mss(1_460)));
    half.sends(Seg.SYN | ACK);
    assertTrue(tcp.context.unlisten(Endpoint.any(TcpFixture.SERVICE)));
    half.receives(Seg.ack()).receives(data(5)).delivered(5).isEstablished();
    tcp.receives(data(5)).delivered(5).isEstablished();
    tcp.another(6_001).receives(Seg.syn()).sends(RST | ACK);
  }
}
