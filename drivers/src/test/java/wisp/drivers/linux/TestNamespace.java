package wisp.drivers.linux;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.channels.DatagramChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
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
