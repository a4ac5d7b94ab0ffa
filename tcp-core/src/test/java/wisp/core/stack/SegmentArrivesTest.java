package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.ACK;
import static wisp.core.stack.Seg.FIN;
import static wisp.core.stack.Seg.PSH;
import static wisp.core.stack.Seg.RST;
import static wisp.core.stack.Seg.SYN;
import static wisp.core.stack.Seg.mss;
import static wisp.core.stack.Seg.timestamp;
import static wisp.core.stack.TcpFixture.with;
import static wisp.core.tcp.State.CLOSE_WAIT;
import static wisp.core.tcp.State.CLOSING;
import static wisp.core.tcp.State.ESTABLISHED;
import static wisp.core.tcp.State.FIN_WAIT_1;
import static wisp.core.tcp.State.FIN_WAIT_2;
import static wisp.core.tcp.State.LAST_ACK;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;
import wisp.core.tcp.State;

@DisplayName("RFC 9293 §3.10.7.4: the checks of a segment in a synchronized state")
@Tag("rfc9293-3.10.7.4")
class SegmentArrivesTest {
  @Nested
  @DisplayName("second: RST, narrowed by RFC 5961 §3")
  class Reset {
    @ParameterizedTest
    @EnumSource(
        value = State.class,
        names = {"ESTABLISHED", "FIN_WAIT_1", "FIN_WAIT_2", "CLOSE_WAIT", "CLOSING", "LAST_ACK"})
    @Tag("rfc5961-a")
    void onlyTheExactNumberResets(State state) {
      for (boolean active : new boolean[] {false, true}) {
        var tcp = with().actively(active).in(state);
        tcp.receives(Seg.rst().seq(tcp.peerNxt - 1)).sendsNothing().isIn(state);
        tcp.receives(Seg.rst().seq(tcp.peerNxt + 65_535)).sendsNothing().isIn(state);
        tcp.receives(Seg.rst().seq(tcp.peerNxt + 1));
        tcp.sends(ACK).seq(tcp.ourNxt).ack(tcp.peerNxt).length(0);
        tcp.receives(Seg.rst().seq(tcp.peerNxt + 65_534));
        tcp.sends(ACK).seq(tcp.ourNxt).ack(tcp.peerNxt);
        tcp.isIn(state).heardNothing();
        tcp.receives(Seg.rst().seq(tcp.peerNxt)).sendsNothing().isGone();
        boolean orderly = state == CLOSING || state == LAST_ACK;
        tcp.heard(orderly ? "closed Closed" : "closed ResetByPeer");
        tcp.allReturns();
      }
    }

    @Test
    @Tag("SHLD-2")
    void aResetWithDataResets() {
      var tcp = TcpFixture.established();
      tcp.receives(Seg.rst().length(20)).isGone().heard("closed ResetByPeer");
    }

    @Test
    @Tag("MUST-66")
    void aResetCountsAtZeroWindow() {
      var tcp = with().receiveWindow(100).established().pause();
      tcp.receives(Seg.data(100)).advance(100);
      tcp.sends(ACK).ack(101).window(0);
      tcp.receives(Seg.rst()).isGone().heard("data 100", "closed ResetByPeer");
    }

    @Test
    @Tag("rfc5961-d")
    void challengesAreLimited() {
      var tcp = TcpFixture.established();
      for (int i = 0; i < 100; i++) {
        tcp.receives(Seg.rst().seq(tcp.peerNxt + 1 + i));
      }
      assertTrue(tcp.sent().size() <= 10);
      tcp.isEstablished();
    }

    @Test
    @Tag("MUST-12")
    void unsentAndUnacknowledgedFramesComeBack() {
      var tcp = TcpFixture.established().send(3_000).send(500);
      tcp.receives(Seg.ack().ack(1_461), Seg.rst().ack(0));
      tcp.heard("acked 1460", "released 1460/3000", "released 0/500", "closed ResetByPeer");
      tcp.allReturns();
    }
  }

