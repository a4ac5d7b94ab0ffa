package wisp.drivers.dpdk;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.spi.TransmitPacket;
import wisp.drivers.Links;
import wisp.drivers.Packets;

/**
 * A JVM of its own at the other end of a memif: sends every frame back, until SIGTERM. One that
 * floods begins by itself, and goes on when nothing comes back; it says {@code loaded} when much
 * has.
 */
final class MemifPeer {
  private static final int LOAD = 5000;

  private MemifPeer() {}

  /** Starts one and waits until its link is open. */
  static Process start(Path socket, String role) throws IOException {
    return start(socket, role, "ready");
  }

  /** Starts one that floods, and waits until it is in the midst of it. */
  static Process startFlood(Path socket) throws IOException {
    return start(socket, "client", "loaded");
  }

  private static Process start(Path socket, String role, String word) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-ea",
                "-Xmx64m",
                "-cp",
                System.getProperty("java.class.path"),
                MemifPeer.class.getName(),
                "memif:" + socket + ",role=" + role,
                word));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    var lines = new BufferedReader(new InputStreamReader(process.getInputStream()));
    String line = lines.readLine();
    if (!word.equals(line)) {
      process.destroyForcibly();
      throw new IOException("the peer says: " + line);
    }
    return process;
  }

  public static void main(String[] arguments) throws Exception {
    var thread = Thread.currentThread();
    var stopped = new java.util.concurrent.atomic.AtomicBoolean();
    Link link = Links.open(arguments[0]);
    var closed = new java.util.concurrent.CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  stopped.set(true);
                  link.wake();
                  try {
                    closed.await();
                  } catch (InterruptedException e) {
                    thread.interrupt();
                  }
                  // What SIGTERM would make of the status; an error on the way here halts before.
                  Runtime.getRuntime().halt(0);
                }));
    boolean floods = arguments[1].equals("loaded");
    if (!floods) {
      System.out.println("ready");
    }
    try {
      echo(link, stopped, floods);
      link.close();
    } catch (Throwable e) {
      e.printStackTrace();
      Runtime.getRuntime().halt(1);
    }
    closed.countDown();
  }

  private static void echo(
      Link link, java.util.concurrent.atomic.AtomicBoolean stopped, boolean floods) {
    byte[] frame = Packets.ethernet(-1L >>> 16, link.hardwareAddress(), 0x88B5, new byte[1400]);
    long echoes = 0;
    var burst = new Burst();
    var packet = new TransmitPacket();
    while (!stopped.get()) {
      burst.clear();
      if (link.receive(burst) == 0) {
        for (int i = 0; floods && i < Burst.CAPACITY; i++) {
          Packets.commit(link, frame);
        }
        link.flush();
        link.awaitReadable(floods ? 1_000_000 : 100_000_000);
      }
      if (floods && echoes < LOAD && (echoes += burst.size()) >= LOAD) {
        System.out.println("loaded");
      }
      for (int i = 0; i < burst.size(); i++) {
        if (link.claim(burst.length(i), packet)) {
          MemorySegment.copy(
              burst.memory(i), burst.start(i), packet.memory, packet.start, burst.length(i));
          packet.length = burst.length(i);
          link.commit(packet);
        }
      }
      link.flush();
    }
  }
}
