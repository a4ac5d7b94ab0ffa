package wisp.lab.path;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import wisp.lab.load.Pattern;

/** A kernel socket with a thread for each direction. */
final class KernelEnd implements End {
  private static final int BUFFER_BYTES = 256 << 10;
  private final SocketChannel socket;
  private final Job job;
  private final Pattern pattern;
  private final AtomicLong received = new AtomicLong();
  private final AtomicLong toSend = new AtomicLong();
  private final Semaphore more = new Semaphore(0);
  private final Digest in;
  private final Digest out;
  private volatile boolean sentAll;
  private volatile boolean gotAll;
  private volatile String trouble = "";
  private volatile boolean closed;

  /** Begins at once. */
  KernelEnd(SocketChannel socket, Job job, long seed) throws IOException {
    this.socket = socket;
    this.job = job;
    pattern = new Pattern(seed, 0);
    in = new Digest(job.digests());
    out = new Digest(job.digests());
    socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
    toSend.set(job.sendBytes());
    Thread.ofPlatform().daemon().name("kernel receiver").start(() -> guarded(this::receive));
    Thread.ofPlatform().daemon().name("kernel sender").start(() -> guarded(this::sendAll));
  }

  private interface Work {
    void run() throws IOException, InterruptedException;
  }

  private void guarded(Work work) {
    try {
      work.run();
    } catch (IOException e) {
      if (!closed) {
        trouble = "kernel's end: " + e.getMessage();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void receive() throws IOException {
    var buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
    var memory = MemorySegment.ofBuffer(buffer);
    int count = socket.read(buffer.clear());
    while (count >= 0) {
      in.add(memory, 0, count);
      received.addAndGet(count);
      count = socket.read(buffer.clear());
    }
    in.end();
    gotAll = true;
  }

  private void sendAll() throws IOException, InterruptedException {
    var buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
    var memory = MemorySegment.ofBuffer(buffer);
    long position = 0;
    do {
      while (toSend.get() > 0) {
        int length = (int) Math.min(toSend.get(), BUFFER_BYTES);
        if (out.isWanted()) {
          pattern.write(position, memory, 0, length);
          out.add(memory, 0, length);
        }
        buffer.clear().limit(length);
        while (buffer.hasRemaining()) {
          socket.write(buffer);
        }
        position += length;
        toSend.addAndGet(-length);
      }
      if (job.shuts()) {
        out.end();
        socket.shutdownOutput();
        sentAll = true;
        return;
      }
      more.acquire();
    } while (!closed);
  }

  @Override
  public void send(long bytes) {
    toSend.addAndGet(bytes);
    more.release();
  }

  @Override
  public long receivedBytes() {
    return received.get();
  }

  @Override
  public String receivedDigest() {
    return in.text();
  }

  @Override
  public String sentDigest() {
    return out.text();
  }

  @Override
  public boolean isDone() {
    return sentAll && gotAll;
  }

  @Override
  public String trouble() {
    return trouble;
  }

  @Override
  public void close() {
    closed = true;
    try {
      if (!isDone()) {
        // What still waits must not go on into the next measurement.
        socket.setOption(StandardSocketOptions.SO_LINGER, 0);
      }
      socket.close();
    } catch (IOException e) {
      // It is gone already.
    }
    more.release();
  }
}
