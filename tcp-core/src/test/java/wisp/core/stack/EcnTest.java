package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.ACK;
import static wisp.core.stack.Seg.CWR;
import static wisp.core.stack.Seg.ECE;
import static wisp.core.stack.Seg.FIN;
import static wisp.core.stack.Seg.RST;
import static wisp.core.stack.Seg.SYN;
import static wisp.core.stack.Seg.mss;
import static wisp.core.stack.Seg.sackPermitted;
import static wisp.core.stack.Seg.scale;
import static wisp.core.stack.Seg.timestamp;
import static wisp.core.stack.TcpFixture.with;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;
import wisp.core.spi.BlockPool;
import wisp.core.spi.EcnMode;

@DisplayName("RFC 3168, 8511: explicit congestion notification")
@Tag("D39")
@ParameterizedClass(name = "IPv6: {0}")
@ValueSource(booleans = {false, true})
class EcnTest {
  private static final int NOT_ECT = 0;
  private static final int ECT_0 = 2;
  private static final int CE = 3;

  private static final ConnectionProfile ASK =
      ConnectionProfile.DEFAULT.with(b -> b.ecn = EcnMode.ASK);
  private static final ConnectionProfile OFF =
      ConnectionProfile.DEFAULT.with(b -> b.ecn = EcnMode.OFF);

  private final boolean ipv6;
  private final int full;

  EcnTest(boolean ipv6) {
    this.ipv6 = ipv6;
    this.full = ipv6 ? 1_440 : 1_460;
  }

  private TcpFixture.Setup fresh() {
    return with().ipv6(ipv6);
  }

  /** A connection from LISTEN whose peer asked for ECN. */
  private TcpFixture granted(TcpFixture.Setup setup) {
    var tcp = setup.listening();
    tcp.receives(Seg.flags(SYN | ECE | CWR).seq(0).options(setup.options));
    tcp.sends(SYN | ACK | ECE).ecn(NOT_ECT);
    tcp.receives(Seg.ack());
    tcp.events.clear();
    return tcp.isEstablished();
  }

  private TcpFixture granted() {
    return granted(fresh());
  }

  private int at(int segment) {
    return 1 + full * segment;
  }

  // ---- Opening ---------------------------------------------------------------------------------

  @Test
  @Tag("rfc3168-a")
  @Tag("SHLD-8")
  void givenWeAsk_thenSynHasBothFlagsAndTheAnswerGrants() {
    var tcp = fresh().profile(ASK).closed().connect();
    tcp.sends(SYN | ECE | CWR).ecn(NOT_ECT);
    tcp.receives(Seg.flags(SYN | ACK | ECE).seq(0).options(mss(full)));
    tcp.sends(ACK).ecn(NOT_ECT);
    tcp.send(100).sends(ACK).ecn(ECT_0);
  }

  @ParameterizedTest
  @Tag("rfc3168-a")
  @CsvSource({"0", "192", "128"})
  @DisplayName("no flag, both (a peer that mirrors them), CWR alone")
  void givenWeAsk_whenTheSynAckDoesNotGrant_thenNoEct(int flags) {
    var tcp = fresh().profile(ASK).closed().connect();
    tcp.sends(SYN | ECE | CWR);
    tcp.receives(Seg.flags(SYN | ACK | flags).seq(0).options(mss(full)));
    tcp.sends(ACK);
    tcp.send(100).sends(ACK).ecn(NOT_ECT);
  }

  @Test
  @Tag("rfc3168-a")
  void givenAPeerThatAsks_thenTheSynAckHasEceOnlyAndDataIsMarkable() {
    var tcp = granted();
    tcp.send(100).sends(ACK).ecn(ECT_0);
  }

