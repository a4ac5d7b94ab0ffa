package wisp.lab.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;
import wisp.core.spi.LinkException;
import wisp.core.stack.Endpoint;
import wisp.drivers.faults.PathConfig;

@DisplayName("A path narrower than both ends' links: what gets through, and how soon")
@Tag("interop")
@Timeout(60)
class PathMtuInteropTest {
  private static final int PORT = 100;
  private static final int BULK = 100 << 20;
  private static final int SOME = 8 << 20;
  private static final PathConfig WIDE = PathConfig.PERFECT.with("delay", "1ms");

  private static KernelLab open() {
    return KernelLab.with().dualStack().open();
  }

  private static PathConfig narrow(int mtu) {
    return WIDE.with("mtu", String.valueOf(mtu));
  }

  private static PathConfig blackHole(int mtu) {
    return narrow(mtu).with("icmp", "block");
  }

  // ---- Nobody says why --------------------------------------------------------------------------

  @ParameterizedTest(name = "from {0}")
  @ValueSource(strings = {KernelLab.OURS, KernelLab.OURS_IPV6})
  @DisplayName("RFC 4821 §7.7, RFC 2923 §2.1: with ICMP blocked we find out, and all arrives")
  @Tag("rfc4821-a")
  @Tag("rfc2923-a")
  void givenABlackHole_whenWeSend_thenAllArrivesInSmallerSegments(String ours)
      throws IOException, LinkException {
    try (KernelLab lab = open();
        var far = new FarHost(lab, blackHole(1_280))) {
      download(lab, far, ours, BULK);
      assertEquals(1, lab.count(Event.PATHS_NARROWED));
      assertTrue(far.tooBig() > 0, "nothing was too big");
      assertEquals(0, lab.count(Event.ICMP_ERRORS_RECEIVED));
    }
  }

  @ParameterizedTest(name = "to {0}")
  @ValueSource(strings = {KernelLab.OURS, KernelLab.OURS_IPV6})
  void givenABlackHole_whenTheKernelSends_thenAllArrives(String ours)
      throws IOException, LinkException {
    try (KernelLab lab = open();
        var far = new FarHost(lab, blackHole(1_280))) {
      upload(lab, far, ours, BULK);
      assertTrue(far.tooBig() > 0, "nothing was too big");
    }
  }

  @Test
  @DisplayName("RFC 2923 §2.3: the MSS that we offer is the link's, however narrow the path is")
  @Tag("rfc2923-b")
  void givenANarrowPath_whenTheNextOneConnects_thenItIsOfferedTheWholeMss()
      throws IOException, LinkException {
    assumeTrue(Namespace.isInstalled("ss"), "ss (package iproute2) is not installed");
    try (KernelLab lab = open();
        var far = new FarHost(lab, narrow(1_280).with("pmtu", "icmp"))) {
      download(lab, far, KernelLab.OURS, SOME);
      assertEquals(1, lab.count(Event.PATHS_NARROWED));
      far.namespace().run("ip", "route", "flush", "cache"); // what it was told itself
      try (SocketChannel socket = far.dial(KernelLab.OURS, KernelLab.ECHO)) {
        Stream.send(socket, 1);
        Stream.receive(socket, 1);
        assertEquals(1_448, measure(far, "mss"));
      }
    }
  }

  // ---- A router says why ------------------------------------------------------------------------

  @ParameterizedTest(name = "from {0}, path MTU {1}")
  @CsvSource({KernelLab.OURS + ",1280", KernelLab.OURS_IPV6 + ",1280", KernelLab.OURS + ",576"})
  @DisplayName(
      "RFC 1191 §3, RFC 8201 §4: told that a packet is too big, we send smaller ones at once")
  @Tag("rfc8504-b")
  void givenARouterThatTells_whenWeSend_thenNoTimeIsLost(String ours, int mtu)
      throws IOException, LinkException {
    try (KernelLab lab = open();
        var far = new FarHost(lab, narrow(mtu).with("pmtu", "icmp"))) {
      download(lab, far, ours, mtu < 1_000 ? BULK / 4 : BULK);
      assertEquals(1, lab.count(Event.PATHS_NARROWED));
      assertTrue(far.tooBig() > 0, "nothing was too big");
      assertEquals(0, lab.count(Event.TIMEOUTS));
    }
  }

