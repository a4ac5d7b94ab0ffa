package wisp.drivers.sockets;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import wisp.core.stack.Endpoint;

@DisplayName("Datagrams that nobody reads: SO_RCVBUF bounds what waits, whatever its size")
class DatagramsTest extends SocketPair {
  private static final Endpoint TO = Endpoint.of("10.0.0.2", 53);
  private static final int OVERHEAD = 768;

  private int receiver() {
    int to = server.socket(Sockets.DATAGRAM);
    assertEquals(0, server.bind(to, Endpoint.any(53)));
    return to;
  }

  private void send(int count, int bytes) {
    int from = client.socket(Sockets.DATAGRAM);
    for (int i = 0; i < count; i++) {
      assertEquals(bytes, client.write(from, new byte[bytes], 0, bytes, TO));
      if (i % 50 == 49) {
        run(0);
      }
    }
    run(1);
  }

  /** Reads all that waits. */
  private int readAll(int handle) {
    int n = 0;
    while (server.read(handle, new byte[2_000], 0, 2_000, 0) >= 0) {
      n++;
    }
    return n;
  }

  @Test
  void givenEmptyOnes_whenNobodyReads_thenTheyAreBoundedAndTheRestIsCounted() {
    int to = receiver();
    server.setOption(to, Option.SO_RCVBUF, 50_000);
    assertEquals(100_000, server.option(to, Option.SO_RCVBUF));
    send(1_000, 0);
    int kept = 100_000 / OVERHEAD + 1; // the last one may pass the limit
    assertEquals(1_000 - kept, server.droppedDatagrams(to));
    assertEquals(kept, readAll(to));
    send(1, 0);
    assertEquals(1, readAll(to));
    assertEquals(1_000 - kept, server.droppedDatagrams(to));
  }

  @Test
  void givenLargeOnes_whenNobodyReads_thenTheirBytesCountToo() {
    int to = receiver();
    server.setOption(to, Option.SO_RCVBUF, 50_000);
    send(200, 1_232);
    assertEquals(51, readAll(to));
    assertEquals(149, server.droppedDatagrams(to));
  }

  @Test
  void givenTheLeastBuffer_whenOneComes_thenItIsKept() {
    int to = receiver();
    server.setOption(to, Option.SO_RCVBUF, 1);
    send(1, 1_400);
    assertEquals(1_400, server.unreadBytes(to));
    assertEquals(0, server.droppedDatagrams(to));
  }

  @Test
  void givenAStream_whenAskedForDrops_thenThereIsNoSuchThing() {
    assertTrue(client.droppedDatagrams(client.socket(Sockets.STREAM)) < 0);
  }
}