  @Test
  @Tag("rfc3168-a")
  void givenIpv6_thenTheTrafficClassCarriesIt() {
    var tcp = granted(with().ipv6().profile(ConnectionProfile.DEFAULT.with(b -> b.dscp = 46)));
    Sent s = tcp.send(100).sends(ACK).ecn(ECT_0);
    assertEquals(46, s.dscp);
    tcp.receives(Seg.data(100).ecn(CE));
    tcp.sends(ACK | ECE).ecn(NOT_ECT);
  }

  @Test
  @Tag("rfc3168-a")
  void givenItIsOff_whenAPeerAsks_thenAPlainSynAck() {
    var tcp = fresh().profile(OFF).listening();
    tcp.receives(Seg.flags(SYN | ECE | CWR).seq(0).options(mss(full)));
    tcp.sends(SYN | ACK);
    tcp.receives(Seg.ack());
    tcp.send(100).sends(ACK).ecn(NOT_ECT);
    tcp.receives(Seg.data(100).ecn(CE)).advance(100);
    tcp.sends(ACK);
  }

  @ParameterizedTest
  @Tag("rfc3168-a")
  @ValueSource(ints = {ECE, CWR})
  void givenASynWithOneOfTheFlags_thenItIsAnsweredWithoutEcn(int flag) {
    var tcp = fresh().listening();
    tcp.receives(Seg.flags(SYN | flag).seq(0).options(mss(full)));
    tcp.sends(SYN | ACK);
    tcp.receives(Seg.ack());
    tcp.send(100).sends(ACK).ecn(NOT_ECT);
  }

  @Test
  @Tag("rfc3168-d")
  void givenAnAskingSynThatIsLostTwice_thenThePlainOneFollows() {
    var tcp = fresh().profile(ASK).closed().connect();
    tcp.sends(SYN | ECE | CWR);
    tcp.untilSends(1_100);
    tcp.sends(SYN | ECE | CWR);
    tcp.untilSends(2_100);
    tcp.sends(SYN);
    tcp.receives(Seg.flags(SYN | ACK | ECE).seq(0).options(mss(full)));
    tcp.sends(ACK);
    tcp.send(100).sends(ACK).ecn(NOT_ECT); // who has sent a plain SYN must not (§6.1.1)
  }

  @Test
  @Tag("rfc3168-d")
  void givenAnAskingSynThatDrawsRst_thenThePlainOneFollowsAtOnceAndASecondRstEnds() {
    var tcp = fresh().profile(ASK).closed().connect();
    tcp.sends(SYN | ECE | CWR);
    tcp.receives(Seg.flags(RST | ACK).seq(0));
    tcp.sends(SYN).seq(0);
    tcp.receives(Seg.flags(RST | ACK).seq(0)).sendsNothing().isGone();
    assertTrue(tcp.reason instanceof CloseReason.Refused);
  }

  @Test
  void givenAGrantedSyn_whenThePlainOneFollows_thenTheNewSynAckIsPlainAndSoIsData() {
    var tcp = fresh().listening();
    tcp.receives(Seg.flags(SYN | ECE | CWR).seq(0).options(mss(full)));
    tcp.sends(SYN | ACK | ECE);
    tcp.receives(Seg.flags(SYN).seq(0).options(mss(full)));
    tcp.sends(SYN | ACK);
    tcp.receives(Seg.ack());
    tcp.send(100).sends(ACK).ecn(NOT_ECT);
  }

  @Test
  void givenALostSynAck_thenItsCopyGrantsToo() {
    var tcp = fresh().listening();
    tcp.receives(Seg.flags(SYN | ECE | CWR).seq(0).options(mss(full)));
    tcp.sends(SYN | ACK | ECE);
    tcp.untilSends(1_100);
    tcp.sends(SYN | ACK | ECE).ecn(NOT_ECT);
    tcp.receives(Seg.ack());
    tcp.send(100).sends(ACK).ecn(ECT_0);
  }

