package wisp.drivers.dpdk;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The kernel's huge pages of the usual size.
 *
 * @param pageBytes of one
 * @param total how many there are
 * @param free how many of them nobody uses
 */
record HugePages(long pageBytes, long total, long free) {
  /** Asks the kernel. */
  static HugePages look() {
    long size = 0;
    long total = 0;
    long free = 0;
    try {
      for (String line : Files.readAllLines(Path.of("/proc/meminfo"))) {
        if (line.startsWith("HugePages_Total:")) {
          total = number(line);
        } else if (line.startsWith("HugePages_Free:")) {
          free = number(line);
        } else if (line.startsWith("Hugepagesize:")) {
          size = number(line) << 10;
        }
      }
    } catch (IOException | NumberFormatException e) {
      // then there are none
    }
    return new HugePages(size, total, free);
  }

  long freeBytes() {
    return pageBytes * free;
  }

  /** Why DPDK's memory can't lie in them; null when it can. */
  @Nullable String unavailable(DpdkConfig config) {
    return freeBytes() >= config.memoryBytes()
        ? null
        : "dpdk with huge=on and memory="
            + config.memoryMegabytes()
            + " finds "
            + (freeBytes() >> 20)
            + " MiB of huge pages free; "
            + remedy(config.memoryBytes())
            + ", or huge=off";
  }

  /** The command after which {@code bytes} more are free. */
  String remedy(long bytes) {
    if (pageBytes == 0) {
      return "this kernel has none";
    }
    return "make some with: sysctl vm.nr_hugepages="
        + (total + Math.ceilDiv(bytes, pageBytes) - free);
  }

  private static long number(String line) {
    return Long.parseLong(line.replaceAll("[^0-9]", ""));
  }
}
