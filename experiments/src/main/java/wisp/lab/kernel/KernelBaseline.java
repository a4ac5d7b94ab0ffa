package wisp.lab.kernel;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import wisp.lab.FailedException;
import wisp.lab.measure.Machine;
import wisp.lab.measure.ProcFile;
import wisp.lab.run.ChildJvm;

/**
 * What an idle connection costs the Linux kernel, on this machine and now: pairs of processes hold
 * connections between two namespaces, more and more of them, and at each number asked for we look
 * at the kernel's memory. All processes are started before the first look, and hold descriptors
 * only, so what grows in between is the kernel.
 */
public final class KernelBaseline {
  /** What a process holds at most, a little below the usual limit of descriptors. */
  private static final int PER_PROCESS = 18_000;

  private static final int FIRST_PORT = 5001;

  /** A cache that grew by fewer objects per end than this has nothing to do with connections. */
  private static final double LEAST_OBJECTS_PER_END = 0.2;

  /** No idle socket has so many objects of one kind: somebody else is at work. */
  private static final double MOST_OBJECTS_PER_END = 3;

  private static final Set<String> SOCKET_INODES = Set.of("sock_inode_cache", "lsm_inode_cache");
  private static final Set<String> ONE_EACH = Set.of("dentry", "lsm_inode_cache");

  /** Memory per pair of ends, generously: to see whether it fits. */
  private static final long PAIR_BYTES = 14_000;

  private static final long PROCESS_BYTES = 60L << 20;
  private static final List<String> FLAGS =
      List.of("-Xmx24m", "-Xms24m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto");

  private KernelBaseline() {}

  /** Why it can't be measured here, in one line; {@code null} when it can. */
  public static @Nullable String unavailable() {
    if (!System.getProperty("os.name").equals("Linux")) {
      return "the kernel's own cost can be measured on Linux only";
    }
    if (!Machine.isRoot()) {
      return "needs root for /proc/slabinfo and network namespaces: run with sudo";
    }
    if (!Machine.hasProgram("ip")) {
      return "needs the program ip: apt install iproute2";
    }
    return ProcFile.text("/proc/slabinfo").isEmpty() ? "the kernel shows no /proc/slabinfo" : null;
  }

  /** Why so many would not fit, in one line; {@code null} when they do. */
  public static @Nullable String misfit(long connections) {
    long need = connections * PAIR_BYTES + 2 * pairs(connections) * PROCESS_BYTES;
    return need > Machine.availableBytes()
        ? "needs about " + (need >> 20) + " MiB, " + (Machine.availableBytes() >> 20) + " are free"
        : null;
  }

  private static long pairs(long connections) {
    return (connections + PER_PROCESS - 1) / PER_PROCESS;
  }

  /**
   * Measures at each count.
   *
   * @param counts ascending
   * @param point told as soon as one is known
   * @param timeout for all
   * @throws FailedException in one line when it can't go on
   */
  public static void measure(List<Long> counts, Consumer<KernelPoint> point, Duration timeout) {
    int pairs = (int) pairs(counts.getLast());
    long deadline = System.nanoTime() + timeout.toNanos();
    var children = new ArrayList<Child>();
    var namespaces = new Namespaces(pairs);
    try {
      var servers = new ArrayList<Child>();
      var clients = new ArrayList<Child>();
      for (int i = 0; i < pairs; i++) {
        servers.add(server(namespaces, i));
        children.add(servers.getLast());
      }
      for (Child server : servers) {
        server.expect("ready");
      }
      for (int i = 0; i < pairs; i++) {
        clients.add(client(namespaces, i));
        children.add(clients.getLast());
      }
      for (Child client : clients) {
        client.expect("ready");
      }
      settle();
      var before = KernelMemory.now();
      long held = 0;
      for (long count : counts) {
        long start = System.nanoTime();
        open(clients, count);
        awaitAccepted(servers, count, deadline);
        double rate = (count - held) * 1e9 / (System.nanoTime() - start);
        held = count;
        settle();
        point.accept(compare(before, KernelMemory.now(), count, rate));
      }
    } finally {
      children.forEach(Child::close);
      namespaces.close();
    }
  }

