package wisp.lab.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import wisp.lab.FailedException;

class KernelBaselineTest {
  @BeforeEach
  void whereItCanBeMeasured() {
    String reason = KernelBaseline.unavailable();
    assumeTrue(reason == null, reason);
  }

  @Test
  void aThousandConnectionsCostSomeKilobytesEach() {
    var points = new ArrayList<KernelPoint>();
    KernelBaseline.measure(List.of(500L, 1_000L), points::add, Duration.ofSeconds(60));
    assertEquals(2, points.size());
    var caches = points.getLast().caches();
    assertEquals(1, caches.getOrDefault("TCP", 0.0), 0.15, caches.toString());
    assertTrue(points.getLast().socketBytes() > 2_500, points.toString());
    assertTrue(points.getLast().socketBytes() < 10_000, points.toString());
    assertFalse(hasNamespaces());
  }

  @Test
  void nothingIsLeftBehindWhenItFails() {
    try {
      KernelBaseline.measure(List.of(2_000L), point -> {}, Duration.ofNanos(1));
    } catch (FailedException e) {
      assertTrue(e.getMessage().contains("connections were accepted in time"), e.getMessage());
    }
    assertFalse(hasNamespaces());
  }

  private static boolean hasNamespaces() {
    return Files.exists(Path.of("/run/netns/wisp" + ProcessHandle.current().pid() + "s"));
  }
}
