package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.ACK;
import static wisp.core.stack.Seg.SYN;
import static wisp.core.stack.Seg.mss;
import static wisp.core.stack.Seg.timestamp;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;

@DisplayName("RFC 1191, RFC 8201, RFC 4821, RFC 5927 §7: path MTU over TCP, segment by segment")
class PathMtuTest {
  private static TcpFixture.Setup setup(boolean ipv6, boolean timestamps) {
    var setup = TcpFixture.with().ipv6(ipv6).profile(ConnectionProfile.NO_DELAY);
    return timestamps ? setup.options(mss(ipv6 ? 1_440 : 1_460), timestamp(5_000, 0)) : setup;
  }

  private static TcpFixture feed(TcpFixture tcp, byte[]... packets) {
    Collections.addAll(tcp.host.link.incoming, packets);
    tcp.host.poll();
    return tcp;
  }

  private static int headers(boolean ipv6, boolean timestamps) {
    return (ipv6 ? 60 : 40) + (timestamps ? 12 : 0);
  }

  private static int cwnd(TcpFixture tcp) {
    return tcp.number(t -> t.congestion.cwndBytes);
  }

  private static int sendMss(TcpFixture tcp) {
    return tcp.number(t -> t.effectiveMss());
  }

  /** Asserts that segments cover a stretch of our stream without a gap; gives its end. */
  private static int covers(List<Sent> segments, int from) {
    int end = from;
    for (Sent s : segments) {
      assertEquals(end, s.seq, segments::toString);
      end += s.payload.length;
    }
    return end;
  }

  // ---- A router speaks
  // -----------------------------------------------------------------------------

  @ParameterizedTest
  @Tag("rfc1191-a")
  @Tag("rfc8201-a")
  @Tag("rfc8504-b")
  @CsvSource({"false, false", "false, true", "true, false", "true, true"})
  @Tag("D38")
  void givenAFlight_whenItIsTooBig_thenItGoesAgainAtOnceInSmallerSegments(
      boolean ipv6, boolean timestamps) {
    var tcp = setup(ipv6, timestamps).established();
    int cwnd = cwnd(tcp);
    int threshold = tcp.number(t -> t.congestion.ssthreshBytes);
    tcp.send(cwnd);
    List<Sent> flight = tcp.sent();
    assertEquals(1_500, flight.getFirst().bytes);
    feed(tcp, IcmpTest.tooBig(tcp, flight.getFirst().packet, 1_400));
    List<Sent> again = tcp.sent();
    assertEquals(cwnd + 1, covers(again, 1), "all of it at once");
    for (Sent s : again) {
      assertTrue(s.bytes <= 1_400, s::toString);
    }
    assertEquals(1_400 - headers(ipv6, timestamps), again.getFirst().payload.length);
    assertEquals(cwnd, cwnd(tcp), "no congestion reaction");
    assertEquals(threshold, tcp.number(t -> t.congestion.ssthreshBytes));
    for (Sent s : flight) { // the router says it for each
      feed(tcp, IcmpTest.tooBig(tcp, s.packet, 1_400)).sendsNothing();
    }
    assertEquals(0, tcp.counted(Event.TIMEOUTS));
    assertEquals(1, tcp.counted(Event.PATHS_NARROWED));
    tcp.receives(Seg.ack().ack(cwnd + 1));
    tcp.send(16_000);
    for (Sent s : tcp.sent()) {
      assertTrue(s.bytes <= 1_400, "later ones too");
    }
    assertTrue(cwnd(tcp) >= cwnd);
  }

  @ParameterizedTest
  @Tag("rfc1191-a")
  @Tag("rfc8201-a")
  @ValueSource(booleans = {false, true})
  void givenALinkThatCutsSegments_whenTheirPathIsNarrow_thenBurstsFollowAtOnce(boolean ipv6) {
    var tcp = setup(ipv6, false).segmentation(65_535).established();
    int cwnd = cwnd(tcp);
    tcp.host.link.segmentBytes.clear();
    tcp.send(cwnd);
    List<Sent> flight = tcp.sent();
    assertEquals(1, flight.size());
    int full = 1_500 - headers(ipv6, false);
    assertEquals(List.of(full), List.copyOf(tcp.host.link.segmentBytes));
    byte[] oneSegment = java.util.Arrays.copyOf(flight.getFirst().packet, 1_500);
    java.nio.ByteBuffer.wrap(oneSegment).putShort(ipv6 ? 4 : 2, (short) (ipv6 ? 1_460 : 1_500));
    tcp.host.link.segmentBytes.clear();
    feed(tcp, IcmpTest.tooBig(tcp, oneSegment, 1_300));
    assertEquals(cwnd + 1, covers(tcp.sent(), 1));
    tcp.receives(Seg.ack().ack(cwnd + 1));
    tcp.host.link.segmentBytes.clear();
    tcp.send(13_000);
    int smaller = 1_300 - headers(ipv6, false);
    assertEquals(smaller, tcp.host.link.segmentBytes.getFirst());
    covers(tcp.sent(), cwnd + 1);
  }

