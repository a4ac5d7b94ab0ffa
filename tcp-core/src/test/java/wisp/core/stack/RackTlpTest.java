package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.mss;
import static wisp.core.stack.Seg.sackPermitted;
import static wisp.core.stack.TcpFixture.with;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;

@DisplayName(
    "RFC 8985, 2883, 5682: losses by time, probes of the tail, duplicates, time-outs for nothing")
class RackTlpTest {
  private static final int MSS = 1_400;
  private static final int ROUND_TRIP = 40;

  private static TcpFixture open(boolean ipv6) {
    return with().ipv6(ipv6).options(mss(MSS), sackPermitted()).established();
  }

  /** A connection that knows its round trip of 40 ms, with nothing in flight: text begins at 0. */
  private static TcpFixture measured(boolean ipv6) {
    return measured(ipv6, ROUND_TRIP);
  }

  private static TcpFixture measured(boolean ipv6, int roundTrip) {
    var tcp = open(ipv6);
    for (int i = 0; i < 40; i++) {
      tcp.send(1_000);
      tcp.advance(roundTrip).receives(Seg.ack().ack(tcp.ourNxt));
    }
    tcp.sent();
    return tcp;
  }

  private static int[] absolute(TcpFixture tcp, int... edges) {
    int[] absolute = new int[edges.length];
    for (int i = 0; i < edges.length; i++) {
      absolute[i] = tcp.iss + edges[i];
    }
    return absolute;
  }

  private static Seg sack(TcpFixture tcp, int una, int... edges) {
    return Seg.ack().ack(una).options(Seg.sack(absolute(tcp, edges)));
  }

  /** Relative sequence numbers of segments with text. */
  private static List<Integer> texts(TcpFixture tcp) {
    List<Integer> seqs = new ArrayList<>();
    for (Sent s : tcp.sent()) {
      if (s.payload.length > 0) {
        seqs.add(s.seq);
      }
    }
    return seqs;
  }

  @Test
  @Tag("rfc8985-a")
  void givenTwoSegmentsSentApart_whenTheLaterArrives_thenTheEarlierIsResentAfterTheWindow() {
    var tcp = measured(false);
    int first = tcp.ourNxt;
    tcp.send(MSS).advance(20);
    tcp.send(MSS).advance(ROUND_TRIP);
    tcp.sent();
    tcp.receives(sack(tcp, first, first + MSS, first + 2 * MSS));
    assertEquals(List.of(first), texts(tcp), "sent 20 ms earlier, a quarter round trip is 10");
    assertEquals(0, tcp.counted(Event.TIMEOUTS));
  }

  @ParameterizedTest(name = "IPv6: {0}")
  @ValueSource(booleans = {false, true})
  @Tag("rfc8985-a")
  @Tag("D26")
  void givenReorderingWithinAQuarterRoundTrip_thenNothingIsResent(boolean ipv6) {
    var tcp = measured(ipv6);
    int first = tcp.ourNxt;
    tcp.send(MSS).advance(1);
    tcp.send(MSS).advance(ROUND_TRIP - 1);
    tcp.sent();
    tcp.receives(sack(tcp, first, first + MSS, first + 2 * MSS));
    tcp.advance(5);
    assertEquals(List.of(), texts(tcp));
    tcp.receives(Seg.ack().ack(first + 2 * MSS));
    tcp.advance(300);
    assertEquals(List.of(), texts(tcp));
    tcp.advance(10_000).allReturns();
  }

  @Test
  @Tag("rfc8985-a")
  void givenReorderingThatIsLoss_whenNothingMoreComes_thenTheTimerFindsIt() {
    var tcp = measured(false);
    int first = tcp.ourNxt;
    tcp.send(MSS).advance(1);
    tcp.send(MSS).advance(ROUND_TRIP - 1);
    tcp.sent();
    tcp.receives(sack(tcp, first, first + MSS, first + 2 * MSS));
    double after = tcp.untilSends(200);
    assertTrue(after <= 15, () -> "resent after " + after + " ms");
    assertEquals(List.of(first), texts(tcp));
    assertEquals(0, tcp.counted(Event.TIMEOUTS));
  }

