package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.ACK;
import static wisp.core.stack.Seg.RST;
import static wisp.core.stack.Seg.mss;
import static wisp.core.stack.Seg.sackPermitted;
import static wisp.core.stack.Seg.scale;
import static wisp.core.stack.Seg.timestamp;
import static wisp.core.stack.TcpFixture.with;
import static wisp.core.tcp.State.CLOSE_WAIT;
import static wisp.core.tcp.State.FIN_WAIT_2;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import wisp.core.spi.BlockPool;
import wisp.core.spi.CongestionState;
import wisp.core.spi.Footprint;

@DisplayName("An idle connection is a record and nothing else, and wakes up as it fell asleep")
class SleepTest {
  private static final byte[][] ALL = {mss(1_234), scale(9), sackPermitted(), timestamp(5_000, 0)};

  /** Makes the desk forget what it has laid out, so that the next look reads the record. */
  private static TcpFixture asleep(TcpFixture tcp) {
    assertEquals(0, tcp.blocksInUse(), "it has a block");
    var other = tcp.another(9_999);
    other.receives(Seg.flags(Seg.SYN).seq(0).options(mss(1_460)));
    other.receives(Seg.rst().seq(1));
    assertTrue(tcp.is(t -> t.block == BlockPool.NONE));
    return tcp;
  }

  private static TcpFixture afterALoss() {
    return lose(with().options(mss(1_460), sackPermitted()).established());
  }

  /** Of ten segments the first is lost. */
  private static TcpFixture lose(TcpFixture tcp) {
    tcp.send(100).sent();
    tcp.advance(20).receives(Seg.ack()).send(14_600).sent();
    int first = tcp.iss + 101;
    tcp.receives(Seg.ack().ack(101).options(Seg.sack(first + 1_460, first + 14_600))).sent();
    return tcp;
  }

  @Test
  @DisplayName(
      "RFC 5681 §4.1: after a sleep slow start ends where it should have; others begin anew")
  void givenALossBeforeItSlept_whenItWakes_thenSsthreshIsThereForItAlone() {
    var tcp = afterALoss();
    tcp.advance(20).receives(Seg.ack());
    int before = tcp.number(t -> t.congestion.ssthreshBytes);
    int cwnd = tcp.number(t -> t.congestion.cwndBytes);
    assertTrue(before < 14_600, () -> before + " after the loss");
    tcp.advance(5_000);
    asleep(tcp).send(100);
    int after = tcp.number(t -> t.congestion.ssthreshBytes);
    assertEquals(Math.max(before, cwnd / 4 * 3), after);
    var next = tcp.another(6_000).handshake().send(100);
    assertEquals(CongestionState.UNLIMITED, next.number(t -> t.congestion.ssthreshBytes));
  }

  @Test
  void givenOneSleepsWithSsthresh_whenAnotherToTheHostEndsAfterALoss_thenTheSleepersStays() {
    var tcp = afterALoss();
    tcp.advance(20).receives(Seg.ack()).advance(5_000);
    asleep(tcp);
    var other = lose(tcp.another(6_000).handshake());
    assertTrue(other.is(t -> t.congestion.ssthreshBytes < 14_600));
    other.receives(Seg.rst());
    tcp.send(100);
    assertTrue(tcp.is(t -> t.congestion.ssthreshBytes < 14_600));
  }

  @Test
  void givenALossBeforeItEnded_whenAnotherGetsItsSlot_thenItBeginsAnew() {
    var tcp = afterALoss();
    int slot = tcp.number(t -> t.slot);
    assertTrue(tcp.is(t -> t.congestion.ssthreshBytes < 14_600));
    tcp.receives(Seg.rst());
    var next = tcp.another(6_000).handshake().send(100);
    assertEquals(slot, next.number(t -> t.slot));
    assertEquals(CongestionState.UNLIMITED, next.number(t -> t.congestion.ssthreshBytes));
  }

  // ---- No block in use -------------------------------------------------------------------------

  @Test
  void givenAHandshake_whenItIsOver_thenNoBlock() {
    assertEquals(0, TcpFixture.established().blocksInUse());
    assertEquals(0, with().actively().established().blocksInUse());
    assertEquals(0, with().options(ALL).established().blocksInUse());
  }

  @Test
  void givenARequestAndItsResponse_whenAcknowledged_thenNoBlock() {
    var tcp = TcpFixture.established().receives(Seg.data(100)).send(200);
    tcp.sent();
    tcp.receives(Seg.ack()).advance(0);
    assertEquals(0, tcp.blocksInUse());
    assertEquals(0, tcp.host.memory.frames().inUse());
  }

