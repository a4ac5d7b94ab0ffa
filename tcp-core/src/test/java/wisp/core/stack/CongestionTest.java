package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.ACK;
import static wisp.core.stack.Seg.SYN;
import static wisp.core.stack.Seg.mss;
import static wisp.core.stack.TcpFixture.with;

import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import wisp.core.Counters.Event;

@DisplayName("RFC 5681, 6582, 3042, 6928, 3465 by NewReno, as the wire shows it")
class CongestionTest {
  private static final int FULL = 1_400;
  private static final ConnectionProfile NEW_RENO =
      ConnectionProfile.DEFAULT.with(b -> b.congestionControl = "newreno");

  private static TcpFixture fresh() {
    return with().options(mss(FULL)).profile(NEW_RENO).established();
  }

  private static TcpFixture tenInFlight() {
    var tcp = fresh();
    for (int i = 0; i < 6; i++) {
      tcp.send(10 * FULL);
    }
    assertEquals(10, tcp.sent().size());
    return tcp;
  }

  private static int at(int segment) {
    return 1 + FULL * segment;
  }

  private static int cwnd(TcpFixture tcp) {
    return tcp.number(t -> t.congestion.cwndBytes);
  }

  @ParameterizedTest(name = "MSS {0}: {1} bytes")
  @CsvSource({"1460,14600", "1400,14000", "536,5360", "100,1000", "7260,14600", "8960,17920"})
  @Tag("rfc6928-a")
  @Tag("rfc6928-c")
  void givenAFreshConnection_whenMuchIsSent_thenTheFirstFlightIsTheInitialWindow(
      int mss, int bytes) {
    var tcp = with().mtu(9_000).options(mss(mss)).profile(NEW_RENO).established();
    for (int i = 0; i < 10; i++) {
      tcp.send(14_600);
    }
    int sent = tcp.sent().stream().mapToInt(s -> s.payload.length).sum();
    assertTrue(sent <= bytes && sent > bytes - mss, () -> sent + " bytes");
  }

  @Test
  @Tag("rfc6928-b")
  void givenASynAckThatWasLost_whenDataBegins_thenOneSegment() {
    var tcp = with().options(mss(FULL)).profile(NEW_RENO).listening();
    tcp.receives(Seg.syn().options(mss(FULL))).sends(SYN | ACK);
    tcp.untilSends(1_100);
    tcp.sends(SYN | ACK);
    tcp.receives(Seg.ack().seq(1)).isEstablished().send(10 * FULL);
    tcp.sends(ACK).length(FULL);
    tcp.sendsNothing();
  }

  @Test
  @Tag("MUST-19")
  @Tag("rfc5681-a")
  @Tag("rfc3465-a")
  @Tag("rfc2525-a")
  void givenSlowStart_whenAcksCome_thenEachOpensByWhatItConfirms() {
    var tcp = tenInFlight();
    int before = cwnd(tcp);
    tcp.receives(Seg.ack().ack(at(1)));
    assertEquals(before + FULL, cwnd(tcp));
    tcp.receives(Seg.ack().ack(at(1) + 100));
    assertEquals(before + FULL + 100, cwnd(tcp));
    tcp.receives(Seg.ack().ack(at(8)));
    assertEquals(before + 8 * FULL, cwnd(tcp), "a stretch ACK as many that come one by one");
  }

  @ParameterizedTest(name = "{0} segments a round: {1}")
  @CsvSource({"5,10", "6,12", "9,18"})
  @Tag("rfc7661-a")
  void givenAnApplicationThatSendsLittle_whenConfirmed_thenCwndIsNoMoreThanTwiceThat(
      int segments, int grown) {
    var tcp = fresh();
    for (int round = 0; round < 20; round++) {
      tcp.send(segments * FULL).sent();
      for (int left = segments - 1; left >= 0; left--) {
        tcp.receives(Seg.ack().ack(tcp.ourNxt - left * FULL));
      }
    }
    assertEquals(grown * FULL, cwnd(tcp));
  }

  @Test
  @Tag("MUST-19")
  @Tag("rfc5681-a")
  void givenCongestionAvoidance_whenAWindowIsAcknowledged_thenItGrowsByAboutASegment() {
    var tcp = tenInFlight();
    tcp.receives(Seg.ack().ack(1), Seg.ack().ack(1), Seg.ack().ack(1));
    int acknowledged = tcp.ourNxt;
    tcp.receives(Seg.ack());
    while (tcp.is(t -> t.congestion.cwndBytes < t.congestion.ssthreshBytes)) {
      acknowledged += FULL;
      tcp.send(FULL).receives(Seg.ack().ack(acknowledged)); // it begins in slow start
    }
    int first = cwnd(tcp);
    for (int round = 0; round < 8; round++) {
      tcp.send(10 * FULL).sent();
      int before = cwnd(tcp);
      int end = tcp.ourNxt;
      while (acknowledged < end) {
        acknowledged = Math.min(end, acknowledged + FULL);
        tcp.receives(Seg.ack().ack(acknowledged));
      }
      int more = cwnd(tcp) - before;
      assertTrue(more <= FULL * 3 / 2, more + " bytes in a round");
    }
    int grown = cwnd(tcp) - first;
    assertTrue(grown >= 6 * FULL && grown <= 9 * FULL, grown + " bytes in eight rounds");
  }

