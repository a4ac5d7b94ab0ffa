package wisp.lab.restart;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import wisp.lab.FailedException;
import wisp.lab.Main;
import wisp.lab.kernel.KernelHost;

/**
 * {@code wisp serve echo} in a namespace, kernel peers beside it, and the kill. The peers live in
 * processes of so many descriptors each, with a source address each.
 */
final class RestartLab implements AutoCloseable {
  /** A little below the usual limit of descriptors. */
  private static final int PER_PROCESS = 18_000;

  private static final String DEVICE = "wisp0";
  private static final String SERVER = "10.9.1.1";
  private static final int NOBODYS_PORT = 9;
  private static final int MOST_PROCESSES = 200;

  /** RSTs that the kernel sent, and by which of /proc/net/netstat it gives up a connection. */
  private static final List<String> GIVEN_UP =
      List.of(
          "OutRsts",
          "TCPAbortOnData",
          "TCPAbortOnClose",
          "TCPAbortOnMemory",
          "TCPAbortOnTimeout",
          "TCPAbortOnLinger",
          "TCPAbortFailed");

  private static final List<String> PEER_FLAGS = List.of("-Xmx192m", "-XX:+UseSerialGC");
  private static final List<String> SERVER_FLAGS = List.of("-Xmx1g", "-XX:+UseSerialGC");
  private final KernelHost host = new KernelHost();
  private final String strategy;
  private final Map<String, String> parameters;
  private final long capacity;
  private final Path folder;
  private final List<Conversation> peers = new ArrayList<>();
  private @Nullable Conversation server;
  private @Nullable ResetWatch watch;

  /**
   * What came of a question to all connections.
   *
   * @param silent neither reset nor answered in time
   */
  record Answer(long whole, long reset, long wrong, long silent) {
    static Answer parse(String line) {
      String[] words = line.split(" ");
      return new Answer(
          Long.parseLong(words[1]),
          Long.parseLong(words[3]),
          Long.parseLong(words[5]),
          Long.parseLong(words[7]));
    }

    Answer plus(Answer other) {
      return new Answer(
          whole + other.whole, reset + other.reset, wrong + other.wrong, silent + other.silent);
    }
  }

  /**
   * What a server said when it was ready.
   *
   * @param seconds from its start, that of its JVM included
   * @param millis of these, to take over what it found
   */
  record Ready(double seconds, long restored, long reset, double millis) {}

  RestartLab(String strategy, Map<String, String> parameters, long capacity) {
    this.strategy = strategy;
    this.parameters = parameters;
    this.capacity = capacity;
    try {
      folder = Files.createTempDirectory("wisp-restart");
    } catch (IOException e) {
      host.close();
      throw new UncheckedIOException(e);
    }
  }

  private List<String> inside() {
    return List.of("ip", "netns", "exec", host.name());
  }

  /** Starts a server, or the next one, and waits until it is ready. */
  Ready start(boolean takeOver) {
    long begun = System.nanoTime();
    var arguments =
        new ArrayList<>(
            List.of(
                "serve",
                "echo",
                "--link",
                "tun:" + DEVICE + ",persist=on",
                "--host",
                "10.9.0.1/16",
                "--own",
                "10.9.1.0/24",
                "--port",
                "7",
                "--memory",
                strategy,
                "--capacity",
                Long.toString(capacity)));
    parameters.forEach(
        (name, value) -> arguments.addAll(List.of("--param", strategy + "." + name + "=" + value)));
    if (strategy.equals(RestartSuite.DURABLE) && !parameters.containsKey("file")) {
      arguments.addAll(List.of("--param", strategy + ".file=" + folder.resolve("memory")));
    }
    if (takeOver) {
      arguments.add("--take-over");
    }
    Conversation next = new Conversation("server", inside(), SERVER_FLAGS, Main.class, arguments);
    Conversation before = server;
    server = next;
    String line = next.expect("ready");
    if (before != null) {
      before.close();
    }
    double seconds = (System.nanoTime() - begun) / 1e9;
    return new Ready(
        seconds, (long) number(line, "restored"), (long) number(line, "reset"), number(line, "ms"));
  }

