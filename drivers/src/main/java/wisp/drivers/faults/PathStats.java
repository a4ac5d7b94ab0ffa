package wisp.drivers.faults;

import java.util.Locale;

/**
 * What a {@link PathModel} did so far. {@code offered + duplicated} = {@code delivered} + all
 * losses + {@code inFlight}.
 *
 * @param offered packets that went in
 * @param offeredBytes their bytes
 * @param delivered packets that came out, duplicates included
 * @param deliveredBytes their bytes
 * @param lostRandom lost independently
 * @param lostBurst lost in a bad spell
 * @param lostQueue lost because the bottleneck's queue was full
 * @param lostBuffer lost because they did not fit the model's memory: a limit of the instrument,
 *     not of the path, and 0 in a sound experiment
 * @param lostTooBig lost because they were larger than the path's MTU
 * @param lostIcmp ICMP errors lost because the path blocks them
 * @param answers senders told that their packet was too big; the answers are offered to the way
 *     back
 * @param duplicated copies made
 * @param reordered came out after one that went in later (RFC 4737 §3.3)
 * @param corrupted packets with a flipped bit that were sent on their way (a copy of one counts
 *     once)
 * @param marked ECN-capable packets that were marked
 * @param inFlight inside at present
 * @param delayNanos sum over delivered packets of the time from in to out
 * @param firstDeliveryNanos when the first came out
 * @param lastDeliveryNanos when the last came out
 * @param peakBytesPerWindow the most that came out in any {@link #WINDOW_NANOS}
 */
public record PathStats(
    long offered,
    long offeredBytes,
    long delivered,
    long deliveredBytes,
    long lostRandom,
    long lostBurst,
    long lostQueue,
    long lostBuffer,
    long lostTooBig,
    long lostIcmp,
    long answers,
    long duplicated,
    long reordered,
    long corrupted,
    long marked,
    long inFlight,
    long delayNanos,
    long firstDeliveryNanos,
    long lastDeliveryNanos,
    long peakBytesPerWindow) {

  /** Over how long the peak rate is taken. */
  public static final long WINDOW_NANOS = 100_000_000;

  /** All losses. */
  public long lost() {
    return lostRandom + lostBurst + lostQueue + lostBuffer + lostTooBig + lostIcmp;
  }

  /** Lost by chance (random and burst), of the packets offered. */
  public double lossByChance() {
    return share(lostRandom + lostBurst, offered);
  }

  /** Lost for whatever reason, of the packets offered. */
  public double loss() {
    return share(lost(), offered);
  }

  /** Reordered, of the packets delivered. */
  public double reorderedShare() {
    return share(reordered, delivered);
  }

  /** Copies, of the packets that were not lost. */
  public double duplicatedShare() {
    return share(duplicated, offered - lost());
  }

  /** Corrupted, of the packets that were not lost. */
  public double corruptedShare() {
    return share(corrupted, offered - lost());
  }

  /** Mean time inside, queue included; 0 before the first delivery. */
  public double meanDelayNanos() {
    return share(delayNanos, delivered);
  }

  /** Bits that came out per second between the first and the last delivery, pauses included. */
  public double meanRate() {
    return share(8 * deliveredBytes, lastDeliveryNanos - firstDeliveryNanos) * 1e9;
  }

  /** Bits per second in the busiest {@link #WINDOW_NANOS}. */
  public double peakRate() {
    return 8e9 * peakBytesPerWindow / WINDOW_NANOS;
  }

  /** One line: what was asked for and, after the arrow, what was measured. */
  public String against(PathConfig path) {
    String line =
        String.format(
            Locale.ROOT,
            "%d packets: loss by chance %.3f%% → %.3f%%, full queue %d, delay %.3f ms → %.3f"
                + " ms, reordered %.2f%% → %.2f%%, duplicated %.2f%% → %.2f%%, corrupted %.2f%%"
                + " → %.2f%%, rate %s → mean %.3f, peak %.3f Mbit/s",
            offered,
            100 * path.expectedLoss(),
            100 * lossByChance(),
            lostQueue + lostBuffer,
            path.delayNanos() / 1e6,
            meanDelayNanos() / 1e6,
            100 * path.reorder(),
            100 * reorderedShare(),
            100 * path.duplicate(),
            100 * duplicatedShare(),
            100 * path.corrupt(),
            100 * corruptedShare(),
            rate(path),
            meanRate() / 1e6,
            peakRate() / 1e6);
    if (path.mtu() > 0) {
      line +=
          String.format(
              Locale.ROOT, ", beyond mtu %d: %d, %d answered", path.mtu(), lostTooBig, answers);
    }
    if (path.mark() > 0) {
      line += ", ECN marks " + marked;
    }
    return path.blocksIcmp() ? line + ", ICMP errors blocked " + lostIcmp : line;
  }

  private static String rate(PathConfig path) {
    if (path.trace() != null) {
      return path.trace().toString();
    }
    return path.rateBitsPerSecond() == 0
        ? "unlimited"
        : String.format(Locale.ROOT, "%.3f", path.rateBitsPerSecond() / 1e6);
  }

  private static double share(long part, long whole) {
    return whole <= 0 ? 0 : (double) part / whole;
  }
}
