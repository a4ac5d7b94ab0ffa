package wisp.lab.contract;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import wisp.lab.kernel.KernelHost;
import wisp.lab.load.Pattern;

/** Sockets of a kernel in a namespace of its own. */
final class KernelSide implements FarSide {
  private static final int CHUNK = 256 << 10;
  private final KernelHost host;
  private final Pattern pattern = new Pattern(Flow.SEED, 0);
  private final List<CompletableFuture<String>> held = new ArrayList<>();
  private final List<SocketChannel> sockets = new ArrayList<>();

  KernelSide(KernelHost host) {
    this.host = host;
  }

  @Override
  public String send(String to, long bytes) throws IOException {
    var buffer = ByteBuffer.allocateDirect(CHUNK);
    var memory = MemorySegment.ofBuffer(buffer);
    var checksum = new Checksum();
    try (SocketChannel socket = host.connect(new InetSocketAddress(to, OurSide.SINK))) {
      for (long done = 0; done < bytes; ) {
        int length = (int) Math.min(CHUNK, bytes - done);
        pattern.write(done, memory, 0, length);
        checksum.add(memory, 0, length);
        buffer.clear().limit(length);
        while (buffer.hasRemaining()) {
          socket.write(buffer);
        }
        done += length;
      }
      socket.shutdownOutput();
      if (socket.read(buffer.clear()) >= 0) {
        throw new AssertionError("a sink has answered");
      }
    }
    return checksum.end();
  }

  @Override
  public String receive(String from) throws IOException {
    var buffer = ByteBuffer.allocateDirect(CHUNK);
    var memory = MemorySegment.ofBuffer(buffer);
    var checksum = new Checksum();
    try (SocketChannel socket = host.connect(new InetSocketAddress(from, OurSide.SOURCE))) {
      int count = socket.read(buffer.clear());
      while (count >= 0) {
        checksum.add(memory, 0, count);
        count = socket.read(buffer.clear());
      }
    }
    return checksum.end();
  }

  @Override
  public void ask(String to, int connections, int atOnce) throws IOException {
    var address = new InetSocketAddress(to, OurSide.ANSWERS);
    host.with(
        () -> {
          for (int first = 0; first < connections; first += atOnce) {
            wave(address, first, Math.min(atOnce, connections - first));
          }
          return true;
        });
  }

  private static void wave(InetSocketAddress to, int first, int count) throws IOException {
    var open = new SocketChannel[count];
    try {
      for (int i = 0; i < count; i++) {
        open[i] = SocketChannel.open(to);
      }
      for (int i = 0; i < count; i++) {
        open[i].write(ByteBuffer.wrap(Questions.request(first + i)));
      }
      for (int i = 0; i < count; i++) {
        var answer = ByteBuffer.allocate(Questions.BYTES);
        while (answer.hasRemaining()) {
          if (open[i].read(answer) < 0) {
            throw new EOFException("connection " + (first + i) + " has no answer");
          }
        }
        byte[] expected = Answers.answer(Questions.request(first + i));
        if (!Arrays.equals(expected, answer.array())) {
          throw new AssertionError("another answer than expected on connection " + (first + i));
        }
        if ((first + i) % 2 == 0) { // else we close second without another word from it
          open[i].shutdownOutput();
          if (open[i].read(answer.clear()) >= 0) {
            throw new AssertionError("more than an answer on connection " + (first + i));
          }
        }
      }
    } finally {
      for (SocketChannel socket : open) {
        if (socket != null) {
          socket.close();
        }
      }
    }
  }

  @Override
  public void hold(String to, int... ports) throws IOException {
    for (int port : ports) {
      SocketChannel socket = host.connect(new InetSocketAddress(to, port));
      socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
      sockets.add(socket);
      var begun = new CountDownLatch(1);
      var sender = future(() -> sends(socket, begun));
      held.add(future(() -> reads(socket)).applyToEither(sender, end -> end));
      try {
        if (!begun.await(END_SECONDS, TimeUnit.SECONDS)) {
          throw new AssertionError("nothing gets through to port " + port);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static CompletableFuture<String> future(Supplier<String> work) {
    var result = new CompletableFuture<String>();
    Thread.ofPlatform().daemon().start(() -> result.complete(work.get()));
    return result;
  }

  /** More than the buffers between us hold: then some of it has got through. */
  private static String sends(SocketChannel socket, CountDownLatch begun) {
    var buffer = ByteBuffer.allocateDirect(CHUNK);
    try {
      for (long sent = 0; ; ) {
        sent += socket.write(buffer.clear());
        if (sent > 16 << 20) {
          begun.countDown();
        }
      }
    } catch (IOException e) {
      return end(e);
    }
  }

  /** EPIPE comes after a RST that a call before has told of. */
  private static String end(IOException e) {
    String message = String.valueOf(e.getMessage());
    return message.matches("Connection reset.*|Broken pipe") ? "RST" : message;
  }

  private static String reads(SocketChannel socket) {
    var buffer = ByteBuffer.allocateDirect(CHUNK);
    try {
      while (socket.read(buffer.clear()) >= 0) {
        // whatever it is
      }
      return "FIN";
    } catch (IOException e) {
      return end(e);
    }
  }

  @Override
  public String ended() {
    var all = new ArrayList<String>();
    for (CompletableFuture<String> each : held) {
      try {
        all.add(each.get(END_SECONDS, TimeUnit.SECONDS));
      } catch (TimeoutException | ExecutionException e) {
        all.add(SILENCE);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    return String.join(", ", all);
  }

  @Override
  public void close() {
    for (SocketChannel socket : sockets) {
      try {
        socket.close();
      } catch (IOException e) {
        // it is gone
      }
    }
  }
}