  private static Child server(Namespaces namespaces, int i) {
    return new Child(
        ChildJvm.start(
            "kernel server",
            namespaces.inServer(),
            FLAGS,
            Holder.class,
            List.of("server", Namespaces.SERVER_IP, Integer.toString(FIRST_PORT + i))));
  }

  private static Child client(Namespaces namespaces, int i) {
    return new Child(
        ChildJvm.start(
            "kernel client",
            namespaces.inClient(),
            FLAGS,
            Holder.class,
            List.of(
                "client",
                Namespaces.SERVER_IP,
                Integer.toString(FIRST_PORT + i),
                Namespaces.clientIp(i))));
  }

  /** Fills one client after the other up to {@code total} in all. */
  private static void open(List<Child> clients, long total) {
    long left = total;
    for (Child client : clients) {
      long share = Math.min(left, PER_PROCESS);
      client.say("open " + Math.max(0, share - client.held));
      left -= share;
    }
    for (Child client : clients) {
      client.readHeld();
    }
  }

  private static void awaitAccepted(List<Child> servers, long total, long deadline) {
    while (true) {
      long sum = 0;
      for (Child server : servers) {
        server.say("count");
        server.readHeld();
        sum += server.held;
      }
      if (sum >= total) {
        return;
      }
      if (System.nanoTime() > deadline) {
        throw new FailedException(
            "kernel: only " + sum + " of " + total + " connections were accepted in time");
      }
      sleep(20);
    }
  }

  /** Lets delayed work of the kernel (RCU, timers of the handshake) come to an end. */
  private static void settle() {
    sleep(1500);
  }

  private static void sleep(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new FailedException("interrupted", e);
    }
  }

  static KernelPoint compare(
      KernelMemory before, KernelMemory after, long connections, double rate) {
    double ends = 2.0 * connections;
    var caches = new TreeMap<String, Double>();
    double socketBytes = 0;
    var growths = after.slab().since(before.slab());
    double sockets = objects(growths, "sock_inode_cache");
    for (var growth : growths.entrySet()) {
      String name = growth.getKey();
      double perEnd = growth.getValue().objects() / ends;
      if (perEnd < LEAST_OBJECTS_PER_END || perEnd > MOST_OBJECTS_PER_END || isOfOthers(name)) {
        continue;
      }
      // A socket has one inode and one directory entry; others' come from whoever looks at files
      // meanwhile, be it only at /proc.
      double objects = growth.getValue().objects();
      double share = ONE_EACH.contains(name) ? Math.min(1, sockets / objects) : 1;
      caches.put(name, share * objects / ends);
      socketBytes += share * growth.getValue().pageBytes();
    }
    return new KernelPoint(
        connections,
        socketBytes / ends,
        (after.slabBytes() - before.slabBytes()) / ends,
        (after.allBytes() - before.allBytes()) / ends,
        caches,
        rate);
  }

  /**
   * Inodes of files, and packets: an idle connection has neither, whatever else happens here may.
   */
  private static boolean isOfOthers(String cache) {
    return (cache.endsWith("inode_cache") && !SOCKET_INODES.contains(cache))
        || cache.startsWith("skbuff");
  }

  private static double objects(Map<String, SlabInfo.Cache> growths, String name) {
    return growths.getOrDefault(name, new SlabInfo.Cache(0, 0, 0)).objects();
  }

  /** A holder and the conversation with it. */
  private static final class Child implements AutoCloseable {
    private final ChildJvm jvm;
    private final BufferedReader output;
    private long held;

    Child(ChildJvm jvm) {
      this.jvm = jvm;
      output = new BufferedReader(new InputStreamReader(jvm.output(), StandardCharsets.US_ASCII));
    }

    void say(String command) {
      jvm.say(command);
    }

    void readHeld() {
      held = Long.parseLong(line().substring("held ".length()));
    }

    void expect(String text) {
      String line = line();
      if (!line.equals(text)) {
        throw new FailedException("a holder of kernel connections said '" + line + "'");
      }
    }

    private String line() {
      try {
        String line = output.readLine();
        if (line == null) {
          throw new FailedException(jvm.failure());
        }
        return line;
      } catch (IOException e) {
        throw new FailedException(jvm.failure(), e);
      }
    }

    @Override
    public void close() {
      jvm.close();
    }
  }
}
