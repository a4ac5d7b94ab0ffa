package wisp.lab.interop;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import wisp.core.spi.LinkException;
import wisp.drivers.linux.NetworkNamespace;
import wisp.drivers.tun.TunProvider;

/**
 * A network namespace for one test: a kernel TCP with settings of its own. Sockets are opened by a
 * thread that has moved there and can be used by all others.
 */
final class Namespace implements AutoCloseable {
  private static final AtomicInteger COUNT = new AtomicInteger();
  private static final long COMMAND_SECONDS = 20;
  private final String name =
      "wisp-io-" + ProcessHandle.current().pid() + "-" + COUNT.incrementAndGet();
  private final Thread atExit = new Thread(this::delete);

  /** Makes one, or skips the test with the reason. */
  Namespace() {
    String reason = new TunProvider().unavailable();
    assumeTrue(reason == null, reason);
    assumeTrue(isInstalled("ip"), "ip (package iproute2) is not installed");
    Outcome made = outcome(List.of("ip", "netns", "add", name));
    assumeTrue(made.exit == 0, "no network namespace can be made here: " + made.output);
    Runtime.getRuntime().addShutdownHook(atExit);
    run("ip", "link", "set", "lo", "up");
  }

  private record Outcome(int exit, String output) {}

  /** Whether there is such a program on the path. */
  static boolean isInstalled(String program) {
    return Arrays.stream(System.getenv().getOrDefault("PATH", "").split(":"))
        .anyMatch(folder -> new File(folder, program).canExecute());
  }

  String name() {
    return name;
  }

  /** Sets {@code net.ipv4.NAME}. */
  void sysctl(String setting, String value) {
    run("sh", "-c", "echo " + value + " > /proc/sys/net/ipv4/" + setting);
  }

  /** Has the kernel in it pass packets on, of both families. */
  void forward() {
    run("sh", "-c", "for f in 4/conf 6/conf; do echo 1 > /proc/sys/net/ipv$f/all/forwarding; done");
  }

  /** Runs a program inside; fails when it does. Returns what it wrote. */
  String run(String... command) {
    Outcome outcome = outcome(inside(command));
    if (outcome.exit != 0) {
      throw new AssertionError(
          String.join(" ", command) + " ended with " + outcome.exit + ": " + outcome.output);
    }
    return outcome.output;
  }

  /** Starts a program inside. */
  Process start(String... command) {
    try {
      return new ProcessBuilder(inside(command))
          .redirectErrorStream(true)
          .redirectInput(new File("/dev/null"))
          .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Runs a Python program inside, arguments in {@code sys.argv[1:]}. */
  String python(String program, String... arguments) {
    assumeTrue(isInstalled("python3"), "python3 is not installed");
    var command = new ArrayList<>(List.of("python3", "-c", program));
    command.addAll(List.of(arguments));
    return run(command.toArray(String[]::new));
  }

  private List<String> inside(String... command) {
    var all = new ArrayList<>(List.of("ip", "netns", "exec", name));
    all.addAll(List.of(command));
    return all;
  }

  private static Outcome outcome(List<String> command) {
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectInput(new File("/dev/null"))
              .start();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (!process.waitFor(COMMAND_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError(String.join(" ", command) + " does not end: " + output);
      }
      return new Outcome(process.exitValue(), output);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  /** What may fail to reach a peer. */
  @FunctionalInterface
  interface SocketAction<T> {
    T run() throws IOException;
  }

  /** Does something on a thread that is inside: sockets opened there stay there. */
  <T> T with(SocketAction<T> action) throws IOException {
    try {
      return NetworkNamespace.inside(
          name,
          () -> {
            try {
              return action.run();
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    } catch (UncheckedIOException e) {
      throw e.getCause();
    } catch (LinkException e) {
      throw new AssertionError(e);
    }
  }

  private static StandardProtocolFamily family(InetSocketAddress of) {
    return of.getAddress() instanceof Inet6Address
        ? StandardProtocolFamily.INET6
        : StandardProtocolFamily.INET;
  }

  /** A kernel socket, not connected. */
  SocketChannel socket() throws IOException {
    return with(() -> SocketChannel.open(StandardProtocolFamily.INET));
  }

  /** A kernel socket connected to us. */
  SocketChannel connect(InetSocketAddress to) throws IOException {
    return with(
        () -> {
          var socket = SocketChannel.open(family(to));
          try {
            socket.connect(to);
          } catch (IOException e) {
            socket.close();
            throw e;
          }
          return socket;
        });
  }

  /** A kernel listener. */
  ServerSocketChannel listen(InetSocketAddress at) throws IOException {
    return with(
        () ->
            ServerSocketChannel.open(family(at))
                .setOption(StandardSocketOptions.SO_REUSEADDR, true)
                .bind(at, 4_096));
  }

  private void delete() {
    outcome(List.of("ip", "netns", "del", name));
  }

  @Override
  public void close() {
    delete();
    try {
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (IllegalStateException e) {
      // We are being shut down: the hook runs anyway.
    }
  }
}
