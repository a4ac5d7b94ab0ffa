package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.ACK;
import static wisp.core.stack.Seg.SYN;
import static wisp.core.stack.Seg.data;
import static wisp.core.stack.Seg.mss;
import static wisp.core.stack.Seg.timestamp;
import static wisp.core.stack.Seg.userTimeout;
import static wisp.core.stack.TcpFixture.MS;
import static wisp.core.stack.TcpFixture.with;
import static wisp.core.tcp.State.ESTABLISHED;
import static wisp.core.tcp.State.SYN_SENT;

import java.util.function.Consumer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import wisp.core.tcp.Reachability;
import wisp.core.tcp.Tcb;

@DisplayName("RFC 9293 §3.8.3: R1 and R2; RFC 5482: the user timeout and its option")
class UserTimeoutTest {
  private static final long SECOND = 1_000 * MS;

  private static TcpFixture.Setup profile(Consumer<ConnectionProfile.Builder> change) {
    return with().profile(ConnectionProfile.DEFAULT.with(change));
  }

  /** Resends until nothing comes any more; returns when the connection ended, ms after the send. */
  private static long livesFor(TcpFixture tcp) {
    long begin = tcp.host.now;
    while (tcp.reason == null) {
      tcp.host.now = Math.max(tcp.host.now, tcp.context.nextDeadlineNanos());
      tcp.host.poll();
    }
    return (tcp.host.now - begin) / MS;
  }

  @Nested
  @DisplayName("R1: what was resent several times in vain is a trouble")
  class R1 {
    @Test
    @Tag("MUST-20")
    @Tag("SHLD-9")
    @Tag("SHLD-10")
    void givenNoAnswer_whenItHasBeenResentThreeTimes_thenTheApplicationHearsItOnce() {
      var tcp = TcpFixture.established().send(100).advance(6_900);
      assertEquals(3, tcp.sent().size(), "the first and two copies");
      tcp.heardNothing().advance(200).heard("trouble 3");
      tcp.advance(600_000).heardNothing().isIn(ESTABLISHED);
    }

    @Test
    @Tag("MUST-20")
    void givenNoAnswer_whenItHasBeenResentThreeTimes_thenTheNextHopIsDoubted() {
      var tcp = TcpFixture.established();
      int[] doubts = {0};
      tcp.host.machinery().env.reachability =
          new Reachability() {
            @Override
            public void confirmed(Tcb t) {}

            @Override
            public void doubted(Tcb t) {
              doubts[0]++;
            }
          };
      tcp.send(100).advance(6_900);
      assertEquals(0, doubts[0]);
      tcp.advance(100_000);
      assertEquals(1, doubts[0]);
    }

    @Test
    void givenTroubleThatPassed_whenItComesAgain_thenItIsToldAgain() {
      var tcp = TcpFixture.established().send(100).advance(8_000).heard("trouble 3");
      tcp.sent();
      tcp.receives(Seg.ack()).heard("acked 100", "released 100/100");
      tcp.send(100).advance(100_000).heard("trouble 3");
    }

    @Test
    @Tag("MUST-22")
    void givenASynThatNobodyAnswers_whenItHasBeenResentThreeTimes_thenTheApplicationHearsIt() {
      with().in(SYN_SENT).advance(6_900).heardNothing().advance(200).heard("trouble 3");
    }

    @Test
    void givenASynAckThatNobodyAnswers_whenResent_thenNobodyHears() {
      var tcp = TcpFixture.listening().receives(Seg.syn());
      tcp.advance(20_000).heardNothing();
    }

    @Test
    void givenAShutWindow_whenItsProbesAreAnswered_thenThatIsNoTrouble() {
      var tcp = with().window(0).established().send(100);
      for (int i = 0; i < 10; i++) {
        tcp.untilSends(100_000);
        tcp.sent();
        tcp.receives(Seg.ack().ack(1));
      }
      tcp.heardNothing().isIn(ESTABLISHED);
    }

    @Test
    @Tag("SHLD-20")
    void givenReportsAreOff_whenThereIsTrouble_thenTheApplicationHearsNothing() {
      var tcp = profile(b -> b.errorReports = false).established().send(100).advance(100_000);
      tcp.heardNothing().isIn(ESTABLISHED);
    }
  }

  @Nested
  @DisplayName("R2: the user timeout")
  class R2 {
    @ParameterizedTest
    @CsvSource({"5000", "10000", "100000", "123456", "3600000"})
    @Tag("MUST-20")
    @Tag("MUST-21")
    @Tag("rfc5482-c")
    void givenAnyLimit_whenNobodyAnswers_thenItEndsThenAndNotBefore(long millis) {
      var tcp = profile(b -> b.retransmissionLimitNanos = millis * MS).established().send(100);
      assertEquals(millis, livesFor(tcp), 1);
      assertTrue(tcp.reason instanceof CloseReason.TimedOut);
      tcp.host.collect();
    }

    @Test
    void givenLessThanAnRto_whenNobodyAnswers_thenOneCopyIsTriedAllTheSame() {
      var tcp = profile(b -> b.retransmissionLimitNanos = 10 * MS).established().send(100);
      assertEquals(2_000, livesFor(tcp), 1);
      assertEquals(2, tcp.sent().size());
    }

