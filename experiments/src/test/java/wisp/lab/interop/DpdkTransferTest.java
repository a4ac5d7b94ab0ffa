package wisp.lab.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.channels.SocketChannel;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import wisp.core.Counters.Event;
import wisp.drivers.dpdk.MemifProvider;

@DisplayName("Text that DPDK's net_af_packet takes from where it lies")
@Tag("interop")
@Timeout(60)
class DpdkTransferTest {
  private static final int PORT = 100;
  private static final long BYTES = 64 << 20;
  private static final long SOME = 8 << 20;

  /** By the driver's software: each segment has a checksum that the kernel finds right. */
  @Test
  void givenADeviceThatCuts_whenWeSend_thenTheKernelGetsSegments() throws Exception {
    String reason = new MemifProvider().unavailable();
    assumeTrue(reason == null, reason);
    try (KernelLab lab =
        KernelLab.with().dpdk("net_tap7,iface=wisp0,tso=on").spoiling(Integer.MAX_VALUE).open()) {
      var peer = new Peer(SOME).closesWhenSent();
      lab.listen(PORT, peer);
      try (SocketChannel socket = lab.dial(PORT)) {
        Stream.receive(socket, SOME);
        Stream.assertEnds(socket);
      }
      peer.awaitEvent("closed Closed");
      lab.assertNothingIsLeft();
      lab.assertNothingWasResent();
      long cut = lab.cut();
      assertTrue(cut > SOME / 32_768 / 2, cut + " packets were to be cut");
      String statistics = "/sys/class/net/wisp0/statistics/rx_packets";
      long arrived = Long.parseLong(lab.namespace().run("cat", statistics).strip());
      assertTrue(arrived >= SOME / 1_460, arrived + " packets arrived");
      lab.unlisten(PORT);
    }
  }

  /** Each byte is checked where it arrives; what is lost is sent again from the same frames. */
  @Test
  void givenLoss_whenWeSend_thenTheKernelGetsEachByteOnce() throws Exception {
    String reason = new MemifProvider().unavailable();
    assumeTrue(reason == null, reason);
    try (KernelLab lab = KernelLab.with().dpdk("net_af_packet7,iface=ours").spoiling(200).open()) {
      var peer = new Peer(BYTES).closesWhenSent();
      lab.listen(PORT, peer);
      try (SocketChannel socket = lab.dial(PORT)) {
        Stream.receive(socket, BYTES);
        Stream.assertEnds(socket);
      }
      peer.awaitEvent("closed Closed");
      lab.assertNothingIsLeft();
      long gathered = lab.gathered();
      long resent = lab.count(Event.SEGMENTS_RETRANSMITTED);
      assertTrue(gathered > BYTES / 1460 / 2, gathered + " packets had pieces");
      assertTrue(resent >= gathered / 200, resent + " segments resent of " + gathered);
      assertEquals(gathered, (long) lab.call(context -> lab.link().gathersDone()));
      lab.unlisten(PORT);
    }
  }
}
