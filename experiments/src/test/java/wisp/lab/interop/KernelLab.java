package wisp.lab.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import wisp.core.Counters.Event;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.Footprint;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.RecordStore;
import wisp.core.spi.StrategyConfig;
import wisp.core.stack.ConnectionHandler;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Context;
import wisp.core.stack.ContextConfig;
import wisp.core.stack.Endpoint;
import wisp.drivers.Links;
import wisp.drivers.pcap.PcapWrapperProvider;
import wisp.drivers.run.Runner;
import wisp.lab.serve.Service;
import wisp.lab.serve.Services;
import wisp.lab.suite.Catalog;
import wisp.pools.LinkMemory;

/**
 * A kernel and a stack of ours, joined by a TUN device.
 *
 * <pre>
 *   namespace: kernel 10.9.0.1  ── TUN ── ours 10.9.1.0/24, on a thread of its own
 *  dual stack:       fd00:9::1            fd00:9::1:0/112
 * </pre>
 *
 * {@link #close} demands that nothing has leaked and no handler has failed.
 */
final class KernelLab implements AutoCloseable {
  static final String KERNEL = "10.9.0.1";
  static final String OURS = "10.9.1.1";
  static final String KERNEL_IPV6 = "fd00:9::1";
  static final String OURS_IPV6 = "fd00:9::1:1";
  static final String KERNEL_6 = "fd00:9::1";
  static final String OURS_6 = "fd00:9::77";
  static final int ECHO = 7;
  static final int DISCARD = 8;
  static final int CHARGEN = 9;
  static final int HTTP = 10;
  private static final long SECOND = 1_000_000_000L;
  private static final long RETRY_NANOS = 1_000_000;
  private static final long SPIN_NANOS = 50_000;
  private static final int CALL_SECONDS = 15;

  private final Namespace namespace;
  private final @Nullable Namespace ours;
  private final Link link;
  private final MemoryStrategy memory;
  private final Context context;
  private final Runner runner;
  private final Thread thread;
  private final List<Service> services = new ArrayList<>();
  private final ConcurrentLinkedQueue<Runnable> calls = new ConcurrentLinkedQueue<>();
  private final List<Throwable> failures = new CopyOnWriteArrayList<>();
  private @Nullable Throwable died;

  /** How a laboratory differs from the usual one. */
  static final class Builder {
    private String tun = "";
    private String wrappers = "";
    private String strategy = "slab";
    private int capacity = 20_000;
    private boolean timestamps = true;
    private @Nullable Path pcap;
    private boolean ipv6;
    private String provider = "tun";
    private int vethMtu = 1500;
    private String kernelIpv6 = KERNEL_IPV6;
    private UnaryOperator<ContextConfig> change = UnaryOperator.identity();
    private @Nullable Namespace ours;
    private int spoilsOneIn;

    /** Both sides have IPv6 addresses too. */
    Builder dualStack() {
      ipv6 = true;
      return this;
    }

    /**
     * A TAP device instead: an Ethernet link with both families, the kernel as fd00:9::1/64, we as
     * fd00:9::77 too.
     */
    Builder tap() {
      return tap(KERNEL_6);
    }

    /** As {@link #tap()}, with another IPv6 address for the kernel. */
    Builder tap(String kernel) {
      return on("tap", kernel);
    }

    /** A veth pair instead, ours by a packet socket: addresses as with {@link #tap()}. */
    Builder afpacket() {
      return on("afpacket", KERNEL_6);
    }

    /** A veth pair whose one end, in a namespace of its own, is ours by raw sockets. IPv4 alone. */
    Builder rawip() {
      provider = "rawip";
      return this;
    }

    /** A veth pair instead, ours by XDP: addresses as with {@link #tap()}. */
    Builder afxdp(int mtu) {
      vethMtu = mtu;
      return on("afxdp", KERNEL_6);
    }

