package wisp.lab.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName(
    "With records of three words the kernel and we agree on no timestamps, and on the rest")
@Tag("interop")
@Timeout(20)
class WithoutTimestampsTest {
  private static final int BYTES = 1 << 20;
  private static final int PORT = 50_000;

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"packed", "slab"})
  void bothWays(String strategy) throws Exception {
    Path file = folder.resolve("ours.pcap");
    try (KernelLab lab =
        KernelLab.with().memory(strategy).capacity(256).withoutTimestamps().pcap(file).open()) {
      echoed(lab);
      weConnect(lab);
      lab.assertNothingIsLeft();
    }
    try (var tools = new Namespace()) {
      judge(new Tshark(tools, file));
    }
  }

  private static void echoed(KernelLab lab) throws Exception {
    try (SocketChannel socket = lab.dial(KernelLab.ECHO);
        var background = new Background()) {
      background.run(
          () -> {
            Stream.send(socket, BYTES);
            KernelLab.pause(500); // asleep, then awake
            Stream.send(socket, BYTES, 2 * BYTES);
            socket.shutdownOutput();
          });
      Stream.receive(socket, 2 * BYTES);
      Stream.assertEnds(socket);
      background.join();
    }
  }

  private static void weConnect(KernelLab lab) throws Exception {
    var peer = new Peer(BYTES).closesWhenSent();
    try (var listener = lab.kernelListener(PORT)) {
      lab.connect(PORT, peer);
      try (SocketChannel socket = listener.accept()) {
        Stream.receive(socket, BYTES);
        Stream.assertEnds(socket);
      }
    }
    peer.awaitEvent("closed Closed");
  }

  private static void judge(Tshark tshark) {
    String timestamp = " && tcp.options.timestamp.tsval";
    assertFalse(tshark.matching("tcp.flags == 0x002" + timestamp).isEmpty(), "the kernel offers");
    assertEquals("", tshark.matching("ip.src == " + KernelLab.OURS + timestamp));
    assertEquals("", tshark.matching("!(tcp.flags == 0x002)" + timestamp));
    String synAck = "tcp.flags == 0x012 && ip.src == " + KernelLab.OURS;
    assertFalse(
        tshark.matching(synAck + " && tcp.options.wscale.shift && tcp.options.sack_perm").isEmpty(),
        "all else is agreed on");
  }
}
