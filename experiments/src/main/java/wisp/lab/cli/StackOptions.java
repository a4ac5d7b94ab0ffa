package wisp.lab.cli;

import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import wisp.core.ip.IpPrefix;
import wisp.core.ip.NetworkConfig;
import wisp.core.ip.Route;
import wisp.core.spi.EcnMode;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.core.spi.LinkProvider;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.Parameters;
import wisp.core.spi.RecordStore;
import wisp.core.spi.StrategyConfig;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.ContextConfig;
import wisp.core.stack.KeepAlive;
import wisp.core.stack.PeerLimits;
import wisp.drivers.Links;
import wisp.drivers.faults.PathConfig;
import wisp.drivers.pcap.PcapWrapperProvider;
import wisp.drivers.run.Waiting;
import wisp.drivers.steering.Steering;
import wisp.lab.UsageException;
import wisp.lab.suite.Catalog;

/** What {@code serve} and {@code load} have in common: a stack on a link. */
final class StackOptions {
  private static final String TAKE_OVER_SECONDS = "10";

  @Option(
      names = "--link",
      paramLabel = "LINK",
      defaultValue = "tun",
      description =
          "such as tun, or tun:NAME,mtu=1500, with wrappers around it:"
              + " tun+shaped:rtt=40ms+pcap:FILE; default: ${DEFAULT-VALUE}")
  String link = "tun";

  @Option(
      names = "--vdev",
      paramLabel = "DEVICE[,ARGUMENT=VALUE…]",
      description =
          "with --link dpdk: a virtual device as DPDK writes it, such as"
              + " net_af_packet0,iface=veth0")
  @Nullable String vdev;

  @Option(
      names = "--host",
      paramLabel = "IP/BITS",
      split = ",",
      description =
          "the kernel's own address on the link, of IPv4 or IPv6; may be given more than once")
  List<String> host = new ArrayList<>();

  @Option(
      names = "--own",
      paramLabel = "IP/BITS",
      split = ",",
      description =
          "addresses that the stack answers for, IPv4 or IPv6; may be given more than once")
  List<String> own = new ArrayList<>();

  @Option(
      names = "--route",
      paramLabel = "ROUTE",
      split = ",",
      description =
          "on Ethernet links: a prefix that is on the link (10.9.0.0/16), a way"
              + " (10.0.0.0/8=10.9.0.1) or the router for all else (10.9.0.1); may be given more"
              + " than once")
  List<String> route = new ArrayList<>();

  @Option(
      names = "--autoconf",
      description = "on Ethernet links: IPv6 addresses and routers from router advertisements")
  boolean autoconfiguration;

  @Option(
      names = "--memory",
      paramLabel = "NAME",
      defaultValue = "slab",
      description = "memory strategy; default: ${DEFAULT-VALUE}")
  String memory = "slab";

  @Option(
      names = "--capacity",
      paramLabel = "N",
      converter = Counts.class,
      defaultValue = "100k",
      description =
          "connections to expect, of each family that --own names: what a bounded strategy makes"
              + " room for; default:"
              + " ${DEFAULT-VALUE}")
  long capacity;

  @Option(
      names = "--param",
      paramLabel = "STRATEGY.NAME=VALUE",
      description = "a parameter, such as slab.slab=1Mi (see wisp list)")
  Map<String, String> parameters = Map.of();

  @Option(
      names = "--window",
      paramLabel = "BYTES",
      converter = Counts.class,
      defaultValue = "1Mi",
      description = "receive window; default: ${DEFAULT-VALUE}")
  long window;

  @Option(
      names = "--ecn",
      paramLabel = "MODE",
      defaultValue = "accept",
      description =
          "explicit congestion notification: off, accept (when the peer asks), ask or"
              + " accurate (RFC 9768); default:"
              + " ${DEFAULT-VALUE}")
  String ecn = "accept";

  @Option(
      names = "--congestion",
      paramLabel = "NAME",
      defaultValue = "cubic",
      description = "congestion control (see wisp list); default: ${DEFAULT-VALUE}")
  String congestion = "cubic";

  @Option(
      names = "--keep-alive",
      paramLabel = "IDLE[/EVERY[/PROBES]]",
      description =
          "ask a peer that has been silent for IDLE whether it is there, EVERY (75s) again, and end"
              + " the connection after PROBES (9) without an answer: 60s/10s/3; default: never")
  @Nullable String keepAlive;

  @Option(
      names = "--user-timeout",
      paramLabel = "TIME",
      description =
          "end a connection whose peer has confirmed nothing for so long: 30s; default: 900s")
  @Nullable String userTimeout;

