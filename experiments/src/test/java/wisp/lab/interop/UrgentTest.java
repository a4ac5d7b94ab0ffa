package wisp.lab.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import wisp.core.stack.Context;

@DisplayName("RFC 9293 §3.8.5, RFC 6093: urgent data to and from the kernel")
@Tag("interop")
@Tag("MUST-30")
@Timeout(20)
class UrgentTest {
  private static final int PORT = 100;

  @Test
  void whenTheKernelSendsAnUrgentByte_thenItIsAnnouncedAndComesInLine() throws IOException {
    try (KernelLab lab = KernelLab.open()) {
      var peer = new Peer(0);
      lab.listen(PORT, peer);
      try (SocketChannel socket = lab.dial(PORT)) {
        Stream.send(socket, 0, 100);
        socket.socket().sendUrgentData(Stream.at(100));
        Stream.send(socket, 101, 200);
      }
      assertEquals("open", peer.next());
      String event = peer.next();
      assertTrue(event.matches("urgent ([1-9]|[1-9][0-9]|10[01])"), event);
      peer.awaitEvent("closed Closed");
      assertEquals(200, peer.received());
    }
  }

  @Test
  void whenWeSendAnUrgentByte_thenTheKernelFindsItOutOfBand() {
    try (KernelLab lab = KernelLab.open()) {
      var peer = new Peer(0);
      lab.listen(PORT, new Shouting(peer));
      String heard =
          lab.namespace()
              .python(
                  """
                  import select, socket, sys
                  s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 10)
                  select.select([], [], [s], 10)
                  urgent = s.recv(1, socket.MSG_OOB)
                  rest = b''
                  while True:
                      more = s.recv(100)
                      if not more: break
                      rest += more
                  print(urgent.decode(), rest.decode())
                  """,
                  KernelLab.OURS,
                  Integer.toString(PORT));
      assertEquals("! before after", heard.strip());
    }
  }

  /** Sends {@code before}, then {@code !} as urgent byte, then {@code after}. */
  private record Shouting(Peer peer) implements wisp.core.stack.ConnectionHandler {
    @Override
    public void onOpen(Context context, long connection) {
      send(context, connection, "before ", false);
      send(context, connection, "!", true);
      send(context, connection, "after", false);
      context.shutdown(connection);
    }

    private static void send(Context context, long connection, String text, boolean urgent) {
      int frame = context.frame(text.length());
      for (int i = 0; i < text.length(); i++) {
        context
            .memory(frame)
            .set(
                java.lang.foreign.ValueLayout.JAVA_BYTE,
                context.start(frame) + i,
                (byte) text.charAt(i));
      }
      assertTrue(urgent ? context.sendUrgent(connection, frame) : context.send(connection, frame));
      context.release(frame);
    }

    @Override
    public void onData(
        Context context,
        long connection,
        java.lang.foreign.MemorySegment memory,
        long offset,
        int length) {}
  }
}
