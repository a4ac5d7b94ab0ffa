package wisp.lab.matrix;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;
import wisp.core.spi.CongestionControlProvider;
import wisp.core.spi.EcnMode;
import wisp.core.stack.ConnectionInfo;
import wisp.core.stack.ConnectionProfile;
import wisp.drivers.faults.PathConfig;
import wisp.lab.path.Job;
import wisp.lab.path.PathSpec;
import wisp.lab.suite.Catalog;

/** What a cell means: its wire, its hosts, and how much there is to transfer. */
final class Conditions {
  private static final long RATE_BITS = 50_000_000;
  private static final int QUEUE_PACKETS = 250;
  private static final String BOTTLENECK = "rate=50mbit,queue=" + QUEUE_PACKETS;

  /** Strikes only who uses ECN. */
  private static final String MARKS = "mark=0.2%";

  private static final double MARKED = 0.002;

  /** What a transfer is meant to take once it is under way, unless somebody wishes otherwise. */
  static final double SECONDS = 2.5;

  private static final double LONGEST_SECONDS = 25;

  /** What chance may make of it. */
  private static final double LATENESS = 8;

  private static final double SHORT_TRIP_SECONDS = 0.05;
  private static final int FEWEST_SEGMENTS = 24;
  private static final long MOST_BYTES_A_SECOND = 2_500_000;
  private static final int UNSCALED_WINDOW = 65_535;
  private static final int LEAST_MTU = 576; // RFC 9293 §3.7.1: what every IPv4 host takes
  private static final int LEAST_MTU_IPV6 = 1_280; // RFC 8200 §5
  private static final int HEADERS = 60;
  private static final int HEADERS_IPV6 = 80;
  private final Cell cell;
  private final double seconds;

  /** With transfers of the usual length. */
  Conditions(Cell cell) {
    this(cell, SECONDS);
  }

  /**
   * With others.
   *
   * @param seconds what a transfer is meant to take once it is under way
   */
  Conditions(Cell cell, double seconds) {
    this.cell = cell;
    this.seconds = seconds;
  }

  boolean ipv6() {
    return cell.is(Factor.FAMILY, "6");
  }

  int mtu() {
    return switch (cell.at(Factor.MTU)) {
      case "least" -> ipv6() ? LEAST_MTU_IPV6 : LEAST_MTU;
      default -> Integer.parseInt(cell.at(Factor.MTU));
    };
  }

  /** Each way, in the words of {@code wisp wire}. */
  String wire() {
    return String.join(
        ",",
        item(Factor.DELAY),
        item(Factor.LOSS),
        item(Factor.REORDER),
        item(Factor.DUPLICATE),
        item(Factor.CORRUPT),
        MARKS,
        BOTTLENECK);
  }

  private String item(Factor factor) {
    return factor.text() + "=" + cell.at(factor);
  }

  PathSpec spec(long seed) {
    return new PathSpec(
        PathConfig.parse(wire()),
        mtu(),
        ipv6(),
        cell.is(Factor.OFFLOAD, Factor.ON),
        cell.is(Factor.LINK, "veth"),
        Map.of(),
        seed);
  }

  private boolean ours(Factor option) {
    return !cell.is(option, Factor.NOT_OURS);
  }

  private boolean kernels(Factor option) {
    return !cell.is(option, Factor.NOT_KERNELS);
  }

  /** Whether both ends have an option, so that it must be in use. */
  boolean agreed(Factor option) {
    return cell.is(option, Factor.ON);
  }

  ConnectionProfile profile() {
    return ConnectionProfile.NO_DELAY.with(
        b -> {
          b.timestamps = ours(Factor.TIMESTAMPS);
          b.sackPermitted = ours(Factor.SACK);
          b.windowScaling = ours(Factor.SCALING);
          b.ecn = ours(Factor.ECN) ? EcnMode.ASK : EcnMode.OFF;
          b.congestionControl = control();
        });
  }

  String kernelControl() {
    return cell.at(Factor.CONTROL);
  }

  /** Of the kernel that stands where we do in the comparison: the same as ours. */
  String leftControl() {
    return control().equals("newreno") ? "reno" : control();
  }

  /** Ours: the kernel's, where we have it too. */
  String control() {
    String wanted = kernelControl().equals("reno") ? "newreno" : kernelControl();
    return Catalog.congestionControls().stream()
        .map(CongestionControlProvider::name)
        .filter(wanted::equals)
        .findFirst()
        .orElse(ConnectionProfile.DEFAULT.congestionControl());
  }