  @Nested
  @DisplayName("fourth: SYN, RFC 5961 §4")
  class Syn {
    @ParameterizedTest
    @EnumSource(
        value = State.class,
        names = {"ESTABLISHED", "FIN_WAIT_1", "FIN_WAIT_2", "CLOSE_WAIT", "CLOSING", "LAST_ACK"})
    @Tag("rfc5961-b")
    void drawsAChallengeWhereverItLies(State state) {
      for (int flags : new int[] {SYN, SYN | ACK}) {
        for (int offset : new int[] {-100_000, -1, 0, 1, 60_000, 100_000}) {
          var tcp = TcpFixture.in(state);
          tcp.receives(Seg.flags(flags).seq(tcp.peerNxt + offset).options(mss(1_460)));
          tcp.sends(ACK).seq(tcp.ourNxt).ack(tcp.peerNxt).length(0);
          tcp.sendsNothing().isIn(state).heardNothing();
        }
      }
    }

    @Test
    @DisplayName("a peer that rebooted and offers no timestamps is challenged too")
    @Tag("rfc5961-b")
    void withoutTimestampsToo() {
      var tcp = with().options(mss(1_460), timestamp(1, 0)).established();
      tcp.receives(Seg.flags(SYN).seq(-5_000).options(mss(1_460)));
      tcp.sends(ACK).ack(1);
      tcp.receives(Seg.rst().seq(1)).isGone();
    }

    @Test
    void itsDataIsNotTaken() {
      var tcp = TcpFixture.established();
      tcp.receives(Seg.flags(SYN | ACK).seq(1).length(10)).delivered(0);
      tcp.sends(ACK).ack(1);
    }
  }

  @Nested
  @DisplayName("first: sequence number")
  class SequenceNumber {
    @Test
    void dataLeftOfTheWindowIsAnsweredAtOnceAndAlways() {
      var tcp = TcpFixture.established().receives(Seg.data(100)).advance(100);
      tcp.sent();
      for (int i = 0; i < 20; i++) {
        tcp.receives(Seg.data(100).seq(1));
        tcp.sends(ACK).ack(101);
      }
      tcp.delivered(100);
    }

    @Test
    void dataRightOfTheWindowIsAnsweredAndNotHeld() {
      var tcp = with().receiveWindow(1_000).established();
      tcp.receives(Seg.data(100).seq(1_001));
      tcp.sends(ACK).ack(1);
      assertEquals(0, tcp.blocksInUse());
      tcp.delivered(0);
    }

    @Test
    void dataAcrossTheRightEdgeIsCut() {
      var tcp = with().receiveWindow(1_000).established();
      tcp.receives(Seg.data(1_200).seq(1)).delivered(1_000);
      tcp.advance(100);
      tcp.sends(ACK).ack(1_001);
    }

    @Test
    void aFinBeyondTheRightEdgeIsNotTaken() {
      var tcp = with().receiveWindow(1_000).established();
      tcp.receives(Seg.flags(FIN | ACK).length(1_200).seq(1)).delivered(1_000).isEstablished();
      tcp.advance(100).sent();
      tcp.receives(Seg.flags(FIN | ACK).length(200).seq(1_001)).delivered(1_200);
      tcp.isIn(CLOSE_WAIT);
    }

    @Test
    void dataAcrossTheLeftEdgeIsCut() {
      var tcp = TcpFixture.established().receives(Seg.data(100));
      tcp.receives(Seg.data(150).seq(51)).delivered(200);
      tcp.sends(ACK).ack(201);
    }

    @Test
    void aKeepAliveIsAnswered() {
      var tcp = TcpFixture.established().receives(Seg.data(100)).advance(100);
      tcp.sent();
      tcp.receives(Seg.ack().seq(100));
      tcp.sends(ACK).seq(1).ack(101);
      tcp.receives(Seg.data(1).seq(100));
      tcp.sends(ACK).seq(1).ack(101);
      tcp.delivered(100);
    }

