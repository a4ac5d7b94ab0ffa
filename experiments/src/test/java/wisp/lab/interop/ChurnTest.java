package wisp.lab.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import wisp.core.stack.CloseReason;
import wisp.core.stack.ConnectionHandler;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Context;
import wisp.core.stack.Endpoint;

@DisplayName("Many connections with the kernel, one after the other and at once")
@Tag("interop")
@Timeout(20)
class ChurnTest {
  private static final int CONNECTIONS = 10_000;
  private static final int BYTES = 10;

  @Test
  void whenWeOpenAndCloseTenThousand_thenNothingIsLeft() throws IOException {
    try (KernelLab lab = KernelLab.open();
        var background = new Background();
        var listener = lab.kernelListener(5_000)) {
      background.run(
          () -> {
            for (int i = 0; i < CONNECTIONS; i++) {
              try (SocketChannel socket = listener.accept()) {
                Stream.receive(socket, BYTES);
              }
            }
          });
      var dialler = new Dialler(CONNECTIONS, 64);
      lab.call(dialler::dial);
      background.join();
      lab.await("the last to end", c -> dialler.ended == CONNECTIONS);
      assertEquals(CONNECTIONS, dialler.inOrder.get());
      lab.assertNothingIsLeft();
    }
  }

  /** Keeps some connections open at a time: sends ten bytes and closes each. */
  private static final class Dialler implements ConnectionHandler {
    final AtomicInteger inOrder = new AtomicInteger();
    private final int total;
    private final int atOnce;
    private int begun;
    private int ended;

    Dialler(int total, int atOnce) {
      this.total = total;
      this.atOnce = atOnce;
    }

    boolean dial(Context context) {
      while (begun < total && begun - ended < atOnce) {
        begun++;
        long connection =
            context.connect(
                null, Endpoint.of(KernelLab.KERNEL, 5_000), ConnectionProfile.NO_DELAY, this);
        assertTrue(connection >= 0, "connect: " + connection);
      }
      return true;
    }

    @Override
    public void onOpen(Context context, long connection) {
      int frame = context.frame(BYTES);
      Stream.write(0, BYTES, context.memory(frame), context.start(frame));
      assertTrue(context.send(connection, frame));
      context.release(frame);
      context.shutdown(connection);
    }

    @Override
    public void onData(
        Context context,
        long connection,
        java.lang.foreign.MemorySegment memory,
        long offset,
        int length) {}

    @Override
    public void onClosed(Context context, long connection, CloseReason reason) {
      ended++;
      if (reason instanceof CloseReason.Closed) {
        inOrder.incrementAndGet();
      }
      dial(context);
    }
  }

  @Test
  void whenAThousandConnectionsAreIdle_thenOurThreadSleeps() throws IOException {
    try (KernelLab lab = KernelLab.open()) {
      var sockets = new ArrayList<SocketChannel>();
      try {
        sockets.addAll(lab.namespace().with(() -> hold(1_000)));
        KernelLab.pause(1_500); // drowsy ones fall asleep
        long before = cpuNanos(lab);
        KernelLab.pause(2_000);
        long used = cpuNanos(lab) - before;
        assertTrue(used < 40_000_000, "CPU time in 2 s idle: " + used / 1_000 + " us");
        assertEquals(1_000, lab.call(Context::connections).intValue());
      } finally {
        for (SocketChannel socket : sockets) {
          socket.close();
        }
      }
      lab.assertNothingIsLeft();
    }
  }

  private static long cpuNanos(KernelLab lab) {
    return ManagementFactory.getThreadMXBean().getThreadCpuTime(lab.thread().threadId());
  }

  private static List<SocketChannel> hold(int count) throws IOException {
    var sockets = new ArrayList<SocketChannel>();
    for (int i = 0; i < count; i++) {
      var socket = SocketChannel.open(StandardProtocolFamily.INET);
      sockets.add(socket);
      socket.connect(new InetSocketAddress(KernelLab.OURS, KernelLab.ECHO));
      Stream.send(socket, BYTES);
      Stream.receive(socket, BYTES);
    }
    return sockets;
  }
}
