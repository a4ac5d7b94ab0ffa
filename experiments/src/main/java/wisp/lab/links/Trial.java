package wisp.lab.links;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.HdrHistogram.Histogram;
import wisp.core.spi.Link;
import wisp.lab.results.Row;
import wisp.lab.results.RunFolder;
import wisp.lab.suite.Progress;

/**
 * One link, once: each contestant in namespaces of its own, one after the other, so that nobody
 * else looks at the packets that are counted. What fails becomes a row with the reason.
 */
final class Trial {
  static final String KERNEL = "kernel";
  static final String C = "C";
  static final String WISP = "wisp";
  static final String STACK = "wisp stack";
  static final String BUSY = "wisp busy";
  static final String RATE = "packets_per_second";

  /** Percentiles that are told, by the end of their metric's name. */
  static final List<Double> PERCENTILES = List.of(50.0, 90.0, 99.0, 99.9, 100.0);

  private final LinkCase link;
  private final LinksSpec spec;
  private final NativeReflector c;
  private final int repetition;
  private final RunFolder folder;
  private final Progress progress;

  Trial(
      LinkCase link,
      LinksSpec spec,
      NativeReflector c,
      int repetition,
      RunFolder folder,
      Progress progress) {
    this.link = link;
    this.spec = spec;
    this.c = c;
    this.repetition = repetition;
    this.folder = folder;
    this.progress = progress;
  }

  /** Something that is measured. */
  private interface Measurement {
    List<Row> run() throws IOException;
  }

  /** All that the link can be measured by. */
  void run() throws IOException {
    String reason = link.unavailable();
    if (reason != null) {
      add(List.of(missing(WISP, spec.metrics().getFirst(), RATE, "skipped: " + reason)));
      return;
    }
    if (spec.measures(LinksSpec.PACKETS)) {
      packets();
    }
    if (spec.measures(LinksSpec.BULK) || spec.measures(LinksSpec.LATENCY)) {
      connections();
    }
  }

  // ---- Packets ---------------------------------------------------------------------------------

  private void packets() throws IOException {
    if (link.path() == LinkCase.Path.MEMORY) {
      attempt(WISP, LinksSpec.PACKETS, RATE, () -> memory(WISP, "reflect"));
      attempt(STACK, LinksSpec.PACKETS, RATE, () -> memory(STACK, "stack"));
      return;
    }
    if (!link.hasKernel()) {
      for (String wrapper : spec.wrappers()) {
        attempt(
            WISP + wrapper,
            LinksSpec.PACKETS,
            RATE,
            () -> processes(WISP + wrapper, "reflect", wrapper));
        attempt(
            STACK + wrapper,
            LinksSpec.PACKETS,
            RATE,
            () -> processes(STACK + wrapper, "serve", wrapper));
      }
      return;
    }
    attempt(KERNEL, LinksSpec.PACKETS, RATE, this::kernelPackets);
    attempt(C, LinksSpec.PACKETS, RATE, this::nativePackets);
    for (String wrapper : spec.wrappers()) {
      attempt(
          WISP + wrapper, LinksSpec.PACKETS, RATE, () -> ours(WISP + wrapper, "reflect", wrapper));
      attempt(
          STACK + wrapper, LinksSpec.PACKETS, RATE, () -> ours(STACK + wrapper, "serve", wrapper));
    }
  }

  /** Two processes of ours, one on each core. */
  private List<Row> processes(String who, String work, String wrapper) throws IOException {
    Path folder = Files.createTempDirectory("wisp-links");
    String socket = link.spec() + ":" + folder.resolve("socket");
    try (var end = EndProcess.start(who, jvm(List.of(), work, socket + wrapper, "busy"));
        var far =
            EndProcess.start(
                "the far end",
                EndProcess.jvm(
                    List.of(),
                    LinkEnd.class,
                    List.of(
                        "flood",
                        socket,
                        String.valueOf(Core.ofPeer()),
                        String.valueOf(end.hardwareAddress()))))) {
      return rows(who, PacketRate.ofProcesses(end, far, spec.warmMillis(), spec.millis()));
    } finally {
      Files.deleteIfExists(folder.resolve("socket"));
      Files.deleteIfExists(folder);
    }
  }

