package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.ACK;
import static wisp.core.stack.Seg.FIN;
import static wisp.core.stack.Seg.RST;
import static wisp.core.stack.Seg.SYN;
import static wisp.core.stack.Seg.bytes;
import static wisp.core.stack.Seg.mss;
import static wisp.core.stack.Seg.scale;
import static wisp.core.stack.Seg.timestamp;
import static wisp.core.stack.TcpFixture.with;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@ParameterizedClass(name = "IPv6: {0}")
@ValueSource(booleans = {false, true})
@DisplayName("D34 to D37: options, seen from the wire")
class AgreementBehaviourTest {
  private static final long DAY = 86_400_000;
  private final boolean ipv6;
  private final int headers;

  AgreementBehaviourTest(boolean ipv6) {
    this.ipv6 = ipv6;
    this.headers = ipv6 ? 60 : 40;
  }

  private TcpFixture.Setup fresh() {
    return with().ipv6(ipv6);
  }

  private static int firstSegment(TcpFixture tcp) {
    tcp.send(14_000);
    return tcp.sends(ACK).payload.length;
  }

  // ---- MSS -------------------------------------------------------------------------------------

  @Test
  @Tag("D34")
  @Tag("MUST-15")
  void givenAPeersMss_whenItIsMissingOrOdd_thenSegmentsAreSane() {
    assertEquals(ipv6 ? 1_220 : 536, firstSegment(fresh().options().established()));
    assertEquals(48, firstSegment(fresh().options(mss(0)).established()));
    assertEquals(48, firstSegment(fresh().options(mss(1)).established()));
    assertEquals(1_500 - headers, firstSegment(fresh().options(mss(65_535)).established()));
    assertEquals(700, firstSegment(fresh().options(mss(700), mss(900)).established()));
    var late = fresh().options(mss(1_000)).established();
    late.receives(Seg.data(10).options(mss(100))).delivered(10);
    assertEquals(1_000, firstSegment(late));
  }

  @ParameterizedTest
  @ValueSource(ints = {1_280, 1_500, 9_000, 65_535})
  @Tag("D34")
  @Tag("SHLD-5")
  @Tag("MAY-3")
  @Tag("rfc6691-a")
  void givenAnMtu_whenASynLeaves_thenItsMssIsTheMtuLessTheHeaders(int mtu) {
    int expected = mtu - headers;
    assertEquals(expected, fresh().mtu(mtu).listening().receives(Seg.syn()).sends(SYN | ACK).mss);
    assertEquals(expected, fresh().mtu(mtu).actively().closed().connect().sends(SYN).mss);
    var tcp = fresh().mtu(mtu).options(mss(65_535), timestamp(1, 0)).established();
    assertEquals(Math.min(expected - 12, 14_000), firstSegment(tcp));
  }

  @Test
  @Tag("D34")
  void givenTheSmallestIpv4Mtu_whenASynLeaves_thenMss536() {
    if (!ipv6) {
      assertEquals(536, fresh().mtu(576).listening().receives(Seg.syn()).sends(SYN | ACK).mss);
    }
  }

  @Test
  @Tag("rfc6691-b")
  @Tag("rfc6691-c")
  void givenTimestampsAndSack_whenSegmentsLeave_thenNoPacketPassesTheMtu() {
    var tcp = fresh().options(mss(65_535), timestamp(1, 0), Seg.sackPermitted()).established();
    tcp.receives(Seg.data(10).seq(101), Seg.data(10).seq(201), Seg.data(10).seq(301));
    tcp.send(14_000);
    int largest = 0;
    for (Sent s : tcp.sent()) {
      assertTrue(s.bytes <= 1_500, s::toString);
      largest = Math.max(largest, s.payload.length);
    }
    assertEquals(1_500 - headers - 12, largest);
  }

  // ---- Odd options -----------------------------------------------------------------------------

  @ParameterizedTest(name = "{0}")
  @MethodSource("wisp.core.stack.OptionsTest#oddOptions")
  @Tag("D35")
  @Tag("MUST-7")
  void givenOddOptions_whenOnSynOrDataOrFin_thenTheConnectionLives(String name, byte[] odd) {
    for (boolean active : new boolean[] {false, true}) {
      var tcp = fresh().actively(active).options(odd).established();
      tcp.receives(Seg.data(10).options(odd)).delivered(10);
      tcp.receives(Seg.flags(FIN | ACK).options(odd));
      assertEquals("peerClosed", tcp.events.getLast(), name);
    }
  }

  @Test
  @Tag("D35")
  @Tag("MUST-4")
  @Tag("MUST-64")
  void givenNopsBetweenOptions_whenTheyAreUnaligned_thenTheyCount() {
    var tcp = fresh().options(bytes(1), mss(777), bytes(1, 1), scale(3), bytes(0)).established();
    assertEquals(777, firstSegment(tcp));
  }

  @ParameterizedTest
  @CsvSource({"30, 4", "30, 12", "253, 4", "254, 6", "34, 10", "19, 18", "29, 16"})
  @Tag("rfc6994-a")
  @Tag("rfc8684-a")
  @Tag("rfc8684-b")
  @Tag("MUST-6")
  void givenOptionsOfOthers_whenOnSynOrData_thenSkipped(int kind, int length) {
    byte[] option = new byte[length];
    option[0] = (byte) kind;
    option[1] = (byte) length;
    var tcp = fresh().options(mss(900), option, scale(2)).listening();
    Sent answer =
        tcp.receives(Seg.flags(SYN).seq(0).options(mss(900), option, scale(2))).sends(SYN | ACK);
    assertTrue(answer.scale >= 0, "what follows it counts");
    tcp.receives(Seg.ack().seq(1).options(option)).isEstablished();
    tcp.peerNxt = 1;
    tcp.receives(Seg.data(10).options(option)).delivered(10).sends(ACK);
    assertEquals(900, firstSegment(tcp));
  }

