package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.ACK;
import static wisp.core.stack.Seg.FIN;
import static wisp.core.stack.Seg.PSH;
import static wisp.core.stack.Seg.RST;
import static wisp.core.stack.Seg.SYN;
import static wisp.core.stack.Seg.URG;
import static wisp.core.stack.TcpFixture.with;
import static wisp.core.tcp.State.CLOSED;
import static wisp.core.tcp.State.ESTABLISHED;
import static wisp.core.tcp.State.LISTEN;
import static wisp.core.tcp.State.SYN_RECEIVED;
import static wisp.core.tcp.State.SYN_SENT;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;

@DisplayName("RFC 9293 §3.5, §3.10.7.1 to .3: opening a connection")
@Tag("rfc9293-3.5")
class HandshakeTest {
  // ---- Passive ---------------------------------------------------------------------------------

  @Test
  void givenListen_whenTheThreeSegmentsPass_thenEstablished() {
    var tcp = TcpFixture.listening();
    tcp.receives(Seg.syn());
    tcp.sends(SYN | ACK).seq(0).ack(1).length(0);
    tcp.sendsNothing().isIn(SYN_RECEIVED).heardNothing();
    tcp.receives(Seg.ack());
    tcp.sendsNothing().isEstablished().heard("open");
    assertEquals(1, tcp.counted(Event.ACCEPTED));
  }

  @Test
  void givenSynReceived_whenTheAckWasLost_thenTheFirstDataCompletesIt() {
    var tcp = TcpFixture.in(SYN_RECEIVED);
    tcp.receives(Seg.data(10)).isEstablished().delivered(10).heard("open", "data 10");
  }

  @Test
  void givenSynReceived_whenAckCarriesDataAndFin_thenAllOfItCounts() {
    var tcp = TcpFixture.in(SYN_RECEIVED);
    tcp.receives(Seg.flags(ACK | FIN).length(10)).delivered(10);
    tcp.heard("open", "data 10", "peerClosed");
    tcp.sends(ACK).ack(12);
  }

  @Test
  void givenSynReceived_whenSynComesAgain_thenTheSameSynAckGoesAgain() {
    var tcp = TcpFixture.listening().receives(Seg.syn());
    Sent first = tcp.sends(SYN | ACK);
    tcp.receives(Seg.syn());
    assertEquals(first.seqAbsolute, tcp.sends(SYN | ACK).seqAbsolute);
    assertEquals(1, tcp.context.connections());
  }

  @Test
  void givenSynWithData_whenItOpens_thenTheDataIsLeftToBeResent() {
    var tcp = TcpFixture.listening().receives(Seg.syn().length(5));
    tcp.sends(SYN | ACK).ack(1);
    tcp.receives(Seg.ack()).delivered(0);
    tcp.receives(Seg.data(5)).delivered(5);
  }

  @Test
  @Tag("MUST-11")
  void givenSynReceivedFromListen_whenReset_thenBackToListenWithoutAWord() {
    var tcp = TcpFixture.in(SYN_RECEIVED);
    tcp.receives(Seg.rst().seq(1)).sendsNothing().isIn(LISTEN).heardNothing();
    tcp.receives(Seg.syn()).sends(SYN | ACK);
    tcp.allReturns();
  }

  @Test
  void givenSynReceived_whenWrongNumbersAreAcknowledged_thenResetAndTheRightOneStillCompletes() {
    var tcp = TcpFixture.in(SYN_RECEIVED);
    tcp.receives(Seg.ack().ack(0));
    tcp.sends(RST).seq(0);
    tcp.receives(Seg.ack().ack(2));
    tcp.sends(RST).seq(2);
    tcp.receives(Seg.ack()).sendsNothing().isEstablished();
  }

  @Test
  void givenSynReceived_whenNobodyAnswers_thenFiveCopiesAndForgotten() {
    var tcp = TcpFixture.in(SYN_RECEIVED);
    tcp.advance(300_000);
    assertEquals(5, tcp.sent().size());
    tcp.isIn(LISTEN).heardNothing();
    tcp.allReturns();
  }

