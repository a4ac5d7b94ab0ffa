package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.ACK;
import static wisp.core.stack.Seg.RST;
import static wisp.core.stack.Seg.SYN;
import static wisp.core.stack.Seg.bytes;
import static wisp.core.stack.Seg.mss;
import static wisp.core.stack.Seg.sack;
import static wisp.core.stack.Seg.sackPermitted;
import static wisp.core.stack.Seg.scale;
import static wisp.core.stack.Seg.timestamp;
import static wisp.core.stack.TcpFixture.with;
import static wisp.core.tcp.State.SYN_RECEIVED;

import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import wisp.core.Counters.Event;

@DisplayName("RFC 9293 §3.2, §3.7.1, RFC 7323, RFC 2018: what the two SYNs agree on")
@Tag("rfc9293-3.2")
class OptionsTest {
  private static int segmentSent(TcpFixture tcp) {
    tcp.send(10_000);
    return tcp.sends(ACK).payload.length;
  }

  @Test
  @Tag("MUST-15")
  void givenNoMss_whenSending_then536() {
    assertEquals(536, segmentSent(with().options().established()));
    assertEquals(536, segmentSent(with().options().actively().established()));
  }

  @ParameterizedTest(name = "MSS {0}, MTU {1}: {2}")
  @Tag("MUST-16")
  @Tag("MUST-14")
  @CsvSource({
    "1460,1500,1460",
    "536,1500,536",
    "100,1500,100",
    "0,1500,48",
    "1,1500,48",
    "47,1500,48",
    "48,1500,48",
    "65535,1500,1460",
    "65535,576,536",
    "1460,9000,1460",
    "8960,9000,8960"
  })
  void givenMss_whenSending_thenSegmentsFitBothSides(int peer, int mtu, int expected) {
    assertEquals(expected, segmentSent(with().options(mss(peer)).mtu(mtu).established()));
  }

  @ParameterizedTest(name = "limit {0}, peer {1}: MSS {2}, segments of {3}")
  @CsvSource({
    "1100,1460,1100,1100",
    "1100,900,1100,900",
    "9000,1460,1460,1460",
    "0,1460,1460,1460"
  })
  void givenALimitOfTheApplications_whenOpened_thenBothWaysKeepToIt(
      int limit, int peer, int announced, int sent) {
    var profile = ConnectionProfile.DEFAULT.with(b -> b.mssLimit = limit);
    for (boolean active : new boolean[] {false, true}) {
      var tcp = with().profile(profile).options(mss(peer)).actively(active).closed();
      if (active) {
        tcp.connect();
        assertEquals(announced, tcp.sends(SYN).mss);
        tcp.receives(Seg.synAck().options(mss(peer))).sends(ACK);
      } else {
        tcp.listen();
        assertEquals(announced, tcp.receives(Seg.syn().options(mss(peer))).sends(SYN | ACK).mss);
        tcp.receives(Seg.ack());
      }
      assertEquals(sent, segmentSent(tcp));
    }
  }

  @Test
  @Tag("MUST-16")
  @Tag("rfc6691-b")
  void givenTimestamps_whenSending_thenTheyAreSubtracted() {
    var tcp = with().options(mss(1_460), timestamp(1, 0)).established();
    assertEquals(1_448, segmentSent(tcp));
  }

  @ParameterizedTest
  @CsvSource({"1500,1460", "576,536", "9000,8960", "65535,65495"})
  @Tag("MUST-14")
  @Tag("MUST-67")
  @Tag("SHLD-5")
  @Tag("rfc6691-a")
  void givenMtu_whenSynLeaves_thenMssIsTheMtuLess40(int mtu, int expected) {
    var passive = with().mtu(mtu).listening();
    assertEquals(expected, passive.receives(Seg.syn()).sends(SYN | ACK).mss);
    var active = with().mtu(mtu).closed();
    active.connect();
    assertEquals(expected, active.sends(SYN).mss);
  }

  @Test
  void givenMssTwice_whenRead_thenTheFirstCounts() {
    assertEquals(400, segmentSent(with().options(mss(400), mss(1_000)).established()));
  }

  @Test
  void givenEstablished_whenMssComesLate_thenIgnored() {
    var tcp = TcpFixture.established();
    tcp.receives(Seg.data(1).options(mss(100)));
    assertEquals(1_460, segmentSent(tcp));
  }