  /** Settings of the kernel that stands where we do in the comparison: ours. */
  Map<String, String> leftSysctls() {
    return sysctls(true);
  }

  /** Settings of the kernel at the other end. */
  Map<String, String> rightSysctls() {
    return sysctls(false);
  }

  private Map<String, String> sysctls(boolean left) {
    var names = new LinkedHashMap<String, Factor>();
    names.put("tcp_timestamps", Factor.TIMESTAMPS);
    names.put("tcp_sack", Factor.SACK);
    names.put("tcp_window_scaling", Factor.SCALING);
    names.put("tcp_ecn", Factor.ECN);
    var values = new LinkedHashMap<String, String>();
    names.forEach((name, option) -> values.put(name, is(left, option) ? "1" : "0"));
    return values;
  }

  private boolean is(boolean left, Factor option) {
    return left ? ours(option) : kernels(option);
  }

  /** Whether the handshake agreed on what both ends have, and on nothing else. */
  String misunderstanding(ConnectionInfo info) {
    var wrong = new ArrayList<String>();
    if (info.timestamps() != agreed(Factor.TIMESTAMPS)) {
      wrong.add("timestamps " + info.timestamps());
    }
    if (info.sackPermitted() != agreed(Factor.SACK)) {
      wrong.add("SACK " + info.sackPermitted());
    }
    if (info.windowScaling() != agreed(Factor.SCALING)) {
      wrong.add("window scaling " + info.windowScaling());
    }
    return wrong.isEmpty() ? "" : "agreed on " + String.join(", ", wrong);
  }

  boolean weOpen() {
    return cell.is(Factor.OPEN, "ours");
  }

  boolean weSend() {
    return !cell.is(Factor.DATA, "to-us");
  }

  boolean kernelSends() {
    return !cell.is(Factor.DATA, "to-kernel");
  }

  Job leftJob() {
    return Job.exchange(weSend() ? bytes() : 0);
  }

  Job rightJob() {
    return Job.exchange(kernelSends() ? bytes() : 0);
  }

  /** After so long something is wrong. */
  long limitNanos() {
    return (long) ((LONGEST_SECONDS + LATENESS * seconds) * 1e9);
  }

  /** Those that arrive, both ways added up. */
  long allBytes() {
    return leftJob().sendBytes() + rightJob().sendBytes();
  }

  /** Each way: what such a path should carry in its seconds, by the formula below. */
  long bytes() {
    int segment = mtu() - (ipv6() ? HEADERS_IPV6 : HEADERS);
    double rate = Math.min(RATE_BITS / 8.0, segment * segmentsPerSecond());
    if (!agreed(Factor.SCALING)) {
      rate = Math.min(rate, UNSCALED_WINDOW / roundTripSeconds());
    }
    long least = (long) FEWEST_SEGMENTS * segment;
    long bytes = (long) (Math.min(MOST_BYTES_A_SECOND, rate) * seconds);
    if (!agreed(Factor.SACK) && roundTripSeconds() > SHORT_TRIP_SECONDS) {
      bytes = Math.min(bytes, bytesBeforeOverflow(segment));
    }
    return Math.max(least, bytes);
  }

  /**
   * Slow start gets so far before the queue runs over: path and queue are full, or half of a window
   * waits in the queue, since it comes at twice the bottleneck's rate. Then hundreds are missing,
   * of which without SACK one is found a round trip (RFC 6582): on a long path that takes minutes,
   * whoever sends.
   */
  private long bytesBeforeOverflow(int segment) {
    long queue = (long) QUEUE_PACKETS * segment;
    long path = (long) (RATE_BITS / 8.0 * roundTripSeconds());
    return Math.min(path + queue, 4 * queue);
  }

  private double roundTripSeconds() {
    return 2 * PathConfig.parse(item(Factor.DELAY)).delayNanos() / 1e9 + 0.001;
  }

  /**
   * What a Reno sender gets through (Padhye, Firoiu, Towsley, Kurose: Modeling TCP Throughput,
   * 1998, equation 30), b = 2.
   */
  private double segmentsPerSecond() {
    PathConfig path = PathConfig.parse(wire());
    double p = 1 - (1 - path.loss()) * (1 - path.corrupt());
    p += agreed(Factor.ECN) ? MARKED : 0;
    double rtt = roundTripSeconds();
    double rto = 0.2 + rtt;
    double waits = Math.min(1, 3 * Math.sqrt(3 * p / 4)) * p * (1 + 32 * p * p);
    return 1 / (rtt * Math.sqrt(4 * p / 3) + rto * waits);
  }
}
