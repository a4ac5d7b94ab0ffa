package wisp.lab.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.drivers.Links;
import wisp.drivers.faults.PathConfig;
import wisp.drivers.wire.Wire;
import wisp.lab.UsageException;
import wisp.lab.run.OrderlyEnd;
import wisp.lab.suite.Catalog;

/** A bad wire between two links. */
@Command(
    name = "wire",
    mixinStandardHelpOptions = true,
    description = {
      "Joins two links by a path with delay, loss, reordering … both ways, until SIGTERM.",
      "Prints what was asked for and what was measured. For example:",
      "wisp wire --a tun:wa --b tun:wb --delay 20ms --loss 1%% --reorder 5%% --rate 100mbit --seed"
          + " 7"
    })
public final class WireCommand implements Callable<Integer> {
  @Option(
      names = "--a",
      required = true,
      paramLabel = "LINK",
      description = "one end, such as tun:wa")
  private String a = "";

  @Option(names = "--b", required = true, paramLabel = "LINK", description = "the other")
  private String b = "";

  @Option(names = "--delay", paramLabel = "TIME", description = "each way, such as 20ms")
  private @Nullable String delay;

  @Option(
      names = "--jitter",
      paramLabel = "TIME",
      description = "up to so much more or less, in order")
  private @Nullable String jitter;

  @Option(names = "--loss", paramLabel = "SHARE", description = "such as 1%%")
  private @Nullable String loss;

  @Option(
      names = "--burst",
      paramLabel = "ENTER/LEAVE[/LOSS]",
      description = "loss in bursts, such as 0.1%%/25%%")
  private @Nullable String burst;

  @Option(
      names = "--reorder",
      paramLabel = "SHARE",
      description = "held back so that others overtake")
  private @Nullable String reorder;

  @Option(
      names = "--hold",
      paramLabel = "TIME",
      description = "how long those are held back; default: 2ms")
  private @Nullable String hold;

  @Option(names = "--duplicate", paramLabel = "SHARE", description = "delivered twice")
  private @Nullable String duplicate;

  @Option(names = "--corrupt", paramLabel = "SHARE", description = "one bit flipped")
  private @Nullable String corrupt;

  @Option(
      names = "--mark",
      paramLabel = "SHARE",
      description = "of ECN-capable packets: congestion experienced")
  private @Nullable String mark;

  @Option(names = "--rate", paramLabel = "RATE", description = "bottleneck, such as 100mbit")
  private @Nullable String rate;

  @Option(
      names = "--trace-up",
      paramLabel = "FILE",
      description =
          "bottleneck from a to b that varies, as mahimahi's: a millisecond a line, at which 1,500"
              + " bytes may leave")
  private @Nullable String traceUp;

  @Option(names = "--trace-down", paramLabel = "FILE", description = "the same from b to a")
  private @Nullable String traceDown;

  @Option(
      names = "--path",
      paramLabel = "NAME=VALUE,…",
      description = {"all of the above in one, such as rtt=40ms,rate=10mbit,trace=FILE"})
  private @Nullable String path;

  @Option(
      names = "--queue",
      paramLabel = "PACKETS",
      description = "before the bottleneck; default: 1000")
  private @Nullable String queue;

  @Option(
      names = "--mtu",
      paramLabel = "BYTES",
      description = "larger IP packets are lost, and nobody is told; default: any pass")
  private @Nullable String mtu;

  @Option(
      names = "--too-big",
      description = "their senders are told: ICMP fragmentation needed, ICMPv6 packet too big")
  private boolean tooBig;

  @Option(names = "--no-icmp", description = "ICMP and ICMPv6 errors are lost, echo passes")
  private boolean noIcmp;

  @Option(
      names = "--back",
      split = ",",
      paramLabel = "NAME=VALUE",
      description = "what differs on the way from b to a, such as loss=0,delay=5ms")
  private Map<String, String> back = Map.of();

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "1",
      description = "default: ${DEFAULT-VALUE}")
  private long seed;

  @Option(names = "--seconds", paramLabel = "N", description = "end by itself after so long")
  private @Nullable Double seconds;

  @Override
  public Integer call() throws LinkException {
    if (tooBig && mtu == null) {
      throw new UsageException("--too-big needs --mtu: which packets are too big?");
    }
    PathConfig there = path();
    PathConfig backward = there;
    if (traceUp != null) {
      there = there.with("trace", traceUp);
    }
    if (traceDown != null) {
      backward = backward.with("trace", traceDown);
    }
    for (var entry : back.entrySet()) {
      backward = backward.with(entry.getKey(), entry.getValue());
    }
    try (Link first = open(a);
        Link second = open(b)) {
      var wire = new Wire(first, second, there, backward, seed);
      return OrderlyEnd.run(wire::stop, () -> carry(wire, first.name(), second.name()));
    }
  }

  private int carry(Wire wire, String first, String second) {
    System.out.println("ready wire " + first + " " + second);
    System.out.flush();
    if (seconds != null) {
      stopAfter(wire, (long) (seconds * 1000));
    }
    wire.run();
    System.out.println(wire.stats().report());
    return 0;
  }

  private static void stopAfter(Wire wire, long millis) {
    Thread.ofPlatform()
        .daemon()
        .start(
            () -> {
              try {
                Thread.sleep(millis);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              wire.stop();
            });
  }

  private PathConfig path() {
    var values = new LinkedHashMap<String, @Nullable String>();
    values.put("delay", delay);
    values.put("jitter", jitter);
    values.put("loss", loss);
    values.put("burst", burst);
    values.put("reorder", reorder);
    values.put("hold", hold);
    values.put("duplicate", duplicate);
    values.put("corrupt", corrupt);
    values.put("mark", mark);
    values.put("rate", rate);
    values.put("queue", queue);
    values.put("mtu", mtu);
    values.put("pmtu", tooBig ? "icmp" : null);
    values.put("icmp", noIcmp ? "block" : null);
    PathConfig config = path == null ? PathConfig.PERFECT : PathConfig.parse(path);
    for (var entry : values.entrySet()) {
      String value = entry.getValue();
      if (value != null) {
        config = config.with(entry.getKey(), value);
      }
    }
    return config;
  }

  /** Without offloads: a wire carries packets as they are on a wire. */
  private static Link open(String text) throws LinkException {
    var spec = Catalog.linkSpec(text);
    var provider = Catalog.link(spec.provider());
    var parameters = new LinkedHashMap<>(spec.parameters());
    boolean hasOffload =
        provider.parameters().stream().anyMatch(parameter -> parameter.name().equals("offload"));
    if (hasOffload && "on".equals(parameters.putIfAbsent("offload", "off"))) {
      throw new UsageException(
          text + ": a wire needs its links without offloads; leave offload=on away");
    }
    Leftovers.undo();
    return Links.open(spec.with(parameters));
  }
}