  @ParameterizedTest(name = "IPv6: {0}")
  @ValueSource(booleans = {false, true})
  @Tag("rfc8985-b")
  @Tag("D25")
  void givenALostTail_thenOneProbeGoesAfterTwoRoundTripsAndItIsRepaired(boolean ipv6) {
    var tcp = measured(ipv6);
    int first = tcp.ourNxt;
    tcp.send(4 * MSS);
    assertEquals(4, texts(tcp).size());
    double after = tcp.untilSends(1_000);
    assertTrue(after >= 2 * ROUND_TRIP - 2 && after <= 2 * ROUND_TRIP + 15, () -> after + " ms");
    assertEquals(List.of(first + 3 * MSS), texts(tcp));
    assertEquals(1, tcp.counted(Event.TAIL_LOSS_PROBES));
    tcp.advance(ROUND_TRIP);
    tcp.receives(sack(tcp, first, first + 3 * MSS, first + 4 * MSS));
    assertEquals(first, texts(tcp).getFirst(), "the holes before it follow");
    assertEquals(0, tcp.counted(Event.TIMEOUTS));
  }

  @Test
  @Tag("rfc8985-b")
  void givenASingleSegment_thenTheProbeWaitsForADelayedAckToo() {
    var tcp = measured(false);
    tcp.send(MSS);
    tcp.sent();
    double after = tcp.untilSends(2_000);
    assertTrue(after >= 2 * ROUND_TRIP + 100, () -> after + " ms");
  }

  @Test
  @Tag("rfc8985-b")
  void givenAProbeInVain_thenTheTimeOutFollowsAndNoSecondProbe() {
    var tcp = measured(false);
    tcp.send(4 * MSS);
    tcp.sent();
    tcp.advance(5_000);
    assertEquals(1, tcp.counted(Event.TAIL_LOSS_PROBES));
    assertTrue(tcp.counted(Event.TIMEOUTS) > 0);
  }

  @Test
  @DisplayName("§7.2: where the time-out would come before the probe, the probe comes then")
  @Tag("rfc8985-b")
  void givenATimeOutSoonerThanTheProbe_thenTheProbeTakesItsPlace() {
    var tcp = measured(false, 500);
    int first = tcp.ourNxt;
    long probes = tcp.counted(Event.TAIL_LOSS_PROBES);
    tcp.send(MSS);
    tcp.sent();
    double after = tcp.untilSends(2_000);
    assertTrue(after >= 990 && after <= 1_030, () -> "RTO 1 s, twice 500 ms and 200: " + after);
    assertEquals(List.of(first), texts(tcp));
    assertEquals(probes + 1, tcp.counted(Event.TAIL_LOSS_PROBES));
    assertEquals(0, tcp.counted(Event.TIMEOUTS));
    tcp.advance(1_100);
    assertEquals(1, tcp.counted(Event.TIMEOUTS), "the time-out follows");
  }

  @Test
  @DisplayName("Karn: where a probe makes every sample doubtful, the next segment has none")
  @Tag("rfc8985-b")
  @Tag("rfc6298-c")
  void givenRoundTripsThatGrewBeyondTheProbe_thenTheyAreLearnt() {
    var tcp = open(false);
    for (int i = 0; i < 40; i++) {
      tcp.send(1_000);
      tcp.advance(500).receives(Seg.ack().ack(tcp.ourNxt));
    }
    assertTrue(tcp.counted(Event.TAIL_LOSS_PROBES) > 0, "the handshake took no time");
    assertEquals(500_000, tcp.number(t -> t.srttMicros), 10_000);
  }

  @Test
  @DisplayName("§7.3: the segment with the highest sequence number: here the FIN alone")
  @Tag("rfc8985-b")
  void givenAFinSentLater_whenNothingIsHeard_thenTheProbeIsTheFin() {
    var tcp = measured(false);
    int first = tcp.ourNxt;
    tcp.send(4 * MSS).advance(20).shutdown();
    tcp.sent();
    tcp.untilSends(1_000);
    tcp.sends(Seg.FIN | Seg.ACK).seq(first + 4 * MSS).length(0);
    tcp.sendsNothing();
  }

  @Test
  @DisplayName("§7.3: a FIN that left with the last text goes again with all of that segment")
  @Tag("rfc8985-b")
  void givenAFinSentWithTheLastText_whenNothingIsHeard_thenTheProbeIsBoth() {
    var tcp = measured(false);
    int first = tcp.ourNxt;
    tcp.send(4 * MSS).shutdown();
    tcp.sent();
    tcp.untilSends(1_000);
    assertEquals(List.of(first + 3 * MSS), texts(tcp));
  }