    /**
     * A device of DPDK instead: addresses as with {@link #tap()}.
     *
     * @param device net_af_packet on {@code ours}, one end of a veth pair, or net_tap that makes
     *     {@code wisp0}
     */
    Builder dpdk(String device) {
      tun += "," + device;
      return on("dpdk", KERNEL_6);
    }

    /** What can't be done before the device is there. */
    private void address(Namespace namespace) {
      if (provider.equals("dpdk") && tun.contains("net_tap")) {
        namespace.run("ip", "address", "add", KERNEL + "/16", "dev", "wisp0");
        namespace.run("ip", "address", "add", kernelIpv6 + "/64", "dev", "wisp0", "nodad");
        namespace.run("ip", "link", "set", "wisp0", "up");
      }
    }

    private Builder on(String provider, String kernel) {
      ipv6 = true;
      this.provider = provider;
      kernelIpv6 = kernel;
      return this;
    }

    /** Further options of the TUN device, such as {@code offload=off}. */
    Builder tun(String options) {
      tun += "," + options;
      return this;
    }

    Builder memory(String name) {
      strategy = name;
      return this;
    }

    /** Connections that a bounded strategy makes room for. */
    Builder capacity(int connections) {
      capacity = connections;
      return this;
    }

    /** Records have no word for TS.Recent. */
    Builder withoutTimestamps() {
      timestamps = false;
      return this;
    }

    private StrategyConfig memoryConfig(SecureRandom random) {
      var config =
          new StrategyConfig(
              RecordStore.STATE_WORDS,
              capacity,
              ipv6 ? capacity : 0,
              random.nextLong(),
              random.nextLong(),
              Map.of());
      return timestamps ? config : config.withoutTimestamps();
    }

    Builder config(UnaryOperator<ContextConfig> change) {
      UnaryOperator<ContextConfig> before = this.change;
      this.change = config -> change.apply(before.apply(config));
      return this;
    }

    /** Records what our side sees. */
    Builder pcap(Path file) {
      pcap = file;
      return this;
    }

    /** Wrappers around the device as the user writes them, such as {@code +shaped:rtt=40ms}. */
    Builder wrapped(String wrappers) {
      this.wrappers = wrappers;
      return this;
    }

    /** One frame in so many of ours gets lost behind the device. */
    Builder spoiling(int oneIn) {
      spoilsOneIn = oneIn;
      return this;
    }

    private Link spoiled(Link link) {
      return spoilsOneIn == 0 ? link : new SpoilingLink(link, spoilsOneIn);
    }

    private String link(Namespace namespace) {
      if (provider.equals("rawip")) {
        ours = new Namespace();
        namespace.vethTo(ours, "wisp0", KERNEL + "/16", "ours", "10.9.0.2/16");
        return "rawip:ours,own=10.9.1.0/24" + tun + ",netns=" + ours.name();
      }
      String hosts = KERNEL + "/16" + (ipv6 ? "+" + kernelIpv6 + "/64" : "");
      String netns = tun + ",netns=" + namespace.name() + wrappers;
      if (provider.equals("afpacket")) {
        namespace.veth("ours", "wisp0", hosts.split("\\+"));
        return "afpacket:ours" + netns;
      }
      if (provider.equals("dpdk")) {
        if (!tun.contains("net_tap")) {
          namespace.veth("ours", "wisp0", hosts.split("\\+"));
          // A packet socket's slots hold 2048 bytes: no super-frames.
          namespace.run("ip", "link", "set", "wisp0", "gso_max_segs", "1");
        }
        return "dpdk:" + netns.substring(1);
      }
      if (provider.equals("afxdp")) {
        namespace.veth("ours", "wisp0", hosts.split("\\+"));
        for (String end : List.of("ours", "wisp0")) {
          namespace.run("ip", "link", "set", end, "mtu", String.valueOf(vethMtu));
        }
        return "afxdp:ours,own=10.9.1.0/24+" + OURS_6 + netns;
      }
      return provider + ":wisp0,host=" + hosts + netns;
    }

