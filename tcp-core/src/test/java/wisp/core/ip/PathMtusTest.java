package wisp.core.ip;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import wisp.core.spi.KeyedHash;

@DisplayName("RFC 1191, RFC 8201, RFC 4821: what is known of paths")
class PathMtusTest {
  private static final long SECOND = 1_000_000_000L;
  private static final IpAddress A = IpAddress.parse("192.0.2.1");
  private static final IpAddress B = IpAddress.parse("192.0.2.2");
  private static final IpAddress C = IpAddress.parse("2001:db8::1");

  private final PathMtus paths = of(1_500);

  private static PathMtus of(int linkMtu) {
    return new PathMtus(KeyedHash.random(new SplittableRandom(1)::nextLong), linkMtu);
  }

  private static int mtu(PathMtus paths, IpAddress to) {
    return paths.mtu(to.high(), to.low());
  }

  private static boolean tooBig(PathMtus p, IpAddress to, int claimed, int sent, long now) {
    return p.tooBig(to.high(), to.low(), claimed, sent, now);
  }

  private int probe(IpAddress to, long now) {
    return paths.probe(to.high(), to.low(), now);
  }

  @Test
  void givenNothingIsKnown_whenAsked_thenTheLinkDecidesAndNothingIsReserved() {
    assertEquals(1_500, mtu(paths, A));
    assertEquals(0, paths.known());
    assertEquals(0, paths.reservedBytes());
    assertEquals(0, probe(A, 0));
  }

  @Test
  @Tag("rfc1191-d")
  void givenOneDestination_whenItsPathIsNarrow_thenNoOtherIs() {
    assertTrue(tooBig(paths, A, 1_400, 1_500, 0));
    assertEquals(1_400, mtu(paths, A));
    assertEquals(1_500, mtu(paths, B));
    assertEquals(1_500, mtu(paths, C));
    assertEquals(1, paths.known());
  }

  @ParameterizedTest
  @Tag("rfc1191-b")
  @DisplayName("RFC 1191 §7.1: a router that names no size means the next plateau below")
  @CsvSource({
    "65535, 32000",
    "17914, 8166",
    "9000, 8166",
    "4352, 2002",
    "1500, 1492",
    "1492, 1006",
    "1400, 1006",
    "1006, 508",
    "509, 508",
    "508, 296",
    "297, 296"
  })
  void givenNoSize_whenTooBig_thenTheNextPlateau(int sent, int expected) {
    PathMtus p = of(65_535);
    assertTrue(tooBig(p, A, 0, sent, 0));
    assertEquals(expected, mtu(p, A));
  }

  @Test
  @Tag("rfc1191-b")
  @Tag("rfc8201-b")
  void givenTooSmallASize_whenClaimed_thenTheFloorHolds() {
    for (int claimed : new int[] {1, 28, 67, 68, 295}) {
      PathMtus p = of(1_500);
      assertTrue(tooBig(p, A, claimed, 1_500, 0));
      assertEquals(296, mtu(p, A), "claimed " + claimed);
      assertTrue(tooBig(p, C, claimed, 1_500, 0));
      assertEquals(1_280, mtu(p, C), "claimed " + claimed);
      assertFalse(tooBig(p, C, 1_000, 1_280, 0));
      assertFalse(tooBig(p, A, 68, 296, 0));
    }
  }

  @Test
  void givenAClaimNoSmallerThanWhatIsKnown_whenItComes_thenNothingChanges() {
    assertFalse(tooBig(paths, A, 1_500, 1_500, 0));
    assertFalse(tooBig(paths, A, 65_535, 1_500, 0));
    assertTrue(tooBig(paths, A, 1_000, 1_500, 0));
    assertFalse(tooBig(paths, A, 1_400, 1_500, SECOND));
    assertEquals(1_000, mtu(paths, A));
  }

  @Test
  @Tag("rfc1191-c")
  void givenANarrowPath_whenTenMinutesHavePassed_thenNotBeforeIsALargerSizeTried() {
    tooBig(paths, A, 1_400, 1_500, 0);
    assertEquals(0, probe(A, 300 * SECOND));
    assertEquals(0, probe(A, 600 * SECOND - 1));
    assertEquals(1_420, probe(A, 600 * SECOND));
    paths.probeLost(A.high(), A.low(), 1_420, 600 * SECOND);
    assertEquals(1_400, mtu(paths, A));
    assertEquals(0, probe(A, 1_199 * SECOND));
    assertEquals(1_420, probe(A, 1_200 * SECOND));
  }

  @Test
  void givenProbesThatArrive_whenTheSearchGoesOn_thenUpToTheLinkAndNothingRemains() {
    assertTrue(paths.blackHole(A.high(), A.low(), 1_500, 0, 0));
    var sizes = new ArrayList<Integer>();
    for (int size = probe(A, 0); size > 0; size = probe(A, 0)) {
      sizes.add(size);
      assertTrue(size > mtu(paths, A) && size <= 1_500);
      paths.probeArrived(A.high(), A.low(), size);
      assertEquals(size, mtu(paths, A));
    }
    assertEquals(1_500, sizes.getLast());
    assertEquals(0, paths.known());
    assertEquals(1_500, mtu(paths, A));
  }

