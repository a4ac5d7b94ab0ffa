package wisp.lab.path;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import wisp.core.Counters;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.RecordStore;
import wisp.core.spi.StrategyConfig;
import wisp.core.stack.ConnectionInfo;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Context;
import wisp.core.stack.ContextConfig;
import wisp.core.stack.Endpoint;
import wisp.drivers.Links;
import wisp.drivers.wire.Wire;
import wisp.lab.FailedException;
import wisp.lab.kernel.KernelHost;
import wisp.lab.kernel.Offloads;
import wisp.lab.run.StackThread;
import wisp.lab.suite.Catalog;

/**
 * A bad wire, a kernel at its right end, and at its left end a kernel and a stack of ours, whose
 * packets that kernel passes on: so both take the very same way.
 *
 * <pre>
 *   ours ─ TUN ─ kernel, left ─ TUN ─ wire ─ TUN ─ kernel, right
 *  10.60.2.1       10.60.1.1                        10.60.3.1
 *  fd60:2::1       fd60:1::1                        fd60:3::1
 * </pre>
 *
 * <p>Where the spec asks for veth pairs, the wire is further away:
 *
 * <pre>
 *   kernel, left ─ veth ─ router ─ TUN ─ wire ─ TUN ─ router ─ veth ─ kernel, right
 * </pre>
 */
public final class PathLab implements AutoCloseable {
  /** Whose stack is at the left end of a connection. */
  public enum Left {
    OURS,
    KERNEL
  }

  private static final int FIRST_PORT = 20_000;
  private static final int PORTS = 20_000;
  private static final long DRAIN_MILLIS = 150;
  private static final int CAPACITY = 1_000;
  private static final int WINDOW_BYTES = 4 << 20;

  /** A router's end of a veth pair. */
  private static final String PAIR = "host";

  /** A router's number in the net of its veth pair. */
  private static final String ROUTER = "254";

  /** Packets that a device holds until the wire reads them: as good as any. */
  private static final String QUEUE_PACKETS = "10000";

  private final Deque<AutoCloseable> opened = new ArrayDeque<>();
  private final List<Throwable> failures = new ArrayList<>();
  private final PathSpec spec;
  private final KernelHost left;
  private final KernelHost right;
  private final Wire wire;
  private final StackThread stack;
  private final Context context;
  private int ports;
  private long seeds;

  /**
   * Builds it.
   *
   * @throws FailedException in one line when it can't be built
   */
  public PathLab(PathSpec spec) {
    this(spec, Map.of());
  }

