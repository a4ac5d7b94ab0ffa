package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.ACK;
import static wisp.core.stack.Seg.FIN;
import static wisp.core.stack.Seg.mss;
import static wisp.core.stack.Seg.timestamp;
import static wisp.core.stack.TcpFixture.with;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import wisp.core.Counters.Event;

@DisplayName("RFC 6298, RFC 5681, RFC 6582, RFC 3042: loss and what follows from it")
@Tag("rfc9293-3.8.1")
class RetransmissionTest {
  /** Ten full segments in flight: the initial window of RFC 6928. */
  private static TcpFixture tenInFlight() {
    var tcp = TcpFixture.established().send(14_600).send(14_600);
    assertEquals(10, tcp.sent().size());
    return tcp;
  }

  private static int at(int segment) {
    return 1 + 1_460 * segment;
  }

  // ---- The timer -------------------------------------------------------------------------------

  @Test
  @Tag("MUST-18")
  @Tag("MUST-19")
  @DisplayName("D20: ten intervals without an answer")
  @Tag("rfc6298-b")
  void givenNoAnswer_whenTheTimerFires_thenTheIntervalDoublesToAMinute() {
    var tcp = TcpFixture.established().send(100);
    tcp.sends(ACK);
    List<Long> gaps = new ArrayList<>();
    for (int i = 0; i < 9; i++) {
      gaps.add(Math.round(tcp.untilSends(100_000) / 1_000));
      tcp.sends(ACK).seq(1).length(100);
    }
    assertEquals(List.of(1L, 2L, 4L, 8L, 16L, 32L, 60L, 60L, 60L), gaps);
  }

  @Test
  @Tag("MUST-18")
  @DisplayName("Karn: no sample from what was resent, the back-off stays until a clean one")
  @Tag("rfc6298-c")
  @Tag("rfc2525-b")
  void givenABackedOffTimer_whenTheResentIsAcknowledged_thenTheNextStartsBackedOff() {
    var tcp = TcpFixture.established().send(100);
    tcp.sends(ACK);
    for (int i = 0; i < 3; i++) {
      tcp.untilSends(100_000);
      tcp.sent();
    }
    tcp.send(200).sendsNothing().receives(Seg.ack().ack(101));
    tcp.sends(ACK).seq(101);
    double rto = tcp.untilSends(100_000);
    assertTrue(rto > 7_000, () -> "RTO " + rto);
    tcp.sends(ACK).seq(101);
    tcp.receives(Seg.ack());
  }

  @Test
  @DisplayName("steady round trips, however long, leave room for an ACK that the peer delays")
  @Tag("rfc6298-b")
  void givenSteadyLongRoundTrips_thenTheTimeOutIsNotTheRoundTrip() {
    var tcp = TcpFixture.established();
    for (int i = 0; i < 60; i++) {
      tcp.send(100).advance(2_000).receives(Seg.ack().ack(tcp.ourNxt));
    }
    tcp.send(100).sent();
    assertEquals(2_200, tcp.untilSends(5_000), 20);
  }

  @Test
  void givenACleanSample_whenBackedOff_thenTheRtoIsComputedAnew() {
    var tcp = TcpFixture.established().send(100);
    tcp.sends(ACK);
    tcp.untilSends(5_000);
    tcp.sent();
    tcp.send(200).receives(Seg.ack().ack(101));
    tcp.sends(ACK).seq(101);
    tcp.advance(100).send(300).receives(Seg.ack().ack(301));
    tcp.sends(ACK).seq(301);
    assertEquals(1_000, tcp.untilSends(10_000), 300);
  }

  @Test
  void givenTimestamps_whenTheResentIsAcknowledged_thenTheEchoEndsTheBackOff() {
    var tcp = with().options(mss(1_460), timestamp(1, 0)).established().send(100);
    tcp.sends(ACK);
    for (int i = 0; i < 3; i++) {
      tcp.untilSends(100_000);
      tcp.sent();
    }
    tcp.send(200).receives(Seg.ack().ack(101));
    tcp.sends(ACK).seq(101);
    assertEquals(1_000, tcp.untilSends(20_000), 50);
  }

  @Test
  @DisplayName("threats 4.10: a forged echo makes no sample")
  void givenAForgedEcho_whenItArrives_thenTheRtoStaysInRange() {
    for (int echo : new int[] {0, Integer.MAX_VALUE, Integer.MIN_VALUE, -1, 1}) {
      var tcp = with().options(mss(1_460), timestamp(1, 0)).established().send(100);
      tcp.receives(Seg.ack().ts(10_000, echo)).send(100).sent();
      double rto = tcp.untilSends(61_000);
      assertTrue(rto >= 990 && rto <= 60_000, () -> "RTO " + rto);
    }
  }

