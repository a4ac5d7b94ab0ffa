package wisp.lab.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;

@DisplayName("Bulk data between us and the kernel: each byte once, in order")
@Tag("interop")
@Timeout(20)
class TransferTest {
  private static final int PORT = 100;
  private static final long BULK = 64 << 20;
  private static final long SOME = 8 << 20;

  private static KernelLab.Builder on(String link) {
    return link.equals("tun") ? KernelLab.with() : KernelLab.with().afpacket();
  }

  @ParameterizedTest(name = "{0}, offload={1}")
  @CsvSource({"tun,on", "tun,off", "afpacket,on", "afpacket,off"})
  void whenTheKernelSends_thenWeGetAll(String link, String offload) throws IOException {
    try (KernelLab lab = on(link).tun("offload=" + offload).open()) {
      receive(lab, BULK);
    }
  }

  @ParameterizedTest(name = "{0}, offload={1}")
  @CsvSource({"tun,on", "tun,off", "afpacket,on", "afpacket,off"})
  void whenWeSend_thenTheKernelGetsAll(String link, String offload) throws IOException {
    try (KernelLab lab = on(link).tun("offload=" + offload).open()) {
      send(lab, BULK);
    }
  }

  @ParameterizedTest(name = "{0}, offload={1}")
  @CsvSource({"tun,on", "tun,off", "afpacket,on", "afpacket,off"})
  void whenBothSend_thenBothGetAll(String link, String offload) throws IOException {
    try (KernelLab lab = on(link).tun("offload=" + offload).open()) {
      exchange(lab, BULK);
    }
  }

  @ParameterizedTest(name = "MTU {0}, offload={1}")
  @CsvSource({"576,on", "576,off", "1500,on", "1500,off", "9000,on", "9000,off", "65535,off"})
  void withAnyMtu(int mtu, String offload) throws IOException {
    try (KernelLab lab = KernelLab.with().tun("mtu=" + mtu + ",offload=" + offload).open()) {
      receive(lab, SOME);
      send(lab, SOME);
      exchange(lab, SOME);
    }
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(
      strings = {
        "tcp_timestamps=0",
        "tcp_sack=0",
        "tcp_window_scaling=0",
        "tcp_ecn=1",
        "tcp_timestamps=0 tcp_sack=0 tcp_window_scaling=0",
        "tcp_congestion_control=reno",
        "tcp_rmem='4096 8192 8192' tcp_wmem='4096 8192 8192'",
        "tcp_adv_win_scale=-2 tcp_moderate_rcvbuf=0"
      })
  void withAnyKernelSetting(String settings) throws IOException {
    try (KernelLab lab = KernelLab.open()) {
      for (String setting : settings.split(" (?=tcp_)")) {
        int equals = setting.indexOf('=');
        lab.namespace().sysctl(setting.substring(0, equals), setting.substring(equals + 1));
      }
      receive(lab, SOME);
      send(lab, SOME);
      exchange(lab, SOME);
      weConnect(lab, SOME);
    }
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {"heap", "pool", "slab", "persocket", "packed", "mapped"})
  void withAnyMemoryStrategy(String strategy) throws IOException {
    try (KernelLab lab = KernelLab.with().memory(strategy).capacity(256).open()) {
      receive(lab, SOME);
      send(lab, SOME);
      exchange(lab, SOME);
      weConnect(lab, SOME);
    }
  }

  @Test
  void whenManyEchoAtOnce_thenNoneMixesWithAnother() throws IOException {
    int connections = 64;
    long bytes = 1 << 20;
    try (KernelLab lab = KernelLab.open();
        var background = new Background()) {
      for (int i = 0; i < connections; i++) {
        SocketChannel socket = lab.dial(KernelLab.ECHO);
        long from = i * 7_919L; // each reads another part of the stream
        background.run(
            () -> {
              Stream.send(socket, from, from + bytes);
              socket.shutdownOutput();
            });
        background.run(
            () -> {
              try (socket) {
                Stream.receive(socket, from, from + bytes);
                Stream.assertEnds(socket);
              }
            });
      }
      background.join();
      lab.assertNothingIsLeft();
      assertEquals(connections, lab.count(Event.ACCEPTED));
      assertEquals(connections * bytes, lab.count(Event.BYTES_DELIVERED));
    }
  }

  // ---- One transfer ----------------------------------------------------------------------------

  private static void receive(KernelLab lab, long bytes) throws IOException {
    var peer = new Peer(0);
    lab.listen(PORT, peer);
    try (SocketChannel socket = lab.dial(PORT)) {
      Stream.send(socket, bytes);
      socket.shutdownOutput();
      Stream.assertEnds(socket);
    }
    finish(lab, peer, bytes);
  }

  private static void send(KernelLab lab, long bytes) throws IOException {
    var peer = new Peer(bytes).closesWhenSent();
    lab.listen(PORT, peer);
    try (SocketChannel socket = lab.dial(PORT)) {
      Stream.receive(socket, bytes);
      Stream.assertEnds(socket);
    }
    finish(lab, peer, 0);
  }

  private static void exchange(KernelLab lab, long bytes) throws IOException {
    var peer = new Peer(bytes).keepsOpen().closesWhenSent();
    lab.listen(PORT, peer);
    try (SocketChannel socket = lab.dial(PORT)) {
      bothWays(socket, bytes);
    }
    finish(lab, peer, bytes);
  }

  private static void weConnect(KernelLab lab, long bytes) throws IOException {
    var peer = new Peer(bytes).keepsOpen().closesWhenSent();
    try (var listener = lab.kernelListener(5_000)) {
      lab.connect(5_000, peer);
      try (SocketChannel socket = listener.accept()) {
        bothWays(socket, bytes);
      }
    }
    peer.awaitEvent("closed Closed");
    assertEquals(bytes, peer.received());
  }

  private static void bothWays(SocketChannel socket, long bytes) throws IOException {
    try (var background = new Background()) {
      background.run(
          () -> {
            Stream.send(socket, bytes);
            socket.shutdownOutput();
          });
      Stream.receive(socket, bytes);
      Stream.assertEnds(socket);
      background.join();
    }
  }

  private static void finish(KernelLab lab, Peer peer, long received) {
    peer.awaitEvent("closed Closed");
    assertEquals(received, peer.received());
    lab.assertNothingIsLeft();
    lab.unlisten(PORT);
  }
}