  @Test
  @DisplayName("SACK blocks count even if a later ACK has overtaken theirs")
  @Tag("rfc6675-b")
  void givenAnAckThatWasOvertaken_thenItsBlocksCount() {
    var tcp = measured(false);
    int first = tcp.ourNxt;
    tcp.send(10 * MSS);
    tcp.sent();
    tcp.advance(ROUND_TRIP);
    tcp.receives(sack(tcp, first, first + MSS, first + 3 * MSS));
    tcp.receives(sack(tcp, first, first + MSS, first + 3 * MSS, first + 8 * MSS, first + 9 * MSS));
    tcp.advance(ROUND_TRIP).receives(sack(tcp, first + 4 * MSS, first + 8 * MSS, first + 9 * MSS));
    assertFalse(texts(tcp).contains(first + 7 * MSS), "the pipe is full");
    tcp.receives(sack(tcp, first + 3 * MSS, first + 5 * MSS, first + 7 * MSS));
    assertEquals(first + 7 * MSS, texts(tcp).getFirst(), "two segments have left it");
  }

  @Test
  @DisplayName("§6.2: of what was resent in order the earlier is lost when only the later arrives")
  @Tag("rfc8985-c")
  void givenALostRetransmission_whenWhatWasResentAfterItArrives_thenItGoesAgain() {
    var tcp = measured(false);
    int first = tcp.ourNxt;
    tcp.send(10 * MSS);
    tcp.sent();
    tcp.advance(ROUND_TRIP);
    tcp.receives(sack(tcp, first, first + 3 * MSS, first + 10 * MSS));
    assertEquals(List.of(first, first + MSS, first + 2 * MSS), texts(tcp));
    tcp.advance(ROUND_TRIP).receives(sack(tcp, first, first + MSS, first + 10 * MSS));
    assertEquals(List.of(first), texts(tcp));
    assertEquals(0, tcp.counted(Event.TIMEOUTS));
  }

  @ParameterizedTest(name = "IPv6: {0}")
  @ValueSource(booleans = {false, true})
  @Tag("rfc8985-c")
  @Tag("D26")
  void givenALostRetransmission_whenWhatWasSentLaterArrives_thenItGoesAgainWithoutTimeOut(
      boolean ipv6) {
    var tcp = measured(ipv6);
    int first = tcp.ourNxt;
    tcp.send(10 * MSS).send(10 * MSS).send(10 * MSS);
    tcp.sent();
    tcp.advance(ROUND_TRIP);
    tcp.receives(sack(tcp, first, first + MSS, first + 5 * MSS));
    assertEquals(first, texts(tcp).getFirst());
    int latest = first + 5 * MSS;
    for (int i = 0; i < 12; i++) {
      tcp.advance(10);
      latest = Math.min(latest + MSS, tcp.ourNxt);
      tcp.receives(sack(tcp, first, first + MSS, latest));
    }
    assertTrue(texts(tcp).contains(first));
    assertEquals(0, tcp.counted(Event.TIMEOUTS));
  }

  @ParameterizedTest(name = "IPv6: {0}")
  @ValueSource(booleans = {false, true})
  @Tag("rfc8985-d")
  @Tag("D26")
  void givenADuplicateReported_thenTheReorderingWindowGrows(boolean ipv6) {
    var tcp = measured(ipv6);
    int first = tcp.ourNxt;
    tcp.send(8 * MSS);
    tcp.sent();
    tcp.advance(ROUND_TRIP);
    tcp.receives(sack(tcp, first, first + MSS, first + 5 * MSS));
    assertEquals(0, tcp.number(t -> t.reorderingSteps));
    tcp.receives(
        Seg.ack().ack(first + 6 * MSS).options(Seg.sack(absolute(tcp, first, first + MSS))));
    assertEquals(1, tcp.number(t -> t.reorderingSteps));
    assertEquals(1, tcp.counted(Event.DUPLICATES_HEARD_OF));
  }

  @Test
  @Tag("rfc7661-a")
  void givenAnApplicationThatSendsLittle_thenItsWindowDoesNotGrow() {
    var tcp = measured(false);
    assertEquals(10 * MSS, tcp.number(t -> t.congestion.cwndBytes), "after 40 round trips");
  }

  // ---- Duplicates that we report ---------------------------------------------------------------

  private static int[] blocks(TcpFixture tcp) {
    List<Sent> sent = tcp.sent();
    assertEquals(1, sent.size(), () -> "" + sent);
    int[] sack = sent.getFirst().sack.clone();
    for (int i = 0; i < sack.length; i++) {
      sack[i] -= tcp.irs;
    }
    return sack;
  }