  @Test
  void givenATransferThatTaughtUsSomething_whenOneRtoHasPassed_thenNoBlock() {
    var tcp = TcpFixture.established();
    for (int i = 0; i < 20; i++) {
      tcp.send(14_600);
    }
    for (int i = 0; i < 200 && !tcp.out.isEmpty(); i++) {
      tcp.sent();
      tcp.advance(10).receives(Seg.ack());
    }
    assertEquals(1, tcp.blocksInUse(), "drowsy: it keeps cwnd");
    tcp.advance(1_500);
    assertEquals(0, tcp.blocksInUse());
    tcp.send(14_600).receives(Seg.ack());
    tcp.isEstablished();
  }

  @Test
  void givenADrowsyConnection_whenThePoolIsShort_thenItsBlockGoesFirst() {
    var tcp = TcpFixture.established();
    for (int i = 0; i < 20; i++) {
      tcp.send(14_600);
    }
    for (int i = 0; i < 200 && !tcp.out.isEmpty(); i++) {
      tcp.sent();
      tcp.advance(10).receives(Seg.ack());
    }
    assertEquals(1, tcp.blocksInUse());
    tcp.host.memory.blockRequests.most = 1;
    var other = tcp.another(6_000);
    other.receives(Seg.syn());
    other.sends(Seg.SYN | ACK);
    tcp.isEstablished();
    assertEquals(1, tcp.blocksInUse());
    other.receives(Seg.ack()).isEstablished();
    tcp.receives(Seg.data(10)).delivered(10);
  }

  @Test
  void givenDataReceived_whenAcknowledged_thenNoBlockAtAnyTime() {
    var tcp = TcpFixture.established();
    tcp.host.memory.blockRequests.most = 0;
    for (int i = 0; i < 100; i++) {
      tcp.receives(Seg.data(1_460));
    }
    tcp.delivered(146_000);
    assertEquals(0, tcp.host.memory.blockRequests.refused, "it never asked for one");
  }

  @Test
  void givenHalfClosedEitherWay_whenQuiet_thenNoBlock() {
    assertEquals(0, TcpFixture.in(FIN_WAIT_2).blocksInUse());
    assertEquals(0, TcpFixture.in(CLOSE_WAIT).blocksInUse());
  }

  @Test
  void givenAThousandIdleConnections_whenMeasured_thenOnlyRecordsAreInUse() {
    var tcp = TcpFixture.established();
    for (int port = 10_000; port < 11_000; port++) {
      tcp.another(port).handshake();
    }
    var footprint = new Footprint();
    tcp.context.footprint(footprint);
    assertEquals(0, footprint.inUseBytes(Footprint.Kind.BLOCKS));
    assertEquals(1_001 * 24, footprint.inUseBytes(Footprint.Kind.RECORDS));
  }

  // ---- Every variable --------------------------------------------------------------------------

  @Test
  void givenNegotiatedOptions_whenItWakes_thenTheyAreTheSame() {
    var tcp = asleep(with().options(ALL).established());
    assertEquals(9, tcp.number(t -> t.sndScale));
    assertEquals(5, tcp.number(t -> t.rcvScale));
    assertTrue(tcp.is(t -> t.windowScaling && t.sackPermitted && t.timestamps));
    assertEquals(1_234, tcp.number(t -> t.peerMss));
    assertEquals(1_234 - 12, tcp.number(t -> t.effectiveMss()));
    tcp.send(5_000);
    Sent s = tcp.sends(ACK);
    assertEquals(1_222, s.payload.length);
    assertTrue(s.hasTimestamp);
    assertEquals(5_000, s.tsEcr, 2);
  }

  @Test
  void givenNoOptions_whenItWakes_thenStillNone() {
    var tcp = asleep(with().options().established());
    assertTrue(tcp.is(t -> !t.windowScaling && !t.sackPermitted && !t.timestamps));
    assertEquals(0, tcp.number(t -> t.sndScale));
    assertEquals(0, tcp.number(t -> t.rcvScale));
    assertEquals(536, tcp.number(t -> t.peerMss));
  }

  @Test
  void givenTimestamps_whenItWakes_thenPawsStillHolds() {
    var tcp = asleep(with().options(ALL).established());
    tcp.receives(Seg.data(10).seq(1).ts(4_000, 0)).delivered(0);
    asleep(tcp);
    tcp.receives(Seg.data(10)).delivered(10);
  }

