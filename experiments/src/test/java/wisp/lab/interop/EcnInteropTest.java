package wisp.lab.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;
import wisp.core.spi.EcnMode;
import wisp.core.spi.LinkException;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Context;
import wisp.core.stack.Endpoint;
import wisp.drivers.faults.PathConfig;

@DisplayName("RFC 3168 against a kernel, over a path that marks instead of losing")
@Tag("interop")
@Timeout(60)
class EcnInteropTest {
  private static final int PORT = 100;
  private static final long BULK = 16 << 20;
  private static final PathConfig MARKING = PathConfig.parse("delay=2ms,queue=100000,mark=0.5%");

  private static KernelLab open() {
    return KernelLab.with().dualStack().open();
  }

  private static FarHost far(KernelLab lab, int ecn) throws LinkException {
    var far = new FarHost(lab, MARKING);
    far.namespace().sysctl("tcp_ecn", String.valueOf(ecn));
    far.namespace().sysctl("tcp_congestion_control", "reno"); // BBR takes no notice of marks
    far.namespace().sysctl("tcp_mtu_probing", "0"); // a probe of the kernel's can be lost
    return far;
  }

  /** Marked packets that this kernel's IP, of either family, has received. */
  private static long marksReceived(FarHost far) {
    String program =
        "awk '/^IpExt/ {for (i = 2; i <= NF; i++)"
            + " if (name[i] == \"InCEPkts\") n += $i; else name[i] = $i}"
            + " /^Ip6InCEPkts/ {n += $2} END {print n + 0}' /proc/net/netstat /proc/net/snmp6";
    return Long.parseLong(far.namespace().run("sh", "-c", program).strip());
  }

  private static long marksOf(Context context) {
    return context.counters().get(Event.ECN_CE_RECEIVED);
  }

  private static void assertNothingWasLost(KernelLab lab) {
    lab.assertNothingWasResent();
  }

  @ParameterizedTest(name = "from {0}")
  @ValueSource(strings = {KernelLab.OURS, KernelLab.OURS_IPV6})
  @Tag("rfc3168-a")
  @Tag("rfc3168-c")
  void givenAKernelThatAsks_whenWeSend_thenWeAreSlowedByMarksAndNothingIsLost(String ours)
      throws IOException, LinkException {
    try (KernelLab lab = open();
        var far = far(lab, 1)) {
      var peer = new Peer(BULK).closesWhenSent();
      lab.listen(Endpoint.of(ours, PORT), peer);
      try (SocketChannel socket = far.dial(ours, PORT)) {
        Stream.receive(socket, BULK);
        Stream.assertEnds(socket);
      }
      peer.awaitEvent("closed Closed");
      lab.await("the wire to count", c -> marksReceived(far) == far.marks(true));
      long marks = far.marks(true);
      long cuts = lab.count(Event.ECN_REDUCTIONS);
      assertTrue(cuts > 0 && cuts <= marks, () -> cuts + " cuts for " + marks + " marks");
      assertNothingWasLost(lab);
    }
  }

  @ParameterizedTest(name = "to {0}")
  @ValueSource(strings = {KernelLab.OURS, KernelLab.OURS_IPV6})
  @Tag("rfc3168-b")
  void givenAKernelThatAsks_whenItSends_thenItHearsOfTheMarksAndSlowsDown(String ours)
      throws IOException, LinkException {
    assumeTrue(Namespace.isInstalled("ss"), "ss (package iproute2) is not installed");
    try (KernelLab lab = open();
        var far = far(lab, 1)) {
      var peer = new Peer(0).keepsOpen();
      lab.listen(Endpoint.of(ours, PORT), peer);
      try (SocketChannel socket = far.dial(ours, PORT)) {
        Stream.send(socket, BULK);
        lab.await("all to arrive", c -> peer.received() == BULK);
        String info = far.namespace().run("ss", "-tin", "dport", "=", ":" + PORT);
        assertTrue(info.contains("delivered_ce:"), info);
        assertTrue(Pattern.compile(" ssthresh:\\d").matcher(info).find(), info); // it slowed down
      }
      assertTrue(lab.count(Event.ECN_CE_RECEIVED) > 0, "no mark");
      lab.await("the wire to count", c -> marksOf(c) == far.marks(false));
    }
  }

  @ParameterizedTest(name = "to {0}, the kernel''s tcp_ecn={1}, {2}")
  @CsvSource({
    FarHost.IPV4 + ",2,ASK",
    FarHost.IPV6 + ",2,ASK",
    FarHost.IPV4 + ",0,ASK",
    FarHost.IPV4 + ",2,ACCURATE",
    FarHost.IPV6 + ",0,ACCURATE"
  })
  @Tag("rfc3168-a")
  @Tag("rfc9768-d")
  void givenWeAsk_whenBothSend_thenMarksGoBothWaysIfTheKernelGrants(
      String to, int ecn, EcnMode mode) throws IOException, LinkException {
    try (KernelLab lab = open();
        var far = far(lab, ecn);
        var listener = far.namespace().listen(new InetSocketAddress(to, PORT))) {
      var peer = new Peer(BULK).keepsOpen().closesWhenSent();
      var profile = ConnectionProfile.NO_DELAY.with(b -> b.ecn = mode);
      lab.call(c -> c.connect(null, Endpoint.of(to, PORT), profile, peer));
      try (SocketChannel socket = listener.accept();
          var background = new Background()) {
        background.run(
            () -> {
              Stream.send(socket, BULK);
              socket.shutdownOutput();
            });
        Stream.receive(socket, BULK);
        background.join();
      }
      peer.awaitEvent("closed Closed");
      assertEquals(BULK, peer.received());
      boolean granted = ecn != 0;
      assertEquals(granted, far.marks(true) > 0, "marks on what we sent");
      assertEquals(granted, far.marks(false) > 0, "marks on what we got");
      assertEquals(granted, lab.count(Event.ECN_REDUCTIONS) > 0);
      lab.await("the wire to count", c -> marksOf(c) == far.marks(false));
      assertNothingWasLost(lab);
    }
  }
}
