package wisp.lab.interop;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import wisp.core.spi.LinkProvider;
import wisp.drivers.Links;

@DisplayName("The kernel and a stack of ours behind an XDP program")
@Tag("interop")
@Timeout(60)
class AfXdpTest {
  private static final long BULK = 64L << 20;

  @BeforeAll
  static void demandXdp() {
    LinkProvider provider = Links.provider("afxdp");
    assumeTrue(provider.unavailable() == null, provider.unavailable());
  }

  private static InetSocketAddress ours(String family) {
    return new InetSocketAddress(
        family.equals("IPv4") ? KernelLab.OURS : KernelLab.OURS_6, KernelLab.ECHO);
  }

  @ParameterizedTest(name = "{0}, {1}, mtu {2}")
  @CsvSource({
    "native,IPv4,1500",
    "native,IPv6,1500",
    "native,IPv4,9000",
    "skb,IPv4,1500",
    "skb,IPv6,1500",
    "skb,IPv4,9000",
    "skb,IPv6,32000"
  })
  @DisplayName("64 MiB come back, each byte in its place; the kernel finds us reachable")
  void echoes(String mode, String family, int mtu) throws IOException {
    try (KernelLab lab = KernelLab.with().afxdp(mtu).tun("mode=" + mode).open();
        var background = new Background()) {
      lab.namespace().run("ping", "-c", "1", "-w", "20", ours(family).getHostString());
      try (SocketChannel socket = lab.namespace().connect(ours(family))) {
        background.run(
            () -> {
              Stream.send(socket, BULK);
              socket.shutdownOutput();
            });
        Stream.receive(socket, BULK);
        Stream.assertEnds(socket);
        background.join();
      }
      String neighbours = lab.namespace().run("ip", "neigh", "show", "dev", "wisp0");
      assertTrue(neighbours.contains("REACHABLE") || neighbours.contains("DELAY"), neighbours);
      lab.assertNothingIsLeft();
    }
  }
}
