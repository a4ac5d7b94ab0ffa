package wisp.lab.links;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import wisp.lab.FailedException;

/**
 * One TCP connection of the peer's kernel, full in one direction: the same program whoever is at
 * the other end.
 *
 * @param bitsPerSecond of payload
 * @param cpuSecondsPerGib processor time of the end's process for 2^30 bytes
 */
record Bulk(double bitsPerSecond, double cpuSecondsPerGib) {
  private static final int CHUNK_BYTES = 256 << 10;
  private static final double GIB = 1 << 30;

  /** Bytes and the time that they took. */
  private record Moved(long bytes, long nanos) {}

  /** The peer sends; what counts has been read by the end, for it closes after the last byte. */
  static Bulk to(Lab lab, EndProcess end, String address, long warmMillis, long millis)
      throws IOException {
    send(lab, address, warmMillis);
    double before = end.cpuSeconds();
    return of(send(lab, address, millis), end.cpuSeconds() - before);
  }

  /** The end sends; what counts has been read by the peer. */
  static Bulk from(Lab lab, EndProcess end, String address, long warmMillis, long millis)
      throws IOException {
    receive(lab, address, warmMillis);
    double before = end.cpuSeconds();
    return of(receive(lab, address, millis), end.cpuSeconds() - before);
  }

  private static Bulk of(Moved moved, double cpuSeconds) {
    return new Bulk(8e9 * moved.bytes / moved.nanos, cpuSeconds * GIB / moved.bytes);
  }

  private static Moved send(Lab lab, String address, long millis) throws IOException {
    return onPeersCore(
        () -> {
          try (SocketChannel socket = connect(lab, address, Stack.DISCARD)) {
            ByteBuffer buffer = ByteBuffer.allocateDirect(CHUNK_BYTES);
            long begin = System.nanoTime();
            long bytes = 0;
            while (System.nanoTime() - begin < millis * 1_000_000) {
              bytes += socket.write(buffer.clear());
            }
            socket.shutdownOutput();
            if (socket.read(buffer.clear()) >= 0) {
              throw new IOException("discard has answered");
            }
            return new Moved(bytes, System.nanoTime() - begin);
          }
        });
  }

  private static Moved receive(Lab lab, String address, long millis) throws IOException {
    return onPeersCore(
        () -> {
          try (SocketChannel socket = connect(lab, address, Stack.CHARGEN)) {
            ByteBuffer buffer = ByteBuffer.allocateDirect(CHUNK_BYTES);
            long begin = System.nanoTime();
            long bytes = 0;
            while (System.nanoTime() - begin < millis * 1_000_000) {
              int count = socket.read(buffer.clear());
              if (count < 0) {
                throw new IOException("chargen has ended");
              }
              bytes += count;
            }
            return new Moved(bytes, System.nanoTime() - begin);
          }
        });
  }

  private static SocketChannel connect(Lab lab, String address, int port) throws IOException {
    return lab.peer().connect(new InetSocketAddress(address, port));
  }

  /** What the peer does. */
  interface PeerAction<T> {
    T run() throws IOException;
  }

  /** Does it on a thread that keeps to the peer's core. */
  static <T> T onPeersCore(PeerAction<T> action) throws IOException {
    var task =
        new java.util.concurrent.FutureTask<T>(
            () -> {
              Core.pin(Core.ofPeer());
              return action.run();
            });
    Thread.ofPlatform().daemon().name("peer").start(task);
    try {
      return task.get(60, java.util.concurrent.TimeUnit.SECONDS);
    } catch (java.util.concurrent.ExecutionException e) {
      throw new IOException(String.valueOf(e.getCause()), e.getCause());
    } catch (java.util.concurrent.TimeoutException e) {
      throw new FailedException("the connection hangs", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new FailedException("interrupted", e);
    }
  }
}
