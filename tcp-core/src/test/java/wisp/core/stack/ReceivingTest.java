package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.ACK;
import static wisp.core.stack.Seg.mss;
import static wisp.core.stack.Seg.sackPermitted;
import static wisp.core.stack.TcpFixture.with;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import wisp.core.Counters.Event;
import wisp.core.spi.TestMemory;

@DisplayName("RFC 9293 §3.8.6.3, §3.10.7.4 seventh: text, its order, and its acknowledgment")
@Tag("rfc9293-3.8.6.3")
class ReceivingTest {
  private static TcpFixture withSack() {
    return with().options(mss(1_460), sackPermitted()).established();
  }

  // ---- Delayed ACK -----------------------------------------------------------------------------

  @Test
  @DisplayName("the first text after a silence is acknowledged at once: its sender has just begun")
  @Tag("SHLD-18")
  void givenSilence_whenTextComes_thenOnlyTheFirstAckIsNotDelayed() {
    var tcp = with().silent().established();
    tcp.receives(Seg.data(10)).sends(ACK).ack(11);
    tcp.receives(Seg.data(10).seq(11)).sendsNothing();
    tcp.advance(50).sends(ACK).ack(21); // nothing came meanwhile: that was a silence
    tcp.receives(Seg.data(10).seq(21)).sends(ACK).ack(31);
    tcp.receives(Seg.data(10).seq(31)).sendsNothing();
    tcp.send(10).sends(ACK).ack(41).length(10);
    tcp.advance(100).receives(Seg.data(10).seq(41).ack(11)).sendsNothing();
  }

  @Test
  void givenTextBeforeItSleeps_whenItWakes_thenAcksAreStillDelayed() {
    for (boolean silent : new boolean[] {false, true}) {
      var setup = silent ? with().silent() : with();
      var tcp = setup.established().advance(3_000);
      assertEquals(0, tcp.blocksInUse(), "asleep");
      assertEquals(!silent, tcp.is(t -> t.delaysAck));
    }
  }

  @Test
  @Tag("MUST-40")
  @Tag("SHLD-18")
  void givenASingleSegment_whenNothingFollows_thenItsAckIsDelayedLessThanHalfASecond() {
    var tcp = TcpFixture.established().receives(Seg.data(10)).sendsNothing();
    assertEquals(40, tcp.untilSends(499), 2);
    tcp.sends(ACK).ack(11);
    tcp.advance(10_000).sendsNothing();
  }

  @Test
  @Tag("SHLD-19")
  @Tag("MUST-58")
  @Tag("rfc5681-d")
  @Tag("rfc2525-d")
  void givenFullSegments_whenTheyArriveOneByOne_thenEverySecondIsAcknowledged() {
    var tcp = TcpFixture.established();
    for (int i = 1; i <= 20; i++) {
      tcp.receives(Seg.data(1_460));
      if (i % 2 == 0) {
        tcp.sends(ACK).ack(1 + i * 1_460);
      }
      tcp.sendsNothing();
    }
  }

  @Test
  @Tag("MUST-59")
  @Tag("MUST-58")
  void givenABurst_whenItIsProcessed_thenOneAckForAll() {
    var tcp = TcpFixture.established();
    Seg[] burst = new Seg[50];
    Arrays.setAll(burst, i -> Seg.data(1_000));
    tcp.receives(burst).delivered(50_000);
    tcp.sends(ACK).ack(50_001);
    tcp.sendsNothing();
  }

  @Test
  void givenAnAckOwed_whenWeSend_thenItRidesAlong() {
    var tcp = TcpFixture.established().receives(Seg.data(10)).sendsNothing().send(5);
    tcp.sends(ACK).seq(1).ack(11).length(5);
    tcp.receives(Seg.ack()).advance(1_000).sendsNothing();
  }

  @Test
  void givenAnAnswerFromOnData_whenSent_thenItCarriesTheAck() {
    var tcp = TcpFixture.established();
    tcp.on("data", c -> tcp.send(5));
    tcp.receives(Seg.data(10), Seg.data(10));
    tcp.sends(ACK).seq(1).ack(21).length(10);
    tcp.sendsNothing();
  }

  @Test
  void givenADelayedAck_whenTheConnectionSleeps_thenItHoldsNoBlock() {
    var tcp = TcpFixture.established().receives(Seg.data(10));
    assertEquals(0, tcp.blocksInUse());
  }

  // ---- Order -----------------------------------------------------------------------------------

  @Test
  @Tag("MAY-13")
  @Tag("SHLD-31")
  @Tag("rfc5681-d")
  @Tag("rfc2525-c")
  void givenAHole_whenSegmentsComeBeyondIt_thenADuplicateAckAtOnceForEach() {
    var tcp = TcpFixture.established();
    for (int i = 1; i <= 5; i++) {
      tcp.receives(Seg.data(100).seq(1 + 100 * i));
      tcp.sends(ACK).seq(1).ack(1);
      tcp.sendsNothing().delivered(0);
    }
    tcp.receives(Seg.data(100).seq(1)).delivered(600);
    tcp.sends(ACK).ack(601);
    tcp.sendsNothing();
    assertEquals(0, tcp.blocksInUse());
  }

