package wisp.lab.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import wisp.core.Counters.Event;

@DisplayName("By raw sockets: our machine's own kernel looks on, and says nothing")
@Tag("interop")
@Timeout(120)
class RawIpInteropTest {
  private static final long BULK = 64 << 20;
  private static final int MSS = 1448;
  private static final int CONNECTIONS = 200;

  @Test
  @DisplayName("What the kernel has not cut for want of a wire comes uncut")
  void receivesLargePackets() throws IOException {
    try (KernelLab lab = KernelLab.with().rawip().open();
        SocketChannel socket = lab.dial(KernelLab.DISCARD)) {
      Stream.send(socket, BULK);
      socket.shutdownOutput();
      Stream.assertEnds(socket);
      assertEquals(BULK, lab.count(Event.BYTES_DELIVERED));
      long packets = lab.count(Event.PACKETS_RECEIVED);
      assertTrue(packets < BULK / MSS / 4, packets + " packets");
    }
  }

  @Test
  @DisplayName("A listener of the kernel's at the same port of all addresses gets nobody of ours")
  void aKernelListenerIsSilencedToo() throws IOException {
    try (KernelLab lab = KernelLab.with().rawip().open();
        ServerSocketChannel listener =
            lab.ours().listen(new InetSocketAddress("0.0.0.0", KernelLab.ECHO))) {
      listener.configureBlocking(false);
      for (int i = 0; i < 20; i++) {
        echo(lab, 10_000);
      }
      assertNull(listener.accept());
      lab.assertNothingIsLeft();
    }
  }

  @Test
  @DisplayName(
      "200 connections are opened and closed, one is refused, pings are answered once: the one RST"
          + " that passes is ours, though the kernel wanted to send hundreds")
  void theKernelIsSilent(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("a.pcap");
    try (KernelLab lab = KernelLab.with().rawip().open()) {
      var tshark = new Tshark(lab.namespace(), file);
      Process tcpdump = CaptureTest.record(lab, file);
      for (int i = 0; i < CONNECTIONS; i++) {
        echo(lab, 10_000);
      }
      assertThrows(ConnectException.class, () -> lab.dial(4));
      String ping = lab.namespace().run("ping", "-c", "10", "-i", "0.01", KernelLab.OURS);
      lab.assertNothingIsLeft();
      CaptureTest.stop(tcpdump);
      assertTrue(ping.contains("10 received") && !ping.contains("DUP"), ping);
      assertEquals(CONNECTIONS, lab.count(Event.ACCEPTED));
      assertEquals(1, lab.count(Event.RESETS_SENT));
      assertEquals(1, tshark.fields("tcp.flags.reset == 1", "tcp.srcport").size());
      assertEquals(
          CONNECTIONS + 1,
          tshark.fields("tcp.flags.syn == 1 && tcp.flags.ack == 0", "tcp.dstport").size());
      assertEquals(10, tshark.fields("icmp.type == 0", "ip.src").size());
      assertTrue(
          kernelResets(lab) > CONNECTIONS, "the kernel saw none of it: what does this show?");
    }
  }

  /** RSTs that the kernel beside our stack made; it counts them before they find no route. */
  private static long kernelResets(KernelLab lab) {
    Namespace ours = lab.ours();
    assertNotNull(ours);
    String[] tcp = ours.run("sh", "-c", "grep ^Tcp: /proc/net/snmp").split("\\R");
    String[] names = tcp[0].split(" ");
    for (int i = 0; i < names.length; i++) {
      if (names[i].equals("OutRsts")) {
        return Long.parseLong(tcp[1].split(" ")[i]);
      }
    }
    throw new AssertionError("no OutRsts");
  }

  private static void echo(KernelLab lab, long bytes) throws IOException {
    try (SocketChannel socket = lab.dial(KernelLab.ECHO);
        var background = new Background()) {
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
}