  @Option(
      names = "--peer-share",
      paramLabel = "SHARE",
      defaultValue = "12.5%",
      description =
          "of the pool of blocks for one peer address (IPv6: /64) while others may want some;"
              + " 100%%: no limit, as behind a proxy; default: ${DEFAULT-VALUE}")
  String peerShare = "12.5%";

  @Option(
      names = "--peer-half-open",
      paramLabel = "N",
      converter = Counts.class,
      defaultValue = "4096",
      description = "half-open connections of one peer; further SYNs draw cookies; default: 4096")
  long peerHalfOpen;

  @Option(
      names = "--peer-connections",
      paramLabel = "N",
      converter = Counts.class,
      description = "connections of one peer; further SYNs are dropped; default: no limit")
  @Nullable Long peerConnections;

  @Option(
      names = "--no-timestamps",
      description =
          "neither offer nor take timestamps (RFC 7323), and keep no word for them: 4 bytes less a"
              + " connection")
  boolean noTimestamps;

  @Option(names = "--pcap", paramLabel = "FILE", description = "record all packets")
  @Nullable Path pcap;

  @Option(
      names = "--contexts",
      paramLabel = "N",
      defaultValue = "1",
      description =
          "threads, each with a context, a memory and a link of its own on the same device;"
              + " default: ${DEFAULT-VALUE}")
  int contexts = 1;

  @Option(
      names = "--wait",
      paramLabel = "WHAT",
      defaultValue = "adaptive",
      description =
          "while nothing comes: busy (look again at once), adaptive (for 50 µs, then sleep),"
              + " blocking (sleep at once); default: ${DEFAULT-VALUE}")
  String waiting = "adaptive";

  boolean isInMemory() {
    return link.equals("inmemory");
  }

  Waiting waiting() {
    try {
      return Waiting.parse(waiting);
    } catch (IllegalArgumentException e) {
      throw new UsageException("--wait " + e.getMessage());
    }
  }

  /** A link for each context. */
  List<Link> openLinks() throws LinkException {
    if (contexts < 1 || contexts > Steering.MOST) {
      throw new UsageException("--contexts " + contexts + " is outside 1 … " + Steering.MOST);
    }
    if (contexts > 1 && outlivesProcess()) {
      throw new UsageException(
          "--contexts with a memory that outlives its process is not there: each context would"
              + " have to find its own again");
    }
    if (contexts > 1 && autoconfiguration) {
      throw new UsageException(
          "--contexts and --autoconf: each context would give itself addresses of its own");
    }
    if (contexts == 1) {
      return List.of(openLink());
    }
    Links.Spec spec = spec();
    Leftovers.undo();
    return pcap == null ? Links.open(spec, contexts) : Links.share(record(spec), contexts);
  }

  Link openLink() throws LinkException {
    Links.Spec spec = spec();
    Leftovers.undo();
    return pcap == null ? Links.open(spec) : record(spec);
  }

  private Link record(Links.Spec spec) throws LinkException {
    Link opened = Links.open(spec);
    try {
      return PcapWrapperProvider.record(opened, Objects.requireNonNull(pcap));
    } catch (LinkException e) {
      opened.close();
      throw e;
    }
  }

  private Links.Spec spec() {
    var spec = Catalog.linkSpec(link);
    var provider = Catalog.link(spec.provider());
    var all = new LinkedHashMap<>(spec.parameters());
    if (!host.isEmpty()) {
      all.put("host", String.join("+", host));
    }
    if (!own.isEmpty() && has(provider, "own")) {
      all.putIfAbsent("own", String.join("+", own)); // it has to be told what it takes
    }
    if (vdev != null) {
      if (all.putIfAbsent("vdev", vdev) != null || !spec.provider().equals("dpdk")) {
        throw new UsageException("--vdev is for --link dpdk without a device of its own");
      }
    }
    if (outlivesProcess() && has(provider, "persist")) {
      all.putIfAbsent("persist", "on");
      all.putIfAbsent("name", "wisp0");
    }
    return spec.with(all);
  }

  private static boolean has(LinkProvider provider, String parameter) {
    return provider.parameters().stream().anyMatch(known -> known.name().equals(parameter));
  }

  /** Whether connections are to survive us: then the device must, too. */
  private boolean outlivesProcess() {
    return parameters.containsKey(memory + ".file");
  }

  /** Asks whoever has the memory to hand it over. */
  void takeOver() {
    if (!outlivesProcess()) {
      throw new UsageException(
          "--take-over needs a memory that outlives its process: --memory mapped --param"
              + " mapped.file=PATH");
    }
    var all = new LinkedHashMap<>(parameters);
    all.putIfAbsent(memory + ".takeover", TAKE_OVER_SECONDS);
    parameters = all;
  }

