package wisp.lab.interop;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import wisp.core.spi.Footprint;
import wisp.lab.serve.Broadcast;
import wisp.lab.serve.BroadcastSettings;
import wisp.lab.serve.LineQueue;
import wisp.lab.serve.Lines;

@DisplayName("Lines to a few hundred kernel sockets arrive whole, the same at each")
class BroadcastTest {
  private static final int PORT = 20;
  private static final int RECEIVERS = 200;

  // Not persocket: its send buffer is shorter than a line, so who is not read from for a second is
  // too slow, and goes without the next; SpeechTest has it.
  @ParameterizedTest
  @CsvSource({"slab, offload=on", "slab, offload=off", "heap, offload=off"})
  void givenReceivers_whenLinesAreTold_thenEachHasAllBytes(String memory, String tun)
      throws Exception {
    try (var lab = KernelLab.with().memory(memory).tun(tun).open()) {
      var queue = new LineQueue();
      var service = new Broadcast(BroadcastSettings.DEFAULT, queue);
      lab.serve(PORT, service);
      List<SocketChannel> sockets = new ArrayList<>();
      for (int i = 0; i < RECEIVERS; i++) {
        sockets.add(lab.dial(PORT));
      }
      lab.await("all to be connected", c -> c.connections() == RECEIVERS);
      var random = new SplittableRandom(1);
      var told = MessageDigest.getInstance("SHA-256");
      int bytes = 0;
      for (int length : new int[] {1, 100, 65_536, 200_001, 7}) {
        byte[] line = new byte[length];
        random.nextBytes(line);
        told.update(line);
        bytes += length;
        queue.put(Lines.of(line));
      }
      byte[] digest = told.digest();
      for (SocketChannel socket : sockets) {
        assertArrayEquals(digest, read(socket, bytes));
      }
      lab.await("all to be confirmed", c -> frames(c) == 0 && service.isIdle());
      assertEquals(0L, (long) lab.call(c -> service.skipped()));
      for (SocketChannel socket : sockets) {
        socket.close();
      }
      lab.assertNothingIsLeft();
    }
  }

  private static long frames(wisp.core.stack.Context context) {
    var footprint = new Footprint();
    context.footprint(footprint);
    // chargen and http keep one each
    return footprint.inUseBytes(Footprint.Kind.FRAMES) / 200_000;
  }

  private static byte[] read(SocketChannel socket, int bytes) throws Exception {
    var got = MessageDigest.getInstance("SHA-256");
    var buffer = ByteBuffer.allocate(1 << 16);
    int left = bytes;
    while (left > 0) {
      buffer.clear().limit(Math.min(left, buffer.capacity()));
      int n = socket.read(buffer);
      if (n < 0) {
        break;
      }
      left -= n;
      got.update(buffer.flip());
    }
    return got.digest();
  }
}
