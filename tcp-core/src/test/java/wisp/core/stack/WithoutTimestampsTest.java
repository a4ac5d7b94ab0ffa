package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.ACK;
import static wisp.core.stack.Seg.RST;
import static wisp.core.stack.Seg.SYN;
import static wisp.core.stack.Seg.mss;
import static wisp.core.stack.Seg.sackPermitted;
import static wisp.core.stack.Seg.scale;
import static wisp.core.stack.Seg.timestamp;
import static wisp.core.stack.TcpFixture.with;

import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.BlockPool;
import wisp.core.spi.Footprint;
import wisp.core.spi.TestLink;
import wisp.core.spi.TestMemory;
import wisp.core.stack.ListenConfig.Cookies;

@DisplayName("Records of three words: no connection has timestamps, all else is as ever")
class WithoutTimestampsTest {
  private static final byte[][] ALL = {mss(1_234), scale(9), sackPermitted(), timestamp(5_000, 0)};

  private static TcpFixture.Setup small() {
    return with().memory(TestMemory.withoutTimestamps()).options(ALL);
  }

  /** Both roles, both families. */
  static Stream<TcpFixture.Setup> ways() {
    return Stream.of(
        small(),
        small().actively(),
        small().ipv6().options(ALL),
        small().ipv6().options(ALL).actively());
  }

  private static TcpFixture asleep(TcpFixture tcp) {
    assertEquals(0, tcp.blocksInUse(), "it has a block");
    var other = tcp.another(9_999);
    other.receives(Seg.flags(SYN).seq(0).options(mss(1_460)));
    other.receives(Seg.rst().seq(1));
    assertTrue(tcp.is(t -> t.block == BlockPool.NONE));
    return tcp;
  }

  @Test
  void givenThePeerOffersAll_whenPassive_thenAllButTimestampsIsTaken() {
    var tcp = small().listening();
    Sent synAck = tcp.receives(Seg.flags(SYN).seq(0).options(ALL)).sends(SYN | ACK);
    assertFalse(synAck.hasTimestamp);
    assertTrue(synAck.sackPermitted);
    assertEquals(5, synAck.scale);
    tcp.receives(Seg.ack().withoutTimestamp()).isEstablished();
    assertTrue(tcp.is(t -> t.windowScaling && t.sackPermitted && !t.timestamps));
  }

  @Test
  void whenActive_thenAllButTimestampsIsOffered_andAPeerThatSendsThemHasNone() {
    var tcp = small().closed().connect();
    Sent syn = tcp.sends(SYN);
    assertFalse(syn.hasTimestamp);
    assertTrue(syn.sackPermitted);
    assertEquals(5, syn.scale);
    tcp.receives(Seg.synAck().options(ALL));
    assertFalse(tcp.sends(ACK).hasTimestamp);
    assertTrue(tcp.is(t -> t.windowScaling && t.sackPermitted && !t.timestamps));
  }

  @ParameterizedTest
  @MethodSource("ways")
  void whenItSleepsAndWakes_thenEveryOtherVariableIsThere(TcpFixture.Setup setup) {
    var tcp = setup.established().receives(Seg.data(100)).send(50);
    tcp.sent();
    asleep(tcp.receives(Seg.ack()));
    assertEquals(9, tcp.number(t -> t.sndScale));
    assertEquals(5, tcp.number(t -> t.rcvScale));
    assertTrue(tcp.is(t -> t.windowScaling && t.sackPermitted && !t.timestamps));
    assertEquals(1_234, tcp.number(t -> t.peerMss));
    assertEquals(1_234, tcp.number(t -> t.effectiveMss()));
    assertEquals(tcp.iss + 51, tcp.number(t -> t.sndNxt));
    assertEquals(tcp.irs + 101, tcp.number(t -> t.rcvNxt));
    tcp.send(5_000);
    Sent first = tcp.sends(ACK).seq(51).ack(101).length(1_234);
    assertFalse(first.hasTimestamp);
  }

