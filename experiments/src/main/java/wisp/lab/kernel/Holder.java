package wisp.lab.kernel;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;
import wisp.core.ip.IpAddress;

/**
 * Holds kernel connections, in a process of its own: {@code server IP PORT} accepts and watches
 * them by epoll, {@code client IP PORT FROM} opens as many as it is told to. Reads commands from
 * standard input ({@code open N}, {@code count}), answers each with {@code held N}, and ends when
 * its input does.
 */
public final class Holder {
  private static final int FIRST_PORT = 1024;
  private final Posix posix = new Posix();
  private final AtomicInteger held = new AtomicInteger();

  private Holder() {}

  /** See the class comment. */
  public static void main(String[] args) {
    var holder = new Holder();
    var ip = IpAddress.parse(args[1]);
    int port = Integer.parseInt(args[2]);
    try {
      if (args[0].equals("server")) {
        int socket = holder.posix.listen(ip, port);
        Thread.ofPlatform().daemon().start(() -> holder.accept(socket));
        holder.obey(ip, port, ip);
      } else {
        holder.obey(ip, port, IpAddress.parse(args[3]));
      }
    } catch (IOException e) {
      System.err.println("Error: " + e.getMessage());
      Runtime.getRuntime().halt(1);
    }
    Runtime.getRuntime().halt(0);
  }

  private void accept(int socket) {
    var own = new Posix();
    try {
      int epoll = own.epoll();
      while (true) {
        own.watch(epoll, own.accept(socket));
        held.incrementAndGet();
      }
    } catch (IOException e) {
      System.err.println("Error: " + e.getMessage());
      Runtime.getRuntime().halt(1);
    }
  }

  private void obey(IpAddress to, int port, IpAddress from) throws IOException {
    System.out.println("ready");
    var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    String command = in.readLine();
    while (command != null) {
      if (command.startsWith("open ")) {
        int count = Integer.parseInt(command.substring(5));
        for (int i = 0; i < count; i++) {
          posix.connect(from, FIRST_PORT + held.get(), to, port);
          held.incrementAndGet();
        }
      }
      System.out.println("held " + held.get());
      command = in.readLine();
    }
  }
}