  @ParameterizedTest
  @DisplayName("RFC 8201 §5.2: who shares the path is helped by its own message too")
  @Tag("rfc1191-a")
  @Tag("rfc8201-a")
  @ValueSource(booleans = {false, true})
  void givenTwoConnectionsToOneHost_whenBothHearThatTheyAreTooBig_thenBothResendAtOnce(
      boolean ipv6) {
    var a = setup(ipv6, false).established();
    var b = a.another(6_000).handshake();
    a.send(10_000);
    b.send(10_000);
    byte[] lostOfA = a.sent().getFirst().packet;
    List<Sent> flightOfB = b.sent();
    feed(a, IcmpTest.tooBig(a, lostOfA, 1_400));
    assertEquals(10_001, covers(a.sent(), 1));
    feed(b, IcmpTest.tooBig(b, flightOfB.getFirst().packet, 1_400));
    assertEquals(10_001, covers(b.sent(), 1));
    for (Sent s : flightOfB) {
      feed(b, IcmpTest.tooBig(b, s.packet, 1_400)).sendsNothing();
    }
    b.receives(Seg.ack().ack(10_001));
    b.send(10_000);
    assertTrue(b.sent().stream().allMatch(s -> s.bytes <= 1_400));
  }

  @Test
  @Tag("rfc1191-b")
  @Tag("D38")
  void givenNoSizeOrASillyOne_whenTooBig_thenPlateauOrFloor() {
    int[][] table = {{0, 1_492}, {1, 296}, {67, 296}, {68, 296}, {500, 500}, {1_499, 1_499}};
    for (int[] row : table) {
      var tcp = setup(false, false).established().send(5_000);
      Sent first = tcp.sent().getFirst();
      feed(tcp, IcmpTest.tooBig(tcp, first.packet, row[0]));
      assertEquals(row[1] - 40, sendMss(tcp), "said " + row[0]);
      assertEquals(row[1], tcp.sent().getFirst().bytes);
    }
    for (int silly : new int[] {1_500, 1_501, 9_000, 65_535}) {
      var tcp = setup(false, false).established().send(5_000);
      Sent first = tcp.sent().getFirst();
      feed(tcp, IcmpTest.tooBig(tcp, first.packet, silly)).sendsNothing();
      assertEquals(1_460, sendMss(tcp));
    }
  }

  @Test
  @Tag("rfc8201-b")
  @Tag("rfc6946-b")
  @Tag("D38")
  void givenLessThan1280_whenTooBig_thenNothingShrinksBelowAndNoFragmentHeader() {
    var narrow = setup(true, false).established().send(5_000);
    feed(narrow, IcmpTest.tooBig(narrow, narrow.sent().getFirst().packet, 1_280));
    List<Sent> again = narrow.sent(); // parsed: TCP right behind the IPv6 header
    assertEquals(1_280, again.getFirst().bytes);
    feed(narrow, IcmpTest.tooBig(narrow, again.getFirst().packet, 1_280)).sendsNothing();
    assertEquals(1_220, sendMss(narrow));
    for (int mtu : new int[] {0, 1, 68, 576, 1_279, 1_500, 9_000, -1, Integer.MIN_VALUE}) {
      var tcp = setup(true, false).established().send(5_000);
      Sent first = tcp.sent().getFirst();
      feed(tcp, IcmpTest.tooBig(tcp, first.packet, mtu)).sendsNothing();
      assertEquals(1_440, sendMss(tcp), "said " + mtu);
    }
  }

