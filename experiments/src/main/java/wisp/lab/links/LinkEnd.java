package wisp.lab.links;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import wisp.core.spi.LinkException;
import wisp.drivers.Links;

/**
 * The end that is measured, in a JVM of its own, called with {@code WORK SPEC CORE MODE}: {@code
 * reflect} sends packets back below the stack, {@code serve} puts a stack on the link, {@code
 * kernel-udp} and {@code kernel-tcp} do the same by sockets of the kernel, {@code memory} is both
 * ends in one thread, {@code flood} the far end of a link between two processes. Says {@code ready
 * mac=…} when the link is open, a {@link Tally} for each line {@code tally} that it reads, and
 * closes all when its input ends.
 */
public final class LinkEnd {

  private final Work work;
  private volatile boolean asked;
  private volatile boolean stopped;

  private LinkEnd(Work work) {
    this.work = work;
  }

  /** See the class comment. */
  public static void main(String[] arguments) {
    try {
      Core.pin(Integer.parseInt(arguments[2]));
      var end = new LinkEnd(work(arguments));
      say("ready mac=" + end.work.hardwareAddress());
      Thread.ofPlatform().daemon().name("orders").start(end::listen);
      end.run();
    } catch (LinkException | IOException | RuntimeException e) {
      System.err.println("Error: " + e.getMessage());
      Runtime.getRuntime().halt(1);
    }
  }

  private static Work work(String[] arguments) throws LinkException, IOException {
    String spec = arguments[1];
    return switch (arguments[0]) {
      case "reflect" -> new ReflectWork(Links.open(spec));
      case "serve" -> new StackWork(Links.open(spec), arguments[3].equals("busy"));
      case "flood" -> new FloodWork(Links.open(spec), Long.parseLong(arguments[3]));
      case "kernel-udp" -> new KernelUdpWork();
      case "kernel-tcp" -> new KernelTcpWork();
      case "memory" -> new MemoryWork(arguments[3].equals("stack"));
      default -> throw new IllegalArgumentException("what is '" + arguments[0] + "'?");
    };
  }

  private void run() {
    while (!stopped) {
      work.step();
      if (asked) {
        asked = false;
        say(new Tally(new LinkedHashMap<>(work.counts())).line());
      }
    }
    work.close();
  }

  private void listen() {
    try {
      var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        if (line.equals("tally")) {
          asked = true;
          work.wake();
        }
      }
    } catch (IOException e) {
      // as good as the end
    }
    stopped = true;
    work.wake();
  }

  private static void say(String line) {
    System.out.println(line);
    System.out.flush();
  }
}