  @Test
  void givenHalfOpenLimit_whenMoreSynsCome_thenTheyAreDropped() {
    var tcp =
        with()
            .config(
                ContextConfig.of(wisp.core.ip.IpPrefix.parse("10.0.0.1/32"))
                    .withLimits(1, 64, 65_536))
            .listen(b -> b.cookies = ListenConfig.Cookies.NEVER)
            .listening();
    tcp.receives(Seg.syn()).sends(SYN | ACK);
    var other = tcp.another(5_001);
    other.receives(Seg.syn()).sendsNothing();
    assertEquals(1, tcp.counted(Event.DROP_SYN_QUEUE));
    tcp.receives(Seg.ack()).isEstablished();
    other.receives(Seg.syn()).sends(SYN | ACK);
  }

  @ParameterizedTest
  @ValueSource(ints = {FIN, 0, PSH | URG, SYN | FIN})
  void givenListen_whenNeitherSynNorAckNorRst_thenSilence(int flags) {
    var tcp = TcpFixture.listening();
    tcp.receives(Seg.flags(flags).seq(0).length(3)).sendsNothing().isIn(LISTEN);
    assertEquals(1, tcp.counted(Event.DROP_FLAGS));
    assertEquals(0, tcp.context.connections());
  }

  @ParameterizedTest
  @ValueSource(ints = {ACK, SYN | ACK, FIN | ACK, ACK | PSH, SYN | FIN | ACK})
  void givenListen_whenItHasAck_thenReset(int flags) {
    var tcp = TcpFixture.listening();
    tcp.receives(Seg.flags(flags).seq(0).ack(77).length(3));
    tcp.sends(RST).absolute(77, 0);
    tcp.isIn(LISTEN);
  }

  @ParameterizedTest
  @ValueSource(ints = {RST, RST | ACK, RST | SYN, RST | SYN | ACK | FIN})
  void givenListen_whenReset_thenSilence(int flags) {
    var tcp = TcpFixture.listening();
    tcp.receives(Seg.flags(flags).seq(0).ack(77)).sendsNothing().isIn(LISTEN);
    assertEquals(1, tcp.counted(Event.DROP_NO_CONNECTION));
  }

  @Test
  void givenClosed_whenAnyFlagsCome_thenThePrescribedReset() {
    for (int flags = 0; flags < 64; flags++) {
      for (int length : new int[] {0, 10}) {
        var tcp = with().closed();
        var seg = Seg.flags(flags).seq(50).ack(77).length(length);
        tcp.receives(seg).isIn(CLOSED);
        String what = Seg.name(flags) + " with " + length;
        if ((flags & RST) != 0) {
          assertTrue(tcp.out.isEmpty(), what);
        } else if ((flags & ACK) != 0) {
          tcp.sends(RST).absolute(77, 0);
        } else {
          tcp.sends(RST | ACK).absolute(0, tcp.irs + 50 + seg.seqLength());
        }
        tcp.sendsNothing();
      }
    }
  }

  // ---- Active ----------------------------------------------------------------------------------

  @Test
  void givenConnect_whenSynAckComes_thenAckAndEstablished() {
    var tcp = with().synSent();
    tcp.isIn(SYN_SENT).receives(Seg.synAck());
    tcp.sends(ACK).seq(1).ack(1).length(0);
    tcp.sendsNothing().isEstablished().heard("open");
    assertEquals(1, tcp.counted(Event.CONNECTED));
  }

  @Test
  void givenSynSent_whenDataWasQueued_thenItFollowsTheHandshake() {
    var tcp = with().synSent().send(100);
    tcp.sendsNothing().receives(Seg.synAck());
    tcp.sends(ACK).seq(1).ack(1).length(100);
    tcp.sendsNothing();
  }

  @Test
  void givenSynSent_whenSynAckCarriesData_thenItIsDelivered() {
    var tcp = with().synSent();
    tcp.receives(Seg.synAck().length(20)).delivered(20).heard("open", "data 20");
    tcp.sends(ACK).ack(21);
  }