  @ParameterizedTest
  @Tag("rfc1191-d")
  @Tag("rfc2923-b")
  @ValueSource(booleans = {false, true})
  void givenANarrowPath_whenANewConnectionComes_thenOurMssIsTheInterfacesAndTheirsTheSmaller(
      boolean ipv6) {
    var tcp = setup(ipv6, false).established().send(5_000);
    Sent first = tcp.sent().getFirst();
    feed(tcp, IcmpTest.tooBig(tcp, first.packet, 1_300));
    var other = tcp.another(6_000);
    other.receives(Seg.flags(SYN).seq(0).options(mss(ipv6 ? 1_440 : 1_460)));
    assertEquals(ipv6 ? 1_440 : 1_460, other.sends(SYN | ACK).mss);
    other.receives(Seg.ack()).send(5_000);
    assertEquals(1_300, other.sends(ACK).bytes);
    var paths = tcp.host.machinery().network.paths;
    assertEquals(1, paths.known());
    assertEquals(1_500, paths.mtu(tcp.peer().high(), tcp.peer().low() + 1));
  }

  @ParameterizedTest
  @DisplayName("RFC 8201 §5.2: a path that others found narrow is so for the last one used, too")
  @ValueSource(booleans = {false, true})
  void givenAConnectionStillLaidOut_whenSomebodyElseNarrowsItsPath_thenItsNextSegmentFits(
      boolean ipv6) {
    var tcp = setup(ipv6, false).established();
    long high = tcp.peer().high();
    long low = tcp.peer().low();
    assertTrue(tcp.host.machinery().network.paths.tooBig(high, low, 1_400, 1_500, tcp.host.now));
    tcp.send(10_000);
    List<Sent> flight = tcp.sent();
    assertEquals(1_400, flight.getFirst().bytes);
    assertTrue(flight.stream().allMatch(s -> s.bytes <= 1_400), flight::toString);
    assertEquals(10_001, covers(flight, 1));
  }

  @ParameterizedTest
  @DisplayName("RFC 5681 §3.2 step 6: fast recovery that ends for a packet's size leaves ssthresh")
  @ValueSource(booleans = {false, true})
  void givenFastRecovery_whenItWasTheSize_thenCwndIsNoLongerInflated(boolean ipv6) {
    var tcp = setup(ipv6, false).established();
    tcp.send(cwnd(tcp));
    List<Sent> flight = tcp.sent();
    for (int i = 0; i < 5; i++) {
      tcp.receives(Seg.ack().ack(1));
    }
    assertTrue(tcp.number(t -> t.fastRecovery ? 1 : 0) == 1);
    int threshold = tcp.number(t -> t.congestion.ssthreshBytes);
    assertTrue(cwnd(tcp) > threshold, "inflated by what has left the network");
    feed(tcp, IcmpTest.tooBig(tcp, flight.getFirst().packet, 1_400));
    assertEquals(0, tcp.number(t -> t.fastRecovery ? 1 : 0));
    assertEquals(threshold, tcp.number(t -> t.congestion.ssthreshBytes));
    assertEquals(threshold, cwnd(tcp));
  }

  // ---- Whom to believe
  // -----------------------------------------------------------------------------

  @ParameterizedTest
  @Tag("rfc5927-c")
  @ValueSource(booleans = {false, true})
  void givenFullSegmentsThatArrived_whenSmallerIsClaimed_thenNothingUnlessATimeOutSaysSoToo(
      boolean ipv6) {
    var tcp = setup(ipv6, false).established().send(13_000);
    List<Sent> flight = tcp.sent();
    int full = sendMss(tcp);
    tcp.receives(Seg.ack().ack(flight.get(1).seq));
    feed(tcp, IcmpTest.tooBig(tcp, flight.get(1).packet, 1_300)).sendsNothing();
    assertEquals(full, sendMss(tcp));
    tcp.receives(Seg.ack());
    tcp.send(10_000);
    assertEquals(1_500, tcp.sent().getFirst().bytes, "what was acknowledged refutes it");
    tcp.advance(1_100);
    assertEquals(1_500, tcp.sent().getFirst().bytes, "and a later time-out does not revive it");

    var silent = setup(ipv6, false).established().send(13_000);
    flight = silent.sent();
    silent.receives(Seg.ack().ack(flight.get(1).seq));
    feed(silent, IcmpTest.tooBig(silent, flight.get(1).packet, 1_300)).sendsNothing();
    silent.advance(1_100);
    assertEquals(1_300, silent.sent().getFirst().bytes);
  }

