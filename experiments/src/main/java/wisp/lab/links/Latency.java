package wisp.lab.links;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import org.HdrHistogram.Histogram;

/**
 * From when a request was due until its answer was there. Requests go out at a steady rate, whether
 * answers have come or not, and each is timed from when it <em>should</em> have left: a stall of
 * the end is seen by all whom it kept waiting, not by one alone. One TCP connection; a request is
 * 64 bytes, and the peer never sleeps.
 */
final class Latency {
  private static final int REQUEST_BYTES = 64;
  private static final long HIGHEST_NANOS = 60_000_000_000L;
  private static final long PATIENCE_NANOS = 10_000_000_000L;
  private static final int DIGITS = 3;

  private Latency() {}

  /**
   * Measures.
   *
   * @param perSecond requests
   * @param warmMillis before anything is recorded
   * @return nanoseconds
   */
  static Histogram of(Lab lab, String address, long perSecond, long warmMillis, long millis)
      throws IOException {
    return Bulk.onPeersCore(
        () -> {
          try (SocketChannel socket =
              lab.peer().connect(new InetSocketAddress(address, Stack.ECHO))) {
            socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
            socket.configureBlocking(false);
            long warm = warmMillis * perSecond / 1_000;
            return ask(socket, 1_000_000_000L / perSecond, warm, warm + millis * perSecond / 1_000);
          }
        });
  }

  private static Histogram ask(SocketChannel socket, long interval, long warm, long requests)
      throws IOException {
    var histogram = new Histogram(HIGHEST_NANOS, DIGITS);
    ByteBuffer out = ByteBuffer.allocateDirect(REQUEST_BYTES);
    ByteBuffer in = ByteBuffer.allocateDirect(1 << 16);
    long begin = System.nanoTime();
    long asked = 0;
    long answered = 0;
    long bytes = 0;
    out.limit(0);
    while (answered < requests) {
      long now = System.nanoTime();
      if (!out.hasRemaining() && asked < requests && now >= begin + asked * interval) {
        out.clear();
        asked++;
      }
      if (out.hasRemaining()) {
        socket.write(out);
      }
      int count = socket.read(in.clear());
      if (count < 0) {
        throw new IOException("echo has ended");
      }
      bytes += count;
      now = System.nanoTime();
      while (answered < bytes / REQUEST_BYTES) {
        if (answered >= warm) {
          histogram.recordValue(Math.min(HIGHEST_NANOS, now - begin - answered * interval));
        }
        answered++;
      }
      if (now - begin > requests * interval + PATIENCE_NANOS) {
        throw new IOException("echo owes " + (requests - answered) + " answers");
      }
    }
    return histogram;
  }
}
