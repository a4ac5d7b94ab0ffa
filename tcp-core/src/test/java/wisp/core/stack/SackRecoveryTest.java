package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.ACK;
import static wisp.core.stack.Seg.mss;
import static wisp.core.stack.Seg.sackPermitted;
import static wisp.core.stack.Seg.timestamp;
import static wisp.core.stack.TcpFixture.with;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;

@DisplayName("RFC 2018, 6675, 9937, 3522: recovery by selective acknowledgments")
class SackRecoveryTest {
  /** Ten full segments in flight, and more to send. */
  private static TcpFixture tenInFlight() {
    var tcp = with().options(mss(1_460), sackPermitted()).established();
    tcp.send(14_600).send(14_600).send(14_600);
    assertEquals(10, tcp.sent().size());
    return tcp.advance(20);
  }

  private static int at(int segment) {
    return 1 + 1_460 * segment;
  }

  /** An ACK of segment {@code una} with SACK blocks, each [from, to) in segments. */
  private static Seg sack(TcpFixture tcp, int una, int... edges) {
    int[] absolute = new int[edges.length];
    for (int i = 0; i < edges.length; i++) {
      absolute[i] = tcp.iss + at(edges[i]);
    }
    return Seg.ack().ack(at(una)).options(Seg.sack(absolute));
  }

  private static List<Integer> resent(TcpFixture tcp, int below) {
    List<Integer> segments = new ArrayList<>();
    for (Sent s : tcp.sent()) {
      int segment = (s.seq - 1) / 1_460;
      if (s.payload.length > 0 && segment < below) {
        segments.add(segment);
      }
    }
    return segments;
  }

  @Test
  @Tag("rfc6675-a")
  void givenThreeSackedSegments_whenOneAckSaysSo_thenTheHoleIsResentAtOnce() {
    var tcp = tenInFlight();
    tcp.receives(sack(tcp, 0, 1, 4));
    assertEquals(List.of(0), resent(tcp, 10));
    assertEquals(1, tcp.host.counted(Event.FAST_RETRANSMITS));
  }

  /**
   * A poll finds together what interrupts would have found one by one: limited transmit, PRR and
   * the reduction are for each ACK (RFC 3042, 9937, 5681). Numbers are in segments: what is
   * acknowledged, and after a colon what is SACKed.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "0:1-2 0:1-3 0:1-4",
        "0:1-2 0:1-3 0:1-4 0:1-5 0:1-6 0:1-7 0:1-8 0:1-9 0:1-10",
        "2 4 4:5-6 4:5-7 4:5-8",
        "2 4 6 6:7-8 6:7-9 6:7-10",
        "8 8:9-10 8:9-11 8:9-12 8:9-14"
      })
  @Tag("rfc9937-a")
  @Tag("rfc3042-a")
  void givenAcksThatComeAtOnce_thenAllIsAsIfEachHadComeAlone(String script) {
    for (String control : List.of("cubic", "newreno")) {
      TcpFixture alone = muchToSend(control);
      TcpFixture together = muchToSend(control);
      List<Seg> burst = new ArrayList<>();
      for (String ack : script.split(" ")) {
        alone.receives(parsed(alone, ack));
        burst.add(parsed(together, ack));
      }
      together.receives(burst.toArray(Seg[]::new));
      assertEquals(sent(alone), sent(together), control);
      assertEquals(window(alone), window(together), control);
    }
  }

  /** It would grow by what it confirms, if it did not tell of a loss. */
  @ParameterizedTest(name = "{0}: {1} tenths are left")
  @CsvSource({"cubic,7", "newreno,5"})
  @Tag("rfc5681-b")
  void givenOneAckThatConfirmsAndTellsOfALoss_thenTheReductionIsOfWhatWasInFlight(
      String control, int left) {
    TcpFixture tcp = muchToSend(control);
    tcp.receives(sack(tcp, 5, 6, 10));
    assertEquals(left * 1_460, tcp.number(t -> t.congestion.ssthreshBytes));
  }

  private static TcpFixture muchToSend(String control) {
    var profile = ConnectionProfile.DEFAULT.with(b -> b.congestionControl = control);
    var tcp = with().options(mss(1_460), sackPermitted()).profile(profile).established();
    for (int i = 0; i < 10; i++) {
      tcp.send(14_600);
    }
    assertEquals(10, tcp.sent().size());
    return tcp.advance(20);
  }

  private static Seg parsed(TcpFixture tcp, String ack) {
    String[] numbers = ack.split("[:-]");
    int una = Integer.parseInt(numbers[0]);
    if (numbers.length == 1) {
      return Seg.ack().ack(at(una));
    }
    return sack(tcp, una, Integer.parseInt(numbers[1]), Integer.parseInt(numbers[2]));
  }

