package wisp.lab.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import wisp.drivers.faults.PathConfig;

@DisplayName("mapped: killed at any store and any packet, connections go on exactly or are reset")
class RestartSimulationTest {
  private static final PathConfig SMOOTH = PathConfig.parse("delay=2ms");
  private static final PathConfig LOSSY = PathConfig.parse("delay=2ms,loss=5%,reorder=5%");
  private static final int CONNECTIONS = 3;
  @TempDir private Path folder;

  private long events(long seed, PathConfig path, boolean handOver) {
    try (var all = new Mortality(folder, seed, path, CONNECTIONS, Long.MAX_VALUE, handOver)) {
      long events = all.run();
      assertEquals(CONNECTIONS, whole(all), all.story());
      return events;
    }
  }

  private static long whole(Mortality all) {
    return all.fates().stream().filter(f -> f == Mortality.Fate.WHOLE).count();
  }

  /** Each event in turn, so many apart. */
  private void killEverywhere(long seed, PathConfig path, int apart) {
    long events = events(seed, path, false);
    long whole = 0;
    long runs = 0;
    for (long k = 1 + seed % apart; k <= events; k += apart, runs++) {
      try (var all = new Mortality(folder, seed, path, CONNECTIONS, k, false)) {
        all.run();
        assertTrue(all.fates().stream().noneMatch(f -> f == Mortality.Fate.OTHER), all::story);
        assertTrue(CONNECTIONS - whole(all) <= 1, () -> "more than one reset: " + all.story());
        assertTrue(all.restored >= all.restoredCalls, all::story);
        whole += whole(all);
      }
    }

    assertTrue(whole > runs * CONNECTIONS * 7 / 10, whole + " of " + runs * CONNECTIONS);
  }

  @Test
  void givenASmoothPath_whenKilledAnywhere_thenEachGoesOnOrIsReset() {
    killEverywhere(1, SMOOTH, 7);
  }

  @Test
  void givenALossyPath_whenKilledAnywhere_thenEachGoesOnOrIsReset() {
    killEverywhere(2, LOSSY, 11);
  }

  /**
   * The first stores of the second process are those of the taking over. A RST that is lost is not
   * sent again (RFC 9293): whoever was reset, but by a process that died with the peer's challenge
   * ACK in hand, hears of it with its next word only. There may be no other who hears of nothing.
   */
  private void killTwice(long seed, PathConfig path, int apart) {
    long events = events(seed, path, false);
    long whole = 0;
    long runs = 0;
    long twice = 0;
    long silent = 0;
    for (long k = 1 + seed % apart; k <= events; k += apart) {
      for (long again = 1; again <= 60; again += 1 + k % 5, runs++) {
        try (var all = new Mortality(folder, seed, path, CONNECTIONS, k, again, false)) {
          all.run();
          long unheard = all.fates().stream().filter(f -> f == Mortality.Fate.OTHER).count();
          assertTrue(unheard <= all.resetByUs, all::story);
          silent += unheard;
          assertTrue(CONNECTIONS - whole(all) <= 2, () -> "more than two reset: " + all.story());
          whole += whole(all);
          twice += all.kills == 2 ? 1 : 0;
        }
      }
    }
    assertTrue(whole > runs * CONNECTIONS * 6 / 10, whole + " of " + runs * CONNECTIONS);
    assertTrue(silent <= runs / 100, silent + " of " + runs + " reset unheard");
    assertTrue(twice > runs * 9 / 10, twice + " of " + runs + " were killed twice");
  }

  @Test
  void givenASmoothPath_whenTheNextIsKilledToo_thenEachGoesOnOrIsReset() {
    killTwice(4, SMOOTH, 127);
  }

  @Test
  void givenALossyPath_whenTheNextIsKilledToo_thenEachGoesOnOrIsReset() {
    killTwice(5, LOSSY, 167);
  }

  @Test
  void whenHandedOverAtAnyPoll_thenAllGoOn() {
    long polls = events(3, LOSSY, true);
    for (long k = 1; k <= polls; k += 9) {
      try (var all = new Mortality(folder, 3, LOSSY, CONNECTIONS, k, true)) {
        all.run();
        assertEquals(CONNECTIONS, whole(all), all::story);
        assertEquals(0, all.resetByUs, all::story);
      }
    }
  }
}