  MemoryStrategy openMemory() {
    var provider = Catalog.strategy(memory);
    var given = new LinkedHashMap<String, String>();
    parameters.forEach(
        (name, value) -> {
          if (!name.startsWith(memory + ".")) {
            throw new UsageException(
                "--param "
                    + name
                    + " is not of "
                    + memory
                    + "; write it like "
                    + memory
                    + ".NAME=VALUE");
          }
          given.put(name.substring(memory.length() + 1), value);
        });
    Parameters.of(memory, provider.parameters(), given);
    if (capacity < 1 || capacity > Integer.MAX_VALUE) {
      throw new UsageException("--capacity " + capacity + " is outside 1 … " + Integer.MAX_VALUE);
    }
    var random = new SecureRandom();
    var config =
        new StrategyConfig(
            RecordStore.STATE_WORDS,
            hasOwn(true) || !hasOwn(false) ? share() : 0,
            hasOwn(false) ? share() : 0,
            random.nextLong(),
            random.nextLong(),
            given);
    return provider.create(noTimestamps ? config.withoutTimestamps() : config);
  }

  /** What one context is to expect: they don't share evenly. */
  private int share() {
    return contexts == 1
        ? (int) capacity
        : (int) Math.min(capacity, capacity / contexts + capacity / contexts / 8 + 64);
  }

  /** What connections have in common: no Nagle, the rest as asked for. */
  ConnectionProfile profile() {
    EcnMode mode =
        switch (ecn) {
          case "off" -> EcnMode.OFF;
          case "accept" -> EcnMode.ON_REQUEST;
          case "ask" -> EcnMode.ASK;
          case "accurate" -> EcnMode.ACCURATE;
          default ->
              throw new UsageException("--ecn " + ecn + " is none of off, accept, ask, accurate");
        };
    return ConnectionProfile.NO_DELAY.with(
        b -> {
          b.ecn = mode;
          b.congestionControl = Catalog.congestionControl(congestion).name();
          if (keepAlive != null) {
            b.keepAlive = keepAlive(keepAlive);
          }
          if (userTimeout != null) {
            b.retransmissionLimitNanos = duration("--user-timeout", userTimeout);
          }
        });
  }

  private static KeepAlive keepAlive(String text) {
    String[] parts = text.split("/", -1);
    KeepAlive usual = KeepAlive.USUAL;
    try {
      return KeepAlive.every(
          duration("--keep-alive", parts[0]),
          parts.length > 1 ? duration("--keep-alive", parts[1]) : usual.intervalNanos(),
          parts.length > 2 ? Integer.parseInt(parts[2]) : usual.probes());
    } catch (NumberFormatException e) {
      throw new UsageException("--keep-alive " + text + " is not like 60s/10s/3");
    } catch (IllegalArgumentException e) {
      throw new UsageException("--keep-alive " + text + ": " + e.getMessage());
    }
  }

  private static long duration(String option, String text) {
    long nanos;
    try {
      nanos = PathConfig.parseDuration(text);
    } catch (IllegalArgumentException e) {
      throw new UsageException(option + ": " + e.getMessage());
    }
    if (nanos < 1) {
      throw new UsageException(option + " " + text + " is no time at all");
    }
    return nanos;
  }

  /** Whether one of the own addresses is of this family. */
  private boolean hasOwn(boolean ipv4) {
    return own.stream().map(IpPrefix::parse).anyMatch(p -> p.isIpv4() == ipv4);
  }

  private PeerLimits peerLimits() {
    try {
      long connections = peerConnections == null ? PeerLimits.UNLIMITED : peerConnections;
      return new PeerLimits(
          PathConfig.parseShare(peerShare),
          Math.toIntExact(peerHalfOpen),
          Math.toIntExact(connections));
    } catch (ArithmeticException e) {
      throw new UsageException("--peer-half-open or --peer-connections is beyond 2^31 - 1");
    } catch (IllegalArgumentException e) {
      throw new UsageException(
          "--peer-share, --peer-half-open, --peer-connections: " + e.getMessage());
    }
  }

  ContextConfig config() {
    if (own.isEmpty() && !autoconfiguration) {
      throw new UsageException(
          "--own is missing: which addresses shall the stack answer for? For example --own"
              + " 10.9.1.0/24");
    }
    if (window < 1 || window > 1 << 30) {
      throw new UsageException("--window " + window + " is outside 1 … 1Gi");
    }
    return ContextConfig.of(own.stream().map(IpPrefix::parse).toArray(IpPrefix[]::new))
        .withReceiveWindow((int) window)
        .withPeerLimits(peerLimits())
        .withNetwork(
            NetworkConfig.DEFAULT
                .withRoutes(route.stream().map(Route::parse).toList())
                .withAutoconfiguration(autoconfiguration));
  }
}
