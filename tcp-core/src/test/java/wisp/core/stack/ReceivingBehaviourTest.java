package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.ACK;
import static wisp.core.stack.Seg.mss;
import static wisp.core.stack.Seg.sackPermitted;
import static wisp.core.stack.TcpFixture.with;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

@ParameterizedClass(name = "IPv6: {0}")
@ValueSource(booleans = {false, true})
@DisplayName("D27 to D29, D32: what a receiver does, seen from the wire")
class ReceivingBehaviourTest {
  private final boolean ipv6;
  private final int full;

  ReceivingBehaviourTest(boolean ipv6) {
    this.ipv6 = ipv6;
    this.full = ipv6 ? 1_440 : 1_460;
  }

  private TcpFixture.Setup fresh() {
    return with().ipv6(ipv6);
  }

  @Test
  @Tag("D27")
  void givenFiveSegments_whenTheyComeInAnyOrder_thenOnceAndInOrder() {
    for (List<Integer> order : ReceivingTest.permutations(List.of(0, 1, 2, 3, 4))) {
      var tcp = fresh().options(mss(1_400), sackPermitted()).established();
      var seen = new boolean[6];
      int next = 0;
      for (int i : order) {
        boolean hadHole = tcp.delivered < 100 * count(seen);
        tcp.receives(Seg.data(100).seq(1 + 100 * i));
        seen[i] = true;
        boolean beyond = i > next;
        while (seen[next]) {
          next++;
        }
        tcp.delivered(100 * next);
        if (beyond || hadHole) {
          tcp.sends(ACK).ack(1 + 100 * next);
        }
        tcp.sent();
      }
      tcp.delivered(500).allReturns();
    }
  }

  private static int count(boolean[] seen) {
    int n = 0;
    for (boolean b : seen) {
      n += b ? 1 : 0;
    }
    return n;
  }

  @Test
  @Tag("D28")
  void givenThreeIslands_whenASegmentOverlapsThemInEveryWay_thenTheReportIsTrueAndNoByteChanges() {
    int[] edges = IntStream.rangeClosed(1, 141).filter(i -> i % 20 < 3 || i % 20 == 11).toArray();
    for (int left : edges) {
      for (int right : edges) {
        if (left < right) {
          overlap(left, right, false);
          overlap(left, right, true);
        }
      }
    }
  }

  private void overlap(int left, int right, boolean timestamps) {
    String at = left + "–" + right;
    var setup = fresh().options(mss(1_400), sackPermitted());
    if (timestamps) {
      setup.options(mss(1_400), sackPermitted(), Seg.timestamp(1, 0));
    }
    var tcp = setup.established();
    var seen = new boolean[142];
    for (int island : new int[] {21, 61, 101}) {
      tcp.receives(Seg.data(20).seq(island));
      Arrays.fill(seen, island, island + 20, true);
    }
    tcp.sent();

    int duplicate = left;
    while (duplicate < right && !seen[duplicate]) {
      duplicate++;
    }
    int duplicateEnd = Math.min(right, endOfRun(seen, duplicate));
    tcp.receives(otherCopy(seen, left, right));
    Arrays.fill(seen, left, right, true);
    int next = endOfRun(seen, 1);

    List<Sent> sent = tcp.sent();
    assertEquals(1, sent.size(), at);
    List<String> blocks = new ArrayList<>();
    int[] sack = sent.getFirst().ack(next).sack;
    for (int i = 0; i < sack.length; i += 2) {
      blocks.add(sack[i] - tcp.irs + "–" + (sack[i + 1] - tcp.irs));
    }
    List<String> islands = islands(seen, next);
    int most = timestamps ? 3 : 4;
    if (duplicate < right) {
      assertEquals(duplicate + "–" + duplicateEnd, blocks.removeFirst(), at);
      most--;
    }
    assertEquals(Math.min(most, islands.size()), blocks.size(), at + ": " + blocks);
    assertEquals(blocks.size(), Set.copyOf(blocks).size(), at + ": " + blocks);
    assertTrue(islands.containsAll(blocks), at + ": " + blocks);
    int newest = left == 1 ? 101 : left;
    if (newest >= next) {
      assertTrue(blocks.getFirst().endsWith("–" + endOfRun(seen, newest)), at + ": " + blocks);
    }

    tcp.receives(otherCopy(seen, 1, 141)).delivered(140).allReturns();
  }