  @Test
  @Tag("rfc1191-c")
  @Tag("rfc5927-c")
  @DisplayName("RFC 1191 §6.3: believed for ten minutes, then a larger size is tried and undoes it")
  void givenANarrowPath_whenTenMinutesHavePassed_thenItGrowsAgainByProbes() {
    var tcp = setup(false, false).established().send(5_000);
    Sent first = tcp.sent().getFirst();
    feed(tcp, IcmpTest.tooBig(tcp, first.packet, 1_400));
    tcp.sent();
    tcp.receives(Seg.ack());
    for (int minute = 0; minute < 9; minute++) {
      tcp.advance(60_000).send(10_000);
      assertTrue(tcp.sent().stream().allMatch(s -> s.bytes <= 1_400));
      tcp.receives(Seg.ack());
    }
    tcp.advance(90_000);
    var sizes = new ArrayList<Integer>();
    for (int i = 0; i < 20; i++) {
      tcp.send(14_000);
      for (int k = 0; k < 10 && !tcp.out.isEmpty(); k++) {
        tcp.sent().stream().map(s -> s.bytes).max(Integer::compare).ifPresent(sizes::add);
        tcp.receives(Seg.ack());
      }
    }
    assertEquals(1_500, sendMss(tcp) + 40);
    assertTrue(
        sizes.containsAll(List.of(1_420, 1_440, 1_454, 1_472, 1_480, 1_492, 1_500)),
        sizes::toString);
    assertEquals(0, tcp.host.machinery().network.paths.known());
    assertEquals(0, tcp.counted(Event.SEGMENTS_RETRANSMITTED) - 4, "only what was too big");
  }

  // ---- Probes
  // --------------------------------------------------------------------------------------

  /** A connection whose path was narrow more than ten minutes ago. */
  private static TcpFixture afterTenMinutes(boolean ipv6) {
    var tcp = setup(ipv6, false).established().send(5_000);
    Sent first = tcp.sent().getFirst();
    feed(tcp, IcmpTest.tooBig(tcp, first.packet, 1_400));
    tcp.sent();
    tcp.receives(Seg.ack()).advance(601_000);
    return tcp;
  }

  @ParameterizedTest
  @Tag("rfc4821-c")
  @ValueSource(booleans = {false, true})
  void givenAProbe_whenItAloneIsLost_thenCwndIsNotHalved(boolean ipv6) {
    var tcp = afterTenMinutes(ipv6).send(16_000).send(16_000);
    int cwnd = cwnd(tcp);
    int threshold = tcp.number(t -> t.congestion.ssthreshBytes);
    List<Sent> flight = tcp.sent();
    Sent probe = flight.getFirst();
    assertEquals(1_420, probe.bytes);
    assertTrue(flight.size() >= 6 && flight.stream().skip(1).allMatch(s -> s.bytes <= 1_400));
    int una = probe.seq;
    for (int i = 1; i < flight.size(); i++) {
      tcp.receives(Seg.ack().ack(una));
    }
    List<Sent> after = tcp.sent();
    assertTrue(after.stream().anyMatch(s -> s.seq == una && s.bytes <= 1_400), "resent, smaller");
    // the first piece fills part of the hole, then the rest of it is resent
    int piece = 1_400 - headers(ipv6, false);
    tcp.receives(Seg.ack().ack(una + piece));
    after.addAll(tcp.sent());
    assertTrue(after.stream().anyMatch(s -> s.seq == una + piece), "the rest of the probe");
    tcp.receives(Seg.ack().ack(tcp.ourNxt));
    after.addAll(tcp.sent());
    assertEquals(0, tcp.counted(Event.TIMEOUTS));
    assertTrue(cwnd(tcp) >= cwnd * 9 / 10, cwnd(tcp) + " of " + cwnd);
    assertTrue(tcp.number(t -> t.congestion.ssthreshBytes) >= Math.min(cwnd, threshold));
    assertTrue(after.stream().allMatch(s -> s.bytes <= 1_400), "no other probe for ten minutes");
    assertEquals(
        1_400, tcp.host.machinery().network.paths.mtu(tcp.peer().high(), tcp.peer().low()));
  }