  @Test
  @Tag("MUST-18")
  void givenAMeasuredPath_whenItIsSlow_thenTheRtoFollows() {
    var tcp = TcpFixture.established();
    for (int i = 0; i < 20; i++) {
      tcp.send(100).advance(800).sent();
      tcp.receives(Seg.ack());
    }
    tcp.send(100).sent();
    double rto = tcp.untilSends(60_000);
    assertTrue(rto >= 990 && rto < 2_000, () -> "RTO " + rto);
  }

  @Test
  void givenAnAck_whenItIsPartial_thenTheTimerStartsAnew() {
    var tcp = tenInFlight();
    tcp.advance(900).receives(Seg.ack().ack(at(1)));
    tcp.sent();
    assertTrue(tcp.untilSends(10_000) > 950);
  }

  @Test
  void givenEverythingAcknowledged_whenTimePasses_thenNothingIsSent() {
    var tcp = TcpFixture.established().send(100);
    tcp.sent();
    tcp.receives(Seg.ack()).advance(1_000_000).sendsNothing();
  }

  @Test
  @Tag("MUST-20")
  @Tag("MUST-21")
  @Tag("SHLD-11")
  void givenR2_whenItPasses_thenTheConnectionEndsAndFramesComeBack() {
    var tcp =
        with().profile(new ConnectionProfile(true, 100_000 * TcpFixture.MS, 64, 0)).established();
    tcp.send(100).advance(99_000).isEstablished();
    tcp.advance(60_000).isGone().heard("trouble 3", "released 0/100", "closed TimedOut");
    tcp.allReturns();
  }

  @Test
  @Tag("MUST-21")
  void givenNoR2_whenADayPasses_thenItStillTries() {
    var tcp = with().profile(new ConnectionProfile(true, Long.MAX_VALUE, 64, 0)).established();
    tcp.send(100).advance(86_400_000L).isEstablished();
    tcp.receives(Seg.ack()).heard("trouble 3", "acked 100", "released 100/100");
  }

  @Test
  void givenATimeOut_whenItHappens_thenCwndIsOneSegmentAndGrowsAgain() {
    var tcp = tenInFlight();
    tcp.untilSends(2_000);
    tcp.sends(ACK).seq(1).length(1_460);
    tcp.sendsNothing();
    tcp.receives(Seg.ack().ack(1)).receives(Seg.ack().ack(at(1))); // a duplicate first: no F-RTO
    assertEquals(2, tcp.out.size());
    tcp.sends(ACK).seq(at(1));
    tcp.sends(ACK).seq(at(2));
    tcp.receives(Seg.ack().ack(at(10)));
    assertTrue(tcp.out.stream().allMatch(s -> s.seq >= at(10)), "nothing acknowledged is resent");
    assertEquals(1, tcp.counted(Event.TIMEOUTS));
  }

  @Test
  void givenDataAndFinLost_whenResent_thenTheFinRidesAlong() {
    var tcp = TcpFixture.established().send(100).shutdown();
    tcp.sent();
    tcp.untilSends(2_000);
    tcp.sends(FIN | ACK).seq(1).length(100);
  }

  // ---- Duplicate ACKs --------------------------------------------------------------------------

  @Test
  @DisplayName("D21: fast retransmit at exactly the third")
  void givenDuplicateAcks_whenTheThirdComes_thenTheHoleIsResent() {
    var tcp = tenInFlight();
    tcp.receives(Seg.ack().ack(1));
    tcp.receives(Seg.ack().ack(1));
    assertTrue(tcp.sent().stream().noneMatch(s -> s.seq == 1));
    tcp.receives(Seg.ack().ack(1));
    assertEquals(1, tcp.sent().stream().filter(s -> s.seq == 1).count());
    assertEquals(1, tcp.counted(Event.FAST_RETRANSMITS));
    tcp.receives(Seg.ack().ack(1));
    assertTrue(tcp.sent().stream().noneMatch(s -> s.seq == 1));
  }

  @Test
  @DisplayName("RFC 3042: the first two let one new segment each go")
  void givenDuplicateAcks_whenTheFirstTwoCome_thenLimitedTransmit() {
    var tcp = tenInFlight();
    tcp.receives(Seg.ack().ack(1));
    tcp.sends(ACK).seq(at(10)).length(1_460);
    tcp.sendsNothing().receives(Seg.ack().ack(1));
    tcp.sends(ACK).seq(at(11)).length(1_460);
    tcp.sendsNothing();
  }

