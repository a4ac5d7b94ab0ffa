package wisp.lab.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;
import wisp.core.ip.NetworkConfig;
import wisp.core.spi.Footprint;
import wisp.core.stack.Endpoint;

/**
 * A process puts fragments on the device as fast as it can, from 100 forged sources of each family:
 * first ones alone, middle ones alone, overlapping ones, such of 8 bytes. A download goes on
 * meanwhile, each byte of it checked.
 *
 * <p>The same packets for an address that is not ours, which the stack drops at once, are the
 * measure: they cost sender, kernel and machine as much. Prints what was measured.
 */
@DisplayName("A flood of fragments takes no more than its budget, and a transfer goes on")
@Tag("interop")
@Timeout(60)
class FragmentFloodTest {
  private static final int PORT = 100;
  private static final int ROUNDS = Integer.getInteger("wisp.flood.rounds", 5);
  private static final int MILLIS = Integer.getInteger("wisp.flood.millis", 500);
  private static final long NEVER_ENDS = 1L << 50;

  /** What one connection in full flow has of blocks beside the fragments. */
  private static final long OWN_BLOCKS_BYTES = 64 << 10;

  private static final String FLOOD =
      """
      family, here, seconds = int(sys.argv[1]), sys.argv[2] == 'fragments', float(sys.argv[3])
      to = OURS[family] if here else {4: '10.9.200.1', 6: 'fd00:9::200:1'}[family]
      forged = {4: '10.9.0.%d', 6: 'fd00:9::%d'}[family]
      device.setsockopt(263, 20, 1)  # SOL_PACKET, PACKET_QDISC_BYPASS
      text = bytes(range(256)) * 6
      flood = []
      for i in range(1000):
          source = forged % (100 + i % 100)
          def one(piece, ident, offset):
              flood.append(fragment(family, 17, piece, ident, offset, True, to, source))
          one(text[:1400], 4 * i, 0)
          one(text[:1400], 4 * i + 1, 2800)
          one(text[:1200], 4 * i + 2, 1200)
          one(text[:1200], 4 * i + 2, 1800)
          for k in range(4):
              one(text[:8], 4 * i + 3, 16 * k)
      print('go', flush=True)
      sent, full, until, send = 0, 0, time.monotonic() + seconds, device.send
      while time.monotonic() < until:
          for packet in flood:
              try:
                  send(packet)
                  sent += 1
              except OSError:
                  full += 1
      print(sent, full, time.process_time())
      """;

  private final AtomicLong received = new AtomicLong();
  private KernelLab lab;

