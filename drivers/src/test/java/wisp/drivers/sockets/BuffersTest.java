package wisp.drivers.sockets;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName(
    "SO_RCVBUF is a window, its scale and a bound; writes that wait go on when it is worth it")
class BuffersTest extends SocketPair {
  // ---- Receiving -------------------------------------------------------------------------------

  @ParameterizedTest(name = "usual {0}, most {1}, SO_RCVBUF {2}: told {3}, window {4}, scale {5}")
  @CsvSource({
    "540000,15728640,0,540000,270000,8",
    "131072,65536,0,131072,65536,1",
    "131072,65536,32767,65534,32767,0",
    "131072,65536,200000,400000,200000,2",
    "540000,15728640,1,2304,1152,0"
  })
  void givenLimits_whenAConnectionBegins_thenItsWindowAndScaleFollow(
      int usual, int most, int chosen, int told, int window, int scale) {
    server.receiveLimits(new ReceiveLimits(usual, most));
    int listener = listener();
    if (chosen > 0) {
      server.setOption(listener, Option.SO_RCVBUF, chosen);
    }
    int socket = client.socket(Sockets.STREAM);
    client.connect(socket, SERVER);
    run(1);
    int accepted = server.accept(listener);
    assertEquals(told, server.option(accepted, Option.SO_RCVBUF));
    assertEquals(scale, server.info(accepted).receiveScale());
    int unit = 1 << scale;
    assertEquals(window / unit * unit, server.info(accepted).receiveWindowBytes());
  }

  @Test
  void givenAPeerThatDoesNotStop_whenNothingIsRead_thenTheBoundHolds() {
    int listener = listener();
    server.setOption(listener, Option.SO_RCVBUF, 10_000);
    int socket = client.socket(Sockets.STREAM);
    client.connect(socket, SERVER);
    run(1);
    int accepted = server.accept(listener);
    for (int i = 0; i < 50; i++) {
      client.write(socket, new byte[20_000], 0, 20_000);
      run(10);
    }
    int unread = server.unreadBytes(accepted);
    assertTrue(unread >= 10_000 && unread <= 20_000, "unread " + unread);
    byte[] into = new byte[20_000];
    for (int read = 0, i = 0; read < 100_000; i++) {
      read += Math.max(0, server.read(accepted, into, 0, into.length, 0));
      run(10);
      assertTrue(server.unreadBytes(accepted) <= 20_000 && i < 100, "read " + read);
    }
  }

  @Test
  void limitsOutOfRangeAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> new ReceiveLimits(100, 1 << 20));
    assertThrows(IllegalArgumentException.class, () -> new ReceiveLimits(4_096, 0));
  }

  // ---- Writes that wait ------------------------------------------------------------------------

  private List<Integer> writeAll(int handle, int bytes) {
    var answers = new ArrayList<Integer>();
    calls.call(
        client.writeAll(handle, new byte[bytes], 0, bytes, null, 0), Long.MAX_VALUE, answers::add);
    return answers;
  }

  @Test
  void givenLittleRoom_whenTheReaderReads_thenOneWriteGoesThroughInOnePiece() {
    int[] pair = pair();
    client.setOption(pair[0], Option.SO_SNDBUF, 20_000);
    List<Integer> answers = writeAll(pair[0], 1_000_000);
    int read = 0;
    byte[] into = new byte[1 << 20];
    for (int i = 0; i < 200 && read < 1_000_000; i++) {
      assertTrue(client.unacknowledgedBytes(pair[0]) <= 40_000 + (64 << 10));
      run(5);
      read += Math.max(0, server.read(pair[1], into, 0, into.length, 0));
    }
    assertEquals(List.of(1_000_000), answers);
    assertEquals(1_000_000, read);
  }

  @Test
  void givenAWriteThatWaits_whenTheConnectionIsReset_thenThePartIsToldAndTheErrorNext() {
    int[] pair = pair();
    client.setOption(pair[0], Option.SO_SNDBUF, 20_000);
    List<Integer> answers = writeAll(pair[0], 1_000_000);
    run(20);
    assertEquals(List.of(), answers);
    server.setOption(pair[1], Option.SO_LINGER, 0);
    server.close(pair[1]);
    run(1);
    assertEquals(1, answers.size());
    int part = answers.getFirst();
    assertTrue(part > 0 && part < 1_000_000, "part " + part);
    assertEquals(-Errno.ECONNRESET, client.write(pair[0], new byte[1], 0, 1));
  }

  @Test
  void givenNoConnectionYet_whenWritten_thenItWaitsForOne() {
    listener();
    int socket = client.socket(Sockets.STREAM);
    client.connect(socket, SERVER);
    List<Integer> answers = writeAll(socket, 100);
    assertEquals(List.of(), answers);
    run(1);
    assertEquals(List.of(100), answers);
  }
}