  @Test
  void givenSynSent_whenAckIsWrong_thenResetAndOn() {
    for (int wrong : new int[] {0, 2, 1_000}) {
      for (int flags : new int[] {ACK, SYN | ACK, FIN | ACK}) {
        var tcp = with().synSent();
        tcp.receives(Seg.flags(flags).seq(0).ack(wrong));
        tcp.sends(RST).seq(wrong);
        tcp.isIn(SYN_SENT).heardNothing();
        tcp.receives(Seg.synAck()).isEstablished();
      }
    }
  }

  @Test
  void givenSynSent_whenRstLacksTheRightAck_thenIgnored() {
    var tcp = with().synSent();
    tcp.receives(Seg.rst().seq(0)).sendsNothing().isIn(SYN_SENT);
    tcp.receives(Seg.flags(RST | ACK).seq(0).ack(0)).sendsNothing().isIn(SYN_SENT);
    tcp.receives(Seg.flags(RST | ACK).seq(0).ack(2)).sendsNothing().isIn(SYN_SENT);
    tcp.receives(Seg.synAck()).isEstablished();
  }

  @Test
  void givenSynSent_whenRstHasTheRightAck_thenRefused() {
    var tcp = with().synSent();
    tcp.receives(Seg.flags(RST | ACK).seq(0).ack(1)).sendsNothing().isGone();
    tcp.heard("closed Refused");
    tcp.allReturns();
  }

  @ParameterizedTest
  @ValueSource(ints = {FIN, 0, ACK, FIN | ACK})
  void givenSynSent_whenNoSyn_thenIgnored(int flags) {
    var tcp = with().synSent();
    tcp.receives(Seg.flags(flags).seq(0)).sendsNothing().isIn(SYN_SENT);
    assertEquals(1, tcp.counted(Event.DROP_FLAGS));
  }

  @Test
  @Tag("MUST-23")
  @Tag("MUST-22")
  @Tag("MUST-19")
  void givenSynSent_whenNobodyAnswers_thenResentWithBackOffForThreeMinutesAtLeast() {
    var tcp = with().profile(new ConnectionProfile(true, 1_000 * TcpFixture.MS, 64, 0)).synSent();
    long begin = tcp.host.now;
    List<Long> gaps = new ArrayList<>();
    while (tcp.reason == null) {
      gaps.add(Math.round(tcp.untilSendsOrEnds() / 1_000));
      tcp.sent();
    }
    assertEquals(List.of(1L, 2L, 4L, 8L, 16L, 32L, 60L, 57L), gaps);
    assertTrue(tcp.host.now - begin >= 180_000 * TcpFixture.MS);
    tcp.isGone().heard("trouble 3", "closed TimedOut");
    tcp.allReturns();
  }

  @Test
  void givenSynSent_whenTheApplicationSaysWhenItGivesUp_thenNoLater() {
    var tcp = with().synSent();
    assertTrue(tcp.context.limitOpen(tcp.connection, 3_000 * TcpFixture.MS));
    long begin = tcp.host.now;
    tcp.advance(2_990).sends(Seg.SYN);
    tcp.sendsNothing();
    tcp.advance(20).sendsNothing().isGone().heard("closed TimedOut");
    assertEquals(3_000, (tcp.host.now - begin) / TcpFixture.MS, 20);
    assertTrue(!tcp.context.limitOpen(tcp.connection, 1));
    tcp.allReturns();
  }

  @Test
  @Tag("MUST-18")
  @Tag("rfc6298-d")
  @Tag("rfc6928-b")
  void givenSynWasResent_whenEstablished_thenOneSegmentAndThreeSeconds() {
    var tcp = with().synSent();
    tcp.advance(1_100).sends(SYN);
    tcp.receives(Seg.synAck()).sends(ACK);
    tcp.send(5_000);
    tcp.sends(ACK).seq(1).length(1_460);
    tcp.sendsNothing(); // RFC 5681 §3.1: the initial window is one segment
    assertEquals(3_000, tcp.untilSends(10_000), 10); // RFC 6298 §5.7
  }

