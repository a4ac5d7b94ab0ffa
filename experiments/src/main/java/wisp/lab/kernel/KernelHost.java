package wisp.lab.kernel;

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
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.LinkException;
import wisp.drivers.linux.NetworkNamespace;
import wisp.drivers.tun.TunProvider;
import wisp.lab.FailedException;
import wisp.lab.measure.Machine;

/**
 * A network namespace of our own: a kernel's TCP with settings of its own, which touches nothing
 * outside. Sockets are opened by a thread that has moved there and can be used by all others. It is
 * named by our process id and removed on close, also when the JVM is told to end.
 */
public class KernelHost implements AutoCloseable {
  private static final AtomicInteger COUNT = new AtomicInteger();
  private static final long COMMAND_SECONDS = 20;
  private static final String PREFIX = "wisp-io-";
  private final String name =
      PREFIX + ProcessHandle.current().pid() + "-" + COUNT.incrementAndGet();
  private final Thread atExit = new Thread(this::delete);

  /**
   * Makes one.
   *
   * @throws FailedException in one line when that can't be done here
   */
  public KernelHost() {
    Outcome made = outcome(List.of("ip", "netns", "add", name));
    if (made.exit != 0) {
      throw new FailedException("no network namespace can be made here: " + made.output.strip());
    }
    Runtime.getRuntime().addShutdownHook(atExit);
    run("ip", "link", "set", "lo", "up");
  }

  /** Why none can be made here, in one line; {@code null} when it can. */
  public static @Nullable String unavailable() {
    String reason = new TunProvider().unavailable();
    if (reason != null) {
      return reason;
    }
    if (!Machine.isRoot()) {
      return "needs root for network namespaces: run with sudo";
    }
    return Machine.hasProgram("ip") ? null : "needs the program ip: apt install iproute2";
  }

  private record Outcome(int exit, String output) {}

  /** As {@code ip netns} knows it. */
  public String name() {
    return name;
  }

  /** Sets {@code net.ipv4.NAME}. */
  public void sysctl(String setting, String value) {
    run("sh", "-c", "echo " + value + " > /proc/sys/net/ipv4/" + setting);
  }

  /** Has the kernel in it pass packets on, of both families. */
  public void forward() {
    run("sh", "-c", "for f in 4/conf 6/conf; do echo 1 > /proc/sys/net/ipv$f/all/forwarding; done");
  }

  /**
   * Makes a pair of Ethernet interfaces inside, both up: {@code kernels} has those addresses,
   * {@code ours} is for a link and says nothing by itself.
   *
   * @param addresses with their prefixes, such as {@code 10.9.0.1/16}
   */
  public void veth(String ours, String kernels, String... addresses) {
    run("ip", "link", "add", ours, "type", "veth", "peer", "name", kernels);
    run("sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/" + ours + "/disable_ipv6");
    for (String address : addresses) {
      var command = new ArrayList<>(List.of("ip", "address", "add", address, "dev", kernels));
      if (address.contains(":")) {
        command.add("nodad"); // usable at once
      }
      run(command.toArray(String[]::new));
    }
    run("ip", "link", "set", kernels, "up");
    run("ip", "link", "set", ours, "up");
  }

  /** Runs a program inside; fails when it does. Returns what it wrote. */
  public String run(String... command) {
    Outcome outcome = outcome(inside(command));
    if (outcome.exit != 0) {
      throw new FailedException(
          String.join(" ", command) + " ended with " + outcome.exit + ": " + outcome.output);
    }
    return outcome.output;
  }

  /** Starts a program inside. */
  public Process start(String... command) {
    try {
      return new ProcessBuilder(inside(command))
          .redirectErrorStream(true)
          .redirectInput(new File("/dev/null"))
          .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
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
        throw new FailedException(String.join(" ", command) + " does not end: " + output);
      }
      return new Outcome(process.exitValue(), output);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new FailedException(String.valueOf(e.getMessage()), e);
    }
  }

  /** What may fail to reach a peer. */
  @FunctionalInterface
  public interface SocketAction<T> {
    /** Does it. */
    T run() throws IOException;
  }

  /** Does something on a thread that is inside: sockets opened there stay there. */
  public <T> T with(SocketAction<T> action) throws IOException {
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
      throw new FailedException(String.valueOf(e.getMessage()), e);
    }
  }

  private static StandardProtocolFamily family(InetSocketAddress of) {
    return of.getAddress() instanceof Inet6Address
        ? StandardProtocolFamily.INET6
        : StandardProtocolFamily.INET;
  }

  /** A kernel socket, not connected. */
  public SocketChannel socket() throws IOException {
    return with(() -> SocketChannel.open(StandardProtocolFamily.INET));
  }

  /** A kernel socket connected to us. */
  public SocketChannel connect(InetSocketAddress to) throws IOException {
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
  public ServerSocketChannel listen(InetSocketAddress at) throws IOException {
    return with(
        () ->
            ServerSocketChannel.open(family(at))
                .setOption(StandardSocketOptions.SO_REUSEADDR, true)
                .bind(at, 4_096));
  }

  /** Removes those that a process had made, which did not end by itself. */
  public static void removeAllOf(long pid) {
    for (String line : outcome(List.of("ip", "netns", "list")).output.lines().toList()) {
      String each = line.split(" ", 2)[0];
      if (each.startsWith(PREFIX + pid + "-")) {
        outcome(List.of("ip", "netns", "del", each));
      }
    }
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