  @Test
  void givenASimultaneousOpenOfTwoThatAsk_thenBothSpeakIt() {
    var tcp = fresh().profile(ASK).closed().connect();
    tcp.sends(SYN | ECE | CWR);
    tcp.receives(Seg.flags(SYN | ECE | CWR).seq(0).options(mss(full)));
    tcp.sends(SYN | ACK | ECE);
    tcp.receives(Seg.flags(SYN | ACK | ECE).seq(0).ack(1).options(mss(full)));
    tcp.sends(ACK);
    tcp.isEstablished().send(100).sends(ACK).ecn(ECT_0);
  }

  // ---- Which packets may be marked -------------------------------------------------------------

  @Test
  @Tag("rfc3168-a")
  void givenRetransmissions_thenNoneIsMarkable() {
    var tcp = granted();
    tcp.send(10 * full);
    for (Sent s : tcp.sent()) {
      s.ecn(ECT_0);
    }
    tcp.untilSends(1_100);
    tcp.sends(ACK).seq(1).ecn(NOT_ECT);
    tcp.receives(Seg.ack().ack(at(1)));
    tcp.sends(ACK).seq(at(1)).ecn(NOT_ECT);
  }

  @Test
  @Tag("rfc3168-a")
  void givenPureAcksFinsAndResets_thenNoneIsMarkable() {
    var tcp = granted();
    tcp.receives(Seg.data(100)).advance(100);
    tcp.sends(ACK).ecn(NOT_ECT);
    tcp.receives(Seg.data(100).seq(5_000)); // beyond a hole
    tcp.sends(ACK).ecn(NOT_ECT);
    tcp.shutdown().sends(FIN | ACK).ecn(NOT_ECT);
    tcp.abort().sends(RST | ACK).ecn(NOT_ECT);
  }

  @Test
  @Tag("rfc3168-a")
  void givenAClosedWindow_thenItsProbeIsNotMarkable() {
    var tcp = granted();
    tcp.receives(Seg.ack().window(0));
    tcp.send(100).sendsNothing();
    tcp.untilSends(5_000);
    tcp.sends(ACK).length(1).ecn(NOT_ECT);
  }

  // ---- The receiver ----------------------------------------------------------------------------

  @Test
  @Tag("rfc3168-b")
  void givenAMarkedSegment_thenItIsEchoedAtOnceAndOnEveryAckUntilCwr() {
    var tcp = granted();
    tcp.receives(Seg.data(100).ecn(CE));
    tcp.sends(ACK | ECE).ack(101);
    tcp.receives(Seg.data(100).ecn(ECT_0)).advance(100);
    tcp.sends(ACK | ECE).ack(201);
    tcp.send(50).sends(ACK | ECE).ecn(ECT_0);
    tcp.receives(Seg.flags(ACK | CWR).length(100).ecn(ECT_0));
    tcp.sends(ACK).ack(301);
    tcp.receives(Seg.data(100).ecn(ECT_0)).advance(100);
    tcp.sends(ACK).ack(401);
    assertEquals(1, tcp.counted(Event.ECN_CE_RECEIVED));
    tcp.delivered(400);
  }

  @Test
  @Tag("rfc3168-b")
  void givenCwrOnAMarkedSegment_thenTheEchoGoesOn() {
    var tcp = granted();
    tcp.receives(Seg.data(100).ecn(CE));
    tcp.sends(ACK | ECE);
    tcp.receives(Seg.flags(ACK | CWR).length(100).ecn(CE));
    tcp.sends(ACK | ECE).ack(201);
  }

  @Test
  @Tag("rfc3168-b")
  void givenMarksInABurst_thenOneAckAnswersThemAll() {
    var tcp = granted();
    tcp.receives(
        Seg.data(100).ecn(ECT_0), Seg.data(100).ecn(CE), Seg.data(100).ecn(CE), Seg.data(100));
    tcp.sends(ACK | ECE).ack(401);
    tcp.sendsNothing();
    assertEquals(2, tcp.counted(Event.ECN_CE_RECEIVED));
  }