  @Test
  void givenSequenceNumbers_whenItWakes_thenTheyGoOn() {
    var tcp = TcpFixture.established().receives(Seg.data(100)).send(50);
    tcp.sent();
    asleep(tcp.receives(Seg.ack()));
    assertEquals(tcp.iss + 51, tcp.number(t -> t.sndNxt));
    assertEquals(tcp.iss + 51, tcp.number(t -> t.sndUna));
    assertEquals(tcp.irs + 101, tcp.number(t -> t.rcvNxt));
    tcp.send(10);
    tcp.sends(ACK).seq(51).ack(101);
  }

  @Test
  void givenAWindow_whenItWakes_thenItIsNeverMoreThanThePeerSaid() {
    for (int window : new int[] {0, 1, 63, 64, 65, 127, 1_000, 4_097, 65_535}) {
      for (int shift : new int[] {0, 7, 14}) {
        var tcp = with().options(mss(1_460), scale(shift)).window(window).established();
        asleep(tcp);
        int said = window << shift;
        int kept = tcp.number(t -> t.sndWnd);
        assertTrue(kept <= said && kept >= said - said / 32, kept + " of " + said);
      }
    }
  }

  @Test
  void givenPausedAtItsEdge_whenItSleeps_thenTheWindowStaysShut() {
    var tcp = with().receiveWindow(1_000).established().pause().receives(Seg.data(1_000));
    tcp.advance(100).sends(ACK).window(0);
    asleep(tcp);
    assertTrue(tcp.is(t -> t.paused && t.rcvAdv == t.rcvNxt));
    tcp.receives(Seg.data(1).seq(1_001)).delivered(1_000);
    tcp.sends(ACK).window(0);
    asleep(tcp).resume();
    tcp.sends(ACK).window(1_000);
  }

  @Test
  void givenPausedBeforeItsEdge_whenQuiet_thenABlockKeepsTheEdge() {
    var tcp = with().receiveWindow(1_000).established().pause();
    assertEquals(1, tcp.blocksInUse());
    tcp.receives(Seg.data(400)).advance(1_000);
    tcp.sends(ACK).window(600);
    assertEquals(1, tcp.blocksInUse());
    tcp.resume();
    assertEquals(0, tcp.blocksInUse());
  }

  @Test
  void givenAnAckOwed_whenItSleeps_thenItIsSent() {
    var tcp = asleep(TcpFixture.established().receives(Seg.data(10)));
    assertTrue(tcp.is(t -> t.ackOwed));
    tcp.advance(50).sends(ACK).ack(11);
  }

  @Test
  void givenTwoSegmentsWithASleepBetween_whenTheSecondCames_thenAckAtOnce() {
    var tcp = asleep(TcpFixture.established().receives(Seg.data(1_460)));
    tcp.receives(Seg.data(1_460)).sends(ACK).ack(2_921);
  }

  @Test
  void givenFullyClosedFinWait2_whenItWakes_thenDataStillDrawsReset() {
    var tcp = TcpFixture.established().close();
    tcp.receives(Seg.ack()).sent();
    asleep(tcp);
    assertTrue(tcp.is(t -> t.applicationClosed));
    tcp.receives(Seg.data(10)).sends(RST);
  }

  @Test
  void givenBothRoles_whenItWakes_thenItKnowsItsRoleAndEndpoints() {
    for (boolean active : new boolean[] {false, true}) {
      var tcp = with().actively(active).established();
      assertEquals(0, tcp.blocksInUse());
      assertTrue(tcp.is(t -> t.passive != active));
      assertEquals("10.0.0.2", tcp.context.remote(tcp.connection).address().toString());
      assertEquals("10.0.0.1", tcp.context.local(tcp.connection).address().toString());
    }
  }

  @Test
  void givenManyMssValues_whenTheyWake_thenNeverMoreThanThePeerSaid() {
    var tcp = with().options(mss(600)).established();
    for (int i = 0; i < 30; i++) {
      var other = tcp.another(20_000 + i);
      int said = 1_200 - 37 * i;
      other.receives(Seg.flags(Seg.SYN).seq(0).options(mss(said)));
      other.sends(Seg.SYN | ACK);
      other.receives(Seg.ack());
      asleep(other);
      assertTrue(other.number(t -> t.peerMss) <= said, () -> "MSS " + said);
    }
  }

  @Test
  void givenAChallengeLimit_whenAsleep_thenItHoldsWithoutAByte() {
    var tcp = asleep(TcpFixture.established());
    for (int i = 0; i < 100; i++) {
      tcp.receives(Seg.rst().seq(100));
    }
    assertTrue(tcp.sent().size() <= 4);
    assertEquals(0, tcp.blocksInUse());
    assertFalse(tcp.is(t -> t.block != BlockPool.NONE));
  }
}
