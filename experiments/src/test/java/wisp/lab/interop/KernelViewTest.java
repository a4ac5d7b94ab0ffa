package wisp.lab.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SocketChannel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import wisp.core.Counters.Event;

@DisplayName("What the kernel's own tools say about us: ping, UDP, ss")
@Tag("interop")
@Timeout(20)
class KernelViewTest {
  private static final int BYTES = 4 << 20;
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

  @Test
  void whenPinged_thenWeAnswerEach() {
    assumeTrue(Namespace.isInstalled("ping"), "ping is not installed");
    for (String size : new String[] {"0", "56", "1472"}) {
      String output =
          lab.namespace().run("ping", "-c", "5", "-i", "0.01", "-s", size, "10.9.1.200");
      assertTrue(output.contains("5 received"), output);
    }
    assertEquals(15, lab.count(Event.ECHO_REPLIES));
  }

  @Test
  void whenUdpArrives_thenItsSenderHearsThatThePortIsUnreachable() throws IOException {
    try (DatagramChannel udp =
        lab.namespace().with(() -> DatagramChannel.open(StandardProtocolFamily.INET))) {
      udp.connect(new InetSocketAddress(KernelLab.OURS, 53));
      udp.write(ByteBuffer.wrap(new byte[100]));
      assertThrows(PortUnreachableException.class, () -> udp.read(ByteBuffer.allocate(100)));
    }
    assertEquals(1, lab.count(Event.DROP_UDP));
  }

  @Test
  void whenAnEchoIsDone_thenSsSeesItsOptions_andNothingWasResent() throws IOException {
    assumeTrue(Namespace.isInstalled("ss"), "ss (package iproute2) is not installed");
    try (SocketChannel socket = lab.dial(KernelLab.ECHO);
        var background = new Background()) {
      background.run(() -> Stream.send(socket, BYTES));
      Stream.receive(socket, BYTES);
      background.join();
      String line = lab.namespace().run("ss", "-tinoOH", "dst", KernelLab.OURS);
      assertTrue(line.startsWith("ESTAB 0      0 "), line);
      for (String expected :
          new String[] {
            " ts ",
            " sack ",
            " wscale:",
            " mss:1448 ",
            " bytes_received:" + BYTES + " ",
            " bytes_acked:" + (BYTES + 1) + " "
          }) {
        assertTrue(line.contains(expected), expected + " is missing: " + line);
      }
      assertFalse(line.contains("retrans:"), line);
      lab.assertNothingWasResent();
    }
  }
}
