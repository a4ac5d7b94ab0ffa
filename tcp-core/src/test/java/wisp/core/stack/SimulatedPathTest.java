package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("RFC 1191, RFC 8201, RFC 4821, RFC 2923: transfers over a path that is too narrow")
class SimulatedPathTest {
  private static SimulatedPath path(boolean ipv6, boolean timestamps) {
    var path = new SimulatedPath(ipv6);
    path.stripTimestamps = !timestamps;
    return path.open();
  }

  @ParameterizedTest
  @Tag("rfc1191-a")
  @Tag("rfc8201-a")
  @Tag("rfc2923-c")
  @CsvSource({
    "false, false, 1400",
    "false, true, 1400",
    "false, true, 576",
    "false, false, 300",
    "true, false, 1400",
    "true, true, 1400",
    "true, true, 1280"
  })
  void givenARouterThatSpeaks_whenAMegabyteIsSent_thenItTakesHardlyLonger(
      boolean ipv6, boolean timestamps, int mtu) {
    long wide = path(ipv6, timestamps).transfer(1_000_000, 60_000);
    var path = path(ipv6, timestamps);
    path.mtu = mtu;
    path.speaks = true;
    long narrow = path.transfer(1_000_000, 60_000);
    assertEquals(0, path.timeouts());
    assertEquals(mtu, path.known());
    assertEquals(mtu, path.largest);
    assertTrue(narrow <= wide * 1_500 / mtu + 100, narrow + " ms, else " + wide);
  }

  @ParameterizedTest
  @Tag("rfc4821-a")
  @Tag("rfc2923-a")
  @CsvSource({
    "false, false, 1499, 1492", "false, true, 1400, 1400", "false, true, 1300, 1280",
    "false, false, 1200, 1200", "false, true, 576, 576", "false, true, 300, 296",
    "true, false, 1499, 1492", "true, true, 1400, 1400", "true, true, 1280, 1280"
  })
  void givenSilence_whenAMegabyteIsSent_thenItArrivesInSmallerSegments(
      boolean ipv6, boolean timestamps, int mtu, int expected) {
    var path = path(ipv6, timestamps);
    path.mtu = mtu;
    path.transfer(1_000_000, 200_000);
    assertEquals(expected, path.known());
    assertTrue(path.largest <= mtu && path.largest >= expected - 20, "largest " + path.largest);
  }

  @ParameterizedTest
  @Tag("rfc4821-b")
  @ValueSource(booleans = {false, true})
  void givenAPathThatWidens_whenTenMinutesHavePassed_thenTheSearchGoesUpToTheLink(boolean ipv6) {
    var path = path(ipv6, true);
    path.mtu = 1_300;
    path.transfer(1_000_000, 60_000);
    assertEquals(1_280, path.known());
    path.mtu = 1_500;
    path.transfer(1_000_000, 60_000);
    assertEquals(1_280, path.known(), "a size that failed is not tried soon");
    path.run(600_000);
    path.transfer(2_000_000, 60_000);
    assertEquals(1_500, path.known());
    assertEquals(1_500, path.largest);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void givenAPathThatNarrowsInMidTransfer_whenARouterSpeaks_thenOneTimeOutAtMost(boolean ipv6) {
    var path = path(ipv6, true);
    path.transfer(500_000, 60_000);
    long before = path.timeouts();
    path.mtu = 1_300;
    path.speaks = true;
    path.transfer(500_000, 20_000);
    assertTrue(path.timeouts() - before <= 1, "RFC 5927 §7.2 waits for one");
    assertEquals(1_300, path.known());
  }

  @Test
  void givenAWidePath_whenMuchIsSent_thenNothingIsProbedOrReserved() {
    var path = path(false, true);
    path.transfer(2_000_000, 60_000);
    assertEquals(0, path.client.context.counters().get(wisp.core.Counters.Event.MTU_PROBES));
    assertEquals(1_500, path.known());
  }
}