  /**
   * As {@link #PathLab(PathSpec)}.
   *
   * @param memoryParameters of our stack's memory strategy, which is {@code slab}
   */
  public PathLab(PathSpec spec, Map<String, String> memoryParameters) {
    this.spec = spec;
    seeds = spec.seed();
    try {
      left = kernel();
      right = kernel();
      Link a = spec.veth() ? router(left, 1, 3) : link("wl", left, 1, false);
      Link b = spec.veth() ? router(right, 3, 1) : link("wr", right, 3, false);
      wire = new Wire(a, b, spec.path(), spec.path(), spec.seed());
      Link own = link("wo", left, 2, spec.offload());
      congestion("cubic");
      left.forward();
      startWire();
      MemoryStrategy memory = memory(memoryParameters);
      opened.push(memory);
      var config =
          ContextConfig.of(IpPrefix.parse("10.60.2.0/25"), IpPrefix.parse("fd60:2::/112"))
              .withReceiveWindow(WINDOW_BYTES);
      context = new Context(config, memory, own, new SecureRandom()::nextLong);
      opened.push(context::close);
      context.onHandlerFailure(failures::add);
      stack = new StackThread(context, own, now -> Long.MAX_VALUE);
      opened.push(stack);
    } catch (LinkException e) {
      close();
      throw new FailedException(String.valueOf(e.getMessage()), e);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private KernelHost kernel() {
    var host = new KernelHost();
    opened.push(host);
    // Else a connection would profit from what an earlier one to the same host had found out.
    host.sysctl("tcp_no_metrics_save", "1");
    spec.sysctls().forEach(host::sysctl);
    return host;
  }

  /**
   * The kernel at the end of the wire passes on what a veth pair brings it from this host, and the
   * other way round. Returns the wire's end.
   *
   * @param net of the veth pair
   * @param far net at the other end of the wire
   */
  private Link router(KernelHost host, int net, int far) throws LinkException {
    var router = new KernelHost();
    opened.push(router);
    router.forward();
    String device = device(net);
    for (KernelHost each : List.of(host, router)) {
      // Else an IPv6 address can't be used for a second or two.
      each.run("sh", "-c", "echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad");
    }
    router.run(
        "ip", "link", "add", PAIR, "type", "veth", "peer", "name", device, "netns", host.name());
    veth(router, PAIR, net, ROUTER);
    veth(host, device, net, "1");
    Link link = wireEnd(router);
    route(router, far, "wire");
    if (far == 1) {
      route(router, 2, "wire");
    } else {
      routeVia(router, 2, "1", net, PAIR);
    }
    return link;
  }

  private void veth(KernelHost host, String device, int net, String number) {
    host.run("ip", "link", "set", device, "mtu", String.valueOf(spec.mtu()), "up");
    host.run("ip", "addr", "add", "10.60." + net + "." + number + "/24", "dev", device);
    if (spec.ipv6()) {
      host.run("ip", "addr", "add", "fd60:" + net + "::" + number + "/64", "dev", device);
    }
    try {
      Offloads.set(host, device, spec.offload());
    } catch (IOException e) {
      throw new FailedException(String.valueOf(e.getMessage()), e);
    }
  }

  private Link wireEnd(KernelHost router) throws LinkException {
    Link link =
        Links.open("tun:wire,host=,mtu=" + spec.mtu() + ",offload=off,netns=" + router.name());
    opened.push(link::close);
    router.run("ip", "link", "set", "wire", "txqueuelen", QUEUE_PACKETS);
    return link;
  }

  /** What a host calls its way to the wire. */
  private static String device(int net) {
    return net == 1 ? "wl" : "wr";
  }

  private Link link(String name, KernelHost host, int net, boolean offload) throws LinkException {
    // Our stack lives in the same net as its device: the kernel takes the last address of it.
    int number = net == 2 ? 254 : 1;
    String hosts = "10.60." + net + "." + number + "/24";
    if (spec.ipv6()) {
      hosts += "+fd60:" + net + "::" + (net == 2 ? "ffff:1" : "1") + "/64";
    }
    Link link =
        Links.open(
            "tun:"
                + name
                + ",host="
                + hosts
                + ",mtu="
                + spec.mtu()
                + ",offload="
                + (offload ? "on" : "off")
                + ",netns="
                + host.name());
    opened.push(link::close);
    host.run("ip", "link", "set", name, "txqueuelen", QUEUE_PACKETS);
    return link;
  }

  /**
   * Has both kernels use this congestion control from the next connection on. By route: the kernel
   * lets a namespace choose its default only among those that the machine allows to everybody.
   */
  public void congestion(String control) {
    congestion(control, control);
  }

  /** As {@link #congestion(String)}, each kernel with its own. */
  public void congestion(String ofLeft, String ofRight) {
    control(left, 1, 3, ofLeft);
    control(right, 3, 1, ofRight);
    control(right, 3, 2, ofRight);
  }

  private void control(KernelHost host, int net, int far, String control) {
    if (spec.veth()) {
      routeVia(host, far, ROUTER, net, device(net), "congctl", control);
    } else {
      route(host, far, device(net), "congctl", control);
    }
  }

  private void route(KernelHost host, int far, String device, String... more) {
    route(host, "-4", "10.60." + far + ".0/24", device, more);
    if (spec.ipv6()) {
      route(host, "-6", "fd60:" + far + "::/64", device, more);
    }
  }

  /** By way of number so-and-so of a net. */
  private void routeVia(
      KernelHost host, int far, String number, int net, String device, String... more) {
    var options = new ArrayList<>(List.of("via", "10.60." + net + "." + number));
    options.addAll(List.of(more));
    route(host, "-4", "10.60." + far + ".0/24", device, options.toArray(String[]::new));
    if (spec.ipv6()) {
      options.set(1, "fd60:" + net + "::" + number);
      route(host, "-6", "fd60:" + far + "::/64", device, options.toArray(String[]::new));
    }
  }

  private static void route(
      KernelHost host, String family, String to, String device, String... more) {
    var command = new ArrayList<>(List.of("ip", family, "route", "replace", to, "dev", device));
    command.addAll(List.of(more));
    host.run(command.toArray(String[]::new));
  }

  private void startWire() {
    Thread thread = Thread.ofPlatform().name("wire").start(wire::run);
    opened.push(
        () -> {
          wire.stop();
          thread.join();
        });
  }

  private static MemoryStrategy memory(Map<String, String> parameters) {
    var random = new SecureRandom();
    return Catalog.strategy("slab")
        .create(
            new StrategyConfig(
                RecordStore.STATE_WORDS,
                CAPACITY,
                CAPACITY,
                random.nextLong(),
                random.nextLong(),
                parameters));
  }

  /** The kernel of a side. */
  public KernelHost kernel(boolean isLeft) {
    return isLeft ? left : right;
  }

  /** Sets a {@code net.ipv4} value of both kernels. */
  public void sysctl(String name, String value) {
    left.sysctl(name, value);
    right.sysctl(name, value);
  }

  /** What our stack has counted so far. */
  public String counters() {
    return stack.call(c -> c.counters().nonZero().toString());
  }

  /** How often our stack has counted something. */
  public long count(Counters.Event event) {
    return stack.call(c -> c.counters().get(event));
  }

  private String address(int net) {
    return spec.ipv6() ? "fd60:" + net + "::1" : "10.60." + net + ".1";
  }

  /**
   * The two ends of a connection.
   *
   * @param left ours or the left kernel's
   * @param right the right kernel's
   */
  public record Pair(End left, End right) implements AutoCloseable {
    /** Our end of it when it was opened; {@code null}: not yet, or it is none of ours. */
    public @Nullable ConnectionInfo atOpen() {
      return left instanceof OurEnd ours ? ours.atOpen() : null;
    }

    /** What went wrong at either end; empty when nothing did. */
    public String trouble() {
      return left.trouble().isEmpty() ? right.trouble() : left.trouble();
    }

    @Override
    public void close() {
      left.close();
      right.close();
    }
  }

  /**
   * A connection, and the work of both ends begun.
   *
   * @param who is at the left end
   * @param leftConnects or the right does
   * @param profile of ours
   */
  public Pair open(
      Left who, boolean leftConnects, ConnectionProfile profile, Job leftJob, Job rightJob) {
    int port = FIRST_PORT + ports++ % PORTS;
    long seed = seeds++;
    try {
      if (who == Left.KERNEL) {
        return leftConnects
            ? kernels(left, right, 3, port, leftJob, rightJob, seed)
            : swapped(kernels(right, left, 1, port, rightJob, leftJob, seed));
      }
      var ours = new OurEnd(stack, leftJob, seed);
      return leftConnects
          ? weConnect(ours, profile, port, rightJob, seed)
          : weServe(ours, profile, port, rightJob, seed);
    } catch (IOException e) {
      throw new FailedException("no connection over this wire: " + e.getMessage(), e);
    }
  }

  private static Pair swapped(Pair pair) {
    return new Pair(pair.right, pair.left);
  }

  private Pair kernels(
      KernelHost from, KernelHost to, int net, int port, Job dialer, Job listener, long seed)
      throws IOException {
    var at = new InetSocketAddress(address(net), port);
    try (ServerSocketChannel server = to.listen(at)) {
      var first = new KernelEnd(from.connect(at), dialer, seed);
      return new Pair(first, new KernelEnd(server.accept(), listener, seed));
    }
  }

  private Pair weConnect(OurEnd ours, ConnectionProfile profile, int port, Job job, long seed)
      throws IOException {
    var at = new InetSocketAddress(address(3), port);
    try (ServerSocketChannel server = right.listen(at)) {
      long handle = stack.call(c -> c.connect(null, Endpoint.of(address(3), port), profile, ours));
      if (handle < 0) {
        throw new IOException("connect refused: " + handle);
      }
      return new Pair(ours, new KernelEnd(server.accept(), job, seed));
    }
  }

  private Pair weServe(OurEnd ours, ConnectionProfile profile, int port, Job job, long seed)
      throws IOException {
    var at = Endpoint.of(address(2), port);
    listen(at, profile, ours);
    try {
      var socket = right.connect(new InetSocketAddress(address(2), port));
      return new Pair(ours, new KernelEnd(socket, job, seed));
    } finally {
      stack.call(c -> c.unlisten(at));
    }
  }

  private void listen(Endpoint at, ConnectionProfile profile, OurEnd ours) {
    stack.call(
        c -> {
          c.listen(at, profile, ours);
          return true;
        });
  }

  /** Waits until what ended connections still had on the wire is gone. */
  public void drain() {
    pause(DRAIN_MILLIS + 2 * spec.path().delayNanos() / 1_000_000);
  }

  /** Waits for so long, and no less. */
  public static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new FailedException("interrupted", e);
    }
  }

  @Override
  public void close() {
    @Nullable Exception first = null;
    while (!opened.isEmpty()) {
      try {
        opened.pop().close();
      } catch (Exception e) {
        first = first == null ? e : first;
      }
    }
    @Nullable Throwable cause = stackDied();
    cause = cause == null && !failures.isEmpty() ? failures.getFirst() : cause;
    cause = cause == null ? first : cause;
    if (cause != null) {
      throw new FailedException("the path did not end well: " + cause, cause);
    }
  }

  @SuppressWarnings("ConstantValue") // it is not there when it could not be built
  private @Nullable Throwable stackDied() {
    return stack == null ? null : stack.died();
  }
}