  @Test
  @DisplayName("RFC 6298 §5.7: what an earlier connection measured does not shorten the 3 s")
  @Tag("rfc6298-d")
  void givenAMeasuredPath_whenASynAckIsResent_thenDataStartsWithThreeSeconds() {
    var first = TcpFixture.established().send(100).advance(10);
    first.receives(Seg.ack()).receives(Seg.rst()).isGone();
    var tcp = first.another(6_000);
    tcp.receives(Seg.flags(SYN).seq(0).options(Seg.mss(1_460)));
    tcp.sends(SYN | ACK);
    tcp.untilSends(10_000);
    tcp.sends(SYN | ACK);
    tcp.receives(Seg.ack()).send(100).sends(ACK);
    assertEquals(3_000, tcp.untilSends(10_000), 10);
  }

  @ParameterizedTest(name = "round trips of {0} ms, then one of {1} ms: SRTT {2} ms")
  @CsvSource({
    "10,100,100", // longer than it ever was: what was known is of another path
    "80,10,71" // shorter may be chance: smoothed, 7/8 and 1/8
  })
  @Tag("rfc9040-a")
  void givenAMeasuredPath_whenTheHandshakeTakesLonger_thenItAloneCounts(
      int before, int then, int expected) {
    var first = with().listening();
    first.receives(Seg.flags(SYN).seq(0).options(Seg.mss(1_460))).sends(SYN | ACK);
    first.advance(before).receives(Seg.ack()).isEstablished();
    assertEquals(before * 1_000, first.number(t -> t.srttMicros), 1_000);
    first.receives(Seg.rst()).isGone();
    var tcp = first.another(6_000);
    tcp.receives(Seg.flags(SYN).seq(0).options(Seg.mss(1_460)));
    tcp.sends(SYN | ACK);
    tcp.advance(then).receives(Seg.ack());
    assertEquals(expected * 1_000, tcp.number(t -> t.srttMicros), 1_000);
  }

  // ---- Simultaneous ----------------------------------------------------------------------------

  @Test
  @Tag("MUST-10")
  void givenSynSent_whenSynsCross_thenEstablished() {
    var tcp = with().synSent();
    tcp.receives(Seg.syn());
    tcp.sends(SYN | ACK).seq(0).ack(1);
    tcp.isIn(SYN_RECEIVED).heardNothing();
    tcp.receives(Seg.flags(SYN | ACK).seq(0).ack(1)).isEstablished().heard("open");
    tcp.receives(Seg.data(10)).delivered(10);
  }

  @Test
  @Tag("MUST-10")
  void givenCrossingSyns_whenABareAckComes_thenEstablished() {
    var tcp = with().synSent().receives(Seg.syn());
    tcp.sends(SYN | ACK);
    tcp.receives(Seg.ack().ack(1)).sendsNothing().isEstablished().heard("open");
  }

  @Test
  @Tag("MUST-10")
  void givenCrossingSyns_whenTheSynAckIsLost_thenItIsResent() {
    var tcp = with().synSent().receives(Seg.syn());
    tcp.sends(SYN | ACK);
    tcp.untilSends(5_000);
    tcp.sends(SYN | ACK).seq(0).ack(1);
    tcp.receives(Seg.ack().ack(1)).isEstablished();
  }

  @Test
  @Tag("MUST-11")
  void givenCrossingSyns_whenResetFollows_thenRefused() {
    var tcp = with().synSent().receives(Seg.syn());
    tcp.sends(SYN | ACK);
    tcp.receives(Seg.rst().seq(1)).isIn(CLOSED).heard("closed Refused");
    tcp.allReturns();
  }

  @Test
  @DisplayName("threats 5.11: no state without a deadline")
  void givenCrossingSyns_whenThePeerFallsSilent_thenGivenUp() {
    var tcp = with().profile(new ConnectionProfile(true, 1_000 * TcpFixture.MS, 64, 0)).synSent();
    tcp.receives(Seg.syn());
    tcp.advance(400_000).isGone().heard("trouble 3", "closed TimedOut");
    tcp.allReturns();
  }