  private static List<Integer> sent(TcpFixture tcp) {
    List<Integer> segments = new ArrayList<>();
    tcp.sent().forEach(s -> segments.add((s.seq - 1) / 1_460));
    return segments;
  }

  private static List<Integer> window(TcpFixture tcp) {
    return List.of(
        tcp.number(t -> t.congestion.cwndBytes),
        tcp.number(t -> t.congestion.ssthreshBytes),
        tcp.number(t -> t.sndNxt - t.sndUna));
  }

  @Test
  @Tag("SHLD-16")
  void givenAWindowThatShrank_thenNoCopyPassesItsEdgeUntilItOpens() {
    var tcp = tenInFlight();
    tcp.sent(); // new text, as a probe of the tail
    int edge = at(1) + 700;
    List<Integer> lengths = new ArrayList<>();
    for (int i = 6; i <= 10; i++) {
      tcp.receives(sack(tcp, 0, 3, i).window(edge - 1));
      for (Sent s : tcp.sent()) {
        int end = s.seq + s.payload.length;
        assertTrue(end <= edge, () -> s + " ends beyond " + edge);
        lengths.add(s.payload.length);
      }
    }
    assertEquals(List.of(1_460, 700), lengths);
    tcp.receives(sack(tcp, 1, 3, 10).window(65_535));
    int next = edge;
    for (Sent s : tcp.sent().subList(0, 2)) {
      assertEquals(next, s.seq);
      next += s.payload.length;
    }
    assertTrue(next >= at(2), "the rest follows");
  }

  @Test
  @Tag("rfc6675-a")
  void givenTwoSackedSegments_thenNothingIsResent() {
    var tcp = tenInFlight();
    tcp.receives(sack(tcp, 0, 1, 3));
    assertEquals(List.of(), resent(tcp, 10));
  }

  @Test
  @Tag("rfc6675-c")
  @Tag("rfc2018-c")
  void givenTwoHoles_thenEachIsResentOnceAndNothingElse() {
    var tcp = tenInFlight();
    tcp.receives(sack(tcp, 0, 1, 4));
    tcp.receives(sack(tcp, 0, 5, 8, 1, 4));
    tcp.receives(sack(tcp, 0, 5, 10, 1, 4));
    assertEquals(List.of(0, 4), resent(tcp, 10));
    tcp.receives(sack(tcp, 4, 5, 10));
    assertEquals(List.of(), resent(tcp, 10));
    assertEquals(1, tcp.host.counted(Event.FAST_RETRANSMITS));
  }

  @Test
  @Tag("rfc6675-b")
  @Tag("rfc9937-a")
  void givenALargeFlight_thenLessIsSentThanArrived() {
    var tcp = tenInFlight();
    int sent = 0;
    for (int i = 2; i <= 10; i++) {
      tcp.receives(sack(tcp, 0, 1, i));
      sent += tcp.sent().size();
    }
    assertTrue(sent >= 5 && sent <= 8, () -> "nine arrived, seven tenths may go");
  }

  @Test
  @Tag("rfc6675-d")
  @Tag("rfc9937-c")
  void givenRecovery_whenAllThatWasInFlightIsAcknowledged_thenItEndsAtSsthresh() {
    var tcp = tenInFlight();
    tcp.receives(sack(tcp, 0, 1, 10));
    tcp.sent();
    tcp.receives(Seg.ack().ack(at(10)));
    tcp.sent();
    int flight = tcp.ourNxt - at(10);
    assertTrue(flight <= 7 * 1_460 && flight >= 5 * 1_460, () -> flight + " bytes");
  }

  @Test
  @Tag("rfc9937-b")
  @DisplayName(
      "RFC 9937 §6.2: below ssthresh no more than arrived, and a segment more when it is safe")
  void givenLessInFlightThanSsthresh_thenWhatArrivedMayGo_andOneMoreAfterProgressWithoutLoss() {
    var tcp = tenInFlight();
    assertEquals(List.of(10), resent(tcp, 99), "a probe");
    tcp.receives(sack(tcp, 0, 6, 9));
    assertEquals(List.of(0, 1, 2), resent(tcp, 99), "three arrived");
    tcp.advance(1).receives(sack(tcp, 0, 6, 10));
    assertEquals(List.of(3), resent(tcp, 99), "one arrived, no progress");
    tcp.advance(1).receives(sack(tcp, 1, 6, 10));
    assertEquals(List.of(4, 5), resent(tcp, 99), "one arrived, which is progress");
    tcp.advance(1).receives(sack(tcp, 2, 6, 10));
    assertEquals(List.of(11, 12), resent(tcp, 99), "again");
    tcp.advance(30).receives(sack(tcp, 3, 6, 10, 11, 12));
    assertEquals(
        List.of(3, 4), resent(tcp, 99), "two arrived, but copies that left before were lost");
  }

