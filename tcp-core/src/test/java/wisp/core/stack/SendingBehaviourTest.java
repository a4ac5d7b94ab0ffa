package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.ACK;
import static wisp.core.stack.Seg.PSH;
import static wisp.core.stack.Seg.RST;
import static wisp.core.stack.Seg.mss;
import static wisp.core.stack.Seg.sackPermitted;
import static wisp.core.stack.TcpFixture.with;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;

@ParameterizedClass(name = "IPv6: {0}")
@ValueSource(booleans = {false, true})
@DisplayName("D20 to D24, D30, D31, D33: what a sender does, seen from the wire")
class SendingBehaviourTest {
  private static final int FULL = 1_400;
  private final boolean ipv6;

  SendingBehaviourTest(boolean ipv6) {
    this.ipv6 = ipv6;
  }

  private TcpFixture.Setup fresh() {
    return with().ipv6(ipv6).options(mss(FULL));
  }

  /** Ten full segments in flight, and as many more to send. */
  private TcpFixture tenInFlight(boolean sack) {
    var setup = sack ? fresh().options(mss(FULL), sackPermitted()) : fresh();
    var tcp = setup.established().send(10 * FULL).send(10 * FULL).send(10 * FULL);
    assertEquals(10, tcp.sent().size());
    return tcp;
  }

  private static int at(int segment) {
    return 1 + FULL * segment;
  }

  private static Seg sack(TcpFixture tcp, int una, int... edges) {
    int[] absolute = new int[edges.length];
    for (int i = 0; i < edges.length; i++) {
      absolute[i] = tcp.iss + at(edges[i]);
    }
    return Seg.ack().ack(at(una)).options(Seg.sack(absolute));
  }

  /** Which of the first ten segments were among what was sent, in order. */
  private static List<Integer> resent(TcpFixture tcp) {
    List<Integer> segments = new ArrayList<>();
    for (Sent s : tcp.sent()) {
      if (s.seq < at(10) && s.payload.length > 0) {
        segments.add((s.seq - 1) / FULL);
      }
    }
    return segments;
  }