  @Test
  @DisplayName("D21: with data, FIN or another window they are none")
  void givenAcksThatAreNoDuplicates_whenTheyCome_thenNothingIsResent() {
    var tcp = tenInFlight();
    for (int i = 0; i < 5; i++) {
      tcp.receives(Seg.data(10).ack(1));
      tcp.receives(Seg.ack().ack(1).window(60_000 - i));
    }
    assertEquals(0, tcp.counted(Event.FAST_RETRANSMITS));
    assertTrue(tcp.sent().stream().noneMatch(s -> s.seq == 1));
  }

  @Test
  void givenNothingInFlight_whenAcksRepeat_thenNothingHappens() {
    var tcp = TcpFixture.established();
    for (int i = 0; i < 10; i++) {
      tcp.receives(Seg.ack());
    }
    tcp.sendsNothing();
    assertEquals(0, tcp.blocksInUse());
  }

  @Test
  @DisplayName("D22: two holes, no SACK: the partial ACK resends the second, cwnd is halved once")
  void givenTwoHoles_whenThePartialAckComes_thenTheSecondIsResentAtOnce() {
    var tcp = tenInFlight();
    tcp.receives(Seg.ack().ack(1), Seg.ack().ack(1), Seg.ack().ack(1));
    tcp.sent();
    int ssthresh = tcp.number(t -> t.congestion.ssthreshBytes);
    tcp.receives(Seg.ack().ack(at(4)));
    assertEquals(at(4), tcp.sent().getFirst().seq);
    assertEquals(ssthresh, tcp.number(t -> t.congestion.ssthreshBytes));
    assertTrue(tcp.is(t -> t.fastRecovery));
    tcp.receives(Seg.ack().ack(tcp.ourNxt));
    assertTrue(tcp.is(t -> !t.fastRecovery));
    assertTrue(tcp.number(t -> t.congestion.cwndBytes) <= ssthresh + 1_460);
    assertEquals(1, tcp.counted(Event.FAST_RETRANSMITS));
  }

  @Test
  @DisplayName("threats 6.8: spoofed duplicates release at most one segment each")
  void givenManyDuplicates_whenSpoofed_thenTheFlightIsBounded() {
    var tcp = TcpFixture.established();
    for (int i = 0; i < 10; i++) {
      tcp.send(14_600);
    }
    tcp.sent();
    for (int i = 0; i < 1_000; i++) {
      tcp.receives(Seg.ack().ack(1));
      assertTrue(tcp.sent().size() <= 2);
    }
    assertTrue(tcp.ourNxt <= 65_536);
  }

  @Test
  @DisplayName("threats 6.7: ACK division does not inflate cwnd")
  void givenAcksOfSingleBytes_whenTheyCome_thenCwndGrowsByWhatTheyConfirm() {
    var tcp = tenInFlight();
    int before = tcp.number(t -> t.congestion.cwndBytes);
    for (int i = 2; i < 102; i++) {
      tcp.receives(Seg.ack().ack(i));
    }
    assertTrue(tcp.number(t -> t.congestion.cwndBytes) <= before + 200);
  }

  @Test
  void givenPartAndWholeFrames_whenAcknowledged_thenTheHandlerHearsOfEach() {
    var tcp = TcpFixture.established().send(1_000).send(460).send(1_460);
    tcp.receives(Seg.ack().ack(500)).heard("acked 499");
    tcp.receives(Seg.ack().ack(1_001)).heard("acked 501", "released 1000/1000");
    tcp.receives(Seg.ack().ack(1_501)).heard("acked 500", "released 460/460");
    tcp.sent();
    tcp.receives(Seg.ack());
    tcp.allReturns();
  }

  @Test
  @DisplayName("threats 7.9: after a long pause of the process the timer fires once")
  void givenALongPause_whenPolled_thenOneSegmentIsResent() {
    var tcp = TcpFixture.established().send(100);
    tcp.sent();
    tcp.host.poll();
    tcp.host.now += 30_000 * TcpFixture.MS;
    tcp.host.poll();
    assertEquals(1, tcp.sent().size());
  }

  private static Seg ackWithEcho(int echo) {
    Seg ack = Seg.ack();
    ack.tsEcr = echo;
    return ack;
  }