  @ParameterizedTest(name = "to {0}, path MTU {1}")
  @CsvSource({KernelLab.OURS + ",1280", KernelLab.OURS_IPV6 + ",1280", KernelLab.OURS + ",576"})
  void givenARouterThatTells_whenTheKernelSends_thenAllArrives(String ours, int mtu)
      throws IOException, LinkException {
    try (KernelLab lab = open();
        var far = new FarHost(lab, narrow(mtu).with("pmtu", "icmp"))) {
      upload(lab, far, ours, mtu < 1_000 ? BULK / 4 : BULK);
      assertTrue(far.tooBig() > 0, "nothing was too big");
    }
  }

  @Test
  @DisplayName("RFC 4821 §7.7: a path of 576 bytes that nobody tells of is found too")
  void givenAVeryNarrowBlackHole_whenWeSend_thenAllArrives() throws IOException, LinkException {
    try (KernelLab lab = open();
        var far = new FarHost(lab, blackHole(576))) {
      download(lab, far, KernelLab.OURS, SOME);
    }
  }

  // ---- The path becomes wide again --------------------------------------------------------------

  @ParameterizedTest(name = "from {0}")
  @ValueSource(strings = {KernelLab.OURS, KernelLab.OURS_IPV6})
  @DisplayName(
      "RFC 4821 §7.3: when the black hole is gone, segments grow up to the link's MTU again")
  @Tag("rfc4821-b")
  void givenABlackHoleThatGoes_whenWeSendOn_thenSegmentsGrow(String ours)
      throws IOException, LinkException {
    assumeTrue(Namespace.isInstalled("ss"), "ss (package iproute2) is not installed");
    int few = 4_000; // too few for a probe: its loss could not be told from any other
    int whole = 1_500 - (ours.equals(KernelLab.OURS) ? 20 : 40) - 32;
    try (KernelLab lab = open();
        var far = new FarHost(lab, blackHole(1_280))) {
      var peer = new Peer(few);
      lab.listen(Endpoint.any(PORT), peer);
      try (SocketChannel socket = far.dial(ours, PORT)) {
        Stream.receive(socket, few);
        assertTrue(measure(far, "rcvmss") < 1_280, "segments did not shrink");
      }
      peer.awaitEvent("closed Closed");
      lab.unlisten(Endpoint.any(PORT));
      assertEquals(1, lab.count(Event.PATHS_NARROWED));
      far.rewire(WIDE);

      lab.listen(Endpoint.any(PORT), new Peer(SOME));
      try (SocketChannel socket = far.dial(ours, PORT)) {
        Stream.receive(socket, SOME);
        assertEquals(whole, measure(far, "rcvmss"));
      }
      assertTrue(lab.count(Event.MTU_PROBES) >= 5, "probes: " + lab.count(Event.MTU_PROBES));
      assertEquals(1, lab.count(Event.PATHS_NARROWED));
    }
  }

  /** A number that ss gives of the far host's connection. */
  private static int measure(FarHost far, String name) {
    String line = far.namespace().run("ss", "-tinoOH");
    var matcher = Pattern.compile(" " + name + ":([0-9]+)").matcher(line);
    assertTrue(matcher.find(), name + " is missing: " + line);
    return Integer.parseInt(matcher.group(1));
  }

  // ---- One transfer ----------------------------------------------------------------------------

  private static void download(KernelLab lab, FarHost far, String ours, long bytes)
      throws IOException {
    var peer = new Peer(bytes).closesWhenSent();
    lab.listen(Endpoint.any(PORT), peer);
    try (SocketChannel socket = far.dial(ours, PORT)) {
      Stream.receive(socket, bytes);
      Stream.assertEnds(socket);
    }
    finish(lab, peer);
  }

  private static void upload(KernelLab lab, FarHost far, String ours, long bytes)
      throws IOException {
    var peer = new Peer(0);
    lab.listen(Endpoint.any(PORT), peer);
    try (SocketChannel socket = far.dial(ours, PORT)) {
      Stream.send(socket, bytes);
      socket.shutdownOutput();
      Stream.assertEnds(socket);
    }
    finish(lab, peer);
    assertEquals(bytes, peer.received());
  }

  private static void finish(KernelLab lab, Peer peer) {
    peer.awaitEvent("closed Closed");
    lab.unlisten(Endpoint.any(PORT));
    lab.assertNothingIsLeft();
  }
}
