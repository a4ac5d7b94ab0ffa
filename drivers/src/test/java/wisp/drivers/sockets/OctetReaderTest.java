package wisp.drivers.sockets;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import wisp.core.spi.Link;
import wisp.core.spi.TransmitPacket;
import wisp.drivers.LinkWrapper;

@DisplayName("D32: a full window is read octet by octet")
class OctetReaderTest extends SocketPair {
  private static final int WINDOW = 10_000;
  private static final int MSS = 1_460;

  /** What a segment promised: it confirms up to here, and more may come up to there. */
  private record Promise(int ack, int edge) {}

  /** Notes the ACK and the window of each segment that the server sends. */
  private static final class Windows extends LinkWrapper {
    private static final ValueLayout.OfInt INT =
        ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfShort SHORT =
        ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    final List<Promise> promises = new ArrayList<>();

    Windows(Link link) {
      super(link);
    }

    @Override
    public void commit(TransmitPacket packet) {
      int ack = packet.memory.get(INT, packet.start + 28);
      int window = packet.memory.get(SHORT, packet.start + 34) & 0xFFFF;
      promises.add(new Promise(ack, ack + window)); // so small a window is not scaled
      super.commit(packet);
    }
  }

  private final List<Promise> promises = ((Windows) serverLink).promises;

  OctetReaderTest() {
    super(Windows::new);
  }

  @Test
  @Tag("D32")
  void givenAFullWindow_whenReadOctetByOctet_thenItReopensInStepsAndNeverMovesLeft() {
    int listener = listener();
    server.setOption(listener, Option.SO_RCVBUF, WINDOW);
    int socket = client.socket(Sockets.STREAM);
    client.connect(socket, SERVER);
    run(1);
    int accepted = server.accept(listener);
    promises.clear(); // the SYN-ACK

    byte[] all = new byte[60_000];
    new Random(32).nextBytes(all);
    byte[] got = new byte[all.length];
    int written = 0;
    int read = 0;
    for (int i = 0; read < all.length && i < 200_000; i++) {
      written += Math.max(0, client.write(socket, all, written, all.length - written));
      run(0);
      if (i > 100) { // until then the window fills
        read += Math.max(0, server.read(accepted, got, read, 1, 0));
      }
    }
    assertArrayEquals(all, got);

    int reopened = 0;
    for (int i = 1; i < promises.size(); i++) {
      Promise before = promises.get(i - 1);
      int growth = promises.get(i).edge() - before.edge();
      assertTrue(growth >= 0, () -> "the right edge moved left after " + before);
      if (before.edge() == before.ack() && growth > 0) {
        reopened++;
        assertTrue(growth >= Math.min(WINDOW / 2, MSS), () -> "a silly window after " + before);
      }
    }
    assertTrue(reopened >= 3, "reopened " + reopened + " times");
  }
}