  @Test
  @Tag("D20")
  @Tag("rfc2525-b")
  @Tag("rfc6298-b")
  @Tag("rfc6298-c")
  @Tag("rfc9743-c")
  void givenNoAck_whenTenIntervalsPass_thenTheyDoubleAndTheBackOffStaysUntilACleanSample() {
    var tcp = fresh().established().send(100);
    tcp.sends(ACK);
    List<Long> gaps = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      gaps.add(Math.round(tcp.untilSends(100_000) / 1_000));
      tcp.sends(ACK).seq(1).length(100);
    }
    assertEquals(List.of(1L, 2L, 4L, 8L, 16L, 32L, 60L, 60L, 60L, 60L), gaps);
    tcp.send(100).receives(Seg.ack().ack(101)).sends(ACK).seq(101);
    assertEquals(60, Math.round(tcp.untilSends(100_000) / 1_000), "no sample of what was resent");
    tcp.sends(ACK).seq(101);
    tcp.receives(Seg.ack().ack(201)).send(100).sends(ACK).seq(201);
    tcp.advance(20).receives(Seg.ack().ack(301)).send(100).sends(ACK).seq(301);
    assertEquals(1, Math.round(tcp.untilSends(100_000) / 1_000), "a clean sample");
  }

  @Test
  @Tag("D21")
  @Tag("rfc5681-d")
  void givenDuplicateAcks_whenTheThirdTrueOneComes_thenTheHoleGoesAgain() {
    var none = tenInFlight(false);
    for (int i = 0; i < 5; i++) {
      none.receives(Seg.data(10).ack(1)).receives(Seg.ack().ack(1).window(60_000 - i));
    }
    assertEquals(List.of(), resent(none));
    var tcp = tenInFlight(false);
    tcp.receives(Seg.ack().ack(1)).receives(Seg.ack().ack(1));
    assertEquals(List.of(), resent(tcp));
    tcp.receives(Seg.ack().ack(1));
    assertEquals(List.of(0), resent(tcp));
    tcp.receives(Seg.ack().ack(1)).receives(Seg.ack().ack(1));
    assertEquals(List.of(), resent(tcp));
  }

  @Test
  @Tag("D22")
  void givenTwoHoles_whenThereIsNoSack_thenThePartialAckResendsTheSecond() {
    var tcp = tenInFlight(false);
    tcp.receives(Seg.ack().ack(1), Seg.ack().ack(1), Seg.ack().ack(1));
    assertEquals(List.of(0), resent(tcp));
    int ssthresh = tcp.number(t -> t.congestion.ssthreshBytes);
    tcp.receives(Seg.ack().ack(at(4)));
    assertEquals(List.of(4), resent(tcp));
    assertEquals(ssthresh, tcp.number(t -> t.congestion.ssthreshBytes), "cut once");
    assertEquals(0, tcp.counted(Event.TIMEOUTS));
  }

  @Test
  @Tag("D23")
  @Tag("rfc2018-c")
  @Tag("rfc6675-d")
  void givenManyHoles_whenBlocksGrowAndMerge_thenEachHoleGoesOnce() {
    var tcp = tenInFlight(true);
    List<Integer> again = new ArrayList<>();
    int[][] blocks = {
      {1, 3},
      {4, 5, 1, 3},
      {4, 6, 1, 3},
      {7, 8, 4, 6, 1, 3},
      {7, 9, 4, 6, 1, 3},
      {7, 10, 4, 6, 1, 3}
    };
    for (int[] edges : blocks) {
      tcp.receives(sack(tcp, 0, edges));
      again.addAll(resent(tcp));
    }
    for (int i = 0; i < 3; i++) {
      tcp.receives(sack(tcp, 0, 7, 10 + i, 4, 6, 1, 3));
      again.addAll(resent(tcp));
    }
    tcp.receives(sack(tcp, 3, 7, 12, 4, 6));
    again.addAll(resent(tcp));
    tcp.receives(sack(tcp, 6, 7, 12));
    again.addAll(resent(tcp));
    assertEquals(List.of(0, 3, 6), again);
    assertTrue(tcp.is(t -> t.fastRecovery));
    tcp.receives(Seg.ack());
    assertTrue(tcp.is(t -> !t.fastRecovery), "it ends at what was out when it began");
    assertEquals(1, tcp.counted(Event.FAST_RETRANSMITS));
    assertEquals(0, tcp.counted(Event.TIMEOUTS));
  }

  @Test
  @Tag("D24")
  void givenOneOfTenLost_whenTheOthersArriveOneByOne_thenPartOfThatManyMayGo() {
    for (String control : List.of("newreno", "cubic")) {
      var tcp =
          fresh()
              .options(mss(FULL), sackPermitted())
              .profile(ConnectionProfile.DEFAULT.with(b -> b.congestionControl = control))
              .established()
              .send(10 * FULL)
              .send(10 * FULL)
              .send(10 * FULL);
      tcp.sent();
      int sent = 0;
      int most = 0;
      for (int i = 2; i <= 10; i++) {
        tcp.receives(sack(tcp, 0, 1, i));
        int now = tcp.sent().size();
        sent += now;
        most = Math.max(most, now);
      }
      double part = control.equals("cubic") ? 0.7 : 0.5;
      assertEquals(9 * part + 1, sent, 1.5, control);
      assertTrue(most <= 2, "no burst");
      tcp.receives(Seg.ack().ack(at(10)));
      int flight = (tcp.ourNxt - at(10)) / FULL;
      assertEquals(10 * part, flight, 1.5, control);
    }
  }

  @Test
  @Tag("D24")
  void givenSeveralOfThirtyLost_whenTheOthersArriveOneByOne_thenTheFlightEndsNearSsthresh() {
    for (String control : List.of("newreno", "cubic")) {
      var tcp =
          fresh()
              .options(mss(FULL), sackPermitted())
              .profile(ConnectionProfile.DEFAULT.with(b -> b.congestionControl = control))
              .established();
      for (int i = 0; i < 10; i++) {
        tcp.send(10 * FULL);
      }
      for (int i = 1; i <= 20; i++) {
        tcp.receives(Seg.ack().ack(at(i)));
      }
      tcp.sent();
      assertEquals(at(50), tcp.ourNxt, "thirty in flight");

      double part = control.equals("cubic") ? 0.7 : 0.5;
      List<Integer> lost = List.of(20, 24, 31, 38);
      Deque<int[]> islands = new ArrayDeque<>();
      int arrived = 0;
      int sent = 0;
      for (int i = 20; i < 50; i++) {
        if (lost.contains(i)) {
          continue;
        }
        if (lost.contains(i - 1)) {
          islands.push(new int[] {i, i});
        }
        islands.element()[1] = i + 1;
        int[] edges = islands.stream().flatMapToInt(Arrays::stream).toArray();
        tcp.receives(sack(tcp, 20, edges));
        int now = tcp.sent().size();
        assertTrue(now <= 2, "no burst");
        sent += now;
        if (++arrived == 13) {
          assertEquals(13 * part + 1, sent, 1.5, control);
        }
      }
      assertEquals(30 * part, sent, 1.5, control); // these are all that is in flight now
      tcp.receives(Seg.ack().ack(at(50)));
      assertEquals(30 * part, (tcp.ourNxt - at(50)) / FULL, 1.5, control);
      assertEquals(1, tcp.counted(Event.FAST_RETRANSMITS));
      assertEquals(0, tcp.counted(Event.TIMEOUTS));
    }
  }

  @Test
  @Tag("D30")
  @Tag("rfc6429-a")
  void givenAZeroWindowForAnHour_whenProbesAreAnswered_thenItLivesAndDataGoesWhenItOpens() {
    var tcp = fresh().established();
    tcp.receives(Seg.ack().window(0)).send(3 * FULL).sendsNothing();
    long begin = tcp.host.now;
    List<Long> gaps = new ArrayList<>();
    while (tcp.host.now - begin < 3_600_000L * TcpFixture.MS) {
      gaps.add(Math.round(tcp.untilSends(100_000) / 1_000));
      assertTrue(tcp.sent().getLast().payload.length <= 1);
      tcp.receives(Seg.ack().ack(1).window(0));
    }
    assertEquals(List.of(1L, 2L, 4L, 8L, 16L, 32L, 60L, 60L), gaps.subList(0, 8));
    tcp.isEstablished().receives(Seg.ack().ack(1).window(60_000));
    assertTrue(tcp.ourNxt > at(2), "at once");
  }

  @Test
  @Tag("D30")
  void givenAZeroWindowAndAUserTimeout_whenProbesStayUnanswered_thenItEndsAtItsTime() {
    var tcp =
        fresh()
            .profile(
                ConnectionProfile.DEFAULT.with(
                    b -> b.retransmissionLimitNanos = 100_000 * TcpFixture.MS))
            .established();
    tcp.receives(Seg.ack().window(0)).send(FULL).advance(90_000).isEstablished();
    tcp.advance(15_000).isGone();
    assertEquals("closed TimedOut", tcp.events.getLast());
    tcp.allReturns();
  }

  @Test
  @Tag("rfc6429-b")
  void givenAZeroWindow_whenTheApplicationAborts_thenItIsOver() {
    var tcp = fresh().established();
    tcp.receives(Seg.ack().window(0)).send(100).advance(10_000).sent();
    tcp.abort();
    assertTrue(tcp.sent().getLast().has(RST));
    tcp.isGone().allReturns();
  }

  @Test
  @Tag("D31")
  void givenDataInFlight_whenTheWindowShrinks_thenNothingNewAndWhatFitsGoesAgain() {
    var tcp = tenInFlight(false);
    tcp.receives(Seg.ack().ack(at(2)).window(FULL)).sendsNothing();
    tcp.isEstablished().untilSends(3_000);
    tcp.sends(ACK).seq(at(2)).length(FULL);
    tcp.sendsNothing().receives(Seg.ack().ack(at(3)).window(0));
    tcp.sent();
    for (int i = 0; i < 20; i++) {
      tcp.untilSends(100_000);
      for (Sent s : tcp.sent()) {
        assertTrue(s.seq <= at(3) && s.payload.length <= 1, s::toString);
      }
      tcp.receives(Seg.ack().ack(at(3)).window(0));
    }
    tcp.isEstablished().receives(Seg.ack().ack(at(3)).window(60_000));
    assertEquals(at(3), tcp.sent().getFirst().seq);
  }

  @Test
  @Tag("D33")
  @Tag("SHLD-27")
  @Tag("MAY-16")
  void givenManySmallSends_whenSomethingIsInFlight_thenTheyLeaveTogether() {
    var tcp = fresh().established().send(1);
    assertTrue(tcp.sends(ACK).has(PSH));
    for (int i = 0; i < 30; i++) {
      tcp.send(110);
    }
    List<Sent> full = tcp.sent();
    assertEquals(2, full.size());
    for (Sent s : full) {
      s.length(FULL);
      assertTrue(!s.has(PSH), "more follows");
    }
    tcp.receives(Seg.ack());
    assertTrue(tcp.sends(ACK).length(500).has(PSH));
  }

  @Test
  @Tag("D33")
  void givenNoNagle_whenSmallSendsFollowEachOther_thenEachLeavesAtOnce() {
    var tcp = fresh().profile(ConnectionProfile.NO_DELAY).established();
    for (int i = 0; i < 5; i++) {
      tcp.send(10).sends(ACK).length(10);
    }
  }

  @Test
  @Tag("D33")
  @Tag("rfc1122-tcp-b")
  void givenAWindowBelowASegment_whenAFullOneWaits_thenItIsCutAfterTheOverride() {
    var tcp = fresh().established();
    tcp.receives(Seg.ack().window(300)).send(FULL).sendsNothing();
    double millis = tcp.untilSends(3_000);
    assertTrue(millis >= 100, () -> millis + " ms");
    tcp.sends(ACK).seq(1).length(300);
  }

  @Test
  @Tag("rfc3449-a")
  void givenAPathThatLosesMostAcks_whenOneComesForAll_thenTheSenderGoesOn() {
    var tcp = tenInFlight(false);
    var seen = new TreeSet<Integer>();
    for (int round = 0; round < 3; round++) {
      int before = tcp.ourNxt;
      tcp.advance(50).receives(Seg.ack());
      tcp.sent().forEach(s -> seen.add(s.seq));
      assertTrue(tcp.ourNxt > before || tcp.ourNxt == at(30));
    }
    assertEquals(at(30), tcp.ourNxt);
    assertEquals(0, tcp.counted(Event.TIMEOUTS));
  }
}