  @Test
  @DisplayName("RFC 3168 §6.1.5: a mark on what lies outside the window counts for nothing")
  void givenAMarkedCopyOfOldText_thenNoEcho() {
    var tcp = granted();
    tcp.receives(Seg.data(100)).advance(100);
    tcp.sends(ACK);
    tcp.receives(Seg.data(100).seq(1).ecn(CE));
    tcp.sends(ACK).ack(101);
    tcp.receives(Seg.ack().ecn(CE)).sendsNothing();
    assertEquals(0, tcp.counted(Event.ECN_CE_RECEIVED));
  }

  @Test
  @Tag("rfc3168-b")
  void givenAnEchoIsOwed_whenTheConnectionSleeps_thenItIsNotForgotten() {
    var tcp = granted(fresh().options(mss(full), scale(3), sackPermitted(), timestamp(5_000, 0)));
    tcp.receives(Seg.data(100).ecn(CE));
    tcp.sends(ACK | ECE);
    assertEquals(0, tcp.blocksInUse(), "an echo needs no block");
    var other = tcp.another(9_999);
    other.receives(Seg.flags(SYN).seq(0).options(mss(full)));
    other.receives(Seg.rst().seq(1));
    assertTrue(tcp.is(t -> t.block == BlockPool.NONE && t.ecn && t.eceOwed));
    tcp.receives(Seg.data(100)).advance(100);
    tcp.sends(ACK | ECE).ack(201);
    tcp.send(100).sends(ACK | ECE).ecn(ECT_0);
  }

  // ---- The sender ------------------------------------------------------------------------------

  @Test
  @Tag("rfc3168-c")
  @Tag("rfc8511-a")
  @Tag("SHLD-8")
  void givenAnEcho_thenCwndFallsOnceAWindowAndTheNextNewSegmentSaysCwr() {
    var tcp = granted();
    tcp.send(10 * full).send(10 * full).send(10 * full);
    assertEquals(10, tcp.sent().size());
    tcp.receives(Seg.flags(ACK | ECE).ack(at(1)));
    assertEquals((int) (10 * full * 0.85), tcp.number(t -> t.congestion.cwndBytes));
    assertEquals((int) (10 * full * 0.85), tcp.number(t -> t.congestion.ssthreshBytes));
    tcp.sendsNothing(); // nine in flight, eight and a half may be
    tcp.receives(Seg.flags(ACK | ECE).ack(at(3)));
    tcp.sends(ACK | CWR).seq(at(10)).ecn(ECT_0);
    tcp.sendsNothing();
    tcp.receives(Seg.flags(ACK | ECE).ack(at(10)));
    assertEquals(1, tcp.counted(Event.ECN_REDUCTIONS));
    assertEquals((int) (10 * full * 0.85), tcp.number(t -> t.congestion.cwndBytes), "no growth");
    for (Sent s : tcp.sent()) {
      assertFalse(s.has(CWR), "once is enough");
    }
    tcp.receives(Seg.ack().ack(at(11))); // the one with CWR
    tcp.sent();
    tcp.receives(Seg.flags(ACK | ECE).ack(at(13)));
    assertEquals(2, tcp.counted(Event.ECN_REDUCTIONS));
    assertEquals(0, tcp.counted(Event.SEGMENTS_RETRANSMITTED));
  }

  @ParameterizedTest
  @CsvSource({"cubic,0.85", "newreno,0.8"})
  @Tag("rfc3168-c")
  @Tag("rfc8511-a")
  @DisplayName("what is cut is congestion control's to say")
  void cutsByTheAlgorithm(String name, double beta) {
    var tcp =
        granted(fresh().profile(ConnectionProfile.DEFAULT.with(b -> b.congestionControl = name)));
    tcp.send(10 * full).sent();
    tcp.receives(Seg.flags(ACK | ECE).ack(at(10)));
    assertEquals((int) (10 * full * beta), tcp.number(t -> t.congestion.cwndBytes));
  }