  @ParameterizedTest
  @Tag("rfc4821-b")
  @ValueSource(booleans = {false, true})
  void givenAProbe_whenItArrives_thenTheNextIsLarger(boolean ipv6) {
    var tcp = afterTenMinutes(ipv6);
    int before = 1_400;
    for (int size : new int[] {1_420, 1_440, 1_454, 1_472}) {
      tcp.send(13_000);
      List<Sent> flight = tcp.sent();
      int expected = size;
      assertEquals(1, flight.stream().filter(s -> s.bytes == expected).count(), flight::toString);
      int most = before;
      assertTrue(flight.stream().allMatch(s -> s.bytes == expected || s.bytes <= most));
      assertEquals(before - headers(ipv6, false), sendMss(tcp), "not before it has arrived");
      tcp.receives(Seg.ack());
      tcp.sent();
      tcp.receives(Seg.ack());
      assertEquals(size - headers(ipv6, false), sendMss(tcp));
      before = size;
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void givenAProbe_whenARouterSaysThatItIsTooBig_thenItAloneGoesAgain(boolean ipv6) {
    var tcp = afterTenMinutes(ipv6).send(13_000);
    List<Sent> flight = tcp.sent();
    int cwnd = cwnd(tcp);
    assertEquals(1_420, flight.getFirst().bytes);
    feed(tcp, IcmpTest.tooBig(tcp, flight.getFirst().packet, 1_410));
    int resent = tcp.sent().stream().mapToInt(s -> s.payload.length).sum();
    assertTrue(resent <= 1_420, "resent " + resent);
    assertEquals(cwnd, cwnd(tcp));
    assertTrue(sendMss(tcp) <= 1_410 - headers(ipv6, false));
  }

  @ParameterizedTest
  @DisplayName("RFC 4821 §7.6: a probe's bytes that arrive in other segments say nothing about it")
  @ValueSource(booleans = {false, true})
  void givenAProbeAndWhatWentBeforeAreLost_whenBothGoAgain_thenTheProbeHasNotArrived(boolean ipv6) {
    var tcp = afterTenMinutes(ipv6);
    tcp.send(100);
    int una = tcp.sends(ACK).length(100).seq;
    List<Sent> flight = tcp.send(14_000).sent();
    assertEquals(1_420, flight.getFirst().bytes);
    assertEquals(una + 100, flight.getFirst().seq);
    int probeEnd = una + 100 + flight.getFirst().payload.length;
    assertTrue(flight.size() > 4);
    for (int i = 1; i < flight.size(); i++) {
      tcp.receives(Seg.ack().ack(una));
    }
    int arrived = una; // what was resent arrives, and nothing else was lost
    while (arrived < probeEnd) {
      int hole = arrived;
      Sent piece = tcp.sent().stream().filter(s -> s.seq == hole).reduce((a, b) -> b).orElseThrow();
      arrived += piece.payload.length;
      tcp.receives(Seg.ack().ack(Math.min(arrived, probeEnd)));
    }
    tcp.receives(Seg.ack());
    tcp.sent();
    var paths = tcp.host.machinery().network.paths;
    long high = tcp.peer().high();
    long low = tcp.peer().low();
    assertEquals(0, tcp.counted(Event.TIMEOUTS));
    assertEquals(1_400, paths.mtu(high, low));
    assertEquals(1_400 - headers(ipv6, false), sendMss(tcp));
    assertEquals(0, paths.probe(high, low, tcp.host.now), "it counts as lost: not again for now");
    tcp.receives(Seg.ack()).send(10_000);
    assertTrue(tcp.sent().stream().allMatch(s -> s.bytes <= 1_400));
  }

  // ---- Silence
  // -------------------------------------------------------------------------------------

  @ParameterizedTest
  @Tag("rfc2923-a")
  @ValueSource(booleans = {false, true})
  void givenSilence_whenTheSecondTimeOutComes_thenSmallerSegments(boolean ipv6) {
    for (int bytes : new int[] {1_430, 10_000}) { // less than a full segment, too
      var tcp = setup(ipv6, false).established().send(bytes);
      tcp.sent();
      int base = ipv6 ? 1_280 : 1_200;
      int[] expected = {1_500, base, base, ipv6 ? base : 576, ipv6 ? base : 576, ipv6 ? base : 296};
      for (int size : expected) { // the first may be any loss
        tcp.untilSends(61_000);
        Sent first = tcp.sent().getFirst();
        assertEquals(Math.min(size, bytes + headers(ipv6, false)), first.bytes);
      }
    }
  }

  @Test
  @Tag("rfc2923-c")
  void givenAPeerWithSmallSegments_whenTheyArrive_thenEverySecondIsAcknowledged() {
    for (boolean ipv6 : new boolean[] {false, true}) {
      var tcp = setup(ipv6, false).established();
      for (int i = 0; i < 20; i++) {
        tcp.receives(Seg.data(536));
      }
      assertTrue(tcp.sent().size() >= 10, "no stretch ACKs");
    }
  }
}