  // ---- Switched off ----------------------------------------------------------------------------

  private static final byte[][] ALL = {mss(1_460), scale(7), sackPermitted(), timestamp(1, 0)};

  private static Stream<ConnectionProfile> switches() {
    return Stream.of(0, 1, 2, 3, 4, 5, 6, 7)
        .map(
            bits ->
                ConnectionProfile.DEFAULT.with(
                    b -> {
                      b.windowScaling = (bits & 1) != 0;
                      b.sackPermitted = (bits & 2) != 0;
                      b.timestamps = (bits & 4) != 0;
                    }));
  }

  @ParameterizedTest
  @MethodSource("switches")
  void givenSwitches_whenPassive_thenOnlyWhatIsOnIsTaken(ConnectionProfile profile) {
    var tcp = with().profile(profile).listening();
    assertOffers(profile, tcp.receives(Seg.syn().options(ALL)).sends(SYN | ACK));
    tcp.receives(Seg.ack());
    assertAgrees(profile, tcp);
  }

  @ParameterizedTest
  @MethodSource("switches")
  void givenSwitches_whenActive_thenOnlyWhatIsOnIsOffered(ConnectionProfile profile) {
    var tcp = with().profile(profile).closed().connect();
    assertOffers(profile, tcp.sends(SYN));
    tcp.receives(Seg.synAck().options(ALL)); // a peer that takes what was not offered
    assertAgrees(profile, tcp);
  }

  private static void assertOffers(ConnectionProfile profile, Sent syn) {
    assertEquals(profile.windowScaling(), syn.scale >= 0);
    assertEquals(profile.sackPermitted(), syn.sackPermitted);
    assertEquals(profile.timestamps(), syn.hasTimestamp);
    int sack = profile.timestamps() || !profile.sackPermitted() ? 0 : 4; // else in its padding
    int options = 4 + sack + (profile.timestamps() ? 12 : 0) + (profile.windowScaling() ? 4 : 0);
    assertEquals(20 + 20 + options, syn.bytes);
  }

  private static void assertAgrees(ConnectionProfile profile, TcpFixture tcp) {
    assertEquals(profile.windowScaling() ? 7 : 0, tcp.number(t -> t.sndScale));
    assertEquals(profile.sackPermitted(), tcp.is(t -> t.sackPermitted));
    assertEquals(profile.timestamps(), tcp.is(t -> t.timestamps));
    assertEquals(profile.timestamps() ? 1_448 : 1_460, tcp.number(t -> t.effectiveMss()));
  }

  // ---- Window scale ----------------------------------------------------------------------------

  @Test
  @Tag("rfc7323-a")
  void givenPassive_whenPeerDoesNotScale_thenNeitherDoWe() {
    var tcp = TcpFixture.listening();
    Sent synAck = tcp.receives(Seg.syn()).sends(SYN | ACK);
    assertEquals(-1, synAck.scale);
    assertFalse(synAck.sackPermitted);
    assertFalse(synAck.hasTimestamp);
    assertEquals(65_535, synAck.window);
    tcp.receives(Seg.ack(), Seg.data(10)).advance(100);
    assertEquals(65_535, tcp.sends(ACK).window);
  }

  @Test
  void givenActive_whenSynLeaves_thenEverythingIsOffered() {
    var tcp = with().closed().connect();
    Sent syn = tcp.sends(SYN);
    assertEquals(5, syn.scale);
    assertTrue(syn.sackPermitted);
    assertTrue(syn.hasTimestamp);
    assertEquals(0, syn.tsEcr);
  }

  @Test
  @Tag("rfc7323-a")
  void givenBothScale_whenWindowsAreRead_thenShiftedExceptOnSyn() {
    var tcp = with().options(mss(1_460), scale(7)).window(1_000).actively().established();
    assertEquals(1_000, tcp.number(t -> t.sndWnd));
    tcp.receives(Seg.data(1).window(1_000));
    assertEquals(128_000, tcp.number(t -> t.sndWnd));
    tcp.advance(100);
    Sent ack = tcp.sends(ACK);
    assertEquals(1 << 20, ack.window << 5, 32);
  }

