package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.ACK;
import static wisp.core.stack.Seg.RST;
import static wisp.core.stack.Seg.data;
import static wisp.core.stack.Seg.mss;
import static wisp.core.stack.Seg.timestamp;
import static wisp.core.stack.TcpFixture.MS;
import static wisp.core.tcp.State.CLOSE_WAIT;
import static wisp.core.tcp.State.ESTABLISHED;
import static wisp.core.tcp.State.FIN_WAIT_2;
import static wisp.core.tcp.State.LISTEN;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;
import wisp.core.spi.Footprint;

@DisplayName("RFC 9293 §3.8.4: keep-alive")
class KeepAliveTest {
  private static final int TWO_HOURS = 7_200_000;
  private static final int MINUTE = 60_000;

  /** Deadlines are kept in ticks of 2^27 ns: a probe may be so much late, never early. */
  private static final int TICK = 135;

  private static TcpFixture.Setup on() {
    return with(KeepAlive.USUAL);
  }

  private static TcpFixture.Setup with(KeepAlive settings) {
    return TcpFixture.with().profile(ConnectionProfile.DEFAULT.with(b -> b.keepAlive = settings));
  }

  private static KeepAlive minutes(int idle, int interval, int probes) {
    return KeepAlive.every(idle * MINUTE * MS, interval * MINUTE * MS, probes);
  }