  @ParameterizedTest(name = "IPv6: {0}")
  @ValueSource(booleans = {false, true})
  @Tag("rfc2883-a")
  @Tag("rfc2883-c")
  @Tag("D28")
  void givenADuplicateBelowTheAck_thenItIsReportedFirstAndOnce(boolean ipv6) {
    var tcp = open(ipv6);
    tcp.receives(Seg.data(1_000), Seg.data(1_000).seq(1_001)).sent();
    tcp.receives(Seg.data(1_000).seq(1));
    assertArrayEquals(new int[] {1, 1_001}, blocks(tcp));
    tcp.receives(Seg.data(500).seq(3_001));
    assertArrayEquals(new int[] {3_001, 3_501}, blocks(tcp), "the duplicate was reported already");
    tcp.delivered(2_000);
  }

  @ParameterizedTest(name = "IPv6: {0}")
  @ValueSource(booleans = {false, true})
  @Tag("rfc2883-b")
  @Tag("D28")
  void givenADuplicateWithinAnIsland_thenItsIslandFollows(boolean ipv6) {
    var tcp = open(ipv6);
    tcp.receives(Seg.data(1_000).seq(2_001), Seg.data(1_000).seq(3_001)).sent();
    tcp.receives(Seg.data(1_000).seq(2_001));
    assertArrayEquals(new int[] {2_001, 3_001, 2_001, 4_001}, blocks(tcp));
    tcp.receives(Seg.data(2_000).seq(1));
  }

  @ParameterizedTest(name = "the next has SACK: {0}")
  @ValueSource(booleans = {false, true})
  void givenADuplicateAndARstInOneBurst_thenTheNextConnectionOfTheseTwoReportsNothing(
      boolean sack) {
    var tcp = open(false);
    tcp.receives(Seg.data(1_000)).sent();
    tcp.receives(Seg.data(1_000).seq(1), Seg.rst()).isGone();
    tcp.sent();
    byte[] options = sack ? sackPermitted() : new byte[0];
    tcp.receives(Seg.syn().seq(0).options(options)).sent();
    tcp.receives(Seg.ack().seq(1).ack(1)).isEstablished(); // which asks for the handle of before
    tcp.receives(Seg.data(500).seq(2_001).ack(1));
    assertArrayEquals(sack ? new int[] {2_001, 2_501} : new int[0], blocks(tcp));
  }

  // ---- Time-outs for nothing -------------------------------------------------------------------

  @Test
  @Tag("rfc5682-a")
  @Tag("rfc5682-b")
  void givenADelayThatRanIntoTheTimeOut_whenTheOriginalsAreAcknowledged_thenNothingElseIsResent() {
    var tcp = measured(false);
    int first = tcp.ourNxt;
    tcp.send(10 * MSS);
    tcp.sent();
    int before = tcp.number(t -> t.congestion.cwndBytes);
    while (tcp.counted(Event.TIMEOUTS) == 0) {
      tcp.advance(10);
    }
    assertTrue(tcp.number(t -> t.congestion.cwndBytes) < before);
    tcp.sent();
    tcp.send(10 * MSS).send(10 * MSS);
    tcp.receives(Seg.ack().ack(first + MSS));
    tcp.receives(Seg.ack().ack(first + 3 * MSS));
    tcp.receives(Seg.ack().ack(first + 10 * MSS));
    List<Integer> after = texts(tcp);
    assertFalse(after.stream().anyMatch(seq -> seq < first + 10 * MSS), () -> "" + after);
    assertEquals(1, tcp.counted(Event.TIMEOUTS_UNDONE));
    assertTrue(tcp.number(t -> t.congestion.cwndBytes) >= before);
  }

  @Test
  @Tag("rfc5682-c")
  void givenARealLoss_thenAllIsResentAndCwndStaysDown() {
    var tcp = measured(false);
    int first = tcp.ourNxt;
    tcp.send(4 * MSS);
    tcp.sent();
    while (tcp.counted(Event.TIMEOUTS) == 0) {
      tcp.advance(10);
    }
    List<Integer> resent = new ArrayList<>(texts(tcp));
    for (int i = 1; i <= 4; i++) {
      tcp.advance(ROUND_TRIP);
      tcp.receives(Seg.ack().ack(first + i * MSS));
      resent.addAll(texts(tcp));
    }
    for (int i = 0; i < 3; i++) {
      assertTrue(resent.contains(first + i * MSS), () -> "" + resent);
    }
    assertEquals(0, tcp.counted(Event.TIMEOUTS_UNDONE));
    tcp.advance(10_000).allReturns();
  }
}
