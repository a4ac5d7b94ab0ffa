package wisp.lab.growth;

import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;

/** How long calls of poll took by the real clock; those of a millisecond and more one by one. */
final class StallMeter {
  static final long STALL_NANOS = 1_000_000;
  private static final int MOST_KEPT = 100_000;

  /**
   * One long call.
   *
   * @param startNanos by {@link System#nanoTime}, which is the same for all processes on Linux
   * @param connections that there were
   */
  record Stall(long startNanos, long nanos, long connections) {}

  private final Histogram histogram = new Histogram(3_600_000_000_000L, 3);
  private final List<Stall> stalls = new ArrayList<>();

  void polled(long startNanos, long endNanos, long connections) {
    long nanos = endNanos - startNanos;
    histogram.recordValue(nanos);
    if (nanos >= STALL_NANOS && stalls.size() < MOST_KEPT) {
      stalls.add(new Stall(startNanos, nanos, connections));
    }
  }

  List<Stall> stalls() {
    return stalls;
  }

  /** The duration that so many percent of all calls did not exceed. */
  long percentile(double percent) {
    return histogram.getValueAtPercentile(percent);
  }

  long mostNanos() {
    return histogram.getMaxValue();
  }
}
