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
    bytes("reserved_bytes", full.reservedBytes());
    bytes("fixed_bytes", empty.reservedBytes());
    bytes("rss_growth_bytes", after.rssBytes() - before.rssBytes());
    bytes("rss_huge_bytes", after.hugeBytes());
    for (Footprint.Kind kind : Footprint.Kind.values()) {
      String name = kind.name().toLowerCase(Locale.ROOT);
      bytes(name + "_reserved_bytes", full.reservedBytes(kind));
      bytes(name + "_in_use_bytes", full.inUseBytes(kind));
    }
  }

  private static void bytes(String name, long value) {
    metric(name, "bytes", (double) value);
  }

  private double per(long bytes) {
    return (double) bytes / endpoints;
  }
}