  @ParameterizedTest
  @CsvSource({"0,0", "14,14", "15,14", "255,14"})
  void givenShift_whenHuge_then14(int offered, int used) {
    var tcp = with().options(mss(1_460), scale(offered)).established();
    assertEquals(used, tcp.number(t -> t.sndScale));
    tcp.receives(Seg.data(1).window(65_535));
    assertEquals(65_535 << used, tcp.number(t -> t.sndWnd));
  }

  @Test
  @Tag("MUST-1")
  @Tag("REC-1")
  void givenTheLargestWindow_whenItIsOffered_thenItIsNotNegative() {
    var tcp = with().options(mss(1_460), scale(14)).established();
    tcp.receives(Seg.ack().window(65_535));
    assertTrue(tcp.number(t -> t.sndWnd) > 0);
    assertEquals(1_460, segmentSent(tcp));
  }

  @Test
  void givenEstablished_whenScaleComesLate_thenIgnored() {
    var tcp = TcpFixture.established();
    tcp.receives(Seg.data(1).options(scale(9)).window(1_000));
    assertEquals(1_000, tcp.number(t -> t.sndWnd));
  }

  // ---- Timestamps and SACK ---------------------------------------------------------------------

  @Test
  @Tag("rfc7323-b")
  void givenTimestamps_whenSegmentsPass_thenTheEchoIsThePeersLatest() {
    var tcp = with().options(mss(1_460), timestamp(5_000, 0)).listening();
    Sent synAck =
        tcp.receives(Seg.flags(SYN).seq(0).options(mss(1_460), timestamp(5_000, 0)))
            .sends(SYN | ACK);
    assertEquals(5_000, synAck.tsEcr);
    tcp.receives(Seg.ack().ts(5_001, synAck.tsVal), Seg.data(10).ts(5_002, synAck.tsVal));
    tcp.advance(100);
    assertEquals(5_002, tcp.sends(ACK).tsEcr);
  }

  @Test
  @DisplayName("RFC 7323 §4.3 (1): with delayed ACKs the earliest unacknowledged one is echoed")
  @Tag("rfc7323-b")
  void givenADelayedAck_whenTwoSegmentsAreAnswered_thenTheEchoIsTheFirstOnes() {
    var tcp = with().options(mss(1_460), timestamp(5_000, 0)).established();
    tcp.receives(Seg.data(1_000).ts(6_000, 0));
    tcp.receives(Seg.data(1_000).ts(6_010, 0));
    assertEquals(6_000, tcp.sends(ACK).ack(2_001).tsEcr);
  }

  @Test
  @DisplayName("a segment dropped for its ACK number must not lock the true peer out")
  void givenAnAckOfDataNeverSent_whenItsTimestampIsFarAhead_thenItIsNotRemembered() {
    var tcp = with().options(mss(1_460), timestamp(5_000, 0)).established();
    tcp.receives(Seg.fin().seq(1).ack(tcp.ourNxt + 9_998).ts(200_000, 0));
    assertTrue(tcp.sends(ACK).ack(1).tsEcr < 200_000);
    tcp.peerNxt = 1;
    tcp.receives(Seg.data(1_000).ts(6_000, 0), Seg.data(1_000).ts(6_001, 0));
    assertEquals(6_000, tcp.sends(ACK).ack(2_001).tsEcr);
    tcp.delivered(2_000);
  }

  @Test
  @DisplayName("RFC 7323 §3.2: a RST should have a timestamp too")
  @Tag("rfc7323-b")
  void givenTimestamps_whenAborted_thenTheResetHasOne() {
    var tcp = with().options(mss(1_460), timestamp(5_000, 0)).established();
    tcp.receives(Seg.data(10).ts(6_000, 0));
    tcp.sent();
    Sent reset = tcp.abort().sends(RST | ACK);
    assertTrue(reset.hasTimestamp);
    assertEquals(6_000, reset.tsEcr);
    var closed = with().options(mss(1_460), timestamp(5_000, 0)).established().close();
    closed.sent();
    Sent refusal = closed.receives(Seg.data(10).ack(1)).sends(RST).seq(1);
    assertTrue(refusal.hasTimestamp);
    assertEquals(0, refusal.tsEcr);
  }