  private static double number(String line, String name) {
    for (String word : line.split(" ")) {
      if (word.startsWith(name + "=")) {
        return Double.parseDouble(word.substring(name.length() + 1));
      }
    }
    return 0;
  }

  /** SIGKILL. */
  void kill() {
    if (server != null) {
      server.kill();
      server.close();
      server = null;
    }
  }

  /** Opens so many connections. */
  void open(long connections, long seed) {
    int processes = (int) ((connections + PER_PROCESS - 1) / PER_PROCESS);
    if (processes > MOST_PROCESSES) {
      throw new FailedException(connections + " connections need " + processes + " processes");
    }
    long left = connections;
    for (int i = 0; i < processes; i++) {
      String from = "10.9.2." + (1 + i);
      host.run("ip", "addr", "add", from + "/32", "dev", "lo");
      peers.add(
          new Conversation(
              "peers",
              inside(),
              PEER_FLAGS,
              EchoPeers.class,
              List.of(SERVER, "7", from, Long.toString(seed * 1_000 + i))));
      peers.getLast().expect("ready");
      long share = Math.min(left, PER_PROCESS);
      peers.getLast().say("open " + share);
      left -= share;
    }
    peers.forEach(p -> p.expect("open"));
  }

  /** A message on each connection, and its echo. */
  Answer ask(int seconds) {
    peers.forEach(p -> p.say("ask " + seconds));
    return answer();
  }

  /** Every connection echoes from now on. */
  void run() {
    peers.forEach(p -> p.say("run"));
    peers.forEach(p -> p.expect("running"));
  }

  /**
   * Has the kernel resend at least so often, where it knows how: each outage counts as a round trip
   * for it, and after many its patience is longer than anybody's.
   */
  void resendWithin(int millis) {
    host.run(
        "sh", "-c", "f=/proc/sys/net/ipv4/tcp_rto_max_ms; [ ! -e $f ] || echo " + millis + " > $f");
  }

  /** No more messages; what of those under way has come back. */
  Answer rest(int seconds) {
    peers.forEach(p -> p.say("rest " + seconds));
    return answer();
  }

  private Answer answer() {
    var sum = new Answer(0, 0, 0, 0);
    for (Conversation p : peers) {
      sum = sum.plus(Answer.parse(p.expect("whole")));
    }
    return sum;
  }

  /** Has tshark count RST segments from now on; a server must run. */
  void watch() {
    watch = new ResetWatch(host, DEVICE, new InetSocketAddress(SERVER, NOBODYS_PORT));
  }

  /**
   * RST segments between the two since {@link #watch}; {@code null}: nobody watches. A server must
   * run.
   */
  ResetWatch.@Nullable Seen seen() {
    return watch == null ? null : watch.seen();
  }

  /** A counter of the kernel's TCP, from /proc/net/snmp or /proc/net/netstat. */
  long kernel(String counter) {
    String[] lines = host.run("cat", "/proc/net/snmp", "/proc/net/netstat").split("\n");
    for (int i = 0; i + 1 < lines.length; i++) {
      List<String> names = List.of(lines[i].split(" "));
      String[] values = lines[i + 1].split(" ");
      int at = names.indexOf(counter);
      if (at > 0 && lines[i].startsWith("Tcp") && values[0].equals(names.getFirst())) {
        return Long.parseLong(values[at]);
      }
    }
    throw new FailedException("the kernel has no counter " + counter);
  }

  /** How often a RST ended a connection of the kernel's. */
  long kernelResets() {
    return kernel("EstabResets");
  }

  /** How often the kernel ended one of its own accord; 0 exactly if it never did. */
  long kernelGaveUp() {
    return GIVEN_UP.stream().mapToLong(this::kernel).sum();
  }

  static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new FailedException("interrupted", e);
    }
  }

  @Override
  public void close() {
    peers.forEach(Conversation::close);
    if (watch != null) {
      watch.close();
    }
    if (server != null) {
      server.close();
    }
    host.close();
    try (var files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
      Files.delete(folder);
    } catch (IOException e) {
      // It lies in the folder for temporary files.
    }
  }
}
