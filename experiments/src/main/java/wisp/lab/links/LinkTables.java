package wisp.lab.links;

import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleFunction;
import wisp.lab.goodput.Spread;
import wisp.lab.report.Table;
import wisp.lab.results.Row;

/** Medians, how far they lie apart, and what they are of the kernel's and of C's. */
final class LinkTables {
  private static final String NOTHING = "–";

  private LinkTables() {}

  static List<Table> of(List<Row> rows) {
    var results = new Results(rows);
    var tables = new ArrayList<Table>();
    tables.add(packets(results));
    tables.add(bulk(results));
    tables.add(latency(results));
    tables.removeIf(table -> table.lines().isEmpty());
    return tables;
  }

  private static Table packets(Results results) {
    var lines = new ArrayList<List<String>>();
    for (String link : results.links(LinksSpec.PACKETS)) {
      for (String who : results.contestants(Trial.RATE)) {
        Spread rate = results.spread(link, who, Trial.RATE);
        if (rate.count() > 0) {
          Spread sent = results.spread(link, who, "packets_sent");
          Spread lost = results.spread(link, who, "packets_lost");
          lines.add(
              List.of(
                  link,
                  who,
                  rate.text(Wording::millions),
                  ratio(results, link, who, Trial.KERNEL, Trial.RATE),
                  ratio(results, link, who, Trial.C, Trial.RATE),
                  sent.median() > 0 ? Spread.percent(lost.median() / sent.median()) : NOTHING));
        } else {
          String why = results.why(link, who, Trial.RATE);
          if (!why.isEmpty()) {
            lines.add(List.of(link, who, why, NOTHING, NOTHING, NOTHING));
          }
        }
      }
    }
    return new Table(
        "Packets per second, sent back",
        List.of("Link", "Who", "M/s, median (least … most)", "of kernel", "of C", "not back"),
        lines,
        "UDP packets of 46 bytes, as many as the peer's core can send. wisp: below the stack; wisp"
            + " stack: UDP echo through it; kernel: a UDP socket, over a veth pair; C: the same"
            + " reflector on the same ring or call. Ratios: of the same repetition.");
  }

  private static Table bulk(Results results) {
    var lines = new ArrayList<List<String>>();
    for (String link : results.links(LinksSpec.BULK)) {
      for (String who : results.contestants("bulk_to")) {
        Spread to = results.spread(link, who, "bulk_to");
        if (to.count() > 0) {
          lines.add(
              List.of(
                  link,
                  who,
                  to.text(Wording::gigabits),
                  ratio(results, link, who, Trial.KERNEL, "bulk_to"),
                  results.spread(link, who, "bulk_from").text(Wording::gigabits),
                  ratio(results, link, who, Trial.KERNEL, "bulk_from"),
                  seconds(results.spread(link, who, "cpu_seconds_per_gib_to")),
                  seconds(results.spread(link, who, "cpu_seconds_per_gib_from"))));
        } else {
          String why = results.why(link, who, "bulk_to");
          if (!why.isEmpty()) {
            lines.add(List.of(link, who, why, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING));
          }
        }
      }
    }
    return new Table(
        "Bulk throughput of one connection",
        List.of(
            "Link",
            "Who",
            "to it, Gbit/s",
            "of kernel",
            "from it, Gbit/s",
            "of kernel",
            "CPU s/GiB to",
            "CPU s/GiB from"),
        lines,
        "Payload of TCP; the peer is a kernel. kernel: both ends are, over a veth pair. CPU: of the"
            + " process that is measured.");
  }

  private static String seconds(Spread spread) {
    return spread.count() == 0 ? NOTHING : Spread.ratio(spread.median());
  }

  private static Table latency(Results results) {
    var columns = new ArrayList<>(List.of("Link", "Who"));
    Trial.PERCENTILES.forEach(p -> columns.add(Trial.latency(p).substring("latency_".length())));
    columns.add("p50 of kernel");
    columns.add("p99 of kernel");
    var lines = new ArrayList<List<String>>();
    for (String link : results.links(LinksSpec.LATENCY)) {
      for (String who : results.contestants(Trial.latency(50))) {
        if (results.spread(link, who, Trial.latency(50)).count() > 0) {
          var line = new ArrayList<>(List.of(link, who));
          for (double percentile : Trial.PERCENTILES) {
            line.add(median(results, link, who, Trial.latency(percentile), Wording::micros));
          }
          line.add(ratio(results, link, who, Trial.KERNEL, Trial.latency(50)));
          line.add(ratio(results, link, who, Trial.KERNEL, Trial.latency(99)));
          lines.add(line);
        }
      }
    }
    return new Table(
        "Latency",
        columns,
        lines,
        "From when a request of 64 bytes was due until its answer was there, at a steady rate;"
            + " medians of the repetitions. wisp: sleeps after 50 µs without a packet; wisp busy:"
            + " never; kernel: a blocking thread.");
  }

  private static String median(
      Results results, String link, String who, String metric, DoubleFunction<String> format) {
    Spread spread = results.spread(link, who, metric);
    return spread.count() == 0 ? NOTHING : format.apply(spread.median());
  }

  private static String ratio(
      Results results, String link, String who, String beside, String metric) {
    Spread ratio = who.equals(beside) ? Spread.of() : results.ratio(link, who, beside, metric);
    return ratio.count() == 0 ? NOTHING : Spread.ratio(ratio.median());
  }
}
