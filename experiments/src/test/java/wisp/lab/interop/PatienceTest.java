package wisp.lab.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import jdk.net.ExtendedSocketOptions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import wisp.core.Counters.Event;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Endpoint;
import wisp.core.stack.KeepAlive;

@DisplayName("How long either side waits for a kernel that is there, and for one that is cut off")
@Tag("interop")
@Timeout(30)
class PatienceTest {
  private static final int PORT = 100;
  private static final long MS = 1_000_000L;
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

  private void listen(ConnectionProfile profile, Peer peer) {
    lab.call(
        c -> {
          c.listen(Endpoint.of(KernelLab.OURS, PORT), profile, peer);
          return true;
        });
  }

  /** What the kernel sends from now on is lost. */
  private void cutOff() {
    lab.namespace().run("ip", "route", "add", "blackhole", KernelLab.OURS + "/32");
  }

  private static double millisUntil(Peer peer, String event) {
    long begin = System.nanoTime();
    peer.awaitEvent(event);
    return (System.nanoTime() - begin) / 1e6;
  }

  @Test
  @DisplayName("RFC 9293 §3.8.4: the kernel answers our keep-alives; cut off, it is given up")
  void givenKeepAlive_thenAKernelThatAnswersIsKept_andOneThatIsCutOffIsGivenUp()
      throws IOException {
    var peer = new Peer(0);
    var keepAlive = KeepAlive.every(300 * MS, 200 * MS, 4);
    listen(ConnectionProfile.NO_DELAY.with(b -> b.keepAlive = keepAlive), peer);
    try (SocketChannel socket = lab.dial(PORT)) {
      peer.awaitEvent("open");
      KernelLab.pause(2_000);
      long asked = lab.count(Event.KEEP_ALIVES);
      assertTrue(asked >= 4 && asked <= 7, asked + " questions in two seconds");
      assertEquals(1, lab.call(c -> c.connections()).intValue());
      socket.write(ByteBuffer.wrap(new byte[] {Stream.at(0)}));
      lab.await("the byte", c -> peer.received() == 1);
      cutOff();
      double millis = millisUntil(peer, "closed TimedOut");
      assertTrue(millis > 800 && millis < 2_000, millis + " ms, not 1,100");
    }
  }

  @Test
  @DisplayName("we answer the kernel's keep-alives, asleep")
  void givenTheKernelAsks_thenWeAnswer() throws IOException {
    try (SocketChannel socket = lab.dial(KernelLab.ECHO)) {
      socket.setOption(ExtendedSocketOptions.TCP_KEEPIDLE, 1);
      socket.setOption(ExtendedSocketOptions.TCP_KEEPINTERVAL, 1);
      socket.setOption(ExtendedSocketOptions.TCP_KEEPCOUNT, 2);
      socket.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
      Stream.send(socket, 100);
      Stream.receive(socket, 100);
      long before = lab.count(Event.SEGMENTS_RECEIVED);
      KernelLab.pause(5_500);
      long asked = lab.count(Event.SEGMENTS_RECEIVED) - before;
      assertTrue(asked >= 4, asked + " questions");
      Stream.send(socket, 100, 200);
      Stream.receive(socket, 100, 200);
    }
    lab.assertNothingIsLeft();
  }

  @Test
  @DisplayName(
      "RFC 9293 §3.9.1.8: the user timeout ends what a kernel that is cut off confirms no more")
  @Tag("MUST-20")
  void givenAUserTimeout_whenTheKernelIsCutOff_thenItEndsAtItsTime() throws IOException {
    var peer = new Peer(0);
    listen(ConnectionProfile.NO_DELAY.with(b -> b.retransmissionLimitNanos = 1_500 * MS), peer);
    try (SocketChannel socket = lab.dial(PORT)) {
      peer.awaitEvent("open");
      cutOff();
      lab.call(
          c -> {
            int frame = c.frame(100);
            boolean taken = c.send(peer.connection(), frame);
            c.release(frame);
            return taken;
          });
      double millis = millisUntil(peer, "closed TimedOut");
      assertTrue(millis > 1_300 && millis < 2_500, millis + " ms, not 1,500");
      assertTrue(socket.isOpen());
    }
  }

  @Test
  void givenLingerZero_whenWeClose_thenTheKernelIsReset() throws IOException {
    var peer = new Peer(0);
    lab.listen(PORT, peer);
    try (SocketChannel socket = lab.dial(PORT)) {
      peer.awaitEvent("open");
      lab.call(c -> c.close(peer.connection(), 0));
      assertThrows(IOException.class, () -> socket.read(ByteBuffer.allocate(1)));
    }
    assertEquals("closed Aborted", peer.next());
    lab.assertNothingIsLeft();
  }

  @Test
  void givenPatience_whenTheKernelReadsNothing_thenItIsResetWhenThatIsOver() throws IOException {
    var peer = new Peer(MUCH);
    lab.listen(PORT, peer);
    try (SocketChannel socket = lab.dial(PORT)) {
      peer.awaitEvent("open");
      KernelLab.pause(300);
      lab.call(c -> c.close(peer.connection(), 700 * MS));
      double millis = millisUntil(peer, "closed Aborted");
      assertTrue(millis > 600 && millis < 1_500, millis + " ms, not 700");
      assertThrows(IOException.class, () -> Stream.receive(socket, MUCH));
    }
    lab.assertNothingIsLeft();
  }

  @Test
  void givenPatience_whenTheKernelReads_thenItGetsAllAndTheEnd() throws IOException {
    var peer = new Peer(1 << 20);
    lab.listen(PORT, peer);
    try (SocketChannel socket = lab.dial(PORT)) {
      peer.awaitEvent("open");
      lab.call(c -> c.close(peer.connection(), 10_000 * MS));
      Stream.receive(socket, 1 << 20);
      Stream.assertEnds(socket);
    }
    assertEquals("closed Closed", peer.next());
    lab.assertNothingIsLeft();
  }
}
