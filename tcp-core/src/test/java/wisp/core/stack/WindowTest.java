package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.ACK;
import static wisp.core.stack.Seg.FIN;
import static wisp.core.stack.Seg.PSH;
import static wisp.core.stack.Seg.mss;
import static wisp.core.stack.Seg.scale;
import static wisp.core.stack.TcpFixture.with;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;

@DisplayName("RFC 9293 §3.8.6: windows of both sides, probes, silly windows, Nagle")
@Tag("rfc9293-3.8.6")
class WindowTest {
  // ---- Our window ------------------------------------------------------------------------------

  @ParameterizedTest(name = "window {0}, at least scale {1}: scale {2}, {3} offered")
  @CsvSource({
    "0,0,5,1048576",
    "0,8,8,1048576",
    "65535,0,0,65535",
    "65536,0,1,65536",
    "540000,8,8,539904",
    "100,14,6,64",
    "1073741824,0,14,1073725440"
  })
  void givenAWindowOfTheProfiles_whenOpenedEitherWay_thenOfferedAndKeptAsleep(
      int window, int least, int scale, int offered) {
    var profile =
        ConnectionProfile.DEFAULT.with(
            b -> {
              b.receiveWindowBytes = window;
              b.leastWindowShift = least;
            });
    for (boolean active : new boolean[] {false, true}) {
      var tcp =
          with().profile(profile).options(mss(1_460), scale(7)).actively(active).established();
      tcp.receives(Seg.data(1)).advance(100);
      tcp.sends(ACK).ack(2).window(offered >> scale);
      tcp.advance(10_000);
      assertEquals(0, tcp.blocksInUse());
      assertEquals(scale, tcp.number(t -> t.rcvScale));
      assertEquals(offered, tcp.context.info(tcp.connection).receiveWindowBytes());
    }
  }

  @Test
  @Tag("SHLD-14")
  void givenPause_whenDataArrives_thenTheRightEdgeStandsStill() {
    var tcp = with().receiveWindow(1_000).established().pause();
    tcp.receives(Seg.data(400), Seg.data(200));
    tcp.sends(ACK).ack(601).window(400);
    tcp.receives(Seg.data(400)).delivered(1_000).advance(100);
    tcp.sends(ACK).ack(1_001).window(0);
    assertEquals(0, tcp.blocksInUse(), "what was promised is used up: it may sleep");
  }

  @Test
  @Tag("MUST-39")
  void givenPaused_whenResumed_thenTheWindowIsAnnounced() {
    var tcp = with().receiveWindow(1_000).established().pause().receives(Seg.data(1_000));
    tcp.advance(100).sends(ACK).window(0);
    tcp.resume();
    tcp.sends(ACK).ack(1_001).window(1_000);
    tcp.receives(Seg.data(500)).delivered(1_500);
  }

  @Test
  void givenPausedAtZero_whenProbed_thenTheAnswerSaysZeroAndNothingIsTaken() {
    var tcp = with().receiveWindow(1_000).established().pause().receives(Seg.data(1_000));
    tcp.advance(100).sent();
    for (int i = 0; i < 10; i++) {
      tcp.receives(Seg.data(1).seq(1_001));
      tcp.sends(ACK).ack(1_001).window(0);
    }
    tcp.delivered(1_000).resume().receives(Seg.data(1)).delivered(1_001);
  }

  @Test
  @Tag("MUST-66")
  void givenZeroWindow_whenAcksAndUrgArrive_thenTheyCount() {
    var tcp = with().receiveWindow(1_000).established().pause().receives(Seg.data(1_000));
    tcp.send(100).advance(100).sent();
    tcp.receives(Seg.data(1).seq(1_001).ack(101));
    assertTrue(tcp.events.contains("acked 100"));
    tcp.receives(Seg.flags(ACK | Seg.URG).seq(1_001).urgent(5));
    assertTrue(tcp.events.contains("urgent 5"));
  }