    private ContextConfig config() {
      IpPrefix own = IpPrefix.parse("10.9.1.0/24");
      IpPrefix ownIpv6 = IpPrefix.parse(provider.equals("tun") ? "fd00:9::1:0/112" : OURS_6);
      var config = ipv6 ? ContextConfig.of(own, ownIpv6) : ContextConfig.of(own);
      return change.apply(config.withMaxSegmentLifetime(SECOND / 20));
    }

    KernelLab open() {
      var namespace = new Namespace();
      try {
        return new KernelLab(this, namespace);
      } catch (LinkException | IOException e) {
        namespace.close();
        close(ours);
        throw new AssertionError(e);
      }
    }
  }

  static Builder with() {
    return new Builder();
  }

  private static void close(@Nullable Namespace namespace) {
    if (namespace != null) {
      namespace.close();
    }
  }

  static KernelLab open() {
    return with().open();
  }

  private KernelLab(Builder builder, Namespace namespace) throws LinkException, IOException {
    this.namespace = namespace;
    Link tun = builder.spoiled(Links.open(builder.link(namespace)));
    builder.address(namespace);
    ours = builder.ours;
    link = builder.pcap == null ? tun : PcapWrapperProvider.record(tun, builder.pcap);
    var random = new SecureRandom();
    memory =
        LinkMemory.of(
            link, Catalog.strategy(builder.strategy).create(builder.memoryConfig(random)));
    context = new Context(builder.config(), memory, link, random::nextLong);
    context.onHandlerFailure(failures::add);
    int port = ECHO;
    for (String name : List.of("echo", "discard", "chargen", "http")) {
      Service service = Services.named(name);
      service.start(context);
      context.listen(Endpoint.any(port++), ConnectionProfile.NO_DELAY, service);
      services.add(service);
    }
    runner = new Runner(context, link, SPIN_NANOS);
    thread = Thread.ofPlatform().name("stack").start(this::drive);
  }

  private void drive() {
    try {
      runner.run(this::chores, Long.MAX_VALUE);
    } catch (Throwable e) {
      died = e;
    }
  }

  private long chores(long now) {
    for (Runnable call = calls.poll(); call != null; call = calls.poll()) {
      call.run();
    }
    boolean waiting = false;
    long next = Long.MAX_VALUE;
    for (Service service : services) {
      waiting |= service.retry(context);
      next = Math.min(next, service.work(context, now));
    }
    return waiting ? Math.min(next, now + RETRY_NANOS) : next;
  }

  // ---- Our side --------------------------------------------------------------------------------