  @Test
  @DisplayName("a lost ACK makes no round trip of the time-out (RFC 6298 §3, RFC 8985 §6.2)")
  void givenLostAcks_whenTheCopyIsAnsweredWithTheOldEcho_thenTheRtoDoesNotGrow() {
    var tcp = with().options(Seg.mss(1_460), Seg.timestamp(1, 0)).established();
    for (int i = 0; i < 12; i++) {
      tcp.send(100);
      int echo = tcp.sent().getFirst().tsVal;
      boolean isLost = i % 4 != 3;
      if (isLost) {
        tcp.untilSends(60_000);
        tcp.sent();
      }
      tcp.receives(ackWithEcho(echo));
    }
    tcp.send(100).sent();
    double rto = tcp.untilSends(60_000);
    assertEquals(1_000, rto, 50);
  }

  @Test
  @DisplayName("Karn: a connection that slept meanwhile backs off until a sample (RFC 6298 §5.5)")
  void givenAPathThatBecameSlow_whenItSleepsBetweenExchanges_thenTheRtoReachesTheRoundTrip() {
    var tcp = with().options(Seg.mss(1_460), Seg.timestamp(1, 0)).established();
    tcp.send(100).advance(10).sent();
    tcp.receives(Seg.ack());
    for (int i = 0; i < 10; i++) {
      tcp.advance(30_000).send(100);
      int echo = tcp.sent().getFirst().tsVal;
      tcp.advance(2_500).receives(ackWithEcho(echo)).sent();
    }
    assertTrue(tcp.counted(Event.TIMEOUTS) <= 2, () -> "TIMEOUTS " + tcp.counted(Event.TIMEOUTS));
  }

  @Test
  @DisplayName("threats 7.9: a back-off from before it slept is none of the peer's silence either")
  void givenABackOffFromBefore_whenWePauseBeyondR2_thenItTriesAgain() {
    var tcp = with().options(Seg.mss(1_460), Seg.timestamp(1, 0)).established();
    tcp.send(100).advance(10).sent();
    tcp.receives(Seg.ack()).send(100);
    int echo = tcp.sent().getFirst().tsVal;
    tcp.advance(1_500).receives(ackWithEcho(echo)).advance(30_000).sent();
    tcp.send(100).sent();
    tcp.host.poll();
    tcp.host.now += 1_000_000 * TcpFixture.MS;
    tcp.host.poll();
    assertEquals(1, tcp.sent().size());
    tcp.isEstablished();
  }

  @Test
  @DisplayName("threats 7.9: a pause longer than R2 is not the peer's silence")
  void givenAPauseBeyondR2_whenPolled_thenItTriesAgain() {
    var tcp = TcpFixture.established().send(100);
    tcp.sent();
    tcp.host.poll();
    tcp.host.now += 1_000_000 * TcpFixture.MS;
    tcp.host.poll();
    assertEquals(1, tcp.sent().size());
    tcp.receives(Seg.ack()).heard("acked 100", "released 100/100").isEstablished();
  }

  @Test
  @DisplayName("threats 7.9: no round trip is measured across a pause")
  void givenAnAckThatWaitedForUs_whenPolled_thenTheRtoStays() {
    for (boolean timestamps : new boolean[] {false, true}) {
      var tcp =
          timestamps
              ? with().options(Seg.mss(1_460), Seg.timestamp(1, 0)).established()
              : TcpFixture.established();
      tcp.send(100).sent();
      tcp.advance(10);
      tcp.host.now += 100_000 * TcpFixture.MS;
      tcp.receives(Seg.ack()).heard("acked 100", "released 100/100");
      tcp.send(100).sent();
      double rto = tcp.untilSends(60_000);
      assertTrue(rto < 2_000, () -> "RTO " + rto);
    }
  }

  @Test
  @DisplayName("threats 8.4: a full link loses nothing")
  void givenAFullLink_whenThereIsRoomAgain_thenTheDataGoes() {
    var tcp = TcpFixture.established();
    tcp.host.link.room = 0;
    tcp.send(3_000).sendsNothing();
    assertTrue(tcp.counted(Event.DROP_LINK_FULL) > 0);
    tcp.host.link.room = 1;
    tcp.host.poll();
    tcp.sends(ACK).seq(1).length(1_460);
    tcp.host.link.room = Integer.MAX_VALUE;
    tcp.host.poll();
    tcp.sends(ACK).seq(at(1)).length(1_460);
    tcp.receives(Seg.ack());
    tcp.sends(ACK).seq(at(2)).length(80);
  }
}