  @Test
  void givenAHole_whenTheBurstBringsManyBeyondIt_thenOneDuplicateEach() {
    var tcp = TcpFixture.established();
    tcp.receives(Seg.data(9).seq(11), Seg.data(9).seq(21), Seg.data(9).seq(31));
    assertEquals(3, tcp.sent().stream().filter(s -> s.ack == 1).count());
  }

  @Test
  @DisplayName(
      "the ACK of what came in order is none of the three that a sender without SACK counts")
  void givenNoSack_whenABurstBringsTextAndMoreBeyondAHole_thenAnAckWithNewsAndADuplicateEach() {
    var tcp = TcpFixture.established();
    tcp.receives(
        Seg.data(10).seq(1),
        Seg.data(10).seq(11),
        Seg.data(10).seq(31),
        Seg.data(10).seq(41),
        Seg.data(10).seq(51));
    assertEquals(4, tcp.sent().stream().filter(s -> s.ack == 21).count());
  }

  @Test
  void givenAHole_whenMadeAndFilledInOneBurst_thenOneAck() {
    var tcp = TcpFixture.established();
    tcp.receives(
        Seg.data(10).seq(11), Seg.data(10).seq(21), Seg.data(10).seq(31), Seg.data(10).seq(1));
    tcp.sends(ACK).ack(41);
    tcp.sendsNothing().delivered(40);
  }

  @Test
  @DisplayName("D27: five segments in all 120 orders, one by one and as bursts")
  @Tag("rfc2525-c")
  void givenFiveSegments_whenInAnyOrder_thenDeliveredOnceAndInOrder() {
    for (List<Integer> order : permutations(List.of(0, 1, 2, 3, 4))) {
      var tcp = withSack();
      int next = 0;
      var seen = new boolean[6];
      for (int i : order) {
        tcp.receives(Seg.data(100).seq(1 + 100 * i));
        seen[i] = true;
        boolean beyond = i > next;
        while (seen[next]) {
          next++;
        }
        if (beyond) {
          tcp.sends(ACK).ack(1 + 100 * next);
        }
        tcp.delivered(100 * next);
        tcp.sent();
      }
      tcp.delivered(500).advance(100);
      tcp.sent().forEach(s -> s.ack(501));
      tcp.allReturns();

      var burst = withSack();
      burst.receives(order.stream().map(i -> Seg.data(100).seq(1 + 100 * i)).toArray(Seg[]::new));
      burst.delivered(500).advance(100);
      assertEquals(501, burst.sent().getLast().ack);
      burst.allReturns();
    }
  }

  static List<List<Integer>> permutations(List<Integer> of) {
    if (of.isEmpty()) {
      return List.of(List.of());
    }
    var all = new ArrayList<List<Integer>>();
    for (Integer first : of) {
      var rest = new ArrayList<>(of);
      rest.remove(first);
      for (List<Integer> tail : permutations(rest)) {
        var one = new ArrayList<Integer>();
        one.add(first);
        one.addAll(tail);
        all.add(one);
      }
    }
    return all;
  }

  @Test
  @DisplayName("threats 5.3: where copies differ the first one stays")
  void givenDifferentCopies_whenTheHoleIsFilled_thenTheHeldOneIsDelivered() {
    var tcp = TcpFixture.established().receives(Seg.data(10).seq(11));
    byte[] lie = new byte[30];
    Arrays.fill(lie, (byte) 'x');
    for (int i = 0; i < 10; i++) {
      lie[i] = TcpFixture.peerByte(1 + i);
      lie[20 + i] = TcpFixture.peerByte(21 + i);
    }
    tcp.receives(Seg.data(0).seq(1).payload(lie)).delivered(30);
  }

  @Test
  void givenRandomCuts_whenEverythingComesTwiceInAnyOrder_thenTheStreamIsExact() {
    for (long seed = 1; seed <= 60; seed++) {
      var random = new SplittableRandom(seed);
      var tcp = withSack();
      int total = 20_000;
      var pieces = new ArrayList<int[]>();
      for (int copy = 0; copy < 3; copy++) {
        for (int at = 1; at <= total; ) {
          int n = Math.min(1 + random.nextInt(1_460), total + 1 - at);
          pieces.add(new int[] {at, n});
          at += n;
        }
      }
      Collections.shuffle(pieces, new java.util.Random(seed));
      for (int[] piece : pieces) {
        tcp.receives(Seg.data(piece[1]).seq(piece[0]));
      }
      tcp.delivered(total);
      assertEquals(0, tcp.blocksInUse(), "seed " + seed);
      tcp.allReturns();
    }
  }

  @Test
  @DisplayName("threats 5.7: one-byte segments beyond a hole cost at most the connection's share")
  void givenOneByteIslands_whenTheShareIsFull_thenTheNewestAreDropped() {
    var tcp =
        with()
            .config(
                ContextConfig.of(wisp.core.ip.IpPrefix.parse("10.0.0.1/32"))
                    .withLimits(100, 64, 16 * 2_048))
            .established();
    for (int i = 0; i < 1_000; i++) {
      tcp.receives(Seg.data(1).seq(3 + 2 * i));
    }
    assertTrue(tcp.blocksInUse() <= 17, () -> tcp.blocksInUse() + " blocks");
    assertTrue(tcp.counted(Event.DROP_HELD_LIMIT) > 900);
    tcp.receives(Seg.data(3_000).seq(1)).delivered(3_000);
  }