  @Test
  @Tag("rfc3168-c")
  void givenAnEcho_whenTheSameWindowAlsoLosesASegment_thenItIsResentAndCwndIsCutOnce() {
    var tcp = granted(fresh().options(mss(full), sackPermitted()));
    tcp.send(10 * full).send(10 * full).sent();
    tcp.receives(Seg.flags(ACK | ECE).ack(at(2)));
    int ssthresh = tcp.number(t -> t.congestion.ssthreshBytes);
    tcp.sent();
    tcp.receives(
        Seg.flags(ACK | ECE).ack(at(2)).options(Seg.sack(tcp.iss + at(3), tcp.iss + at(7))));
    assertEquals(1, tcp.counted(Event.FAST_RETRANSMITS));
    assertEquals(ssthresh, tcp.number(t -> t.congestion.ssthreshBytes));
    assertEquals(1, tcp.counted(Event.ECN_REDUCTIONS));
    Sent resent = tcp.sent().getFirst();
    resent.seq(at(2)).ecn(NOT_ECT);
    assertFalse(resent.has(CWR), "CWR is for new text");
  }

  @Test
  @Tag("rfc3168-c")
  void givenAnEcho_whenAProbeRepairsALossOfTheSameWindow_thenCwndIsCutOnce() {
    var tcp = granted(fresh().options(mss(full), sackPermitted()));
    tcp.send(4 * full).sent();
    tcp.receives(Seg.flags(ACK | ECE).ack(at(3)));
    int ssthresh = tcp.number(t -> t.congestion.ssthreshBytes);
    int cwnd = tcp.number(t -> t.congestion.cwndBytes);
    tcp.untilSends(2_000);
    tcp.sends(ACK).seq(at(3)).length(full);
    tcp.send(full).sends(ACK | CWR).seq(at(4));
    tcp.receives(Seg.ack().ack(at(5)));
    assertEquals(1, tcp.counted(Event.TAIL_LOSS_PROBES));
    assertEquals(0, tcp.counted(Event.TIMEOUTS));
    assertEquals(ssthresh, tcp.number(t -> t.congestion.ssthreshBytes));
    assertTrue(tcp.number(t -> t.congestion.cwndBytes) >= cwnd);
  }

  @Test
  @Tag("rfc3168-c")
  void givenALossThatAProbeRepaired_thenNewTextSaysCwrAndTheEchoOfThatWindowCostsNothing() {
    var tcp = granted(fresh().options(mss(full), sackPermitted()));
    tcp.send(2 * full).sent();
    tcp.receives(Seg.ack().ack(at(1)));
    tcp.untilSends(2_000);
    tcp.sends(ACK).seq(at(1)).length(full);
    tcp.send(full).sends(ACK).seq(at(2));
    tcp.send(full).sends(ACK).seq(at(3));
    tcp.receives(Seg.ack().ack(at(3)));
    int ssthresh = tcp.number(t -> t.congestion.ssthreshBytes);
    assertTrue(ssthresh < 10 * full, "a loss all the same");
    tcp.receives(Seg.flags(ACK | ECE).ack(at(4)));
    assertEquals(0, tcp.counted(Event.ECN_REDUCTIONS));
    assertEquals(ssthresh, tcp.number(t -> t.congestion.ssthreshBytes));
    tcp.send(full).sends(ACK | CWR).seq(at(4));
  }

  @ParameterizedTest
  @CsvSource({"cubic,0.7", "newreno,0.5"})
  @Tag("rfc8511-b")
  void givenALossOnAnEcnConnection_thenItCostsWhatItAlwaysDid(String name, double beta) {
    var tcp =
        granted(
            fresh()
                .options(mss(full), sackPermitted())
                .profile(ConnectionProfile.DEFAULT.with(b -> b.congestionControl = name)));
    tcp.send(10 * full).sent();
    tcp.receives(Seg.ack().ack(1).options(Seg.sack(tcp.iss + at(1), tcp.iss + at(5))));
    assertEquals(1, tcp.counted(Event.FAST_RETRANSMITS));
    assertEquals((int) (10 * full * beta), tcp.number(t -> t.congestion.ssthreshBytes));
    assertTrue(tcp.is(t -> t.cwrOwed), "CWR tells the peer of it");
  }

