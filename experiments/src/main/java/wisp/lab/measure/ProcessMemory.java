package wisp.lab.measure;

import java.lang.management.ManagementFactory;

/**
 * What this process holds at one moment, after a full collection.
 *
 * @param rssBytes resident set, of {@code /proc/self/smaps_rollup}
 * @param heapBytes objects on the Java heap
 * @param hugeBytes of the resident set, in transparent huge pages: these round up to 2 MiB
 */
public record ProcessMemory(long rssBytes, long heapBytes, long hugeBytes) {
  private static final String ROLLUP = "/proc/self/smaps_rollup";

  /** Collects, then looks. */
  public static ProcessMemory now() {
    // Twice: the first collection finds what a cleaner must free, the second frees it.
    for (int i = 0; i < 2; i++) {
      System.gc();
      pause();
    }
    long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    return new ProcessMemory(
        ProcFile.field(ROLLUP, "Rss"), heap, ProcFile.field(ROLLUP, "AnonHugePages"));
  }

  private static void pause() {
    try {
      Thread.sleep(50);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
