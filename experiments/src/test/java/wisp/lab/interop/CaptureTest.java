package wisp.lab.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A session with something of everything is recorded twice: by the kernel on the device, and by our
 * own writer on our side. tshark must find no fault with either.
 *
 * <p>The kernel's record is judged with {@code offload=off} only: with offloads it shows checksums
 * that are still to be completed. Ours shows them complete.
 */
@DisplayName("tshark finds no bad checksum and no malformed segment in a session with the kernel")
@Tag("interop")
@Timeout(20)
class CaptureTest {
  private static final int PORT = 50_000; // one that tshark takes for no other protocol
  private static final int BYTES = 1 << 20;

  @TempDir Path folder;

  @ParameterizedTest(name = "offload={0}")
  @ValueSource(strings = {"off", "on"})
  void aWholeSession(String offload) throws Exception {
    assumeTrue(Namespace.isInstalled("tshark"), "tshark is not installed");
    Path ours = folder.resolve("ours.pcap");
    Path theirs = folder.resolve("theirs.pcap");
    boolean kernelToo = offload.equals("off");
    assumeTrue(!kernelToo || Namespace.isInstalled("tcpdump"), "tcpdump is not installed");
    try (KernelLab lab = KernelLab.with().tun("offload=" + offload).pcap(ours).open()) {
      if (kernelToo) {
        Process tcpdump = record(lab, theirs);
        session(lab);
        stop(tcpdump);
        judge(lab.namespace(), theirs);
      } else {
        session(lab);
      }
    }
    try (var tools = new Namespace()) {
      judge(tools, ours);
    }
  }

  /** Records what passes the kernel's end, once it says that it does. */
  static Process record(KernelLab lab, Path file) throws IOException {
    Process tcpdump =
        lab.namespace()
            .start(
                "tcpdump",
                "-Z",
                "root",
                "-i",
                "wisp0",
                "--immediate-mode",
                "-s",
                "2048",
                "-B",
                "65536",
                "-w",
                file.toString());
    var said = new StringBuilder();
    while (said.indexOf("listening on") < 0) {
      int c = tcpdump.getInputStream().read();
      if (c < 0) {
        throw new AssertionError("tcpdump: " + said);
      }
      said.append((char) c);
    }
    return tcpdump;
  }

  /** SIGTERM has tcpdump write what it still holds. */
  static void stop(Process tcpdump) throws InterruptedException {
    KernelLab.pause(300);
    tcpdump.destroy();
    assertTrue(tcpdump.waitFor(10, TimeUnit.SECONDS), "tcpdump does not end");
  }

  private static void session(KernelLab lab) throws IOException {
    bothDirections(lab);
    weConnectAndAreRefused(lab);
    resets(lab);
    assertThrows(ConnectException.class, () -> lab.dial(4));
    lab.namespace().run("ping", "-c", "2", "-i", "0.01", KernelLab.OURS);
    try (DatagramChannel udp =
        lab.namespace().with(() -> DatagramChannel.open(StandardProtocolFamily.INET))) {
      udp.connect(new InetSocketAddress(KernelLab.OURS, 53));
      udp.write(ByteBuffer.wrap(new byte[101]));
      assertThrows(IOException.class, () -> udp.read(ByteBuffer.allocate(1)));
    }
    lab.assertNothingIsLeft();
  }

  private static void bothDirections(KernelLab lab) throws IOException {
    try (SocketChannel socket = lab.dial(KernelLab.ECHO);
        var background = new Background()) {
      background.run(
          () -> {
            Stream.send(socket, BYTES);
            socket.socket().sendUrgentData(Stream.at(BYTES));
            socket.shutdownOutput();
          });
      Stream.receive(socket, BYTES + 1);
      Stream.assertEnds(socket);
      background.join();
    }
  }

  private static void weConnectAndAreRefused(KernelLab lab) throws IOException {
    var peer = new Peer(BYTES).closesWhenSent();
    try (var listener = lab.kernelListener(PORT)) {
      lab.connect(PORT, peer);
      try (SocketChannel socket = listener.accept()) {
        Stream.receive(socket, BYTES);
        Stream.assertEnds(socket);
      }
    }
    peer.awaitEvent("closed Closed");
    var refused = new Peer(0);
    lab.connect(PORT + 1, refused);
    assertEquals("closed Refused", refused.next());
  }

  private static void resets(KernelLab lab) throws IOException {
    var peer = new Peer(10);
    lab.listen(100, peer);
    try (SocketChannel socket = lab.dial(100)) {
      Stream.receive(socket, 10);
      lab.call(c -> c.abort(peer.connection()));
      assertThrows(IOException.class, () -> Stream.assertEnds(socket));
    }
    SocketChannel rude = lab.dial(KernelLab.DISCARD);
    rude.setOption(StandardSocketOptions.SO_LINGER, 0);
    rude.close();
  }

  // ---- Verdict ---------------------------------------------------------------------------------

  private static void judge(Namespace namespace, Path file) {
    new Tshark(namespace, file).assertFaultless("tcp", "ip", "icmp");
  }
}
