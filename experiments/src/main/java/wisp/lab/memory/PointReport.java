package wisp.lab.memory;

import static wisp.lab.memory.MemoryPoint.metric;

import java.util.Locale;
import wisp.core.spi.Footprint;
import wisp.lab.measure.ProcessMemory;

/** The three measures of one point: the strategy's own account, the resident set, the Java heap. */
record PointReport(long endpoints) {
  void print(Footprint empty, Footprint full, ProcessMemory before, ProcessMemory after) {
    metric("bytes_per_connection", "bytes", per(full.reservedBytes()));
    metric("in_use_bytes_per_connection", "bytes", per(full.inUseBytes()));
    metric("rss_bytes_per_connection", "bytes", per(after.rssBytes() - before.rssBytes()));
    metric("heap_bytes_per_connection", "bytes", per(after.heapBytes() - before.heapBytes()));
    metric("reserved_bytes", "bytes", full.reservedBytes());
    metric("fixed_bytes", "bytes", empty.reservedBytes());
    metric("rss_growth_bytes", "bytes", after.rssBytes() - before.rssBytes());
    metric("rss_huge_bytes", "bytes", after.hugeBytes());
    for (Footprint.Kind kind : Footprint.Kind.values()) {
      metric(
          kind.name().toLowerCase(Locale.ROOT) + "_reserved_bytes",
          "bytes",
          full.reservedBytes(kind));
      metric(
          kind.name().toLowerCase(Locale.ROOT) + "_in_use_bytes", "bytes", full.inUseBytes(kind));
    }
  }

  private double per(long bytes) {
    return (double) bytes / endpoints;
  }
}