    @Test
    @Tag("SHLD-11")
    void givenTheUsualProfile_whenNobodyAnswers_thenItTriesForMoreThanAHundredSeconds() {
      var tcp = TcpFixture.established().send(100);
      assertEquals(900_000, livesFor(tcp), 1);
    }

    @Test
    @Tag("MUST-21")
    void givenAConnection_whenItsTimeoutIsChanged_thenItsOwnCountsAndNoOthers() {
      var tcp = TcpFixture.established();
      var other = tcp.another(6_000).handshake();
      assertTrue(tcp.context.changeUserTimeout(tcp.connection, 20 * SECOND));
      tcp.send(100);
      other.send(100);
      assertEquals(20_000, livesFor(tcp), 1);
      other.isIn(ESTABLISHED);
      assertFalse(tcp.context.changeUserTimeout(tcp.connection, SECOND), "a stale handle");
    }

    @Test
    @Tag("MUST-21")
    void givenResendingIsUnderWay_whenTheTimeoutIsShortened_thenItEndsByTheNewOne() {
      var tcp = TcpFixture.established().send(100).advance(70_000);
      assertTrue(tcp.context.changeUserTimeout(tcp.connection, 80 * SECOND));
      assertEquals(10_000, livesFor(tcp), 1);
    }

    @Test
    @Tag("MUST-21")
    void givenResendingIsUnderWay_whenTheTimeoutIsLengthened_thenItGoesOn() {
      var tcp = profile(b -> b.retransmissionLimitNanos = 30 * SECOND).established().send(100);
      tcp.advance(20_000);
      assertTrue(tcp.context.changeUserTimeout(tcp.connection, Long.MAX_VALUE));
      tcp.advance(86_400_000L).isIn(ESTABLISHED);
    }

    @Test
    void givenATimeoutWasChanged_whenTheConnectionEnds_thenTheNextInItsSlotHasTheProfiles() {
      var tcp = TcpFixture.established();
      assertTrue(tcp.context.changeUserTimeout(tcp.connection, SECOND));
      long former = tcp.connection;
      tcp.abort();
      var next = tcp.another(6_000).handshake();
      assertEquals(Context.slot(former), Context.slot(next.connection));
      next.send(100).advance(100_000).isIn(ESTABLISHED);
    }

    @Test
    @Tag("MUST-22")
    @Tag("MUST-23")
    void givenASyn_whenNobodyAnswers_thenItIsResentForThreeMinutesAndThatIsTold() {
      var tcp = profile(b -> b.retransmissionLimitNanos = SECOND).synSent();
      assertEquals(180_000, livesFor(tcp), 1);
      tcp.heard("trouble 3", "closed TimedOut");
    }

    @Test
    @Tag("MUST-37")
    void givenAShutWindow_whenItsProbesAreAnswered_thenNoTimeoutEndsIt() {
      var tcp =
          profile(b -> b.retransmissionLimitNanos = 10 * SECOND).window(0).established().send(100);
      for (int i = 0; i < 20; i++) {
        tcp.untilSends(100_000);
        tcp.sent();
        tcp.receives(Seg.ack().ack(1));
      }
      tcp.isIn(ESTABLISHED);
    }

    @Test
    void givenATimeoutThatMeansNothing_whenSet_thenRefused() {
      var tcp = TcpFixture.established();
      assertThrows(
          IllegalArgumentException.class, () -> tcp.context.changeUserTimeout(tcp.connection, 0));
    }
  }

  @Nested
  @DisplayName("RFC 5482: the option")
  class Option {
    private TcpFixture.Setup on(long seconds) {
      return profile(
          b -> {
            b.userTimeoutOption = true;
            b.retransmissionLimitNanos = seconds * SECOND;
          });
    }

    @Test
    void givenTheUsualProfile_whenItOpens_thenThereIsNone() {
      var tcp = TcpFixture.listening().receives(Seg.syn());
      assertEquals(-1, tcp.sends(SYN | ACK).userTimeout);
      tcp.receives(Seg.ack()).sendsNothing();
    }

    @Test
    @Tag("rfc5482-a")
    void givenItIsOn_whenWeOpen_thenItIsOnTheSynAndOnTheSegmentAfterIt() {
      var tcp = on(300).actively().closed().connect();
      assertEquals(300, tcp.sends(SYN).userTimeout);
      tcp.receives(Seg.synAck());
      assertEquals(300, tcp.sends(ACK).seq(1).ack(1).userTimeout);
      tcp.sendsNothing().send(10);
      assertEquals(-1, tcp.sends(ACK).seq(1).userTimeout);
    }