  @Test
  @Tag("rfc3168-c")
  void givenATimeOut_whenItsAckEchoes_thenCwndIsNotCutAgainAndNewTextSaysCwr() {
    var tcp = granted();
    tcp.send(2 * full).sent();
    tcp.untilSends(1_100);
    tcp.sends(ACK).ecn(NOT_ECT);
    tcp.receives(Seg.flags(ACK | ECE).ack(at(2)));
    assertEquals(0, tcp.counted(Event.ECN_REDUCTIONS));
    tcp.sent();
    tcp.send(100).sends(ACK | CWR).ecn(ECT_0);
  }

  @Test
  @DisplayName("RFC 3168 §6.1.2: an echo at one segment restarts the timer, the next one waits")
  void givenCwndOfOneSegment_whenAnEchoComes_thenTheNextSegmentWaitsForTheTimer() {
    var tcp = fresh().listening();
    tcp.receives(Seg.flags(SYN | ECE | CWR).seq(0).options(mss(full)));
    tcp.sends(SYN | ACK | ECE);
    tcp.untilSends(1_100);
    tcp.sends(SYN | ACK | ECE);
    tcp.receives(Seg.ack());
    assertEquals(full, tcp.number(t -> t.congestion.cwndBytes));
    tcp.send(5_000);
    tcp.sends(ACK).seq(1).ecn(ECT_0);
    tcp.advance(50).receives(Seg.flags(ACK | ECE).ack(at(1)));
    tcp.sendsNothing();
    assertTrue(tcp.untilSends(10_000) >= 900, "one RTO");
    tcp.sends(ACK | CWR).seq(at(1)).length(full);
    tcp.sendsNothing();
    tcp.receives(Seg.ack().ack(at(2)));
    assertFalse(tcp.sent().isEmpty());
  }

  @Test
  void givenALinkThatSegments_thenCwrLeavesInASegmentOfItsOwn() {
    var tcp = granted(fresh().segmentation(65_536));
    for (int i = 0; i < 4; i++) {
      tcp.send(10 * full);
    }
    tcp.sent();
    tcp.receives(Seg.flags(ACK | ECE).ack(tcp.ourNxt));
    var all = tcp.sent();
    assertTrue(all.getFirst().has(CWR));
    all.getFirst().length(full);
    assertTrue(all.size() > 1);
    for (Sent s : all.subList(1, all.size())) {
      assertFalse(s.has(CWR));
      s.ecn(ECT_0);
    }
  }

  @Test
  void givenEceOnAConnectionWithoutEcn_thenItMeansNothing() {
    var tcp = fresh().established();
    tcp.send(10 * full).sent();
    tcp.receives(Seg.flags(ACK | ECE | CWR).ack(at(5)));
    assertEquals(0, tcp.counted(Event.ECN_REDUCTIONS));
    tcp.receives(Seg.ack().ack(at(10))).isEstablished();
  }

  @Test
  void givenAnAckThatIsDueAndABurstThatEnds_whenAsleep_thenItIsSent() {
    var tcp = granted();
    tcp.receives(Seg.data(full), Seg.data(full));
    tcp.sends(ACK).ack(1 + 2 * full);
    tcp.host.link.room = 0;
    tcp.receives(Seg.data(100).ecn(CE));
    tcp.sendsNothing();
    tcp.host.link.room = Integer.MAX_VALUE;
    tcp.advance(1);
    tcp.sends(ACK | ECE).ack(101 + 2 * full);
  }
}