  /** Does something on the stack's thread and returns what came of it. */
  <T> T call(Function<Context, T> action) {
    var result = new CompletableFuture<T>();
    calls.add(
        () -> {
          try {
            result.complete(action.apply(context));
          } catch (Throwable e) {
            result.completeExceptionally(e);
          }
        });
    link.wake();
    try {
      return result.get(CALL_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw new AssertionError(e.getCause());
    } catch (TimeoutException e) {
      throw new AssertionError("the stack's thread does not answer", died == null ? e : died);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  /** Serves at a port, beside the usual services. */
  void serve(int port, Service service) {
    call(
        c -> {
          service.start(c);
          c.listen(Endpoint.any(port), ConnectionProfile.NO_DELAY, service);
          return services.add(service);
        });
    service.onServing(link::wake);
  }

  /** Listens on a port of {@link #OURS}. */
  void listen(int port, ConnectionHandler handler) {
    listen(Endpoint.of(OURS, port), handler);
  }

  /** Listens. */
  void listen(Endpoint at, ConnectionHandler handler) {
    call(
        c -> {
          c.listen(at, ConnectionProfile.NO_DELAY, handler);
          return true;
        });
  }

  /** Ends {@link #listen}. */
  void unlisten(int port) {
    unlisten(Endpoint.of(OURS, port));
  }

  /** Ends {@link #listen}. */
  void unlisten(Endpoint at) {
    call(c -> c.unlisten(at));
  }

  /** Connects to the kernel; returns the handle. */
  long connect(int kernelPort, ConnectionHandler handler) {
    return connect(Endpoint.of(KERNEL, kernelPort), handler);
  }

  /** Connects to a kernel; returns the handle. */
  long connect(Endpoint to, ConnectionHandler handler) {
    long connection = call(c -> c.connect(null, to, ConnectionProfile.NO_DELAY, handler));
    assertTrue(connection >= 0, "connect: " + connection);
    return connection;
  }

  long count(Event event) {
    return call(c -> c.counters().get(event));
  }

  /** Our end, spoiled or recorded as the test wants it: belongs to the stack's thread. */
  Link link() {
    return link;
  }

  /** Frames of ours whose payload stayed where it was; only with {@link Builder#spoiling}. */
  int gathered() {
    return ((SpoilingLink) link).gathered();
  }

  /** Packets of ours that the link was to cut; likewise. */
  int cut() {
    return ((SpoilingLink) link).cut();
  }

  /** The stack does nothing for a while, as if its process had been stopped. */
  void freeze(long millis) {
    calls.add(
        () -> {
          try {
            Thread.sleep(millis);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    link.wake();
  }

  Thread thread() {
    return thread;
  }

  // ---- The kernel's side -----------------------------------------------------------------------

  Namespace namespace() {
    return namespace;
  }

  /** Where our link is, if that is another one. */
  @Nullable Namespace ours() {
    return ours;
  }

  static InetSocketAddress ours(int port) {
    return new InetSocketAddress(OURS, port);
  }

  /** A kernel socket connected to a port of ours. */
  SocketChannel dial(int port) throws IOException {
    return namespace.connect(ours(port));
  }

  /** A kernel listener. */
  ServerSocketChannel kernelListener(int port) throws IOException {
    return namespace.listen(new InetSocketAddress(KERNEL, port));
  }

  // ---- The end ---------------------------------------------------------------------------------

  /**
   * Nothing of ours was taken for lost. A machine that stands still for a moment makes us ask by
   * the tail, which resends: those are counted apart.
   */
  void assertNothingWasResent() {
    long resent = count(Event.SEGMENTS_RETRANSMITTED);
    assertTrue(resent <= count(Event.TAIL_LOSS_PROBES), resent + " segments resent");
    assertEquals(0, count(Event.TIMEOUTS), "time-outs");
  }

  /** Waits until no connection is left, TIME-WAIT included, and demands that no memory is. */
  void assertNothingIsLeft() {
    await("connections to end", c -> c.connections() == 0 && c.timeWaits() == 0);
    // A slab's books are exact; blocks of drowsy connections have gone with these.
    await("blocks to return", c -> inUse(c, Footprint.Kind.BLOCKS) == 0);
    assertEquals(0, call(c -> inUse(c, Footprint.Kind.RECORDS)).longValue(), "bytes of records");
  }

  private static long inUse(Context context, Footprint.Kind kind) {
    var footprint = new Footprint();
    context.footprint(footprint);
    return footprint.inUseBytes(kind);
  }

  /** Waits for something to become true on our side. */
  void await(String what, Function<Context, Boolean> condition) {
    long limit = System.nanoTime() + CALL_SECONDS * SECOND;
    while (!call(condition)) {
      if (System.nanoTime() > limit) {
        throw new AssertionError(
            "waited in vain for "
                + what
                + "; "
                + call(c -> c.connections() + " connections, " + c.counters().nonZero()));
      }
      pause(5);
    }
  }

  static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    runner.stop();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    try {
      context.close();
      services.forEach(service -> service.stop(context));
      memory.close(); // asserts that all came back
    } finally {
      link.close();
      namespace.close();
      close(ours);
    }
    if (died != null) {
      throw new AssertionError("the stack's thread died", died);
    }
    if (!failures.isEmpty()) {
      throw new AssertionError("a handler failed", failures.getFirst());
    }
  }
}
