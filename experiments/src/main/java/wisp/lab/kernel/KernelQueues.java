package wisp.lab.kernel;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import wisp.lab.FailedException;
import wisp.lab.measure.Machine;

/**
 * What kernel sockets hold of one message that was written to each of them, when those at the other
 * end do not read: as the kernel says itself (skmem of {@code ss -m}: t, f and w of the sender, r
 * of the receiver), over the loopback of a namespace of our own.
 *
 * @param senderBytes per sending socket
 * @param receiverBytes per receiving socket
 * @param takenBytes of the message that the kernel took, per connection; the rest the application
 *     would have to keep
 */
public record KernelQueues(double senderBytes, double receiverBytes, double takenBytes) {
  private static final int PORT = 9;
  private static final Pattern SKMEM =
      Pattern.compile("skmem:\\(r(\\d+),rb\\d+,t(\\d+),tb\\d+,f(\\d+),w(\\d+),");

  /** Why it can't be measured here, in one line; {@code null} when it can. */
  public static @Nullable String unavailable() {
    String reason = KernelHost.unavailable();
    return reason != null || Machine.hasProgram("ss")
        ? reason
        : "needs the program ss: apt install iproute2";
  }

  /**
   * Measures.
   *
   * @param withRoom whether the send buffer is made as large as the message
   */
  public static KernelQueues measure(int sockets, int messageBytes, boolean withRoom) {
    try (var host = new KernelHost()) {
      if (withRoom) {
        int room =
            Math.max(16 << 10, 4 * messageBytes); // what a packet takes is more than its bytes
        host.sysctl("tcp_wmem", "4096 " + room + " " + room);
      }
      return measure(host, sockets, messageBytes);
    } catch (IOException e) {
      throw new FailedException("the kernel's queues: " + e.getMessage(), e);
    }
  }

  private static KernelQueues measure(KernelHost host, int sockets, int messageBytes)
      throws IOException {
    var open = new ArrayList<SocketChannel>();
    var at = new InetSocketAddress("127.0.0.1", PORT);
    try (var listener = host.listen(at)) {
      long taken = 0;
      for (int i = 0; i < sockets; i++) {
        open.add(host.connect(at));
        SocketChannel sender = listener.accept();
        open.add(sender);
        sender.configureBlocking(false);
        var message = ByteBuffer.allocateDirect(messageBytes);
        while (message.hasRemaining() && sender.write(message) > 0) {
          // until it takes no more
        }
        taken += message.position();
      }
      double sent = memory(host, "sport", true) / sockets;
      double received = memory(host, "dport", false) / sockets;
      return new KernelQueues(sent, received, (double) taken / sockets);
    } finally {
      for (SocketChannel socket : open) {
        socket.close();
      }
    }
  }

  private static double memory(KernelHost host, String side, boolean sends) {
    String told = host.run("ss", "-tmnO", "state", "established", side + " = :" + PORT);
    Matcher each = SKMEM.matcher(told);
    long sum = 0;
    while (each.find()) {
      sum +=
          sends
              ? Long.parseLong(each.group(2)) + Long.parseLong(each.group(4))
              : Long.parseLong(each.group(1));
    }
    return sum;
  }
}