  /** Nobody agreed on them, so what looks like one is an unknown option (RFC 7323 §3.2). */
  @ParameterizedTest
  @MethodSource("ways")
  void givenSegmentsWithTimestampsAllTheSame_thenThereIsNoPaws(TcpFixture.Setup setup) {
    var tcp = asleep(setup.established());
    tcp.receives(Seg.data(10).ts(4_000, 0)).delivered(10);
    tcp.receives(Seg.data(10).ts(3_000, 77)).delivered(20);
    assertEquals(0, tcp.counted(Event.DROP_PAWS));
    assertFalse(tcp.sends(ACK).ack(21).hasTimestamp);
  }

  @Test
  void fromTheFirstSegmentToTheLastNoneHasATimestamp() {
    var tcp = small().listening();
    tcp.receives(Seg.flags(SYN).seq(0).options(ALL));
    int seen = none(tcp);
    tcp.receives(Seg.ack());
    tcp.receives(Seg.data(500), Seg.data(500));
    tcp.send(6_000).advance(3_000); // resent by RTO
    seen += none(tcp);
    tcp.receives(Seg.ack().ack(6_001));
    tcp.receives(Seg.data(10).seq(2_001)); // beyond a hole: SACK
    seen += none(tcp);
    tcp.receives(Seg.data(1_000).seq(1_001)).delivered(2_010);
    tcp.receives(Seg.syn()); // challenge ACK
    tcp.close();
    seen += none(tcp);
    tcp.receives(Seg.fin().seq(2_011).ack(6_002));
    seen += none(tcp);
    assertTrue(seen > 10, seen + " segments");
    var reset = small().established().abort().sends(RST | ACK);
    assertFalse(reset.hasTimestamp);
  }

  private static int none(TcpFixture tcp) {
    int count = 0;
    for (Sent segment : tcp.sent()) {
      assertFalse(segment.hasTimestamp, segment.toString());
      count++;
    }
    assertTrue(count > 0);
    return count;
  }

  /** What the cookie can't carry in a timestamp is not offered. */
  @Test
  void givenASynCookie_thenItDoesWithoutToo() {
    var tcp = small().listen(b -> b.cookies = Cookies.ALWAYS).listening();
    Sent synAck = tcp.receives(Seg.flags(SYN).seq(0).options(ALL)).sends(SYN | ACK);
    assertFalse(synAck.hasTimestamp || synAck.sackPermitted || synAck.scale >= 0);
    // An echo that the peer makes up must not be believed.
    tcp.receives(Seg.ack().ts(5_001, 0x1234)).isEstablished();
    assertTrue(tcp.is(t -> !t.windowScaling && !t.sackPermitted && !t.timestamps));
    tcp.receives(Seg.data(10)).delivered(10);
    assertFalse(tcp.sends(ACK).ack(11).hasTimestamp);
  }

  @Test
  void anIdleConnectionIsARecordOfTwentyBytes() {
    var tcp = small().established();
    for (int i = 0; i < 100; i++) {
      tcp.another(10_000 + i).handshake();
    }
    var footprint = new Footprint();
    tcp.context.footprint(footprint);
    assertEquals(0, footprint.inUseBytes(Footprint.Kind.BLOCKS));
    assertEquals(101 * 20, footprint.inUseBytes(Footprint.Kind.RECORDS));
  }

  /** Nothing ages: in a month no record is looked at for its sake. */
  @Test
  void whenMonthsPass_thenTheyAreAsTheyWere() {
    var tcp = asleep(small().established());
    for (int day = 0; day < 40; day++) {
      tcp.advance(24 * 3_600_000);
    }
    assertEquals(Long.MAX_VALUE, tcp.context.nextDeadlineNanos());
    tcp.receives(Seg.data(10)).delivered(10);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void recordsOfFewerWordsAreRefused(int words) {
    var memory = TestMemory.withWords(words);
    var prefix = IpPrefix.parse("10.0.0.1/32");
    assertThrows(
        IllegalArgumentException.class,
        () -> new Context(ContextConfig.of(prefix), memory, new TestLink(1_500, 0), () -> 1));
  }
}