  @Test
  @DisplayName("RFC 4821 §7.7: what is silent falls to a base, and below that to the least")
  void givenABlackHole_whenItIsFound_thenTheSizeFallsStepByStepToTheFloor() {
    assertTrue(paths.blackHole(A.high(), A.low(), 1_500, 0, 0));
    assertEquals(1_200, mtu(paths, A));
    assertTrue(paths.blackHole(A.high(), A.low(), 1_200, 0, 0));
    assertEquals(576, mtu(paths, A));
    assertTrue(paths.blackHole(A.high(), A.low(), 576, 0, 0));
    assertEquals(296, mtu(paths, A));
    assertFalse(paths.blackHole(A.high(), A.low(), 296, 0, 0));
    assertTrue(paths.blackHole(C.high(), C.low(), 1_500, 0, 0));
    assertEquals(1_280, mtu(paths, C));
    assertFalse(paths.blackHole(C.high(), C.low(), 1_280, 0, 0));
  }

  @Test
  void givenSmallPacketsAreLost_whenTakenForABlackHole_thenNothingAboveThemIsBlamed() {
    assertFalse(paths.blackHole(A.high(), A.low(), 290, 0, 0));
    assertTrue(paths.blackHole(A.high(), A.low(), 1_201, 0, 0));
    assertEquals(1_200, mtu(paths, A));
    assertFalse(paths.blackHole(C.high(), C.low(), 1_280, 0, 0));
  }

  @Test
  void givenALinkNarrowerThanTheBase_whenAnythingHappens_thenNeverAboveTheLink() {
    PathMtus p = of(1_000);
    assertTrue(p.blackHole(A.high(), A.low(), 1_000, 0, 0));
    assertEquals(576, mtu(p, A));
    assertFalse(p.blackHole(C.high(), C.low(), 1_000, 0, 0));
    assertFalse(tooBig(p, C, 1_280, 1_000, 0));
    assertEquals(1_000, p.probe(A.high(), A.low(), 0));
    p.probeArrived(A.high(), A.low(), 1_000);
    assertEquals(0, p.known());
  }

  @Test
  void givenMoreDestinationsThanPlaces_whenTheyAreNarrow_thenTheMemoryIsBoundedAndNoneIsMixedUp() {
    var random = new SplittableRandom(1_024);
    for (int i = 0; i < 50_000; i++) {
      var to = new IpAddress(0x2001_0DB8_0000_0000L, i);
      int claimed = 1_280 + random.nextInt(200);
      assertTrue(tooBig(paths, to, claimed, 1_500, 0), "unknown before");
      assertEquals(claimed, mtu(paths, to), "the newest is known");
    }
    assertEquals(1_024, paths.known());
    assertTrue(paths.reservedBytes() < 64 << 10);
    int known = 0;
    for (int i = 0; i < 50_000; i++) {
      known += paths.mtu(0x2001_0DB8_0000_0000L, i) < 1_500 ? 1 : 0;
    }
    assertEquals(1_024, known, "the displaced ones are forgotten");
  }

  @Test
  @DisplayName("RFC 1191 §6.3: a path that nobody searches is taken to be wide after a while")
  void givenANarrowPath_whenNobodySearchesItForTwentyMinutes_thenItIsForgotten() {
    tooBig(paths, A, 1_400, 1_500, 0);
    tooBig(paths, C, 1_400, 1_500, 300 * SECOND);
    paths.advance(1_200 * SECOND - 1);
    assertEquals(1_400, mtu(paths, A));
    paths.advance(1_200 * SECOND);
    assertEquals(1_500, mtu(paths, A));
    assertEquals(1_400, mtu(paths, C));
    assertEquals(1, paths.known());
    paths.probeLost(C.high(), C.low(), 1_420, 1_200 * SECOND); // somebody searches it
    paths.advance(2_399 * SECOND);
    assertEquals(1_400, mtu(paths, C));
    paths.advance(2_400 * SECOND);
    assertEquals(1_500, mtu(paths, C));
    assertEquals(0, paths.known());
  }

  @Test
  @DisplayName("RFC 4861 §4.6.4: the search ends at what a router said of IPv6 packets on the link")
  void givenARouterLoweredTheLink_whenAPathIsSearched_thenNoFurtherThanThat() {
    PathMtus p = of(9_000);
    p.ipv6LinkMtu(1_450);
    assertTrue(tooBig(p, C, 1_300, 1_450, 0));
    assertTrue(tooBig(p, A, 1_300, 9_000, 0));
    p.probeArrived(C.high(), C.low(), 1_440);
    p.probeArrived(A.high(), A.low(), 1_440);
    assertEquals(1_450, p.probe(C.high(), C.low(), 600 * SECOND));
    assertEquals(1_454, p.probe(A.high(), A.low(), 600 * SECOND), "IPv4 is not concerned");
    p.probeArrived(C.high(), C.low(), 1_450);
    p.probeArrived(A.high(), A.low(), 1_454);
    assertEquals(1, p.known(), "nothing is left to find out about the IPv6 path");
    assertEquals(0, p.probe(C.high(), C.low(), 600 * SECOND));
    assertEquals(1_450, mtu(p, C));
  }
}