  /** A segment that lies about each byte that has come before. */
  private static Seg otherCopy(boolean[] seen, int left, int right) {
    byte[] bytes = new byte[right - left];
    for (int seq = left; seq < right; seq++) {
      byte b = TcpFixture.peerByte(seq);
      bytes[seq - left] = seen[seq] ? (byte) ~b : b;
    }
    return Seg.data(0).seq(left).payload(bytes);
  }

  private static int endOfRun(boolean[] seen, int from) {
    int end = from;
    while (end < seen.length && seen[end]) {
      end++;
    }
    return end;
  }

  private static List<String> islands(boolean[] seen, int from) {
    List<String> islands = new ArrayList<>();
    for (int left = from; left < seen.length; left++) {
      if (seen[left]) {
        int end = endOfRun(seen, left);
        islands.add(left + "–" + end);
        left = end;
      }
    }
    return islands;
  }

  @Test
  @Tag("D29")
  void givenFullSegments_whenTheyComeOneByOne_thenAtLeastEverySecondIsAcknowledged() {
    var tcp = fresh().established();
    for (int i = 1; i <= 20; i++) {
      tcp.receives(Seg.data(full));
      if (i % 2 == 0) {
        assertEquals(1 + i * full, tcp.sent().getLast().ack);
      }
    }
  }

  @Test
  @Tag("D29")
  void givenASmallSegment_whenNothingFollows_thenItsAckComesWithinHalfASecond() {
    var tcp = fresh().established().receives(Seg.data(10));
    tcp.sendsNothing();
    assertTrue(tcp.untilSends(499) < 500);
    tcp.sends(ACK).ack(11);
  }

  @Test
  @Tag("D29")
  void givenAHole_whenItIsFilledInPartOrWhole_thenAnAckAtOnce() {
    var tcp = fresh().established();
    tcp.receives(Seg.data(10).seq(21)).sends(ACK).ack(1);
    tcp.receives(Seg.data(10).seq(1)).sends(ACK).ack(11);
    tcp.receives(Seg.data(10).seq(11)).sends(ACK).ack(31);
    tcp.sendsNothing();
  }

  @Test
  @Tag("D32")
  void givenAnApplicationThatTakesLittle_whenTheWindowReopens_thenInStepsAndNeverLeft() {
    int window = 10 * full;
    var tcp = fresh().receiveWindow(window).established();
    int edge = window + 1;
    for (int round = 0; round < 20; round++) {
      tcp.pause();
      while (tcp.peerNxt < edge) {
        tcp.receives(Seg.data(Math.min(full, edge - tcp.peerNxt)));
      }
      tcp.advance(100);
      for (Sent s : tcp.sent()) {
        assertEquals(edge, s.ack + s.window, s::toString);
      }
      tcp.receives(Seg.data(1).seq(tcp.peerNxt)).sends(ACK).ack(edge).window(0);
      tcp.delivered(edge - 1).resume();
      Sent update = tcp.sends(ACK);
      assertTrue(update.window >= Math.min(window / 2, full), update::toString);
      edge = update.ack + update.window;
      tcp.sendsNothing();
    }
    tcp.allReturns();
  }

  @Test
  @Tag("MAY-8")
  void givenAWindowThatStaysShut_whenProbedForADay_thenTheConnectionLivesAndTheAnswerIsZero() {
    var tcp = fresh().receiveWindow(100).established().pause();
    tcp.receives(Seg.data(100)).advance(100).sent();
    for (int minute = 0; minute < 24 * 60; minute++) {
      tcp.advance(60_000).receives(Seg.data(1).seq(101)).sends(ACK).ack(101).window(0);
      tcp.sendsNothing();
    }
    tcp.delivered(100).isEstablished().resume().sends(ACK).ack(101).window(100);
  }
}