    @Test
    @DisplayName("threats 4.5: bare ACKs outside the window draw few answers")
    void strayAcksAreLimited() {
      var tcp = TcpFixture.established();
      for (int i = 0; i < 1_000; i++) {
        tcp.receives(Seg.ack().seq(-100));
      }
      assertTrue(tcp.sent().size() <= 10);
    }
  }

  @Nested
  @DisplayName("fifth: ACK")
  class Acknowledged {
    @Test
    @Tag("MAY-12")
    @Tag("rfc5961-c")
    void ofWhatWasNeverSentIsAnsweredAndTheSegmentDropped() {
      var tcp = TcpFixture.established();
      tcp.receives(Seg.data(10).seq(1).ack(2));
      tcp.sends(ACK).seq(1).ack(1);
      tcp.delivered(0).isEstablished();
      assertEquals(1, tcp.counted(Event.DROP_ACK));
    }

    @Test
    @DisplayName("D04: nor is its timestamp remembered")
    @Tag("D04")
    void ofWhatWasNeverSentLeavesNoTimestamp() {
      var tcp = with().options(mss(1_460), timestamp(5_000, 0)).established();
      tcp.receives(Seg.data(10).seq(1).ack(2).ts(2_000_000_000, 0)).delivered(0);
      tcp.sent();
      tcp.receives(Seg.data(10)).delivered(10);
    }

    @Test
    @DisplayName("RFC 5961 §5")
    @Tag("MAY-12")
    @Tag("rfc5961-c")
    void olderThanTheLargestWindowIsDropped() {
      var tcp = TcpFixture.established();
      tcp.receives(Seg.data(10).seq(1).ack(1 - 65_536)).delivered(0);
      tcp.sends(ACK).ack(1);
      tcp.receives(Seg.data(10).seq(1).ack(1 - 65_535)).delivered(10);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, FIN, PSH})
    @DisplayName("D11: without the flag nothing counts")
    @Tag("D11")
    void missingDropsTheSegment(int flags) {
      var tcp = TcpFixture.established();
      tcp.receives(Seg.flags(flags).seq(1).length(10)).delivered(0).sendsNothing();
      tcp.isEstablished();
      assertEquals(1, tcp.counted(Event.DROP_FLAGS));
    }

    @Test
    @Tag("rfc1122-tcp-a")
    void anOldOneDoesNotMoveTheWindow() {
      var tcp = TcpFixture.established().send(100);
      tcp.receives(Seg.ack().ack(101).window(5_000));
      tcp.receives(Seg.ack().ack(50).window(100));
      assertTrue(tcp.number(t -> t.sndWnd) > 4_000);
    }

