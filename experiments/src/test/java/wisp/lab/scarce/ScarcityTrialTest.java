package wisp.lab.scarce;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;
import wisp.core.spi.MemoryStrategyProvider;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.PeerLimits;
import wisp.drivers.faults.PathConfig;
import wisp.lab.FailedException;
import wisp.lab.suite.Catalog;

/**
 * A trial compares every byte, waits until all that was sent has arrived and every connection has
 * closed in order, and ends both contexts, whose strategies and accounts complain of what has not
 * come back. So one that ends has shown all that.
 */
@DisplayName(
    "Few blocks: nothing confirmed is lost, all arrives in the end, and one can't have all")
class ScarcityTrialTest {
  private static final PathConfig PATH =
      PathConfig.parse("delay=20ms,loss=1%,reorder=2%,hold=5ms,duplicate=1%");

  private static ScarcityTrial trial(
      String strategy, long pool, int greedy, PeerLimits limits, double seconds, long seed) {
    return new ScarcityTrial(
        strategy,
        Map.of(),
        pool,
        24,
        greedy,
        limits,
        PATH,
        (long) (seconds * VirtualPath.SECOND),
        seed);
  }

  static Stream<Arguments> pools() {
    return Catalog.strategies().stream()
        .map(MemoryStrategyProvider::name)
        .filter(ScarcityTrial::canLimit)
        .flatMap(
            strategy ->
                Stream.of(6, 8, 16, 48).map(kibibytes -> Arguments.of(strategy, kibibytes)));
  }

  @ParameterizedTest(name = "{0}, {1} KiB")
  @MethodSource("pools")
  void givenAFewBlocks_whenManyTransferOverABadPath_thenEverythingArrives(
      String strategy, int kibibytes) {
    for (long seed = 1; seed <= 2; seed++) {
      var result = trial(strategy, kibibytes << 10, 0, PeerLimits.DEFAULT, 1, seed).run();
      assertTrue(
          result.bitsPerSecond() > 1e6, strategy + ", seed " + seed + ": hardly anything arrives");
      assertTrue(result.peakBytes() <= result.poolBytes());
    }
  }

  @ParameterizedTest(name = "{0}, {1} KiB")
  @MethodSource("pools")
  void givenAFewBlocksAndAGreedyPeer_whenTheOthersTransfer_thenTheirsArrives(
      String strategy, int kibibytes) {
    for (PeerLimits limits : new PeerLimits[] {PeerLimits.DEFAULT, PeerLimits.NONE}) {
      trial(strategy, kibibytes << 10, 16, limits, 0.5, 4).run();
    }
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {"heap", "pool", "slab", "persocket"})
  @DisplayName("beside a greedy peer the others have 90 % of what they have alone, by its share")
  void givenAGreedyPeer_whenItHasAShare_thenItCostsTheOthersLittle(String strategy) {
    for (long seed = 1; seed <= 2; seed++) {
      String what = strategy + ", seed " + seed;
      double alone =
          trial(strategy, 256 << 10, 0, PeerLimits.DEFAULT, 2, seed).run().bitsPerSecond();
      var shared = trial(strategy, 256 << 10, 32, PeerLimits.DEFAULT, 2, seed).run();
      assertTrue(
          shared.bitsPerSecond() >= 0.9 * alone,
          () -> what + ": " + shared.bitsPerSecond() + " of " + alone + " bit/s");
      assertTrue(shared.reasons().get(Event.REFUSED_PEER_SHARE) > 0, what + ": it was not greedy");
    }
  }

  @Test
  @DisplayName("without a share it costs them a quarter at least: the share is what helps")
  void givenAGreedyPeer_whenNothingLimitsIt_thenTheOthersSuffer() {
    double alone = trial("slab", 256 << 10, 0, PeerLimits.DEFAULT, 2, 1).run().bitsPerSecond();
    double beside = trial("slab", 256 << 10, 32, PeerLimits.NONE, 2, 1).run().bitsPerSecond();
    assertTrue(beside < 0.75 * alone, beside + " of " + alone + " bit/s");
  }

  @Test
  void givenASeed_whenItIsRunAgain_thenTheHistoryIsTheSame() {
    var trial = trial("slab", 32 << 10, 8, PeerLimits.DEFAULT, 1, 7);
    assertEquals(trial.run(), trial.run());
  }

  @Test
  void givenAWrongByte_whenItIsCompared_thenItIsFound() {
    try (var lab =
        new VirtualPath(
            "slab", Map.of(), 10, PathConfig.PERFECT, 1, config -> config, link -> link)) {
      var one = new SharedText(lab.ours, 1);
      var other = new SharedText(lab.peers, 2);
      var ours = new Flows(true, one, 2_048);
      lab.ours.listen(VirtualPath.service(7), ConnectionProfile.NO_DELAY, ours);
      lab.peers.connect(
          VirtualPath.peer(1),
          VirtualPath.service(7),
          ConnectionProfile.NO_DELAY,
          new Flows(false, other, 2_048));
      assertThrows(FailedException.class, () -> lab.run(VirtualPath.SECOND));
      one.release(lab.ours);
      other.release(lab.peers);
    }
  }
}
