package wisp.lab.chart;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class LogTicksTest {
  @Test
  void withinADecadeThereAreMore() {
    assertEquals(List.of(10.0, 20.0, 50.0, 100.0), LogTicks.within(10, 100));
    assertEquals(List.of(0.2, 0.5), LogTicks.within(0.15, 0.9));
  }

  @Test
  void overManyDecadesOnlyPowersOfTen() {
    assertEquals(List.of(1e3, 1e4, 1e5, 1e6), LogTicks.within(700, 2e6));
  }

  @Test
  void neverTooManyAndAscending() {
    for (double lower = 1e-3; lower < 1e6; lower *= 7) {
      for (double factor = 1.01; factor < 1e14; factor *= 3) {
        var ticks = LogTicks.within(lower, lower * factor);
        assertTrue(ticks.size() <= 10, lower + " x " + factor + ": " + ticks);
        assertEquals(ticks.stream().sorted().distinct().toList(), ticks);
      }
    }
  }

  @Test
  void refusesWhatHasNoLogarithm() {
    assertThrows(IllegalArgumentException.class, () -> LogTicks.within(0, 10));
    assertThrows(IllegalArgumentException.class, () -> LogTicks.within(10, 10));
  }
}