  private List<Row> memory(String who, String mode) {
    try (var end = EndProcess.start(who, jvm(List.of(), "memory", "inmemory", mode))) {
      return rows(who, PacketRate.ofMemory(end, spec.warmMillis(), spec.millis()));
    }
  }

  private List<Row> kernelPackets() throws IOException {
    try (var lab = new Lab(veth(), true);
        var end = EndProcess.start(KERNEL, jvm(lab.inOurs(), "kernel-udp", "none", "busy"))) {
      Greeting.exchange(lab, Lab.KERNEL);
      return rows(KERNEL, flood(lab, Link.Kind.ETHERNET, end, Ipv4.KERNEL));
    }
  }

  private List<Row> nativePackets() throws IOException {
    String reason = link.c() == null ? link.noC() : c.unavailable();
    if (reason != null) {
      return List.of(missing(C, LinksSpec.PACKETS, RATE, "skipped: " + reason));
    }
    try (var lab = new Lab(link, false);
        var end = EndProcess.start(C, c.command(lab.inOurs(), String.valueOf(link.c())))) {
      lab.opened();
      if (link.path() == LinkCase.Path.DEVICE) {
        lab.addressed();
      } else if (link.name().equals("rawip")) {
        lab.local();
      }
      return rows(C, flood(lab, kind(), end, Ipv4.OURS));
    }
  }

  private List<Row> ours(String who, String work, String wrapper) throws IOException {
    try (var lab = new Lab(link, false);
        var end = EndProcess.start(who, jvm(lab.inOurs(), work, link.spec() + wrapper, "busy"))) {
      lab.opened();
      if (work.equals("serve")) {
        Greeting.exchange(lab, Lab.OURS);
      }
      return rows(who, flood(lab, kind(), end, Ipv4.OURS));
    }
  }

  private PacketRate flood(Lab lab, Link.Kind kind, EndProcess end, int to) throws IOException {
    return PacketRate.of(lab, kind, end, to, spec.warmMillis(), spec.millis());
  }

  private Link.Kind kind() {
    return link.name().equals("tun") ? Link.Kind.IP : Link.Kind.ETHERNET;
  }

  private List<Row> rows(String who, PacketRate rate) {
    var rows = new ArrayList<Row>();
    rows.add(row(who, LinksSpec.PACKETS, RATE, "packets/s", rate.perSecond()));
    rows.add(row(who, LinksSpec.PACKETS, "packets_sent", "packets", rate.sent()));
    if (rate.echoed() >= 0) {
      rows.add(row(who, LinksSpec.PACKETS, "packets_echoed", "packets", rate.echoed()));
    }
    rows.add(row(who, LinksSpec.PACKETS, "packets_arrived", "packets", rate.arrived()));
    rows.add(row(who, LinksSpec.PACKETS, "packets_lost", "packets", rate.lost()));
    rows.add(row(who, LinksSpec.PACKETS, "link_drops", "packets", rate.drops()));
    return rows;
  }

  // ---- Connections -----------------------------------------------------------------------------

  private void connections() throws IOException {
    if (!link.hasKernel()) {
      add(
          List.of(
              missing(
                  WISP,
                  spec.measures(LinksSpec.BULK) ? LinksSpec.BULK : LinksSpec.LATENCY,
                  spec.measures(LinksSpec.BULK) ? "bulk_to" : latency(50),
                  "skipped: no kernel at the other end")));
      return;
    }
    attempt(
        KERNEL,
        LinksSpec.BULK,
        "bulk_to",
        () -> {
          try (var lab = new Lab(veth(), true);
              var end = EndProcess.start(KERNEL, jvm(lab.inOurs(), "kernel-tcp", "none", "-"))) {
            return connections(KERNEL, lab, end, Lab.KERNEL, spec.measures(LinksSpec.BULK));
          }
        });
    for (String wrapper : spec.wrappers()) {
      for (boolean busy : List.of(false, true)) {
        String who = (busy ? BUSY : WISP) + wrapper;
        boolean bulk = !busy && spec.measures(LinksSpec.BULK);
        if (bulk || spec.measures(LinksSpec.LATENCY)) {
          attempt(
              who,
              bulk ? LinksSpec.BULK : LinksSpec.LATENCY,
              bulk ? "bulk_to" : "latency_p50",
              () -> served(who, wrapper, busy, bulk));
        }
      }
    }
  }

