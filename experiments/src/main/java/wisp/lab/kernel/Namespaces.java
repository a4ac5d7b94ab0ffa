package wisp.lab.kernel;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import wisp.lab.FailedException;

/**
 * Two network namespaces of our own, joined by a veth pair: nothing outside them is touched. They
 * are named by our process id and removed on close, also when the JVM is told to end.
 */
public final class Namespaces implements AutoCloseable {
  /** The server's address. */
  public static final String SERVER_IP = "10.77.0.1";

  private static final int CLIENT_PREFIX_BITS = 16;
  private final String server = "wisp" + ProcessHandle.current().pid() + "s";
  private final String client = "wisp" + ProcessHandle.current().pid() + "c";
  private final Thread atExit = new Thread(this::remove);

  /** Makes them, with so many addresses for clients. */
  public Namespaces(int clients) {
    Runtime.getRuntime().addShutdownHook(atExit);
    try {
      ip("netns", "add", server);
      ip("netns", "add", client);
      ip(
          "link", "add", "v0", "netns", server, "type", "veth", "peer", "name", "v1", "netns",
          client);
      ip("-n", server, "addr", "add", SERVER_IP + "/" + CLIENT_PREFIX_BITS, "dev", "v0");
      for (int i = 0; i < clients; i++) {
        ip("-n", client, "addr", "add", clientIp(i) + "/" + CLIENT_PREFIX_BITS, "dev", "v1");
      }
      ip("-n", server, "link", "set", "v0", "up");
      ip("-n", client, "link", "set", "v1", "up");
      run(
          inServer(
              "sh",
              "-c",
              "echo 65535 > /proc/sys/net/core/somaxconn; echo 65535 >"
                  + " /proc/sys/net/ipv4/tcp_max_syn_backlog"));
    } catch (FailedException e) {
      close();
      throw e;
    }
  }

  /** Address of client {@code i}. */
  public static String clientIp(int i) {
    return "10.77." + (1 + i / 250) + "." + (1 + i % 250);
  }

  /** A command that runs on the server's side. */
  public List<String> inServer(String... command) {
    return within(server, command);
  }

  /** A command that runs on the clients' side. */
  public List<String> inClient(String... command) {
    return within(client, command);
  }

  private static List<String> within(String namespace, String... command) {
    var all = new ArrayList<>(List.of("ip", "netns", "exec", namespace));
    all.addAll(List.of(command));
    return all;
  }

  private static void ip(String... arguments) {
    var command = new ArrayList<>(List.of("ip"));
    command.addAll(List.of(arguments));
    run(command);
  }

  private static void run(List<String> command) {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (!process.waitFor(20, TimeUnit.SECONDS) || process.exitValue() != 0) {
        throw new FailedException(
            String.join(" ", command) + ": " + output.strip().replace('\n', ' '));
      }
    } catch (IOException e) {
      throw new FailedException("can't run " + command.getFirst() + ": " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new FailedException("interrupted", e);
    }
  }

  private void remove() {
    for (String namespace : List.of(server, client)) {
      try {
        ip("netns", "del", namespace);
      } catch (FailedException e) {
        // It was never made, or is gone.
      }
    }
  }

  @Override
  public void close() {
    remove();
    try {
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (IllegalStateException e) {
      // We are being shut down: the hook runs anyway.
    }
  }
}