  @Test
  @Tag("rfc9937-d")
  void givenASmallSsthresh_thenTheFirstRetransmissionLeavesAllTheSame() {
    var tcp = tenInFlight();
    tcp.receives(sack(tcp, 0, 7, 10));
    assertEquals(0, resent(tcp, 10).getFirst());
  }

  @Test
  void givenALostRetransmission_whenWhatWasSentAfterItArrives_thenItGoesAgainWithoutATimeOut() {
    var tcp = tenInFlight();
    tcp.receives(sack(tcp, 0, 1, 10));
    assertEquals(List.of(0), resent(tcp, 10));
    for (int i = 11; i < 20; i++) {
      tcp.advance(1);
      tcp.receives(sack(tcp, 0, 1, i));
    }
    assertTrue(resent(tcp, 10).contains(0));
    assertEquals(0, tcp.host.counted(Event.TIMEOUTS));
  }

  @Test
  @Tag("rfc2018-d")
  void givenATimeOut_thenWhatWasSackedIsNotResent_andASecondTimeOutBelievesNothing() {
    var tcp = tenInFlight();
    tcp.receives(sack(tcp, 0, 2, 4));
    tcp.sent();
    while (tcp.host.counted(Event.TIMEOUTS) == 0) {
      tcp.untilSends(10_000);
      tcp.sent();
    }
    tcp.receives(Seg.ack().ack(at(1)));
    List<Integer> after = resent(tcp, 10);
    assertTrue(after.contains(1) && !after.contains(2) && !after.contains(3), after::toString);
    tcp.untilSends(20_000);
    tcp.sent();
    tcp.untilSends(40_000);
    tcp.sent();
    tcp.receives(Seg.ack().ack(at(2)));
    assertEquals(2, resent(tcp, 10).getFirst(), "reneged: it has to go again");
  }

  @Test
  @Tag("rfc2018-d")
  void givenAPeerThatReneges_thenWhatItThrewAwayGoesAgainWithoutATimeOut() {
    var tcp = tenInFlight();
    tcp.receives(sack(tcp, 0, 1, 4));
    tcp.sent();
    tcp.receives(Seg.ack().ack(at(1))); // and not at(4): it threw 1 to 3 away
    assertTrue(resent(tcp, 10).contains(1));
    assertEquals(0, tcp.host.counted(Event.TIMEOUTS));
  }

  @ParameterizedTest
  @CsvSource({"0, 1", "3, 3", "5, 4", "2, 400"})
  @DisplayName(
      "SACK blocks below the acknowledgment, empty, backwards, or beyond what was sent say nothing")
  @Tag("rfc2883-d")
  void givenASenselessBlock_thenNothingIsResent(int left, int right) {
    var tcp = tenInFlight();
    tcp.receives(sack(tcp, 1, left, right)).receives(sack(tcp, 1, left, right));
    assertEquals(List.of(), resent(tcp, 10));
    assertEquals(0, tcp.host.counted(Event.FAST_RETRANSMITS));
  }

  @Test
  @DisplayName("RFC 3522, 4015: the original arrives after all, the window goes back")
  void givenReordering_whenTheEchoIsOlderThanTheRetransmission_thenTheRecoveryIsUndone() {
    var tcp = with().options(mss(1_460), sackPermitted(), timestamp(1, 0)).established();
    tcp.send(14_600).send(14_600).send(14_600);
    int original = tcp.sent().getFirst().tsVal;
    tcp.advance(50).receives(sack(tcp, 0, 1, 5).ts(1_000_000, original));
    tcp.sent();
    assertEquals(1, tcp.host.counted(Event.FAST_RETRANSMITS));
    tcp.receives(Seg.ack().ack(at(5)).ts(1_000_001, original));
    assertEquals(1, tcp.host.counted(Event.RECOVERIES_UNDONE));
    tcp.sent();
    int flight = tcp.ourNxt - at(5);
    assertTrue(flight >= 10 * 1_400, () -> "cwnd is what it was: " + flight);
  }