  @Test
  void givenCrossingSyns_whenDataWasQueuedOnBothSides_thenBothStreamsAreExact() {
    var tcp = with().synSent().send(300).receives(Seg.syn());
    tcp.sends(SYN | ACK);
    tcp.receives(Seg.flags(SYN | ACK).seq(0).ack(1), Seg.data(200));
    tcp.sends(ACK).seq(1).length(300);
    tcp.delivered(200).isEstablished();
  }

  // ---- What else an open needs -----------------------------------------------------------------

  @Test
  @Tag("MUST-8")
  @Tag("SHLD-1")
  @Tag("rfc6528-a")
  void givenOneIdentity_whenTimePasses_thenIsnAdvancesEveryFourMicroseconds() {
    int first = with().in(SYN_RECEIVED).iss;
    var later = with();
    later.startNanos += 4_000L * 1_000;
    assertEquals(first + 1_000, later.in(SYN_RECEIVED).iss);
  }

  @Test
  @Tag("MUST-9")
  @Tag("SHLD-1")
  @Tag("rfc6528-b")
  @Tag("rfc6528-c")
  void givenTheSameTime_whenIdentityOrSecretDiffers_thenIsnIsUnrelated() {
    var tcp = TcpFixture.listening();
    var other = tcp.another(5_001);
    tcp.receives(Seg.syn());
    other.receives(Seg.syn());
    assertTrue(Math.abs((long) tcp.iss - other.iss) > 10_000);
    var secret = with();
    secret.seed = 43;
    assertTrue(Math.abs((long) tcp.iss - secret.in(SYN_RECEIVED).iss) > 10_000);
  }

  @Test
  @Tag("SHLD-1")
  @Tag("rfc6528-b")
  void givenTheSameTime_whenTheAddressDiffers_thenIsnIsUnrelated() {
    var tcp = TcpFixture.listening();
    var seen = new java.util.ArrayList<Integer>();
    for (int host = 2; host < 12; host++) {
      byte[] syn = tcp.packet(Seg.syn());
      syn[15] = (byte) host;
      TcpFixture.sign(syn);
      tcp.host.link.incoming.add(syn);
      tcp.host.context.poll(tcp.host.now);
      int iss = java.nio.ByteBuffer.wrap(tcp.host.link.outgoing.remove()).getInt(24);
      seen.forEach(other -> assertTrue(Math.abs((long) iss - other) > 10_000));
      seen.add(iss);
    }
  }

  @Test
  @Tag("MUST-41")
  @Tag("MUST-42")
  void givenAConnection_whenItsPortIsListenedOn_thenItIsNotDisturbed() {
    var tcp = with().synSent();
    int port = tcp.context.local(tcp.connection).port();
    tcp.context.listen(
        Endpoint.any(port), ConnectionProfile.DEFAULT, (c, h, m, offset, length) -> {});
    tcp.receives(Seg.synAck()).isEstablished();
    tcp.receives(Seg.data(10)).delivered(10);
  }

  @Test
  @Tag("MUST-49")
  @Tag("MUST-48")
  @Tag("SHLD-22")
  void givenAProfile_whenSegmentsLeave_thenTtlAndDscpAreIts() {
    var tcp = with().profile(new ConnectionProfile(true, 1L << 40, 17, 46)).listening();
    Sent s = tcp.receives(Seg.syn()).sends(SYN | ACK);
    assertEquals(17, s.ttl);
    assertEquals(46, s.dscp);
  }

  @Test
  void givenBothRoles_whenEveryStateIsAskedFor_thenTheFixtureReachesIt() {
    for (boolean active : new boolean[] {false, true}) {
      for (var state : wisp.core.tcp.State.values()) {
        boolean possible = active ? state != LISTEN && state != CLOSED : state != SYN_SENT;
        if (possible) {
          with().actively(active).in(state).allReturns();
        }
      }
    }
    with().actively().in(ESTABLISHED).heardNothing();
  }
}