  @Test
  void givenPauseAndResume_whenNothingArrived_thenNothingIsSent() {
    var tcp = TcpFixture.established().pause().resume().advance(1_000).sendsNothing();
    assertEquals(0, tcp.blocksInUse());
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 5, 14})
  @Tag("SHLD-14")
  @DisplayName("the right edge on the wire never moves left, but for what scaling rounds off")
  void givenRandomPauses_whenDataFlows_thenTheEdgeNeverMovesLeft(int shift) {
    for (long seed = 1; seed <= 20; seed++) {
      var random = new SplittableRandom(seed);
      var tcp =
          (shift < 0 ? with() : with().options(mss(1_460), scale(shift)))
              .receiveWindow(100_000)
              .established();
      int ours = shift < 0 ? 0 : 1;
      int edge = 0;
      boolean paused = false;
      for (int i = 0; i < 500; i++) {
        if (random.nextInt(10) == 0) {
          tcp = paused ? tcp.resume() : tcp.pause();
          paused = !paused;
        }
        int most = edge == 0 ? 1_460 : Math.min(1_460, edge - tcp.peerNxt);
        if (most > 0) {
          tcp.receives(Seg.data(1 + random.nextInt(most)));
        }
        tcp.advance(random.nextInt(30));
        for (Sent s : tcp.sent()) {
          int right = s.ack + (s.window << ours);
          int rounding = (1 << ours) - 1;
          int before = edge;
          assertTrue(right >= edge - rounding, () -> before + " to " + right);
          edge = Math.max(edge, right);
        }
      }
      tcp.delivered(tcp.peerNxt - 1);
    }
  }

  // ---- The peer's window -----------------------------------------------------------------------

  @Test
  void givenAWindow_whenSending_thenItIsFilledAndNotPassed() {
    var tcp = with().window(4_000).established().send(10_000);
    assertEquals(4_000, tcp.sent().stream().mapToInt(s -> s.payload.length).sum(), 1_460);
    assertTrue(tcp.ourNxt <= 4_001);
  }

  @Test
  @Tag("MUST-36")
  @Tag("SHLD-29")
  @Tag("SHLD-30")
  void givenZeroWindow_whenDataWaits_thenProbesWithBackOffToAMinute() {
    var tcp = with().window(0).established().send(100).sendsNothing();
    List<Long> gaps = new ArrayList<>();
    for (int i = 0; i < 9; i++) {
      gaps.add(Math.round(tcp.untilSends(100_000) / 1_000));
      tcp.sends(ACK).seq(1).length(1);
      tcp.receives(Seg.ack().ack(1).window(0)).sendsNothing();
    }
    assertEquals(List.of(1L, 2L, 4L, 8L, 16L, 32L, 60L, 60L, 60L), gaps);
  }

  @Test
  @Tag("MUST-37")
  @DisplayName("MUST-37: hours at zero, probes answered, then the window opens")
  @Tag("rfc6429-a")
  void givenZeroWindowForHours_whenItOpens_thenTheDataGoesAtOnce() {
    var tcp = with().window(0).established().send(5_000);
    long end = tcp.host.now + 5L * 3_600 * 1_000 * TcpFixture.MS;
    while (tcp.host.now < end) {
      tcp.untilSends(61_000);
      tcp.sent();
      tcp.receives(Seg.ack().ack(1).window(0));
    }
    tcp.isEstablished().heardNothing();
    tcp.peerWindow = 65_535;
    tcp.receives(Seg.ack().ack(1));
    assertEquals(5_000, tcp.sent().stream().mapToInt(s -> s.payload.length).sum());
    tcp.receives(Seg.ack()).heard("acked 5000", "released 5000/5000");
  }

  @Test
  void givenZeroWindow_whenNobodyAnswersTheProbes_thenGivenUpInTheEnd() {
    var tcp =
        with()
            .window(0)
            .profile(new ConnectionProfile(true, 200_000 * TcpFixture.MS, 64, 0))
            .established()
            .send(100);
    tcp.advance(400_000).isGone().heard("trouble 3", "released 0/100", "closed TimedOut");
    tcp.allReturns();
  }

  @Test
  void givenZeroWindow_whenThePeerTakesTheProbe_thenTheNextByteIsProbed() {
    var tcp = with().window(0).established().send(100);
    tcp.untilSends(2_000);
    tcp.sends(ACK).seq(1).length(1);
    tcp.receives(Seg.ack().ack(2).window(0)).heard("acked 1");
    tcp.untilSends(2_000);
    tcp.sends(ACK).seq(2).length(1);
    tcp.receives(Seg.ack().ack(3).window(1_000));
    tcp.sends(ACK).seq(3).length(98);
  }

  @Test
  @DisplayName("the first segment into the opened window is lost: resent after one RTO")
  void givenProbesBackedOff_whenTheWindowOpensAndTheSegmentIsLost_thenNoMinuteIsLost() {
    var tcp = with().window(0).established().send(100);
    for (int i = 0; i < 8; i++) {
      tcp.untilSends(100_000);
      tcp.sent();
      tcp.receives(Seg.ack().ack(1).window(0));
    }
    tcp.receives(Seg.ack().ack(1).window(1_000));
    assertFalse(tcp.sent().isEmpty());
    assertEquals(1_000, tcp.untilSends(100_000), 50);
  }

  @ParameterizedTest(name = "{0} bytes, window {1}: {2}, then {3}")
  @CsvSource({
    "5000,20000,1460,1460", // the octet is no segment of its own
    "100,20000,100,0",
    "1460,20000,1460,0",
    "5000,1000,1,0", // too little to be worth cutting a segment for
    "100,50,1,0"
  })
  void givenAProbedWindow_whenItOpens_thenTheOctetGoesWithWhatFollows(
      int bytes, int window, int first, int second) {
    var tcp = with().window(0).established().send(bytes);
    tcp.untilSends(2_000);
    tcp.sends(ACK | PSH).seq(1).length(1);
    tcp.receives(Seg.ack().ack(1).window(0));
    tcp.receives(Seg.ack().ack(1).window(window));
    tcp.sends(first == bytes ? ACK | PSH : ACK).seq(1).length(first);
    if (second > 0) {
      tcp.sends(ACK).seq(1 + first).length(second);
    } else if (first == bytes) {
      tcp.sendsNothing();
    }
    tcp.sent();
    int got = 1 + first;
    for (int i = 0; i < 100 && got < 1 + bytes; i++) {
      tcp.receives(Seg.ack().ack(got).window(20_000));
      if (tcp.out.isEmpty()) {
        tcp.untilSends(200_000);
      }
      for (Sent s : tcp.sent()) {
        got = s.seq <= got ? Math.max(got, s.seq + s.payload.length) : got;
      }
    }
    assertEquals(1 + bytes, got);
  }

  @Test
  @DisplayName(
      "a window that shuts and opens within a round trip: nobody was asked, nothing is lost")
  void givenTextInFlight_whenTheWindowShutsAndOpensAtOnce_thenNothingIsResent() {
    var tcp = with().established().send(5_840);
    tcp.sent();
    tcp.advance(20).receives(Seg.ack().ack(1).window(0));
    tcp.advance(20).receives(Seg.ack().ack(1).window(60_000)).sendsNothing();
    tcp.receives(Seg.ack().ack(5_841)).sendsNothing();
    assertEquals(0, tcp.counted(Event.SEGMENTS_RETRANSMITTED));
  }

  @Test
  void givenZeroWindow_whenOnlyAFinWaits_thenItIsTheProbe() {
    var tcp = with().window(0).established().shutdown().sendsNothing();
    tcp.untilSends(2_000);
    tcp.sends(FIN | ACK).seq(1).length(0);
  }

  @Test
  void givenZeroWindow_whenTheUpdateComes_thenNoProbeIsLeft() {
    var tcp = with().window(0).established().send(100);
    tcp.receives(Seg.ack().window(1_000));
    tcp.sends(ACK).length(100);
    tcp.receives(Seg.ack().window(1_000)).advance(100_000).sendsNothing();
  }

  @Test
  @Tag("MUST-34")
  @Tag("SHLD-15")
  @Tag("SHLD-16")
  @DisplayName("D31: the peer takes its window back below what is in flight")
  void givenDataInFlight_whenTheWindowShrinks_thenNothingNewAndWhatFitsIsResent() {
    var tcp = TcpFixture.established().send(14_000).send(14_000);
    int flight = tcp.sent().stream().mapToInt(s -> s.payload.length).sum();
    assertTrue(flight > 10_000);
    tcp.receives(Seg.ack().ack(1_461).window(2_000)).sendsNothing();
    for (int i = 0; i < 5; i++) {
      tcp.untilSends(100_000);
      for (Sent s : tcp.sent()) {
        assertTrue(s.seq + s.payload.length <= 1_461 + 2_000, s::toString);
      }
    }
    tcp.isEstablished();
    tcp.peerWindow = 65_535;
    drain(tcp, 28_000);
  }

  @Test
  @Tag("SHLD-17")
  void givenDataBeyondAWindowThatShrank_whenR2IsLongOver_thenTheConnectionLives() {
    var tcp =
        with()
            .profile(
                ConnectionProfile.DEFAULT.with(
                    b -> b.retransmissionLimitNanos = 10_000 * TcpFixture.MS))
            .established()
            .send(14_000);
    tcp.sent();
    int edge = 1_461 + 2_000;
    int got = 1_461;
    tcp.receives(Seg.ack().ack(got).window(edge - got)).sendsNothing();
    long begin = tcp.host.now;
    while (tcp.host.now - begin < 600_000 * TcpFixture.MS) {
      tcp.untilSends(100_000);
      for (Sent s : tcp.sent()) {
        int end = s.seq + s.payload.length;
        got = s.seq <= got ? Math.max(got, Math.min(end, edge)) : got;
      }
      tcp.receives(Seg.ack().ack(got).window(edge - got));
    }
    assertEquals(edge, got);
    tcp.isEstablished();
    tcp.advance(200_000).isGone(); // who answers nothing is timed out
  }

  @Test
  @Tag("MUST-35")
  void givenDataInFlight_whenTheWindowShrinksToZero_thenProbedAndAlive() {
    var tcp = TcpFixture.established().send(14_000);
    tcp.sent();
    tcp.receives(Seg.ack().ack(1_461).window(0)).sendsNothing();
    for (int i = 0; i < 40; i++) {
      tcp.untilSends(61_000);
      assertTrue(tcp.sends(ACK).payload.length <= 1);
      tcp.receives(Seg.ack().ack(1_461).window(0));
    }
    tcp.isEstablished();
    assertTrue(tcp.counted(Event.WINDOW_PROBES) >= 40);
    tcp.receives(Seg.ack().ack(1_461).window(65_535));
    drain(tcp, 14_000);
  }

  /** Acknowledges in order what arrives until all of it has been confirmed. */
  private static void drain(TcpFixture tcp, int bytes) {
    int got = 1_460;
    for (int i = 0; i < 200 && got < bytes; i++) {
      if (tcp.out.isEmpty()) {
        tcp.untilSends(200_000);
      }
      for (Sent s : tcp.sent()) {
        if (s.seq <= got + 1) {
          got = Math.max(got, s.seq - 1 + s.payload.length);
        }
      }
      tcp.receives(Seg.ack().ack(got + 1));
    }
    assertEquals(bytes, got);
    tcp.isEstablished();
  }

  // ---- Silly windows and Nagle -----------------------------------------------------------------

  @Test
  @Tag("MUST-38")
  @Tag("rfc1122-tcp-b")
  void givenALittleWindow_whenAFullSegmentWaits_thenItIsNotCutUntilTheOverride() {
    var tcp = with().window(4_000).established().send(1_460).send(3_000);
    tcp.sent();
    tcp.receives(Seg.ack().window(100)).sendsNothing();
    double waited = tcp.untilSends(5_000);
    assertTrue(waited > 100, () -> "after " + waited);
    tcp.sends(ACK).length(100);
  }

  @Test
  @Tag("MUST-38")
  void givenHalfTheLargestWindow_whenLessThanASegmentFits_thenItGoes() {
    var tcp = with().window(1_000).established().send(3_000);
    tcp.sends(ACK).length(1_000);
    tcp.receives(Seg.ack().window(600));
    tcp.sends(ACK).length(600);
    tcp.receives(Seg.ack().window(400)).sendsNothing();
  }

  @Test
  @Tag("SHLD-7")
  void givenNagle_whenSmallSendsFollowEachOther_thenTheyAreCollected() {
    var tcp = TcpFixture.established();
    for (int i = 0; i < 20; i++) {
      tcp.send(10);
    }
    tcp.sends(ACK).seq(1).length(10);
    tcp.sendsNothing().receives(Seg.ack());
    tcp.sends(ACK).seq(11).length(190);
    tcp.sendsNothing();
  }

  @Test
  @Tag("SHLD-7")
  @Tag("SHLD-28")
  void givenNagle_whenAFullSegmentIsTogether_thenItGoes() {
    var tcp = TcpFixture.established().send(10).send(1_000);
    tcp.sends(ACK).length(10);
    tcp.sendsNothing().send(1_000);
    tcp.sends(ACK).seq(11).length(1_460);
    tcp.sendsNothing();
  }

  @Test
  @Tag("MUST-17")
  void givenNoDelay_whenSmallSendsFollowEachOther_thenEachGoesAtOnce() {
    var tcp = with().profile(ConnectionProfile.NO_DELAY).established();
    for (int i = 0; i < 20; i++) {
      tcp.send(10);
      tcp.sends(ACK).seq(1 + 10 * i).length(10);
    }
  }

  @Test
  @Tag("MUST-17")
  void givenNagle_whenOneConnectionTurnsItOff_thenThatOneAloneSendsAtOnce() {
    var tcp = with().established();
    var other = tcp.another(6_000).handshake();
    assertTrue(tcp.context.changeNagle(tcp.connection, false));
    for (int i = 0; i < 3; i++) {
      tcp.send(10).sends(ACK).seq(1 + 10 * i).length(10);
    }
    other.send(10).sends(ACK).length(10);
    other.send(10).sendsNothing();
    assertTrue(tcp.context.changeNagle(tcp.connection, true));
    tcp.send(10).sendsNothing();
  }

  @Test
  void givenNagle_whenClosing_thenTheRestGoesWithTheFin() {
    var tcp = TcpFixture.established().send(10).send(10).shutdown();
    tcp.sends(ACK).length(10);
    tcp.sends(FIN | ACK).seq(11).length(10);
  }

  @Test
  @Tag("MUST-61")
  @Tag("MUST-60")
  void givenQueuedFrames_whenTheLastSegmentLeaves_thenItHasPush() {
    List<Sent> all = TcpFixture.established().send(3_000).sent();
    assertEquals(3, all.size());
    assertFalse(all.getFirst().has(Seg.PSH));
    assertTrue(all.getLast().length(80).has(Seg.PSH));
  }

  @Test
  @Tag("SHLD-7")
  @DisplayName("RFC 9293 §A.3: a small segment waits for small ones alone")
  void givenNagle_whenOnlyFullSegmentsAreInFlight_thenTheEndOfAWriteGoesAtOnce() {
    var tcp = TcpFixture.established().send(2_000);
    tcp.sends(ACK).seq(1).length(1_460);
    tcp.sends(ACK).seq(1_461).length(540);
    tcp.send(100).sendsNothing();
    tcp.receives(Seg.ack().ack(1_461)).sendsNothing(); // the small one is still out
    tcp.receives(Seg.ack().ack(2_001));
    tcp.sends(ACK).seq(2_001).length(100);
  }
}
