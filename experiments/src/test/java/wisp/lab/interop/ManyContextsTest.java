package wisp.lab.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.Link;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.RecordStore;
import wisp.core.spi.StrategyConfig;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Context;
import wisp.core.stack.ContextConfig;
import wisp.core.stack.Endpoint;
import wisp.drivers.Links;
import wisp.drivers.steering.SteeredLink;
import wisp.lab.load.Load;
import wisp.lab.load.LoadPlan;
import wisp.lab.run.StackThread;
import wisp.lab.serve.Service;
import wisp.lab.serve.Services;
import wisp.lab.suite.Catalog;

/**
 * Two contexts on two threads, 1,000 connections from the kernel to them and 1,000 from them to the
 * kernel, whichever way the packets are shared out.
 */
@DisplayName("Two contexts on one device: a connection is at one of them, whoever opens it")
@Tag("interop")
@Timeout(90)
class ManyContextsTest {
  private static final int CONTEXTS = 2;
  private static final int CONNECTIONS = 1_000;
  private static final int AT_ONCE = 100;
  private static final int BYTES = 2_000;
  private static final int PINGS_IN_PIECES = 6;
  private static final int KERNELS_ECHO = 5000;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "tun", // a queue each, by our program in the kernel
        "tun,queues=1", // the first hands over
        "tap",
        "afpacket", // a group by our program in the kernel
        "afpacket,fanout=9/hash", // by the kernel's own hash: half comes to the wrong one
        "afxdp", // two queues of a veth, as the kernel likes
        "rawip"
      })
  void givenTwoThreads_whenThousandsConnectBothWays_thenAllIsEchoedAndNothingReset(String which)
      throws Exception {
    String provider = which.split(",", 2)[0];
    String reason = Links.provider(provider).unavailable();
    assumeTrue(reason == null, reason);
    try (var namespace = new Namespace();
        var ours = new Namespace()) {
      List<Link> links = Links.open(Links.parse(link(which, namespace, ours)), CONTEXTS);
      var stations = new ArrayList<Station>();
      try (var kernel = new KernelEcho(namespace)) {
        for (Link link : links) {
          stations.add(new Station(link));
        }
        stations.forEach(Station::start);
        toUs(namespace);
        stations.forEach(Station::opens);
        for (Station station : stations) {
          station.awaitLoad();
        }
        assertPingsAreAnsweredOnce(namespace);
        assertAll(stations, which);
        assertEquals(0, kernel.resets, "resets seen by the kernel's echo");
      } finally {
        // The first sends for all where there is one queue.
        stations.reversed().forEach(Station::close);
        links.forEach(Link::close);
      }
    }
  }

  private static String link(String which, Namespace namespace, Namespace ours) {
    String options = which.contains(",") ? which.substring(which.indexOf(',')) : "";
    String provider = which.split(",", 2)[0];
    String host = KernelLab.KERNEL + "/16";
    return switch (provider) {
      case "tun", "tap" -> provider + ":wisp0,host=" + host + options + netns(namespace);
      case "afpacket" -> {
        namespace.veth("ours", "wisp0", host);
        yield "afpacket:ours" + options + netns(namespace);
      }
      case "afxdp" -> {
        namespace.run(
            ("ip link add ours numrxqueues 2 numtxqueues 2 type veth"
                    + " peer name wisp0 numrxqueues 2 numtxqueues 2")
                .split(" "));
        namespace.run("ip", "address", "add", host, "dev", "wisp0");
        namespace.run("ip", "link", "set", "wisp0", "up");
        namespace.run("ip", "link", "set", "ours", "up");
        yield "afxdp:ours,own=10.9.1.0/24,mode=native" + netns(namespace);
      }
      default -> {
        namespace.vethTo(ours, "wisp0", host, "ours", "10.9.0.2/16");
        yield "rawip:ours,own=10.9.1.0/24" + netns(ours);
      }
    };
  }

  private static String netns(Namespace namespace) {
    return ",netns=" + namespace.name();
  }

  private static void assertAll(List<Station> stations, String which) {
    long accepted = 0;
    long resets = 0;
    long strays = 0;
    long handedOver = 0;
    for (Station station : stations) {
      long here = station.count(Event.ACCEPTED);
      assertTrue(here > CONNECTIONS / 4, here + " of " + CONNECTIONS + " came to one of two");
      accepted += here;
      // RSTs that answer what comes late for a connection that has ended harm nobody, but none may
      // reach one that lives: neither ours, nor the kernel's, which would complain.
      resets += station.count(Event.RESETS_RECEIVED);
      strays += station.count(Event.DROP_OTHER_CONTEXT);
      assertEquals(CONNECTIONS / CONTEXTS, station.count(Event.CONNECTED));
      handedOver += station.handedOver();
    }
    assertEquals(CONNECTIONS, accepted);
    assertEquals(0, resets, "resets");
    assertTrue(strays <= PINGS_IN_PIECES, strays + " packets reached the wrong context");
    boolean isSortedByTheKernel = which.equals("tun") || which.equals("tap");
    if (isSortedByTheKernel || which.equals("afpacket")) {
      // Signals and fragments are a few dozen at most.
      assertTrue(handedOver < CONNECTIONS / 2, handedOver + " packets came in at the wrong place");
    } else {
      assertTrue(handedOver > CONNECTIONS / 2, "handed over " + handedOver);
    }
  }

  /** A hundred at a time. */
  private static void toUs(Namespace namespace) throws IOException {
    var text = new byte[BYTES];
    for (int i = 0; i < BYTES; i++) {
      text[i] = Stream.at(i);
    }
    for (int round = 0; round < CONNECTIONS / AT_ONCE; round++) {
      var sockets = new ArrayList<SocketChannel>();
      for (int i = 0; i < AT_ONCE; i++) {
        sockets.add(
            namespace.connect(new InetSocketAddress("10.9.1." + (1 + i % 8), KernelLab.ECHO)));
      }
      for (SocketChannel socket : sockets) {
        var all = ByteBuffer.wrap(text);
        while (all.hasRemaining()) {
          socket.write(all);
        }
        socket.shutdownOutput();
      }
      for (SocketChannel socket : sockets) {
        Stream.receive(socket, BYTES);
        Stream.assertEnds(socket);
        socket.close();
      }
    }
  }

  private static void assertPingsAreAnsweredOnce(Namespace namespace) {
    assumeTrue(Namespace.isInstalled("ping"), "ping is not installed");
    for (String size : List.of("56", "4000")) {
      for (String to : List.of("10.9.1.1", "10.9.1.2", "10.9.1.3")) {
        String said = namespace.run("ping", "-c", "2", "-i", "0.2", "-W", "5", "-s", size, to);
        Matcher received = Pattern.compile("2 received").matcher(said);
        assertTrue(received.find() && !said.contains("DUP") && !said.contains("dupl"), said);
      }
    }
  }

  /** The kernel's own echo, one thread. */
  private static final class KernelEcho implements AutoCloseable {
    private final Selector selector = Selector.open();
    private final ServerSocketChannel listener;
    private final Thread thread;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 16);
    private volatile int resets;

    KernelEcho(Namespace namespace) throws IOException {
      listener = namespace.listen(new InetSocketAddress(KernelLab.KERNEL, KERNELS_ECHO));
      listener.configureBlocking(false);
      listener.register(selector, SelectionKey.OP_ACCEPT);
      thread = Thread.ofPlatform().daemon().start(this::serve);
    }

    private void serve() {
      try {
        while (selector.isOpen()) {
          selector.select(key -> serve(key), 100);
        }
      } catch (IOException | ClosedSelectorException e) {
        // closed
      }
    }

    private void serve(SelectionKey key) {
      try {
        if (key.isAcceptable()) {
          SocketChannel accepted = listener.accept();
          if (accepted != null) {
            accepted.configureBlocking(false);
            accepted.register(selector, SelectionKey.OP_READ);
          }
          return;
        }
        var socket = (SocketChannel) key.channel();
        buffer.clear();
        if (socket.read(buffer) < 0) {
          socket.close();
          return;
        }
        buffer.flip();
        while (buffer.hasRemaining()) {
          socket.write(buffer); // a few kilobytes always fit
        }
      } catch (IOException e) {
        resets++;
        key.cancel();
      }
    }

    @Override
    public void close() throws IOException, InterruptedException {
      selector.close();
      listener.close();
      thread.join();
    }
  }

  /** One of our contexts, with an echo and connections of its own to open. */
  private static final class Station implements AutoCloseable {
    private final Link link;
    private final MemoryStrategy memory;
    private final Context context;
    private final Service service = Services.named("echo");
    private final Load load =
        new Load(
            new LoadPlan(
                Endpoint.of(KernelLab.KERNEL, KERNELS_ECHO),
                CONNECTIONS / CONTEXTS,
                BYTES,
                true,
                0,
                50,
                3));
    private volatile boolean opens;
    private @Nullable StackThread thread;

    Station(Link link) {
      this.link = link;
      var random = new SecureRandom();
      memory =
          Catalog.strategy("slab")
              .create(
                  new StrategyConfig(
                      RecordStore.STATE_WORDS,
                      4 * CONNECTIONS,
                      0,
                      random.nextLong(),
                      random.nextLong(),
                      Map.of()));
      context =
          new Context(
              ContextConfig.of(IpPrefix.parse("10.9.1.0/24")), memory, link, random::nextLong);
      service.start(context);
      context.listen(Endpoint.any(KernelLab.ECHO), ConnectionProfile.NO_DELAY, service);
    }

    void start() {
      thread = new StackThread(context, link, this::chores);
    }

    private long chores(long now) {
      long next = service.retry(context) ? now + 1_000_000 : Long.MAX_VALUE;
      return opens ? Math.min(next, load.work(context, now)) : next;
    }

    void opens() {
      opens = true;
      link.wake();
    }

    void awaitLoad() {
      for (int i = 0; i < 4_000 && !call(c -> load.isDone()); i++) {
        KernelLab.pause(10);
      }
      boolean good = call(c -> load.isDone() && load.isGood());
      String report = call(c -> load.report());
      assertTrue(good, report);
    }

    private <T> T call(Function<Context, T> action) {
      return Objects.requireNonNull(thread).call(action);
    }

    long count(Event event) {
      return call(c -> c.counters().get(event));
    }

    long handedOver() {
      return call(c -> ((SteeredLink) link).handedOver());
    }

    @Override
    public void close() {
      if (thread != null) {
        thread.close();
      }
      service.stop(context);
      context.close();
      memory.close();
    }
  }
}