  private List<Row> served(String who, String wrapper, boolean busy, boolean bulk)
      throws IOException {
    try (var lab = new Lab(link, false);
        var end =
            EndProcess.start(
                who, jvm(lab.inOurs(), "serve", link.spec() + wrapper, busy ? "busy" : "sleep"))) {
      lab.opened();
      return connections(who, lab, end, Lab.OURS, bulk);
    }
  }

  private List<Row> connections(String who, Lab lab, EndProcess end, String address, boolean bulk)
      throws IOException {
    var rows = new ArrayList<Row>();
    if (bulk) {
      Bulk to = Bulk.to(lab, end, address, spec.warmMillis(), spec.millis());
      rows.addAll(rows(who, "to", to));
      Bulk from = Bulk.from(lab, end, address, spec.warmMillis(), spec.millis());
      rows.addAll(rows(who, "from", from));
    }
    if (spec.measures(LinksSpec.LATENCY)) {
      Histogram nanos = Latency.of(lab, address, spec.rate(), spec.warmMillis(), spec.millis());
      for (double percentile : PERCENTILES) {
        rows.add(
            row(
                who,
                LinksSpec.LATENCY,
                latency(percentile),
                "ns",
                nanos.getValueAtPercentile(percentile)));
      }
      rows.add(row(who, LinksSpec.LATENCY, "latency_answers", "answers", nanos.getTotalCount()));
    }
    return rows;
  }

  private List<Row> rows(String who, String direction, Bulk bulk) {
    return List.of(
        row(who, LinksSpec.BULK, "bulk_" + direction, "bit/s", bulk.bitsPerSecond()),
        row(
            who,
            LinksSpec.BULK,
            "cpu_seconds_per_gib_" + direction,
            "s/GiB",
            bulk.cpuSecondsPerGib()));
  }

  /** What the rows of a percentile are called: {@code latency_p99.9}. */
  static String latency(double percentile) {
    return percentile == 100
        ? "latency_max"
        : "latency_p" + String.format(Locale.ROOT, "%s", percentile).replaceFirst("\\.0$", "");
  }

  // ---- All -------------------------------------------------------------------------------------

  private void attempt(String who, String scenario, String metric, Measurement measurement)
      throws IOException {
    List<Row> rows;
    try {
      rows = measurement.run();
    } catch (IOException | RuntimeException e) {
      String reason = String.valueOf(e.getMessage()).replace('\n', ' ');
      rows = List.of(missing(who, scenario, metric, "failed: " + reason));
    }
    add(rows);
  }

  private void add(List<Row> rows) throws IOException {
    folder.add(rows);
    Row first = rows.getFirst();
    progress.line(
        String.format(
            Locale.ROOT,
            "%-15s %d  %-18s %s",
            first.link(),
            first.repetition(),
            first.strategy(),
            first.note().isEmpty() ? Wording.of(rows) : first.note()));
  }

  private Row row(String who, String scenario, String metric, String unit, double value) {
    return new Row(
        folder.name(),
        LinksSuite.NAME,
        who,
        link.name(),
        1,
        repetition,
        metric,
        unit,
        value,
        "",
        scenario);
  }

  private Row missing(String who, String scenario, String metric, String note) {
    return row(who, scenario, metric, "", Double.NaN).withNote(note);
  }

  private static List<String> jvm(List<String> prefix, String work, String spec, String mode) {
    return EndProcess.jvm(
        prefix, LinkEnd.class, List.of(work, spec, String.valueOf(Core.ofOurs()), mode));
  }

  /** A veth pair, which is the kernel's way also where a link makes a device of its own. */
  private static LinkCase veth() {
    return LinkCase.ALL.stream()
        .filter(one -> one.path() == LinkCase.Path.VETH)
        .findFirst()
        .orElseThrow();
  }
}
