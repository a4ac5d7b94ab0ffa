package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import wisp.core.Counters.Event;
import wisp.core.ip.PathMtus;
import wisp.core.spi.KeyedHash;

@DisplayName("RFC 4821 §7.7, RFC 8899 §5.1: silence about packets that are too big")
class BlackHoleTest {
  private static final int HEADERS = 40;

  @Test
  void givenSilence_whenTimeOutsGoOn_thenSegmentsShrinkStepByStepToTheLeast() {
    var tcp = TcpFixture.established().send(10_000);
    tcp.sent();
    var packets = new ArrayList<Integer>();
    for (int i = 0; i < 8; i++) {
      tcp.untilSends(100_000);
      packets.add(tcp.sent().getFirst().payload.length + HEADERS);
    }
    assertEquals(List.of(1_500, 1_200, 1_200, 576, 576, 296, 296, 296), packets);
    assertEquals(3, tcp.counted(Event.PATHS_NARROWED));
  }

  /** A path that loses much brings two time-outs in a row, and has nothing to do with size. */
  @Test
  @Tag("rfc2923-a")
  void givenFullSegmentsThatArrived_whenSilenceFollows_thenItTakesFourTimeOutsInARow() {
    var tcp = TcpFixture.established().send(10_000);
    tcp.sent();
    tcp.receives(Seg.ack().ack(1 + 2 * 1_460));
    tcp.sent();
    var packets = new ArrayList<Integer>();
    for (int i = 0; i < 8; i++) {
      tcp.untilSends(100_000);
      packets.add(tcp.sent().getFirst().payload.length + HEADERS);
    }
    assertEquals(List.of(1_500, 1_500, 1_500, 1_200, 1_200, 576, 576, 296), packets);
  }

  @Test
  void givenTimeOutsWithAcknowledgmentsBetweenThem_thenThePathIsAsWideAsBefore() {
    var tcp = TcpFixture.established().send(14_600);
    tcp.sent();
    for (int i = 1; i <= 6; i++) {
      tcp.untilSends(100_000);
      assertEquals(1_460, tcp.sent().getFirst().payload.length);
      tcp.receives(Seg.ack().ack(1 + i * 1_460));
      tcp.sent();
    }
    assertEquals(6, tcp.counted(Event.TIMEOUTS));
    assertEquals(0, tcp.counted(Event.PATHS_NARROWED));
  }

  /** Else a forged or an old word of a router would be believed less than it deserves. */
  @Test
  void givenAFullSegmentThatGoesAgainInPieces_whenTheyArrive_thenTheyDoNotCountForItsSize() {
    var first = TcpFixture.established();
    var second = first.another(6_000).handshake();
    first.send(10_000).sent();
    second.send(10_000).sent();
    first.advance(4_000);
    assertEquals(1_160, second.sent().getLast().payload.length);
    second.receives(Seg.ack().ack(1 + 1_460));
    assertTrue(second.number(t -> t.arrivedBytes) <= 1_160);
  }

  @Test
  void givenTwoConnectionsOnOnePath_whenBothTimeOut_thenItNarrowsByOneStep() {
    var first = TcpFixture.established();
    var second = first.another(6_000).handshake();
    first.send(10_000).sent();
    second.send(10_000).sent();
    first.advance(4_000);
    for (TcpFixture tcp : List.of(first, second)) {
      assertEquals(1_200, tcp.sent().getLast().payload.length + HEADERS);
    }
    assertEquals(1, first.counted(Event.PATHS_NARROWED));
  }

  @Test
  void givenANarrowPathFound_whenItAnswers_thenLargerSizesAreTriedFromThere() {
    var paths = new PathMtus(new KeyedHash(1, 2), 1_500);
    long ipv4 = 0xFFFF_0A09_0001L;
    for (int expected : new int[] {1_200, 576, 296}) {
      assertEquals(true, paths.blackHole(0, ipv4, 1_500, 5, 5));
      assertEquals(expected, paths.mtu(0, ipv4));
    }
    assertEquals(false, paths.blackHole(0, ipv4, 1_500, 5, 5));
    assertEquals(508, paths.probe(0, ipv4, 5));
  }

  @Test
  @DisplayName("RFC 8200 §5: no IPv6 path carries less than 1,280 bytes")
  void givenIpv6_whenSilenceGoesOn_thenItStaysAtItsLeast() {
    var paths = new PathMtus(new KeyedHash(1, 2), 1_500);
    assertEquals(true, paths.blackHole(1, 2, 1_500, 5, 5));
    assertEquals(1_280, paths.mtu(1, 2));
    assertEquals(false, paths.blackHole(1, 2, 1_500, 5, 5));
    assertEquals(1_280, paths.mtu(1, 2));
  }
}