  @Test
  void givenMoreIslandsThanASmallBlockHolds_thenTheHolesAreRepairedAndMemoryComesBack() {
    var tcp = with().options(mss(100), sackPermitted()).established();
    tcp.send(6_000).sent();
    for (int rtt = 0; rtt < 5; rtt++) { // slow start
      tcp.send(6_000).receives(Seg.ack());
    }
    tcp.sent();
    int una = tcp.ourNxt;
    tcp.receives(Seg.ack()).send(10_000);
    int n = tcp.sent().size();
    assertTrue(n > 40, () -> n + " in flight");
    tcp.advance(20);
    Set<Integer> again = new TreeSet<>();
    for (int i = 1; i < n; i += 2) {
      int left = tcp.iss + una + 100 * i;
      tcp.receives(Seg.ack().ack(una).options(Seg.sack(left, left + 100)));
      for (Sent s : tcp.sent()) {
        again.add((s.seq - una) / 100);
      }
    }
    again.removeIf(segment -> segment >= n); // new
    assertTrue(again.size() > 13, again::toString);
    assertTrue(again.stream().allMatch(segment -> segment % 2 == 0), again::toString);
    tcp.receives(Seg.ack());
    tcp.advance(1_000).receives(Seg.ack());
    tcp.advance(100_000);
    tcp.allReturns();
  }

  @Test
  @Tag("SHLD-7")
  @DisplayName("Nagle holds in recovery too")
  void givenASmallRest_whenRecovering_thenItWaits() {
    var tcp = with().options(mss(1_460), sackPermitted()).established();
    tcp.send(at(9) - 1 + 100).sent();
    tcp.send(100).receives(sack(tcp, 0, 1, 9));
    for (Sent s : tcp.sent()) {
      assertTrue(s.seq + s.payload.length <= at(9) + 100, s::toString);
    }
    tcp.receives(Seg.ack().ack(at(9) + 100));
    tcp.sends(ACK).seq(at(9) + 100).length(100);
  }

  @Test
  @DisplayName(
      "RFC 6675 §5, step 4.3: what began the recovery is resent first, lost or not by bytes")
  void givenSmallSegments_whenThreeDuplicatesCome_thenTheOldestGoesFirst() {
    var tcp =
        with()
            .profile(ConnectionProfile.NO_DELAY)
            .options(mss(1_460), sackPermitted())
            .established();
    for (int i = 0; i < 146; i++) {
      tcp.send(100);
    }
    tcp.send(14_600);
    assertEquals(146, tcp.sent().size());
    for (int i = 2; i <= 4; i++) {
      int left = tcp.iss + 101;
      tcp.receives(Seg.ack().ack(1).options(Seg.sack(left, left + 100 * (i - 1))));
    }
    List<Integer> sent = new ArrayList<>();
    tcp.sent().forEach(s -> sent.add(s.seq));
    assertTrue(sent.contains(1), sent::toString);
  }

  @Test
  @DisplayName("RFC 6675 §2: an acknowledgment with news is a duplicate, whatever data it carries")
  @Tag("rfc6675-a")
  void givenSackOnASegmentWithData_thenTheHoleIsResent() {
    var tcp = tenInFlight();
    tcp.receives(sack(tcp, 0, 1, 4).length(100));
    assertEquals(List.of(0), resent(tcp, 10));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 0x7FFF_0000, 0x8000_0001, 0xA000_0000, -100_000})
  @DisplayName("RFC 9406: round trips that grow slow the first slow start down, whatever the ISN")
  @Tag("rfc9406-a")
  void givenRoundTripsThatGrow_thenSlowStartSlowsDown(int iss) {
    var tcp =
        with()
            .iss(iss)
            .options(mss(1_460), sackPermitted(), timestamp(1, 0), Seg.scale(7))
            .established();
    slowsDown(tcp);
  }

  @Test
  @DisplayName("and when the first data was queued before the connection was open")
  void givenDataQueuedInSynSent_thenSlowStartSlowsDownAllTheSame() {
    for (int iss : new int[] {1, 0x8000_0001, 0xA000_0000}) {
      var tcp = with().actively().iss(iss).synSent();
      tcp.send(14_600);
      byte[] options =
          Seg.flags(0).options(mss(1_460), sackPermitted(), timestamp(1, 0), Seg.scale(7)).options;
      tcp.receives(Seg.flags(Seg.SYN | Seg.ACK).seq(0).options(options));
      slowsDown(tcp);
    }
  }

  private static void slowsDown(TcpFixture tcp) {
    for (int i = 0; i < 60; i++) {
      tcp.send(14_600);
    }
    List<Sent> flight = tcp.sent();
    flight.removeIf(s -> s.payload.length == 0);
    for (int rtt : new int[] {40, 40, 40, 60}) {
      flight = answerEach(tcp, flight, rtt);
    }
    int last = flight.size();
    assertTrue(last > 80 && last < 120, () -> last + " segments where doubling makes 160");
  }

  /** A round: each segment of a flight is acknowledged by itself, and lets the next flight go. */
  private static List<Sent> answerEach(TcpFixture tcp, List<Sent> flight, int rttMillis) {
    tcp.advance(rttMillis);
    for (Sent s : flight) {
      tcp.receives(Seg.ack().ack(s.seq + s.payload.length).ts(1_000_000, s.tsVal));
    }
    return tcp.sent();
  }
}
