package wisp.lab.memory;

import java.util.List;
import java.util.stream.IntStream;
import wisp.lab.chart.SiFormat;
import wisp.lab.report.CountTable;
import wisp.lab.report.Table;
import wisp.lab.results.Row;

/**
 * Strategies × counts, the kernel's beside: what is reserved, what is resident, how fast it went.
 */
final class MemoryTables {
  private static final List<CountTable> TABLES =
      List.of(
          new CountTable(
              "Bytes per connection, everything included",
              "bytes_per_connection",
              "bytes_per_connection",
              SiFormat::bytes),
          new CountTable(
              "Resident bytes per connection",
              "rss_bytes_per_connection",
              "all_memory_bytes_per_connection",
              SiFormat::bytes),
          new CountTable(
              "Connections set up per second",
              "setup_rate",
              "setup_rate",
              rate -> SiFormat.count(rate) + "/s"));

  private static final List<String> NOTES =
      List.of(
          "From a million connections on the slope to or from twice or half as many, where these"
              + " ran; else all that is reserved, divided, with what is fixed (pool and packed"
              + " reserve 32 MiB for blocks and frames). Small: compared with the kernel's, of the"
              + " same run unless marked recorded.",
          "Growth of the resident set, the Java heap after a full collection included; the"
              + " kernel's: what all its memory grew by, halved for two ends.",
          "Full handshakes, ours with peers that cost next to nothing, the kernel's over veth with"
              + " a kernel at both ends and a descriptor each: the same work is not in both.");

  private MemoryTables() {}

  static List<Table> of(List<Row> rows) {
    return IntStream.range(0, TABLES.size())
        .mapToObj(i -> TABLES.get(i).of(rows, NOTES.get(i)))
        .toList();
  }
}