  @Test
  @Tag("rfc5681-b")
  @Tag("MAY-18")
  void givenTheThirdDuplicate_whenItComes_thenSsthreshIsHalfTheFlight() {
    var tcp = tenInFlight();
    tcp.receives(Seg.ack().ack(1)).receives(Seg.ack().ack(1));
    tcp.sent();
    tcp.receives(Seg.ack().ack(1));
    assertEquals(1, tcp.sent().stream().filter(s -> s.seq == 1).count());
    assertEquals(5.0 * FULL, tcp.number(t -> t.congestion.ssthreshBytes), FULL);
    var two = fresh().send(2 * FULL);
    two.sent();
    two.untilSends(1_100);
    assertEquals(2 * FULL, two.number(t -> t.congestion.ssthreshBytes));
  }

  @Test
  @Tag("MUST-19")
  @Tag("rfc5681-c")
  @Tag("rfc2525-a")
  void givenATimeOut_whenItHappens_thenOneSegmentAndSlowStart() {
    var tcp = tenInFlight();
    tcp.untilSends(1_100);
    tcp.sends(ACK).seq(1).length(FULL);
    tcp.sendsNothing();
    assertEquals(FULL, cwnd(tcp));
    tcp.receives(Seg.ack().ack(at(1)));
    assertEquals(2, tcp.sent().size());
  }

  @Test
  @Tag("rfc6582-a")
  @Tag("rfc6582-b")
  void givenRecovery_whenAcksAreBelowRecover_thenEachResendsAHoleAndItGoesOn() {
    var tcp = tenInFlight();
    tcp.receives(Seg.ack().ack(1), Seg.ack().ack(1), Seg.ack().ack(1));
    tcp.sent();
    for (int hole : new int[] {2, 5, 9}) {
      tcp.receives(Seg.ack().ack(at(hole)));
      assertEquals(at(hole), tcp.sent().getFirst().seq);
      assertTrue(tcp.is(t -> t.fastRecovery));
    }
    tcp.receives(Seg.ack());
    assertTrue(tcp.is(t -> !t.fastRecovery));
    assertEquals(1, tcp.counted(Event.FAST_RETRANSMITS));
  }

  @Test
  @Tag("rfc6582-c")
  void givenATimeOut_whenDuplicatesOfTheOldFlightCome_thenNoFastRetransmit() {
    var tcp = tenInFlight();
    tcp.untilSends(1_100);
    tcp.sends(ACK).seq(1);
    for (int i = 0; i < 6; i++) {
      tcp.receives(Seg.ack().ack(1));
    }
    tcp.receives(Seg.ack().ack(at(3)));
    for (int i = 0; i < 6; i++) {
      tcp.receives(Seg.ack().ack(at(3)));
    }
    assertEquals(0, tcp.counted(Event.FAST_RETRANSMITS));
  }

  @Test
  @Tag("rfc3042-a")
  @Tag("rfc3042-b")
  void givenTwoDuplicates_whenTheyCome_thenANewSegmentEachAndNoMore() {
    var tcp = tenInFlight();
    tcp.receives(Seg.ack().ack(1)).sends(ACK).seq(at(10)).length(FULL);
    tcp.sendsNothing().receives(Seg.ack().ack(1)).sends(ACK).seq(at(11)).length(FULL);
    tcp.sendsNothing();
    var narrow = with().options(mss(FULL)).profile(NEW_RENO).window(10 * FULL).established();
    narrow.send(10 * FULL).send(10 * FULL).sent();
    narrow.receives(Seg.ack().ack(1)).receives(Seg.ack().ack(1)).sendsNothing();
  }

  @Test
  @Tag("rfc3465-b")
  void givenAnAckInPieces_whenTheyCome_thenTheyOpenNoMoreThanTheWhole() {
    var pieces = tenInFlight();
    for (int i = 1; i <= 100; i++) {
      pieces.receives(Seg.ack().ack(1 + i * FULL / 100));
    }
    var whole = tenInFlight().receives(Seg.ack().ack(at(1)));
    assertEquals(cwnd(whole), cwnd(pieces));
  }

  @Test
  @Tag("rfc5961-d")
  @DisplayName("RFC 5961 §7: what one connection's limit has left tells nothing of another's")
  void givenChallengesUsedUp_whenAnotherConnectionIsAsked_thenItStillAnswers() {
    var tcp = fresh();
    var others =
        List.of(6_001, 6_002, 6_003).stream().map(p -> tcp.another(p).handshake()).toList();
    for (int i = 0; i < 100; i++) {
      tcp.receives(Seg.rst().seq(tcp.peerNxt + 1 + i));
    }
    int answers = tcp.sent().size();
    assertTrue(answers >= 1 && answers <= 10, () -> answers + " challenges");
    for (var other : others) {
      other.sent();
      other.receives(Seg.rst().seq(other.peerNxt + 1)).sends(ACK);
    }
  }

  @Test
  @Tag("rfc6056-a")
  @Tag("rfc6056-b")
  void givenManyConnects_whenTheirPortsAreCompared_thenNoneIsNextAndNoneTwice() {
    var tcp = with().closed();
    ConnectionHandler nobody = (c, h, m, o, l) -> {};
    int near = 0;
    int last = 0;
    for (int i = 0; i < 200; i++) {
      Endpoint to = Endpoint.of("10.0.1." + (i + 1), 80);
      long handle = tcp.context.connect(null, to, ConnectionProfile.DEFAULT, nobody);
      int port = tcp.context.local(handle).port();
      near += Math.abs(port - last) < 10 ? 1 : 0;
      last = port;
    }
    assertTrue(near < 10, "ports follow each other");
    var seen = new java.util.HashSet<Integer>();
    Endpoint one = Endpoint.of("10.0.2.1", 80);
    for (int i = 0; i < 1_000; i++) {
      long handle = tcp.context.connect(null, one, ConnectionProfile.DEFAULT, nobody);
      assertTrue(seen.add(tcp.context.local(handle).port()));
    }
  }
}
