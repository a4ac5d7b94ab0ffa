package wisp.lab.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import wisp.core.Counters.Event;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Endpoint;

@DisplayName("Connections between us and the kernel: how they begin and how they end")
@Tag("interop")
@Timeout(20)
class ConnectionTest {
  private static final int PORT = 100;
  private static final int BYTES = 100_000;
  private static final int MUCH = 8 << 20; // more than the kernel's buffers hold
  private KernelLab lab;

  @BeforeEach
  void open() {
    lab = KernelLab.open();
  }

  @AfterEach
  void close() {
    if (lab != null) {
      lab.close();
    }
  }

  // ---- Open ------------------------------------------------------------------------------------

  @Test
  void whenTheKernelConnects_thenItsBytesComeBack_andBothClose() throws IOException {
    try (SocketChannel socket = lab.dial(KernelLab.ECHO)) {
      Stream.send(socket, BYTES);
      Stream.receive(socket, BYTES);
      socket.shutdownOutput();
      Stream.assertEnds(socket);
    }
    lab.assertNothingIsLeft();
    assertEquals(1, lab.count(Event.ACCEPTED));
  }

  @Test
  void whenWeConnect_thenOurBytesComeBack_andBothClose() throws IOException {
    var peer = new Peer(BYTES).closesWhenSent();
    try (var listener = lab.kernelListener(5_000)) {
      lab.connect(5_000, peer);
      try (SocketChannel socket = listener.accept()) {
        Stream.receive(socket, BYTES);
        Stream.assertEnds(socket);
        Stream.send(socket, BYTES);
      }
    }
    assertEquals("open", peer.next());
    assertEquals("peer closed", peer.next());
    assertEquals("closed Closed", peer.next());
    assertEquals(BYTES, peer.received());
    lab.assertNothingIsLeft();
  }

  @Test
  @Tag("MUST-10")
  void whenBothConnectAtOnce_thenOneConnectionComesOfIt() throws IOException {
    var peer = new Peer(BYTES).closesWhenSent();
    try (SocketChannel socket = lab.namespace().socket()) {
      socket.bind(new InetSocketAddress(KernelLab.KERNEL, 5_000)).configureBlocking(false);
      lab.call(
          c -> {
            // The kernel's SYN lies in the device, unread, while ours leaves.
            startConnecting(socket);
            return c.connect(
                Endpoint.of(KernelLab.OURS, PORT),
                Endpoint.of(KernelLab.KERNEL, 5_000),
                ConnectionProfile.NO_DELAY,
                peer);
          });
      assertEquals("open", peer.next());
      while (!socket.finishConnect()) {
        KernelLab.pause(1);
      }
      socket.configureBlocking(true);
      Stream.send(socket, BYTES);
      Stream.receive(socket, BYTES);
      Stream.assertEnds(socket);
    }
    assertEquals("peer closed", peer.next());
    assertEquals("closed Closed", peer.next());
    lab.assertNothingIsLeft();
  }

