package wisp.lab.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;

@DisplayName("A side that takes nothing for a while loses nothing")
@Tag("interop")
@Timeout(20)
class BackPressureTest {
  private static final int PORT = 100;
  private static final long MUCH = 32 << 20; // more than all buffers on the way hold

  @Test
  @Tag("MUST-36")
  void whenTheKernelStopsReading_thenWeProbeItsShutWindow_andGoOn() throws IOException {
    try (KernelLab lab = KernelLab.open()) {
      var peer = new Peer(MUCH).closesWhenSent();
      lab.listen(PORT, peer);
      try (SocketChannel socket = lab.namespace().socket()) {
        socket.setOption(StandardSocketOptions.SO_RCVBUF, 64 << 10);
        socket.connect(KernelLab.ours(PORT));
        lab.await("a second probe", c -> c.counters().get(Event.WINDOW_PROBES) >= 2);
        assertTrue(peer.acknowledged() < 1 << 20, peer.toString());
        Stream.receive(socket, MUCH);
        Stream.assertEnds(socket);
      }
      peer.awaitEvent("closed Closed");
      lab.assertNothingIsLeft();
    }
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {"slab", "persocket"})
  @Tag("MUST-39")
  void whenWePause_thenTheKernelProbesOurShutWindow_andGoesOn(String strategy) throws IOException {
    try (KernelLab lab = KernelLab.with().memory(strategy).capacity(256).open();
        var background = new Background()) {
      var peer = new Peer(0).pausesOnOpen();
      lab.listen(PORT, peer);
      try (SocketChannel socket = lab.dial(PORT)) {
        background.run(
            () -> {
              Stream.send(socket, MUCH);
              socket.shutdownOutput();
            });
        KernelLab.pause(1_500); // the kernel's probes begin after 200 ms
        assertTrue(peer.received() <= 1 << 20, "more than the window: " + peer);
        String statistics = lab.namespace().run("ss", "-tino", "dst", KernelLab.OURS);
        assertTrue(statistics.contains("timer:(persist"), statistics);
        lab.call(c -> c.resume(peer.connection()));
        background.join();
        Stream.assertEnds(socket);
      }
      peer.awaitEvent("closed Closed");
      assertEquals(MUCH, peer.received());
      lab.assertNothingIsLeft();
    }
  }

  @Test
  void whenThePeerOfAnEchoReadsNothing_thenBothWindowsShut_andAllComesBackLater()
      throws IOException {
    try (KernelLab lab = KernelLab.open();
        var background = new Background()) {
      try (SocketChannel socket = lab.dial(KernelLab.ECHO)) {
        background.run(
            () -> {
              Stream.send(socket, MUCH);
              socket.shutdownOutput();
            });
        KernelLab.pause(1_500);
        assertTrue(lab.count(Event.BYTES_DELIVERED) < MUCH, "nothing stops the kernel");
        Stream.receive(socket, MUCH);
        Stream.assertEnds(socket);
        background.join();
      }
      lab.assertNothingIsLeft();
    }
  }

  @Test
  void whenOurThreadStandsStillForThreeSeconds_thenNoConnectionSuffers() throws IOException {
    try (KernelLab lab = KernelLab.open();
        var background = new Background()) {
      try (SocketChannel socket = lab.dial(KernelLab.ECHO);
          SocketChannel idle = lab.dial(KernelLab.ECHO)) {
        background.run(
            () -> {
              Stream.send(socket, MUCH);
              socket.shutdownOutput();
            });
        Stream.receive(socket, 0, MUCH / 4);
        lab.freeze(3_000);
        Stream.receive(socket, MUCH / 4, MUCH);
        Stream.assertEnds(socket);
        background.join();
        Stream.send(idle, 1_000);
        Stream.receive(idle, 1_000);
      }
      lab.assertNothingIsLeft();
      assertEquals(0, lab.count(Event.RESETS_SENT) + lab.count(Event.RESETS_RECEIVED));
    }
  }
}