    @Test
    @Tag("rfc5482-a")
    void givenItIsOn_whenThePeerOpens_thenItIsOnTheSynAckAndOnTheSegmentAfterIt() {
      var tcp = on(300).options(mss(1_460), timestamp(5_000, 0)).listening();
      tcp.receives(Seg.syn().options(mss(1_460), timestamp(5_000, 0)));
      assertEquals(300, tcp.sends(SYN | ACK).userTimeout);
      tcp.receives(Seg.ack());
      Sent first = tcp.sends(ACK).seq(1).ack(1);
      assertEquals(300, first.userTimeout);
      assertTrue(first.hasTimestamp);
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "32767, 32767", "32768, 33315", "1966020, 65535", "9999999, 65535"})
    @Tag("rfc5482-a")
    void givenAnyTimeout_whenTold_thenInSecondsOrElseInMinutes(long seconds, int field) {
      var tcp = on(seconds).listening().receives(Seg.syn());
      assertEquals(field, tcp.sends(SYN | ACK).userTimeout);
    }

    @Test
    void givenNoTimeoutAtAll_whenItOpens_thenNothingIsTold() {
      var tcp =
          profile(
                  b -> {
                    b.userTimeoutOption = true;
                    b.retransmissionLimitNanos = Long.MAX_VALUE;
                  })
              .listening()
              .receives(Seg.syn());
      assertEquals(-1, tcp.sends(SYN | ACK).userTimeout);
    }

    @Test
    @Tag("rfc5482-a")
    void givenItIsOn_whenTheTimeoutIsChanged_thenThePeerIsToldAtOnce() {
      var tcp = on(300).established();
      assertTrue(tcp.context.changeUserTimeout(tcp.connection, 40_000 * SECOND));
      tcp.host.collect();
      assertEquals(0x8000 | 667, tcp.sends(ACK).seq(1).ack(1).length(0).userTimeout);
    }

    @Test
    @Tag("rfc5482-c")
    void givenThePeerAdvisesALongerOne_whenNobodyAnswers_thenItEndsThenAndNotBefore() {
      var tcp = on(200).established();
      tcp.receives(data(1).options(userTimeout(500))).send(100);
      assertEquals(500_000, livesFor(tcp), 1);
    }

    @Test
    @Tag("rfc5482-c")
    void givenTheAdviceIsOnTheSyn_whenNobodyAnswers_thenItCountsToo() {
      var tcp = on(200).options(mss(1_460), userTimeout(0x8000 | 10)).established().send(100);
      assertEquals(600_000, livesFor(tcp), 1);
    }

    @Test
    @Tag("rfc5482-b")
    void givenAdviceBeyondOurLimits_whenNobodyAnswers_thenTheLimitCounts() {
      var tcp = on(200).established();
      tcp.receives(data(1).options(userTimeout(0xFFFF))).send(100);
      assertEquals(3_600_000, livesFor(tcp), 1);
      tcp = on(20).established();
      tcp.receives(data(1).options(userTimeout(1))).send(100);
      assertEquals(100_000, livesFor(tcp), 1);
    }

    @Test
    @Tag("rfc5482-b")
    void givenAdviceBelowOurs_whenNobodyAnswers_thenOursCounts() {
      var tcp = on(400).established();
      tcp.receives(data(1).options(userTimeout(150))).send(100);
      assertEquals(400_000, livesFor(tcp), 1);
    }

    @Test
    @Tag("rfc5482-b")
    void givenTheApplicationChose_whenThePeerAdvisesAnother_thenTheApplicationsCounts() {
      var tcp = on(400).established();
      assertTrue(tcp.context.changeUserTimeout(tcp.connection, 30 * SECOND));
      tcp.receives(data(1).options(userTimeout(500))).send(100);
      assertEquals(30_000, livesFor(tcp), 1);
    }

    @Test
    void givenZeroOrAWrongLength_whenAdvised_thenIgnored() {
      var tcp = on(400).established();
      tcp.receives(data(1).options(userTimeout(0)));
      tcp.receives(data(1).options(Seg.bytes(28, 3, 9)));
      tcp.send(100);
      assertEquals(400_000, livesFor(tcp), 1);
    }

    @Test
    void givenItIsOff_whenThePeerAdvises_thenIgnored() {
      var tcp = profile(b -> b.retransmissionLimitNanos = 200 * SECOND).established();
      tcp.receives(data(1).options(userTimeout(500))).send(100);
      assertEquals(200_000, livesFor(tcp), 1);
    }

    @Test
    void givenASegmentOutsideTheWindow_whenItAdvises_thenIgnored() {
      var tcp = on(200).established();
      tcp.receives(data(1).seq(9_000_000).options(userTimeout(500))).send(100);
      assertEquals(200_000, livesFor(tcp), 1);
    }

    @Test
    @DisplayName("RFC 5482 §4.2: keep-alive is no more impatient than the user timeout")
    void givenKeepAliveToo_whenThePeerIsSilent_thenItIsAskedAfterTheUserTimeoutOnly() {
      var tcp =
          profile(
                  b -> {
                    b.userTimeoutOption = true;
                    b.retransmissionLimitNanos = 600 * SECOND;
                    b.keepAlive = KeepAlive.every(60 * SECOND, 10 * SECOND, 2);
                  })
              .established();
      tcp.advance(599_000).sendsNothing().advance(1_200).sends(ACK).seq(0);
    }
  }
}