  private static void startConnecting(SocketChannel socket) {
    try {
      if (socket.connect(KernelLab.ours(PORT))) {
        throw new AssertionError("connected without us");
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void whenOurPortIsClosed_thenTheKernelIsRefusedAtOnce() {
    assertThrows(ConnectException.class, () -> lab.dial(PORT));
    assertEquals(1, lab.count(Event.DROP_NO_CONNECTION));
  }

  @Test
  void whenTheKernelsPortIsClosed_thenWeAreRefusedAtOnce() {
    var peer = new Peer(0);
    lab.connect(5_000, peer);
    assertEquals("closed Refused", peer.next());
    lab.assertNothingIsLeft();
  }

  // ---- Half-close ------------------------------------------------------------------------------

  @Test
  void whenTheKernelHalfCloses_thenItStillGetsMegabytesFromUs() throws IOException {
    var peer = new Peer(MUCH).keepsOpen().closesWhenSent();
    lab.listen(PORT, peer);
    try (SocketChannel socket = lab.dial(PORT)) {
      Stream.send(socket, BYTES);
      socket.shutdownOutput();
      peer.awaitEvent("peer closed");
      Stream.receive(socket, MUCH);
      Stream.assertEnds(socket);
    }
    assertEquals("closed Closed", peer.next());
    assertEquals(BYTES, peer.received());
    lab.assertNothingIsLeft();
  }

  @Test
  void whenWeHalfClose_thenWeStillGetMegabytesFromTheKernel() throws IOException {
    var peer = new Peer(BYTES).closesWhenSent();
    lab.listen(PORT, peer);
    try (SocketChannel socket = lab.dial(PORT)) {
      Stream.receive(socket, BYTES);
      Stream.assertEnds(socket);
      Stream.send(socket, MUCH);
    }
    peer.awaitEvent("peer closed");
    assertEquals("closed Closed", peer.next());
    assertEquals(MUCH, peer.received());
    lab.assertNothingIsLeft();
  }

  @Test
  void whenBothCloseAtOnce_thenBothEndInOrder() throws IOException {
    var peer = new Peer(BYTES).keepsOpen();
    lab.listen(PORT, peer);
    try (SocketChannel socket = lab.dial(PORT)) {
      Stream.receive(socket, BYTES);
      lab.call(
          c -> {
            shutdownOutput(socket); // its FIN lies in the device, unread, while ours leaves
            return c.shutdown(peer.connection());
          });
      Stream.assertEnds(socket);
      peer.awaitEvent("peer closed");
      assertEquals("closed Closed", peer.next());
    }
    lab.assertNothingIsLeft();
  }

  private static void shutdownOutput(SocketChannel socket) {
    try {
      socket.shutdownOutput();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  // ---- Reset -----------------------------------------------------------------------------------

  @Test
  void whenTheKernelResets_thenWeHearOfIt() throws IOException {
    var peer = new Peer(BYTES);
    lab.listen(PORT, peer);
    SocketChannel socket = lab.dial(PORT);
    Stream.receive(socket, BYTES);
    socket.setOption(StandardSocketOptions.SO_LINGER, 0);
    socket.close();
    assertEquals("open", peer.next());
    assertEquals("closed ResetByPeer", peer.next());
    lab.assertNothingIsLeft();
  }

  @Test
  void whenWeAbort_thenTheKernelHearsOfIt() throws IOException {
    var peer = new Peer(0);
    lab.listen(PORT, peer);
    try (SocketChannel socket = lab.dial(PORT)) {
      peer.awaitEvent("open");
      lab.call(c -> c.abort(peer.connection()));
      assertReset(socket);
    }
    assertEquals("closed Aborted", peer.next());
    lab.assertNothingIsLeft();
  }

  @Test
  void whenTheKernelClosesWithUnreadData_thenItsResetEndsTheConnection() throws IOException {
    var peer = new Peer(BYTES);
    lab.listen(PORT, peer);
    SocketChannel socket = lab.dial(PORT);
    lab.await("the kernel to hold it all", c -> peer.acknowledged() == BYTES);
    socket.close();
    assertEquals("open", peer.next());
    assertEquals("closed ResetByPeer", peer.next());
    lab.assertNothingIsLeft();
  }

  @Test
  void whenWeCloseAndTheKernelSendsOn_thenItIsReset() throws IOException {
    var peer = new Peer(BYTES);
    lab.listen(PORT, peer);
    try (SocketChannel socket = lab.dial(PORT)) {
      Stream.receive(socket, BYTES);
      lab.call(c -> c.close(peer.connection()));
      Stream.assertEnds(socket);
      socket.write(ByteBuffer.wrap(new byte[] {1}));
      lab.await("our reset", c -> c.counters().get(Event.RESETS_SENT) == 1);
      assertThrows(IOException.class, () -> socket.write(ByteBuffer.wrap(new byte[] {2})));
    }
    assertEquals("open", peer.next());
    assertEquals("closed Aborted", peer.next());
    lab.assertNothingIsLeft();
  }

  private static void assertReset(SocketChannel socket) {
    var thrown = assertThrows(IOException.class, () -> socket.read(ByteBuffer.allocate(1)));
    assertTrue(String.valueOf(thrown.getMessage()).contains("reset"), thrown.toString());
  }
}
