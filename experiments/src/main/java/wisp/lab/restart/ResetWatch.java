package wisp.lab.restart;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import wisp.lab.FailedException;
import wisp.lab.kernel.KernelHost;
import wisp.lab.measure.Machine;

/**
 * Counts the RST segments on an interface with tshark, of both directions, as somebody who knows
 * neither of the stacks. A filter in the kernel lets nothing else through, so that it keeps up with
 * any number of connections.
 *
 * <p>A deaf witness is no witness: before and after what it is to see, a connection to a port where
 * nobody listens draws a RST, and the count holds good only when both were seen. Packets are told
 * in their order, so all that came before the second one has been counted then.
 */
final class ResetWatch implements AutoCloseable {
  private static final String FILTER = "tcp[tcpflags] & tcp-rst != 0";
  private static final List<String> FIELDS =
      List.of("ip.src", "tcp.srcport", "ip.dst", "tcp.dstport");
  private static final long PATIENCE_SECONDS = 20;
  private static final long TRY_AGAIN_MILLIS = 500;
  private final KernelHost host;
  private final InetSocketAddress nobody;
  private final String control;
  private final Process process;
  private final LinkedBlockingQueue<String> lines = new LinkedBlockingQueue<>();
  private final Set<String> connections = new HashSet<>();
  private long segments;

  /**
   * What was seen.
   *
   * @param segments with RST
   * @param connections that had one, or more
   */
  record Seen(long segments, long connections) {}

  /**
   * Watches from now on.
   *
   * @param nobody an address behind the interface with a port where nobody listens
   * @throws FailedException when it sees nothing
   */
  ResetWatch(KernelHost host, String device, InetSocketAddress nobody) {
    this.host = host;
    this.nobody = nobody;
    control = nobody.getAddress().getHostAddress() + "\t" + nobody.getPort() + "\t";
    var command = new ArrayList<>(List.of("tshark", "-l", "-n", "-B", "64", "-i", device));
    command.addAll(List.of("-f", FILTER, "-T", "fields"));
    for (String field : FIELDS) {
      command.addAll(List.of("-e", field));
    }
    process = host.start(command.toArray(String[]::new));
    Thread.ofPlatform().daemon().name("tshark").start(this::read);
    try {
      seen();
    } catch (FailedException e) {
      close();
      throw e;
    }
  }

  /** Why there can be none here, in one line; {@code null} when there can. */
  static @Nullable String unavailable() {
    return Machine.hasProgram("tshark") ? null : "no tshark: apt install tshark";
  }

  private void read() {
    try (var in =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        lines.add(line);
      }
    } catch (IOException e) {
      // It has been told to end.
    }
  }

  /**
   * What has been seen since it began, up to this moment.
   *
   * @throws FailedException when it does not see what it must
   */
  Seen seen() {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    String last = "";
    while (System.nanoTime() < end && process.isAlive()) {
      int port = provoke(); // again and again: when it begins to watch is not told reliably
      for (String line = next(); line != null; line = next()) {
        last = line;
        if (line.startsWith(control) && line.endsWith("\t" + port)) {
          return new Seen(segments, connections.size());
        }
        if (!line.startsWith(control)) {
          take(line.split("\t"));
        }
      }
    }
    throw new FailedException("tshark does not see RST segments here: " + last);
  }

  private @Nullable String next() {
    try {
      return lines.poll(TRY_AGAIN_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new FailedException("interrupted", e);
    }
  }

  /** Source and destination, each with its port; all else is what the program says of itself. */
  private void take(String[] ends) {
    if (ends.length == 4) {
      segments++;
      String one = ends[0] + ":" + ends[1];
      String other = ends[2] + ":" + ends[3];
      connections.add(one.compareTo(other) < 0 ? one + " " + other : other + " " + one);
    }
  }

  /** Draws a RST; returns to which port. */
  private int provoke() {
    try {
      return host.with(
          () -> {
            try (var socket = SocketChannel.open(StandardProtocolFamily.INET)) {
              socket.bind(new InetSocketAddress(0));
              int port = ((InetSocketAddress) socket.getLocalAddress()).getPort();
              try {
                socket.connect(nobody);
              } catch (ConnectException e) {
                return port; // that is what it is for
              }
            }
            throw new FailedException("somebody listens at " + nobody);
          });
    } catch (IOException e) {
      throw new FailedException("no RST comes from " + nobody + ": " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(5, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
