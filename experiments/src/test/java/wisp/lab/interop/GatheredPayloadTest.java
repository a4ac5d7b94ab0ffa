package wisp.lab.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import wisp.core.Counters.Event;
import wisp.drivers.Links;

@DisplayName("Payload that leaves from where the application wrote it, also a second time")
@Tag("interop")
@Timeout(60)
class GatheredPayloadTest {
  private static final int PORT = 100;
  private static final long BULK = 64 << 20;
  private static final int SEGMENT = 1448;

  private static KernelLab.Builder on(String link, String options, int mtu) {
    if (link.equals("afpacket")) {
      return KernelLab.with().afpacket().tun(options);
    }
    String reason = Links.provider("afxdp").unavailable();
    assumeTrue(reason == null, reason);
    return KernelLab.with().afxdp(mtu).tun(options);
  }

  @ParameterizedTest(name = "{0}, {1}, MTU {2}, {3}, one frame in {4} is lost")
  @CsvSource({
    "afxdp,'mode=native,payload=8Mi',1500,slab,200",
    "afxdp,'mode=native,payload=8Mi,chunk=2048',1500,heap,200",
    "afxdp,'mode=native,payload=8Mi,chunk=4096',3500,slab,1000000000",
    "afxdp,'mode=skb,payload=8Mi',1500,slab,200",
    "afxdp,'mode=skb,payload=8Mi',9000,slab,200",
    "afxdp,'mode=skb,payload=1Mi',1500,pool,1000000000", // less than is on its way
    "afpacket,offload=on,1500,slab,40",
    "afpacket,offload=off,1500,slab,200"
  })
  void allArrives(String link, String options, int mtu, String strategy, int oneIn)
      throws IOException {
    var builder = on(link, options, mtu).memory(strategy).capacity(16).spoiling(oneIn);
    try (KernelLab lab = builder.open()) {
      var peer = new Peer(BULK).closesWhenSent();
      lab.listen(PORT, peer);
      try (SocketChannel socket = lab.dial(PORT)) {
        Stream.receive(socket, BULK);
        Stream.assertEnds(socket);
      }
      peer.awaitEvent("closed Closed");
      lab.assertNothingIsLeft();
      long resent = lab.count(Event.SEGMENTS_RETRANSMITTED);
      assertTrue(oneIn > 1000 || resent > 0, "nothing was lost");
      boolean whole = options.contains("offload=on"); // many segments to a packet
      int least = whole ? 500 : (int) (BULK / Math.max(SEGMENT, mtu) / 2);
      assertTrue(lab.gathered() > least, lab.gathered() + " frames");
      assertEquals(0, peer.received());
    }
  }
}