    @Test
    @DisplayName("SND.WL1, SND.WL2: an older segment does not set the window")
    @Tag("rfc1122-tcp-a")
    void anOlderSegmentDoesNotMoveTheWindow() {
      var tcp = TcpFixture.established().send(100);
      tcp.receives(Seg.data(10).seq(1).ack(1).window(5_000));
      tcp.receives(Seg.data(10).seq(11).ack(1).window(6_000));
      tcp.receives(Seg.data(20).seq(1).ack(1).window(100));
      assertEquals(6_000, tcp.number(t -> t.sndWnd));
    }
  }

  @Nested
  @DisplayName("PAWS, RFC 7323 §5")
  class Paws {
    private final TcpFixture tcp = with().options(mss(1_460), timestamp(5_000, 0)).established();

    @Test
    @Tag("rfc7323-c")
    void anOlderTimestampIsDroppedAndAnswered() {
      tcp.receives(Seg.data(10).seq(1).ts(4_999, 0)).delivered(0);
      tcp.sends(ACK).ack(1);
      assertEquals(1, tcp.counted(Event.DROP_PAWS));
    }

    @Test
    void theSameTimestampIsTaken() {
      tcp.receives(Seg.data(10).ts(5_000, 0)).delivered(10);
    }

    @Test
    @Tag("rfc7323-d")
    void aMissingOneIsDropped() {
      tcp.receives(Seg.data(10).seq(1).withoutTimestamp()).delivered(0).sendsNothing();
      assertEquals(1, tcp.counted(Event.DROP_PAWS));
    }

    @Test
    @Tag("rfc7323-d")
    void aResetNeedsNone() {
      tcp.receives(Seg.rst().seq(1).withoutTimestamp()).isGone();
    }

    @Test
    @Tag("rfc7323-c")
    void anOldOneOnAResetDoesNotMatter() {
      tcp.receives(Seg.rst().seq(1).options(timestamp(1, 0))).isGone();
    }

    @Test
    @DisplayName("threats 4.9: a far future one on an unacceptable segment freezes nothing")
    void anUnacceptableSegmentIsNotRemembered() {
      tcp.receives(Seg.data(10).seq(-5_000).ts(2_000_000_000, 0));
      tcp.receives(Seg.data(10)).delivered(10);
    }

    @Test
    @Tag("rfc7323-b")
    void aSegmentBeyondAHoleIsNotEchoed() {
      tcp.receives(Seg.data(10).seq(11).ts(6_000, 0));
      assertEquals(5_000, tcp.sends(ACK).ack(1).tsEcr, 5);
    }

    @Test
    @DisplayName("§5.5: after 24 days of silence anything is taken")
    @Tag("rfc7323-c")
    void idleTimeMakesItInvalid() {
      tcp.advance(24L * 24 * 3_600 * 1_000);
      tcp.receives(Seg.data(10).seq(1).ts(4_000, 0)).delivered(10);
    }

    @Test
    @Tag("rfc7323-c")
    void aDayOfSilenceDoesNot() {
      tcp.advance(24L * 3_600 * 1_000);
      tcp.receives(Seg.data(10).seq(1).ts(4_000, 0)).delivered(0);
    }

    @Test
    void wrapIsNoDifference() {
      var wrapping = with().options(mss(1_460), timestamp(-2, 0)).in(State.SYN_RECEIVED);
      wrapping.receives(Seg.ack().ts(-2, 0));
      wrapping.receives(Seg.data(10).ts(-1, 0)).receives(Seg.data(10).ts(1, 0)).delivered(20);
      wrapping.receives(Seg.data(10).ts(2, 0)).delivered(30);
      wrapping.receives(Seg.data(10).seq(31).ts(-1, 0)).delivered(30);
    }
  }

  @Test
  @Tag("MUST-3")
  @DisplayName("D01: a wrong checksum and nothing at all happens")
  @Tag("D01")
  void givenWrongChecksum_whenItArrives_thenNothing() {
    for (State state : new State[] {ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT, LAST_ACK}) {
      for (Seg seg :
          new Seg[] {Seg.data(10), Seg.flags(ACK | FIN), Seg.rst(), Seg.flags(SYN), Seg.ack()}) {
        var tcp = TcpFixture.in(state);
        tcp.receives(seg.seq(tcp.peerNxt).corrupt());
        tcp.sendsNothing().isIn(state).heardNothing().delivered(0);
        assertEquals(1, tcp.counted(Event.DROP_TCP_CHECKSUM));
      }
    }
    var tcp = TcpFixture.established();
    tcp.receives(Seg.data(10).seq(1).corrupt()).receives(Seg.data(10)).delivered(10);
  }

  @Test
  void givenABurst_whenTheConnectionEndsInIt_thenTheRestMeetsClosed() {
    var tcp = TcpFixture.established();
    tcp.receives(Seg.rst().seq(1), Seg.flags(SYN).seq(90_000).options(mss(1_460)));
    tcp.heard("closed ResetByPeer");
    tcp.sends(SYN | ACK).ack(90_001);
  }

  @Test
  @DisplayName("every drop of a burst that outlives its connection is counted")
  void givenABurst_whenTheConnectionEndsInIt_thenDataDrawsReset() {
    var tcp = TcpFixture.established();
    tcp.receives(Seg.rst().seq(1), Seg.data(10).seq(1));
    tcp.sends(RST).seq(1);
    assertEquals(1, tcp.counted(Event.DROP_NO_CONNECTION));
  }
}
