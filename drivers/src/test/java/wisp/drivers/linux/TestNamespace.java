package wisp.drivers.linux;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.drivers.tun.TunProvider;

/** A network namespace for one test, with a kernel to talk to; deleted by {@link #close}. */
public final class TestNamespace implements AutoCloseable {
  private static final AtomicInteger COUNT = new AtomicInteger();
  private final String name =
      "wisp-test-" + ProcessHandle.current().pid() + "-" + COUNT.incrementAndGet();

  /** Makes one, or skips the test with the reason. */
  public TestNamespace() {
    String reason = new TunProvider().unavailable();
    assumeTrue(reason == null, reason);
    assumeTrue(succeeds("ip", "-V"), "ip (package iproute2) is not installed");
    assumeTrue(
        succeeds("ip", "netns", "add", name), "network namespaces can't be made here: not root?");
    run("ip", "link", "set", "lo", "up");
  }

  /** As {@code ip netns} knows it. */
  public String name() {
    return name;
  }

  /** Runs a command inside, returns what it wrote; fails when it failed or takes half a minute. */
  public String run(String... command) {
    var process = start(command);
    try {
      var output = new CompletableFuture<String>();
      Thread.ofPlatform()
          .daemon()
          .start(
              () -> {
                try (var stream = process.getInputStream()) {
                  output.complete(new String(stream.readAllBytes()));
                } catch (IOException e) {
                  output.completeExceptionally(e);
                }
              });
      if (!process.waitFor(30, TimeUnit.SECONDS) || process.exitValue() != 0) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        throw new AssertionError(
            String.join(" ", command) + " failed: " + output.get(5, TimeUnit.SECONDS));
      }
      return output.get(5, TimeUnit.SECONDS);
    } catch (InterruptedException | ExecutionException | TimeoutException e) {
      throw new AssertionError(String.join(" ", command), e);
    }
  }

  /** Starts a command inside. */
  public Process start(String... command) {
    List<String> inside = new ArrayList<>(List.of("ip", "netns", "exec", name));
    inside.addAll(Arrays.asList(command));
    try {
      return new ProcessBuilder(inside)
          .redirectErrorStream(true)
          .redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")))
          .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A kernel UDP socket inside. */
  public DatagramChannel udp(String address, int port) throws LinkException {
    return NetworkNamespace.inside(
        name,
        () -> {
          try {
            return DatagramChannel.open().bind(new InetSocketAddress(address, port));
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  /**
   * A pair of Ethernet interfaces inside, both up: {@code kernels} has those addresses, {@code
   * ours} has none and says nothing by itself.
   *
   * @param addresses with their prefixes, such as {@code 10.9.0.1/16}
   */
  public void veth(String ours, String kernels, String... addresses) {
    run("ip", "link", "add", ours, "type", "veth", "peer", "name", kernels);
    run("sysctl", "-qw", "net.ipv6.conf." + ours + ".disable_ipv6=1");
    for (String address : addresses) {
      List<String> command = new ArrayList<>(List.of("ip", "address", "add", address));
      command.addAll(List.of("dev", kernels));
      if (address.contains(":")) {
        command.add("nodad");
      }
      run(command.toArray(String[]::new));
    }
    run("ip", "link", "set", kernels, "up");
    run("ip", "link", "set", ours, "up");
  }

  /** Tells the kernel at which hardware address it finds an address of a link's. */
  public void introduce(String address, Link link, String device) {
    run("ip", "neigh", "add", address, "lladdr", text(link.hardwareAddress()), "dev", device);
  }

  /** The hardware address of an interface inside; 0 where there is none. */
  public long hardwareAddress(String device) {
    String text = run("cat", "/sys/class/net/" + device + "/address").strip();
    return text.isEmpty() ? 0 : Long.parseLong(text.replace(":", ""), 16);
  }

  /** A hardware address as people write it. */
  public static String text(long hardwareAddress) {
    return String.format("%012x", hardwareAddress).replaceAll("(..)(?=.)", "$1:");
  }

  /** A kernel TCP socket inside that listens. */
  public ServerSocketChannel listen(String address, int port) throws LinkException {
    return NetworkNamespace.inside(
        name,
        () -> {
          try {
            return ServerSocketChannel.open().bind(new InetSocketAddress(address, port));
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  @Override
  public void close() {
    succeeds("ip", "netns", "del", name);
  }

  private static boolean succeeds(String... command) {
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      return process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