  @Test
  @DisplayName(
      "SHLD-31: what was promised a place has one, even if every second segment is missing")
  void givenAWindowFullOfIslands_whenNoLimitIsSet_thenAllAreHeld() {
    int window = 4 << 20;
    var tcp = with().receiveWindow(window).options(Seg.mss(1_460), Seg.scale(7)).established();
    for (int at = 1_461; at + 1_460 <= window; at += 2 * 1_460) {
      tcp.receives(Seg.data(1_460).seq(at));
    }
    assertEquals(0, tcp.counted(Event.DROP_NO_BLOCK));
  }

  @Test
  void givenNeighbouringSegmentsBeyondAHole_whenHeld_thenTheyShareBlocks() {
    var tcp = TcpFixture.established();
    for (int i = 0; i < 1_000; i++) {
      tcp.receives(Seg.data(1).seq(11 + i));
    }
    assertEquals(2, tcp.blocksInUse());
  }

  @Test
  void givenNoBlockForHeldText_whenTheHoleIsFilled_thenThePeerResendsAndAllIsWell() {
    var memory = new TestMemory();
    var tcp = with().memory(memory).established();
    memory.blockRequests.most = 0;
    tcp.receives(Seg.data(100).seq(101));
    tcp.sends(ACK).ack(1);
    tcp.receives(Seg.data(100).seq(1)).delivered(100);
    tcp.receives(Seg.data(100).seq(101)).delivered(200);
    tcp.allReturns();
  }

  // ---- SACK ------------------------------------------------------------------------------------

  @Test
  @DisplayName("RFC 2018 §4: the island that changed last comes first, at most four")
  @Tag("rfc2018-b")
  @Tag("D28")
  void givenIslands_whenAcknowledged_thenSackNamesThem() {
    var tcp = withSack();
    int base = tcp.irs;
    tcp.receives(Seg.data(10).seq(101));
    assertArrayEquals(new int[] {base + 101, base + 111}, tcp.sends(ACK).sack);
    tcp.receives(Seg.data(10).seq(201));
    assertArrayEquals(
        new int[] {base + 201, base + 211, base + 101, base + 111}, tcp.sends(ACK).sack);
    tcp.receives(Seg.data(10).seq(111));
    assertArrayEquals(
        new int[] {base + 101, base + 121, base + 201, base + 211}, tcp.sends(ACK).sack);
    for (int i = 3; i < 8; i++) {
      tcp.receives(Seg.data(10).seq(100 * i + 1));
    }
    Sent last = tcp.sent().getLast();
    assertEquals(8, last.sack.length);
    assertEquals(base + 701, last.sack[0]);
  }

  @Test
  @Tag("rfc2018-b")
  @Tag("D28")
  void givenTimestampsToo_whenAcknowledged_thenThreeBlocksAtMost() {
    var tcp = with().options(mss(1_460), sackPermitted(), Seg.timestamp(1, 0)).established();
    for (int i = 1; i < 8; i++) {
      tcp.receives(Seg.data(10).seq(100 * i + 1));
    }
    assertEquals(6, tcp.sent().getLast().sack.length);
  }

  @Test
  void givenNoSack_whenAHoleIsThere_thenNoOption() {
    var tcp = TcpFixture.established().receives(Seg.data(10).seq(101));
    assertEquals(0, tcp.sends(ACK).sack.length);
  }

  @Test
  @DisplayName("threats 5.11: text beyond a hole that nobody fills is not held for ever")
  void givenAHole_whenThePeerFallsSilent_thenTheBlocksComeBackAndItCanResend() {
    var tcp = TcpFixture.established().receives(Seg.data(100).seq(101), Seg.fin().seq(201));
    tcp.receives(Seg.flags(ACK | Seg.URG).seq(1).urgent(5_000));
    tcp.advance(24L * 3_600 * 1_000).isEstablished();
    assertEquals(0, tcp.blocksInUse());
    tcp.receives(Seg.data(200).seq(1)).delivered(200);
    tcp.receives(Seg.fin().seq(201));
    assertEquals("peerClosed", tcp.events.getLast());
    tcp.allReturns();
  }

  @Test
  @DisplayName("a burst that overflows the link: the ACK goes when there is room")
  void givenAFullLink_whenAnAckIsOwed_thenItGoesLater() {
    var tcp = TcpFixture.established();
    tcp.host.link.room = 0;
    tcp.receives(Seg.data(1_460), Seg.data(1_460)).sendsNothing();
    tcp.host.link.room = Integer.MAX_VALUE;
    tcp.advance(1).sends(ACK).ack(2_921);
    tcp.advance(1_000).sendsNothing();
    assertEquals(0, tcp.blocksInUse());
  }
}