  /** Goodput in bit/s; packets per second that the stack took; its share of a core. */
  private record Interval(double goodput, double packets, double cpu) {
    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "%5.0f Mbit/s %7.0f packets/s %3.0f %% of a core",
          goodput / 1e6,
          packets,
          cpu * 100);
    }
  }

  @ParameterizedTest(name = "IPv{0}")
  @ValueSource(ints = {4, 6})
  @Tag("rfc815-c")
  void whenFragmentsFloodIn_thenMemoryStaysInItsBudget_andTheTransferGoesOn(int family)
      throws IOException {
    assumeTrue(Namespace.isInstalled("python3"), "python3 is not installed");
    var peer = new Peer(NEVER_ENDS);
    var quiet = new Interval[ROUNDS];
    var elsewhere = new Interval[ROUNDS];
    var flooded = new Interval[ROUNDS];
    try (KernelLab opened = KernelLab.with().dualStack().open()) {
      lab = opened;
      lab.listen(Endpoint.any(PORT), peer);
      try (SocketChannel socket = lab.dial(PORT)) {
        Thread reader = Thread.ofPlatform().start(() -> read(socket));
        under(family, "fragments"); // the code becomes warm
        for (int i = 0; i < ROUNDS; i++) {
          quiet[i] = measure();
          elsewhere[i] = under(family, "elsewhere");
          flooded[i] = under(family, "fragments");
        }
        assertTrue(reader.isAlive(), "the transfer ended");
      }
      peer.awaitEvent("closed ResetByPeer");
      report(family, quiet, elsewhere, flooded);
      assertTrue(lab.count(Event.DROP_FRAGMENT_BUDGET) > 1_000, "that was no flood");
      assertTrue(lab.count(Event.DROP_FRAGMENT_OVERLAP) > 0, "nothing overlapped");
      assertEquals(0, lab.count(Event.REASSEMBLED));
      assertEquals(0, lab.count(Event.DROP_NO_BLOCK));
      assertTrue(
          blocks() <= NetworkConfig.DEFAULT.fragmentBytes(), "blocks at the end: " + blocks());
    }
    // In the best round: what else the machine does only disturbs.
    assertTrue(bestRound(elsewhere, flooded) >= 0.5, "the transfer starves");
  }

  /** The kernel takes it and checks each byte, until the socket is closed. */
  private void read(SocketChannel socket) {
    long step = 1 << 20;
    try {
      while (true) {
        Stream.receive(socket, received.get(), received.get() + step);
        received.addAndGet(step);
      }
    } catch (IOException e) {
      // closed: the test is over
    }
  }

  private Interval under(int family, String where) throws IOException {
    Process sender =
        lab.namespace()
            .start(
                "python3",
                "-c",
                Packets.PYTHON + FLOOD,
                String.valueOf(family),
                where,
                String.valueOf(MILLIS / 1e3 + 0.2));
    try (BufferedReader said = sender.inputReader(StandardCharsets.UTF_8)) {
      assertEquals("go", said.readLine());
      Interval interval = measure();
      System.out.printf("%-9s %s, sender: %s%n", where, interval, said.readLine());
      return interval;
    } finally {
      sender.destroy();
    }
  }

  /** Looks at the memory while it measures. */
  private Interval measure() {
    long begin = System.nanoTime();
    long bytes = received.get();
    long packets = lab.count(Event.PACKETS_RECEIVED);
    long cpu = cpuNanos();
    while (System.nanoTime() - begin < MILLIS * 1_000_000L) {
      KernelLab.pause(50);
      long most = NetworkConfig.DEFAULT.fragmentBytes() + OWN_BLOCKS_BYTES;
      assertTrue(blocks() <= most, "blocks in use: " + blocks());
    }
    bytes = received.get() - bytes;
    packets = lab.count(Event.PACKETS_RECEIVED) - packets;
    cpu = cpuNanos() - cpu;
    double nanos = System.nanoTime() - begin;
    return new Interval(bytes * 8e9 / nanos, packets * 1e9 / nanos, cpu / nanos);
  }

  private long cpuNanos() {
    return ManagementFactory.getThreadMXBean().getThreadCpuTime(lab.thread().threadId());
  }

  private long blocks() {
    return lab.call(
        c -> {
          var footprint = new Footprint();
          c.footprint(footprint);
          return footprint.inUseBytes(Footprint.Kind.BLOCKS);
        });
  }

  private static double best(Interval[] intervals) {
    return Arrays.stream(intervals).mapToDouble(Interval::goodput).max().orElseThrow();
  }

  private static double bestRound(Interval[] elsewhere, Interval[] flooded) {
    return IntStream.range(0, ROUNDS)
        .mapToDouble(i -> flooded[i].goodput / elsewhere[i].goodput)
        .max()
        .orElseThrow();
  }

  private static double median(Interval[] intervals) {
    return Arrays.stream(intervals).mapToDouble(Interval::goodput).sorted().toArray()[ROUNDS / 2];
  }

  /** Bits delivered for a second of our thread's work. */
  private static double perCpuSecond(Interval[] intervals) {
    return Arrays.stream(intervals).mapToDouble(Interval::goodput).sum()
        / Arrays.stream(intervals).mapToDouble(Interval::cpu).sum();
  }

  private void report(int family, Interval[] quiet, Interval[] elsewhere, Interval[] flooded) {
    System.out.printf("IPv%d: no flood; the same packets for others; fragments for us%n", family);
    report("best interval, Mbit/s", FragmentFloodTest::best, quiet, elsewhere, flooded);
    report("median, Mbit/s", FragmentFloodTest::median, quiet, elsewhere, flooded);
    report("per s of our thread, Mbit", FragmentFloodTest::perCpuSecond, quiet, elsewhere, flooded);
    System.out.println(lab.<Object>call(c -> c.counters().nonZero()));
  }

  private static void report(
      String what,
      ToDoubleFunction<Interval[]> figure,
      Interval[] quiet,
      Interval[] elsewhere,
      Interval[] flooded) {
    double most = figure.applyAsDouble(elsewhere);
    double left = figure.applyAsDouble(flooded);
    System.out.printf(
        Locale.ROOT,
        "  %-26s %6.0f; %6.0f; %6.0f: %.0f %%%n",
        what,
        figure.applyAsDouble(quiet) / 1e6,
        most / 1e6,
        left / 1e6,
        100 * left / most);
  }
}