  @Test
  @Tag("MUST-25")
  @Tag("rfc1122-tcp-c")
  void givenTheUsualProfile_whenThePeerIsSilentForADay_thenNothingIsAsked() {
    var tcp = TcpFixture.established().advance(24 * 60 * MINUTE);
    tcp.sendsNothing().isIn(ESTABLISHED);
    assertEquals(0, tcp.counted(Event.KEEP_ALIVES));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  @Tag("MUST-24")
  @Tag("MUST-28")
  @Tag("rfc1122-tcp-c")
  @Tag("SHLD-12")
  @Tag("MAY-5")
  void givenItIsOn_whenThePeerIsSilentForTwoHours_thenOneEmptySegmentAsks(boolean ipv6) {
    var tcp = on().ipv6(ipv6).established().advance(TWO_HOURS - 1);
    tcp.sendsNothing().advance(TICK);
    tcp.sends(ACK).seq(0).ack(1).length(0);
    tcp.sendsNothing().isIn(ESTABLISHED).heardNothing();
    assertEquals(0, tcp.blocksInUse(), "it was woken for it");
    assertEquals(1, tcp.counted(Event.KEEP_ALIVES));
  }

  @Test
  @Tag("MUST-24")
  void givenItIsOnForOneThatWeOpened_whenThePeerIsSilent_thenItIsAskedToo() {
    var tcp = on().actively().established().advance(TWO_HOURS + TICK);
    tcp.sends(ACK).seq(0).ack(1).length(0);
  }

  @Test
  void givenTimestamps_whenItAsks_thenTheProbeHasOne() {
    var tcp = on().options(mss(1_460), timestamp(5_000, 0)).established();
    tcp.advance(TWO_HOURS + TICK);
    Sent probe = tcp.sends(ACK).seq(0).length(0);
    assertTrue(probe.hasTimestamp);
    assertEquals(5_000, probe.tsEcr, 2);
  }

  @Test
  @Tag("MUST-26")
  void givenDataOrAnAckCame_whenTheIntervalHasPassedSinceTheOpen_thenNothingIsAskedYet() {
    var tcp = on().established().advance(TWO_HOURS / 2).receives(data(10)).advance(1_000);
    tcp.sends(ACK);
    tcp.advance(TWO_HOURS - 2_000).sendsNothing();
    tcp.receives(Seg.ack()).advance(TWO_HOURS - 1_000).sendsNothing();
    tcp.advance(1_000 + TICK).sends(ACK).seq(0).ack(11);
  }

  @Test
  @Tag("MUST-26")
  void givenSomethingIsUnacknowledged_whenTheIntervalHasPassed_thenItIsResentAndNothingElse() {
    var tcp = with(minutes(1, 1, 3)).established().send(100);
    tcp.sends(ACK).seq(1);
    tcp.advance(10 * MINUTE);
    for (Sent s : tcp.sent()) {
      s.seq(1).length(100);
    }
    assertEquals(0, tcp.counted(Event.KEEP_ALIVES));
    tcp.isIn(ESTABLISHED);
  }

  @Test
  @Tag("MUST-26")
  void givenAShutWindowBeforeOurData_whenTheIntervalHasPassed_thenItIsProbedAndNothingElse() {
    var tcp = with(minutes(1, 1, 3)).window(0).established().send(100);
    tcp.advance(10 * MINUTE);
    for (Sent s : tcp.sent()) {
      s.seq(1).length(1);
    }
    assertEquals(0, tcp.counted(Event.KEEP_ALIVES));
  }

  @Test
  @Tag("MUST-29")
  void givenAllButTheLastProbeAreLost_whenThatOneIsAnswered_thenTheConnectionLivesOn() {
    var tcp = on().established().advance(TWO_HOURS + TICK);
    for (int probe = 1; probe < 9; probe++) {
      tcp.sends(ACK).seq(0);
      tcp.sendsNothing().advance(75_000 + TICK);
    }
    tcp.sends(ACK).seq(0);
    tcp.receives(Seg.ack()).advance(TWO_HOURS - 1).sendsNothing().isIn(ESTABLISHED);
    tcp.advance(1 + TICK).sends(ACK).seq(0);
    tcp.advance(8 * 75_000).isIn(ESTABLISHED);
  }

  @Test
  @Tag("MUST-29")
  void givenNoProbeIsAnswered_whenAsManyAsWereSetHaveGone_thenResetAndTimedOut() {
    var tcp = with(minutes(10, 1, 3)).established().advance(10 * MINUTE + TICK);
    tcp.sends(ACK).seq(0);
    tcp.advance(MINUTE + TICK).sends(ACK).seq(0);
    tcp.advance(MINUTE + TICK).sends(ACK).seq(0);
    tcp.advance(MINUTE - 3 * TICK).sendsNothing().isIn(ESTABLISHED);
    tcp.advance(4 * TICK).sends(RST | ACK).seq(1).ack(1);
    tcp.isIn(LISTEN).heard("closed TimedOut");
    assertEquals(new CloseReason.TimedOut(3), tcp.reason);
    tcp.advance(60 * MINUTE).sendsNothing();
    tcp.allReturns();
  }

  @Test
  void givenAProbe_whenThePeerAnswersWithReset_thenTheConnectionEnds() {
    var tcp = on().established().advance(TWO_HOURS + TICK);
    tcp.sends(ACK);
    tcp.receives(Seg.rst()).heard("closed ResetByPeer");
  }

  @Test
  @Tag("MUST-27")
  void givenAnotherInterval_whenThePeerIsSilentForIt_thenItIsAsked() {
    var tcp = with(minutes(3, 1, 2)).established().advance(3 * MINUTE - 1).sendsNothing();
    tcp.advance(TICK).sends(ACK).seq(0);
  }

  @Test
  @Tag("MUST-24")
  void givenItIsOff_whenOneConnectionTurnsItOn_thenThatOneIsAskedAndNoOther() {
    var tcp = TcpFixture.established();
    var other = tcp.another(6_000).handshake();
    assertTrue(tcp.context.changeKeepAlive(tcp.connection, minutes(5, 1, 2)));
    tcp.advance(5 * MINUTE + TICK).sends(ACK).seq(0).length(0);
    other.sendsNothing();
    tcp.receives(Seg.ack());
    assertTrue(tcp.context.changeKeepAlive(tcp.connection, KeepAlive.OFF));
    tcp.advance(24 * 60 * MINUTE).sendsNothing();
    other.sendsNothing();
  }

  @Test
  @Tag("MUST-24")
  void givenTheProfileHasItOn_whenOneConnectionTurnsItOff_thenOnlyTheOthersAreAsked() {
    var tcp = on().established();
    var other = tcp.another(6_000).handshake();
    assertTrue(tcp.context.changeKeepAlive(tcp.connection, KeepAlive.OFF));
    tcp.receives(data(1)).advance(TWO_HOURS + TICK).sends(ACK).seq(1).ack(2);
    tcp.sendsNothing();
    other.sends(ACK).seq(0);
  }

  @Test
  void givenAStaleHandle_whenItIsChanged_thenNothing() {
    var tcp = TcpFixture.established().abort();
    assertFalse(tcp.context.changeKeepAlive(tcp.connection, KeepAlive.USUAL));
  }

  @Test
  @Tag("MAY-6")
  void givenTheGarbageOctetIsOn_whenItAsks_thenOneOctetIsBeforeSndNxt() {
    var settings = new KeepAlive(true, 5 * MINUTE * MS, MINUTE * MS, 2, /* garbageOctet= */ true);
    var tcp = with(settings).established().send(10);
    tcp.sends(ACK);
    tcp.receives(Seg.ack());
    tcp.host.now += (5L * MINUTE + TICK) * MS;
    tcp.context.poll(tcp.host.now); // unread by the fixture: the octet is none of our stream
    byte[] probe = tcp.host.link.outgoing.getLast();
    assertEquals(41, probe.length);
    assertEquals(0, probe[40]);
    assertEquals(tcp.iss + 10, ByteBuffer.wrap(probe).getInt(24));
  }

  @Test
  void givenASleepingConnection_whenThePeerAsks_thenItIsAnsweredWithoutWaking() {
    var tcp = TcpFixture.established().advance(TWO_HOURS);
    tcp.receives(Seg.ack().seq(0)).sends(ACK).seq(1).ack(1);
    tcp.receives(data(1).seq(0)).sends(ACK).seq(1).ack(1);
    tcp.delivered(0).heardNothing();
    assertEquals(0, tcp.blocksInUse());
  }

  @Test
  void givenOnlyOneDirectionIsClosed_whenThePeerIsSilent_thenItIsAsked() {
    on().in(CLOSE_WAIT).advance(TWO_HOURS + TICK).sends(ACK).seq(0).ack(2);
    on().in(FIN_WAIT_2).advance(TWO_HOURS + TICK).sends(ACK).seq(1).ack(1);
  }

  @Test
  void givenAFullClose_whenItWaitsForThePeersFin_thenItsOwnDeadlineEndsIt() {
    var tcp = with(minutes(1, 1, 2)).established().close();
    tcp.sent();
    tcp.receives(Seg.ack()).advance(30_000).isIn(FIN_WAIT_2);
    tcp.advance(40_000).sendsNothing().isIn(LISTEN);
  }

  @Test
  void givenTheStackWasStoppedForADay_whenItGoesOn_thenItAsksBeforeItGivesUp() {
    var tcp = on().established();
    tcp.host.now += 24L * 60 * MINUTE * MS;
    tcp.host.poll();
    tcp.sends(ACK).seq(0);
    tcp.isIn(ESTABLISHED).receives(Seg.ack()).advance(MINUTE).sendsNothing();
  }

  @Test
  void givenManyFellSilentAtOnce_whenItsTimeComes_thenAllAreAskedWithinManyPolls() {
    var tcp = on().established();
    for (int i = 1; i < 1_000; i++) {
      tcp.another(10_000 + i).handshake();
    }
    tcp.advance(TWO_HOURS + 2 * TICK);
    assertEquals(1_000, tcp.counted(Event.KEEP_ALIVES));
  }

  @Test
  void givenAThousandConnections_whenItIsOn_thenEachCostsFourBytesAndAShareOfAPage() {
    long off = contextBytes(TcpFixture.with());
    long on = contextBytes(on());
    assertTrue(on > off, "it costs nothing?");
    assertTrue(on - off <= 1_024 * 4 + 16 * 16, () -> on - off + " bytes more");
  }

  private static long contextBytes(TcpFixture.Setup setup) {
    var tcp = setup.established();
    for (int i = 1; i < 1_000; i++) {
      tcp.another(10_000 + i).handshake();
    }
    var footprint = new Footprint();
    tcp.context.footprint(footprint);
    return footprint.reservedBytes(Footprint.Kind.CONTEXT);
  }

  @Test
  void givenSettingsThatMeanNothing_whenMade_thenRefused() {
    assertThrows(IllegalArgumentException.class, () -> KeepAlive.every(0, 1, 2));
    assertThrows(IllegalArgumentException.class, () -> KeepAlive.every(1, 0, 2));
    assertThrows(IllegalArgumentException.class, () -> KeepAlive.every(1, 1, 1));
    assertThrows(IllegalArgumentException.class, () -> KeepAlive.every(1, 1, 61));
    assertThrows(IllegalArgumentException.class, () -> KeepAlive.every(1L << 62, 1, 2));
  }
}