  @Test
  void givenOffsets_whenTwoConnectionsAreCompared_thenTheirClocksAreUnrelated() {
    var tcp = with().options(mss(1_460), timestamp(1, 0)).listening();
    var other = tcp.another(5_001);
    Seg syn = Seg.flags(SYN).seq(0).options(mss(1_460), timestamp(1, 0));
    int a = tcp.receives(syn).sends(SYN | ACK).tsVal;
    int b = other.receives(syn).sends(SYN | ACK).tsVal;
    assertTrue(Math.abs((long) a - b) > 1_000);
  }

  @Test
  @Tag("rfc2018-a")
  void givenSackPermitted_whenAccepted_thenItIsAnswered() {
    var tcp = with().options(mss(1_460), sackPermitted()).in(SYN_RECEIVED);
    assertTrue(tcp.is(t -> t.sackPermitted));
  }

  // ---- Malformed -------------------------------------------------------------------------------

  static Stream<Arguments> oddOptions() {
    return Stream.of(
        Arguments.of("unknown kind", bytes(253, 4, 1, 2)),
        Arguments.of("length 0", bytes(2, 0, 5, 180)),
        Arguments.of("length 1", bytes(8, 1, 0, 0)),
        Arguments.of("past the header", bytes(253, 40, 0, 0)),
        Arguments.of("kind without length", bytes(1, 1, 1, 2)),
        Arguments.of("end, then rubbish", bytes(0, 2, 0, 7)),
        Arguments.of("unaligned", bytes(1, 253, 3, 9, 1, 1, 1, 1)),
        Arguments.of(
            "40 NOPs",
            new byte[] {
              1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
              1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1
            }),
        Arguments.of("SACK of odd length", bytes(5, 7, 0, 0, 0, 0, 0, 1)),
        Arguments.of("timestamp too short", bytes(8, 4, 0, 0)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("oddOptions")
  @Tag("MUST-6")
  @Tag("MUST-7")
  void givenOddOptions_whenOnSynOrData_thenTheConnectionLives(String name, byte[] odd) {
    var tcp = with().options(odd).established();
    tcp.receives(Seg.data(10).options(odd)).delivered(10);
    tcp.receives(Seg.flags(Seg.FIN | ACK).options(odd)).heard("data 10", "peerClosed");
  }

  @Test
  @Tag("MUST-5")
  @DisplayName("§3.1: options count on text, FIN and bare ACK, wherever they lie")
  void givenOptionsOnAnySegment_whenRead_thenTheyCount() {
    var tcp = with().options(mss(1_460), sackPermitted(), timestamp(1_000, 0)).established();
    tcp.send(5_000).sent();
    Seg stale = Seg.data(10).seq(1).ack(1).options(timestamp(1, 0), bytes(1, 1));
    tcp.receives(stale.withoutTimestamp()).delivered(0);
    assertEquals(1, tcp.counted(Event.DROP_PAWS));
    tcp.sent();
    tcp.receives(
        Seg.data(10).seq(1).ack(1).options(bytes(1), timestamp(9_000, 0)).withoutTimestamp());
    assertEquals(9_000, tcp.advance(100).sends(ACK).tsEcr);
    int edge = tcp.iss + 1 + 1_448;
    byte[] news = sack(edge, edge + 1_448);
    tcp.receives(
        Seg.ack().seq(11).ack(1).options(timestamp(9_001, 0), bytes(1), news).withoutTimestamp());
    assertEquals(1_448, tcp.context.info(tcp.connection).sackedBytes());
    tcp.receives(Seg.fin().seq(11).options(bytes(1, 1, 1), timestamp(9_002, 0)).withoutTimestamp());
    assertEquals(9_002, tcp.sent().getLast().tsEcr);
  }

  @Test
  @Tag("MUST-64")
  void givenUnalignedOptions_whenRead_thenTheyCount() {
    var tcp = with().options(bytes(1), mss(777), bytes(1, 1), scale(3)).established();
    assertEquals(3, tcp.number(t -> t.sndScale));
    assertEquals(777, segmentSent(tcp));
  }

  @Test
  @Tag("rfc2018-a")
  void givenASynAckOnlyAnswersWhatWasAsked() {
    var tcp = with().options(mss(1_460), scale(2)).listening();
    Sent s = tcp.receives(Seg.flags(SYN).seq(0).options(mss(1_460), scale(2))).sends(SYN | ACK);
    assertEquals(5, s.scale);
    assertFalse(s.hasTimestamp);
    assertFalse(s.sackPermitted);
    assertArrayEquals(new int[0], s.sack);
  }
}
