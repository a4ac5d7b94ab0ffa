package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.ACK;
import static wisp.core.stack.Seg.FIN;
import static wisp.core.stack.Seg.PSH;
import static wisp.core.stack.TcpFixture.with;
import static wisp.core.tcp.State.FIN_WAIT_1;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;

@DisplayName("RFC 9293 §3.9.1.2: frames that belong together share segments")
class CoalescingTest {
  private static TcpFixture established(boolean nagle) {
    return with().profile(ConnectionProfile.DEFAULT.with(b -> b.nagle = nagle)).established();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  @Tag("MAY-15")
  @Tag("MAY-16")
  void givenMoreIsToCome_whenTheLastPartIsSent_thenAllLeavesInOneSegment(boolean nagle) {
    var tcp = established(nagle).sendMore(100).sendMore(200).sendsNothing();
    tcp.send(50);
    Sent s = tcp.sends(ACK).seq(1).length(350);
    assertTrue(s.has(PSH));
    tcp.sendsNothing();
  }

  @Test
  @Tag("SHLD-27")
  @Tag("SHLD-28")
  void givenMoreThanASegment_whenMoreIsToCome_thenFullOnesLeaveAndTheRestWaits() {
    var tcp = established(false).sendMore(1_000).sendMore(1_000).sendMore(1_000);
    tcp.sends(ACK).seq(1).length(1_460);
    tcp.sends(ACK).seq(1_461).length(1_460);
    tcp.sendsNothing().push().sends(ACK).seq(2_921).length(80);
  }

  @Test
  @Tag("SHLD-27")
  void givenManyPushesWait_whenTheWindowOpens_thenOneFullSegmentWithOneMark() {
    var tcp = with().profile(ConnectionProfile.NO_DELAY).window(100).established();
    for (int i = 0; i < 20; i++) {
      tcp.send(100);
    }
    tcp.sends(ACK).seq(1).length(100);
    tcp.receives(Seg.ack().window(65_535));
    Sent first = tcp.sends(ACK).seq(101).length(1_460);
    Sent second = tcp.sends(ACK).seq(1_561).length(440);
    assertFalse(first.has(PSH));
    assertTrue(second.has(PSH));
    tcp.sendsNothing();
  }

  @Test
  @Tag("MUST-60")
  void givenMoreWasPromised_whenItNeverComes_thenTheRestGoesAfterOneRto() {
    var tcp = established(true).sendMore(100).sendsNothing();
    assertEquals(1_000, tcp.untilSends(60_000), 1);
    assertTrue(tcp.sends(ACK).seq(1).length(100).has(PSH));
    assertEquals(0, tcp.counted(Event.WINDOW_PROBES));
    tcp.receives(Seg.ack()).heard("acked 100", "released 100/100");
  }

  @Test
  @Tag("MUST-60")
  void givenARestBehindAFullSegment_whenThatIsConfirmed_thenTheRestGoesAfterOneRto() {
    var tcp = established(true).sendMore(1_560);
    tcp.sends(ACK).length(1_460);
    tcp.advance(100).receives(Seg.ack()).sendsNothing();
    tcp.untilSends(2_000);
    tcp.sends(ACK).seq(1_461).length(100);
  }

  @Test
  void givenMoreIsToCome_whenClosedInstead_thenTheRestGoesWithTheFin() {
    var tcp = established(true).sendMore(100).shutdown();
    tcp.sends(FIN | ACK).seq(1).length(100);
    tcp.isIn(FIN_WAIT_1);
  }

  @Test
  void givenNothingWaits_whenPushed_thenNothingIsSent() {
    var tcp = established(true).push().sendsNothing();
    assertEquals(0, tcp.blocksInUse());
    tcp.abort();
    assertFalse(tcp.context.push(tcp.connection));
  }

  @Test
  void givenItSleptInBetween_whenItSendsAgain_thenNothingIsHeldBack() {
    var tcp = established(true).sendMore(100).push();
    tcp.sends(ACK);
    tcp.receives(Seg.ack()).advance(10_000);
    assertEquals(0, tcp.blocksInUse());
    tcp.send(10).sends(ACK).seq(101).length(10);
  }

  @Test
  void givenRecordsBehindAFullWindow_whenItOpens_thenEachEndsItsSegment() {
    var tcp = with().window(1_000).established();
    tcp.send(1_000).sends(ACK).length(1_000);
    tcp.send(100).sendRecord(200).sendRecord(300).sendRecord(2_000).send(50);
    tcp.sendsNothing().receives(Seg.ack().window(65_535));
    tcp.sends(ACK).seq(1_001).length(300);
    tcp.sends(ACK).seq(1_301).length(300);
    tcp.sends(ACK).seq(1_601).length(1_460);
    tcp.sends(ACK).seq(3_061).length(540);
    tcp.sendsNothing().receives(Seg.ack()).sends(ACK).seq(3_601).length(50);
  }

  @Test
  void givenALinkThatCutsSegments_whenRecordsWait_thenNoneIsCutAcross() {
    var tcp = with().segmentation(60_000).window(1_000).established();
    tcp.send(1_000).sends(ACK).length(1_000);
    tcp.sendRecord(3_000).sendRecord(100);
    tcp.receives(Seg.ack().window(65_535));
    tcp.sends(ACK).seq(1_001).length(3_000);
    tcp.receives(Seg.ack()).sends(ACK).seq(4_001).length(100);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void givenRecords_whenTheyAreResent_thenTheyStayApart(boolean sack) {
    byte[] options = sack ? Seg.sackPermitted() : new byte[0];
    var tcp =
        with().profile(ConnectionProfile.NO_DELAY).options(Seg.mss(1_460), options).established();
    tcp.sendRecord(100).sendRecord(100).sendRecord(100);
    for (int i = 0; i < 3; i++) {
      tcp.sends(ACK).seq(1 + 100 * i).length(100);
    }
    tcp.advance(5_000).receives(Seg.ack().ack(101));
    assertTrue(tcp.out.size() >= 2);
    tcp.out.forEach(sent -> sent.length(100));
  }

  @Test
  void givenTheWindowIsShut_whenProbed_thenNoProbeGoesBeyondARecord() {
    var tcp = with().window(10).established();
    tcp.sendRecord(5).send(100);
    tcp.sends(ACK).seq(1).length(5);
    tcp.receives(Seg.ack().window(3)).untilSends(5_000);
    tcp.sends(ACK).seq(6).length(3);
  }
}
