package wisp.lab.links;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Map;

/** The kernel's TCP with the same services as {@link Stack}: a blocking thread a connection. */
final class KernelTcpWork implements Work {
  private static final int CHUNK_BYTES = 256 << 10;

  /** One connection's service, until the peer ends it. */
  private interface Service {
    void serve(SocketChannel socket, ByteBuffer buffer) throws IOException;
  }

  KernelTcpWork() throws IOException {
    listen(Stack.ECHO, KernelTcpWork::echo);
    listen(Stack.DISCARD, KernelTcpWork::discard);
    listen(Stack.CHARGEN, KernelTcpWork::generate);
  }

  private static void listen(int port, Service service) throws IOException {
    var server = ServerSocketChannel.open().bind(new InetSocketAddress(port));
    Thread.ofPlatform().daemon().start(() -> accept(server, service));
  }

  private static void accept(ServerSocketChannel server, Service service) {
    while (true) {
      try {
        var socket = server.accept().setOption(StandardSocketOptions.TCP_NODELAY, true);
        Thread.ofPlatform().daemon().start(() -> serve(socket, service));
      } catch (IOException e) {
        return; // the process ends
      }
    }
  }

  private static void serve(SocketChannel socket, Service service) {
    try (socket) {
      service.serve(socket, ByteBuffer.allocateDirect(CHUNK_BYTES));
    } catch (IOException e) {
      // The peer has gone.
    }
  }

  private static void echo(SocketChannel socket, ByteBuffer buffer) throws IOException {
    while (socket.read(buffer.clear()) >= 0) {
      buffer.flip();
      while (buffer.hasRemaining()) {
        socket.write(buffer);
      }
    }
  }

  private static void discard(SocketChannel socket, ByteBuffer buffer) throws IOException {
    while (socket.read(buffer.clear()) >= 0) {
      // it is what counts
    }
  }

  private static void generate(SocketChannel socket, ByteBuffer buffer) throws IOException {
    while (true) {
      socket.write(buffer.clear());
    }
  }

  @Override
  public void step() {
    try {
      Thread.sleep(1);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public Map<String, Long> counts() {
    return Map.of("drops", 0L);
  }

  @Override
  public void close() {}
}