  // ---- Window scale ----------------------------------------------------------------------------

  @ParameterizedTest
  @CsvSource({"0, 0", "7, 7", "14, 14", "15, 14", "255, 14"})
  @Tag("D36")
  @Tag("rfc7323-a")
  void givenAShift_whenBothSaidSo_thenItIsUsedAndAtMost14(int offered, int used) {
    var tcp = fresh().options(mss(1_400), scale(offered)).listening();
    Sent answer =
        tcp.receives(Seg.flags(SYN).seq(0).options(mss(1_400), scale(offered)).window(2_000))
            .sends(SYN | ACK);
    assertEquals(65_535, answer.window, "unscaled, and the largest");
    assertEquals(2_000, tcp.number(t -> t.sndWnd), "so is theirs");
    tcp.receives(Seg.ack().seq(1).window(65_535)).isEstablished();
    tcp.send(1).receives(Seg.ack().ack(1).window(0xFFFF));
    assertEquals(0xFFFF << used, tcp.number(t -> t.sndWnd));
  }

  @Test
  @Tag("D36")
  @Tag("rfc7323-a")
  void givenAShift_whenOnlyOneSaysSoOrLate_thenItIsNotUsed() {
    var tcp = fresh().options(mss(1_400)).actively().synSent();
    tcp.receives(Seg.flags(SYN | ACK).seq(0).options(mss(1_400)));
    assertEquals(65_535, tcp.sends(ACK).window);
    tcp.send(1).receives(Seg.data(1).ack(1).window(1_000).options(scale(7)));
    assertEquals(1_000, tcp.number(t -> t.sndWnd));
  }

  // ---- Timestamps ------------------------------------------------------------------------------

  private TcpFixture stamped() {
    return fresh().options(mss(1_400), timestamp(5_000, 0)).established();
  }

  @Test
  @Tag("D37")
  @Tag("rfc7323-c")
  void givenATimestamp_whenItIsOlder_thenDroppedWithAnAck_andNotOnAReset() {
    var tcp = stamped();
    tcp.receives(Seg.data(10).seq(1).ts(4_999, 0)).delivered(0).sends(ACK).ack(1);
    tcp.receives(Seg.data(10).seq(1).ts(5_000, 0)).delivered(10);
    tcp.receives(Seg.rst().seq(11).options(timestamp(1, 0))).isGone();
  }

  @Test
  @Tag("D37")
  @Tag("rfc7323-d")
  void givenAgreement_whenTheTimestampIsMissing_thenDroppedSilently_andNotOnAReset() {
    var tcp = stamped();
    tcp.receives(Seg.data(10).seq(1).withoutTimestamp()).delivered(0).advance(1_000);
    tcp.sendsNothing().receives(Seg.rst().seq(1)).isGone();
  }

  @Test
  @Tag("D37")
  @Tag("rfc7323-c")
  void given24DaysOfSilence_whenAnOldTimestampComes_thenItIsTaken() {
    var tcp = stamped();
    tcp.advance(25 * DAY).receives(Seg.data(10).seq(1).ts(1, 0)).delivered(10);
  }

  @Test
  @Tag("D37")
  @Tag("rfc7323-b")
  void givenDelayedAcksAndReordering_whenWeAnswer_thenTheEchoIsThatOfTheSegmentThatMovedRcvNxt() {
    var tcp = stamped();
    tcp.receives(Seg.data(10).ts(6_000, 0)).advance(10).receives(Seg.data(10).ts(6_010, 0));
    assertEquals(6_000, tcp.sends(ACK).tsEcr, "the earliest that is not acknowledged");
    tcp.receives(Seg.data(10).seq(31).ts(6_030, 0));
    assertEquals(6_000, tcp.sends(ACK).tsEcr, "what is beyond a hole does not count");
    tcp.receives(Seg.data(10).seq(21).ts(6_040, 0));
    assertEquals(6_040, tcp.sends(ACK).tsEcr, "what filled the hole");
    for (Sent s : tcp.send(3_000).shutdown().sent()) {
      assertTrue(s.hasTimestamp, s::toString);
    }
    tcp.untilSends(10_000);
    for (Sent s : tcp.advance(10_000).sent()) {
      assertTrue(s.hasTimestamp, "resent: " + s);
    }
    tcp.receives(Seg.ack()).receives(Seg.fin()).receives(Seg.fin().seq(tcp.peerNxt - 1));
    assertTrue(tcp.sent().stream().allMatch(s -> s.hasTimestamp), "to the end");
  }

  // ---- Reserved bits ---------------------------------------------------------------------------

  @Test
  @Tag("rfc3360-a")
  @Tag("rfc3360-b")
  void givenReservedBits_whenOnASynOrData_thenIgnored() {
    int ip = ipv6 ? 40 : 20;
    var tcp = fresh().listening();
    byte[] syn = tcp.packet(Seg.syn());
    syn[ip + 12] |= 0x0E;
    TcpFixture.sign(syn);
    tcp.host.link.incoming.add(syn);
    tcp.host.poll();
    assertTrue(tcp.sends(SYN | ACK).has(SYN));
    tcp.receives(Seg.ack().seq(1)).isEstablished();
    tcp.peerNxt = 1;
    byte[] data = tcp.packet(Seg.data(10).seq(1));
    data[ip + 12] |= 0x0E;
    TcpFixture.sign(data);
    tcp.host.link.incoming.add(data);
    tcp.host.poll();
    tcp.delivered(10).advance(40).sends(ACK).ack(11);
    assertTrue(tcp.abort().sends(RST | ACK).has(RST));
  }
}
