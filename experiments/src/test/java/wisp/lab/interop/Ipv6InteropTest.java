package wisp.lab.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.TreeMap;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Endpoint;

@DisplayName("TCP over IPv6 between us and the kernel (RFC 8200)")
@Tag("interop")
@Timeout(30)
class Ipv6InteropTest {
  private static final int PORT = 100;
  private static final int KERNEL_PORT = 50_000; // one that tshark takes for no other protocol
  private static final long BULK = 32 << 20;
  private static final int BYTES = 100_000;
  private static final Endpoint KERNEL = Endpoint.of(KernelLab.KERNEL_IPV6, KERNEL_PORT);

  @TempDir Path folder;

  private static KernelLab open() {
    return KernelLab.with().dualStack().open();
  }

  private static SocketChannel dial(KernelLab lab, int port) throws IOException {
    return lab.namespace().connect(new InetSocketAddress(KernelLab.OURS_IPV6, port));
  }

  // ---- Bulk ------------------------------------------------------------------------------------

  @ParameterizedTest(name = "offload={0}")
  @ValueSource(strings = {"on", "off"})
  void whenTheKernelConnects_thenEachByteArrivesOnce_eitherWay(String offload) throws IOException {
    try (KernelLab lab = KernelLab.with().dualStack().tun("offload=" + offload).open()) {
      var peer = new Peer(BULK).keepsOpen().closesWhenSent();
      lab.listen(Endpoint.of(KernelLab.OURS_IPV6, PORT), peer);
      try (SocketChannel socket = dial(lab, PORT)) {
        exchange(socket, BULK);
      }
      peer.awaitEvent("closed Closed");
      assertEquals(BULK, peer.received());
      lab.assertNothingIsLeft();
    }
  }

  @ParameterizedTest(name = "offload={0}")
  @ValueSource(strings = {"on", "off"})
  void whenWeConnect_thenEachByteArrivesOnce_eitherWay(String offload) throws IOException {
    try (KernelLab lab = KernelLab.with().dualStack().tun("offload=" + offload).open()) {
      var peer = new Peer(BULK).keepsOpen().closesWhenSent();
      try (var listener = listener(lab)) {
        lab.connect(KERNEL, peer);
        try (SocketChannel socket = listener.accept()) {
          exchange(socket, BULK);
        }
      }
      peer.awaitEvent("closed Closed");
      assertEquals(BULK, peer.received());
      lab.assertNothingIsLeft();
    }
  }

  private static ServerSocketChannel listener(KernelLab lab) throws IOException {
    return lab.namespace().listen(new InetSocketAddress(KernelLab.KERNEL_IPV6, KERNEL_PORT));
  }

  private static void exchange(SocketChannel socket, long bytes) throws IOException {
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

  // ---- Begin and end ---------------------------------------------------------------------------

  @Test
  void whenTheKernelHalfCloses_thenItStillGetsMegabytesFromUs() throws IOException {
    var peer = new Peer(BULK).keepsOpen().closesWhenSent();
    try (KernelLab lab = open()) {
      lab.listen(Endpoint.of(KernelLab.OURS_IPV6, PORT), peer);
      try (SocketChannel socket = dial(lab, PORT)) {
        Stream.send(socket, BYTES);
        socket.shutdownOutput();
        peer.awaitEvent("peer closed");
        Stream.receive(socket, BULK);
        Stream.assertEnds(socket);
      }
      assertEquals("closed Closed", peer.next());
      assertEquals(BYTES, peer.received());
      lab.assertNothingIsLeft();
    }
  }

  @Test
  void whenAPortIsClosed_thenWhoeverConnectsIsRefusedAtOnce() {
    var peer = new Peer(0);
    try (KernelLab lab = open()) {
      assertThrows(ConnectException.class, () -> dial(lab, PORT));
      assertEquals(1, lab.count(Event.DROP_NO_CONNECTION));
      lab.connect(KERNEL, peer);
      assertEquals("closed Refused", peer.next());
      lab.assertNothingIsLeft();
    }
  }

  @Test
  void whenTheAddressIsNotOurs_thenNobodyAnswers() throws IOException {
    try (KernelLab lab = open();
        SocketChannel socket =
            lab.namespace().with(() -> SocketChannel.open(StandardProtocolFamily.INET6))) {
      var nobody = new InetSocketAddress("fd00:9::2:1", KernelLab.ECHO);
      assertThrows(SocketTimeoutException.class, () -> socket.socket().connect(nobody, 300));
      assertTrue(lab.count(Event.DROP_IP_DESTINATION) > 0);
      assertEquals(0, lab.count(Event.RESETS_SENT) + lab.count(Event.ICMP_ERRORS_SENT));
    }
  }

  // ---- Many ------------------------------------------------------------------------------------

  @Test
  void whenOneListenerServesBothFamilies_thenEachGetsItsOwn() throws IOException {
    try (KernelLab lab = open();
        SocketChannel ipv4 = lab.dial(KernelLab.ECHO);
        SocketChannel ipv6 = dial(lab, KernelLab.ECHO);
        var background = new Background()) {
      background.run(() -> exchange(ipv4, BULK / 4));
      background.run(() -> exchange(ipv6, BULK / 4));
      background.join();
      assertEquals(2, lab.count(Event.ACCEPTED));
      lab.assertNothingIsLeft();
    }
  }

  @Test
  void whenManyEchoAtOnce_thenNoneMixesWithAnother() throws IOException {
    int connections = 200;
    try (KernelLab lab = open();
        var background = new Background()) {
      for (int i = 0; i < connections; i++) {
        SocketChannel socket = dial(lab, KernelLab.ECHO);
        long from = i * 7_919L; // each reads another part of the stream
        background.run(
            () -> {
              Stream.send(socket, from, from + BYTES);
              socket.shutdownOutput();
            });
        background.run(
            () -> {
              try (socket) {
                Stream.receive(socket, from, from + BYTES);
                Stream.assertEnds(socket);
              }
            });
      }
      background.join();
      lab.assertNothingIsLeft();
      assertEquals(connections, lab.count(Event.ACCEPTED));
      assertEquals((long) connections * BYTES, lab.count(Event.BYTES_DELIVERED));
    }
  }

  // ---- What the kernel's tools say -------------------------------------------------------------

  @Test
  void whenCurlAsks_thenItGetsThePage() {
    assumeTrue(Namespace.isInstalled("curl"), "curl is not installed");
    try (KernelLab lab = open()) {
      String site = "http://[" + KernelLab.OURS_IPV6 + "]:" + KernelLab.HTTP;
      assertEquals(
          "Hello from Wisp.\n200", lab.namespace().run("curl", "-6sgw%{http_code}", site + "/"));
      String answer =
          lab.namespace()
              .run(
                  "curl",
                  "-6sgo/dev/null",
                  "-w%{http_code} %{size_download} %{remote_ip}",
                  site + "/bytes/10000000");
      assertEquals("200 10000000 " + KernelLab.OURS_IPV6, answer);
      lab.assertNothingIsLeft();
    }
  }

  @Test
  void whenAnEchoIsDone_thenSsSeesTheLargestSegmentOfIpv6() throws IOException {
    assumeTrue(Namespace.isInstalled("ss"), "ss (package iproute2) is not installed");
    try (KernelLab lab = open();
        SocketChannel socket = dial(lab, KernelLab.ECHO);
        var background = new Background()) {
      background.run(() -> Stream.send(socket, BYTES));
      Stream.receive(socket, BYTES);
      background.join();
      String line = lab.namespace().run("ss", "-6tinoOH", "dst", "[" + KernelLab.OURS_IPV6 + "]");
      for (String expected :
          new String[] {
            // 1,500 less 40 of IPv6, 20 of TCP and 12 of timestamps
            " mss:1428 ", " ts ", " sack ", " wscale:", " bytes_received:" + BYTES + " "
          }) {
        assertTrue(line.contains(expected), expected + " is missing: " + line);
      }
      assertFalse(line.contains("retrans:"), line);
      lab.assertNothingWasResent();
    }
  }

  // ---- What a capture shows --------------------------------------------------------------------

  @ParameterizedTest(name = "offload={0}")
  @ValueSource(strings = {"on", "off"})
  @DisplayName("RFC 6437 §3: one flow label a connection, never zero; and tshark finds no fault")
  @Tag("rfc6437-a")
  @Tag("rfc6437-b")
  void whenConnectionsAreRecorded_thenTheirLabelsTellThemApart(String offload) throws IOException {
    int connections = 20;
    Path file = folder.resolve("session.pcap");
    try (KernelLab lab = KernelLab.with().dualStack().tun("offload=" + offload).pcap(file).open()) {
      for (int i = 0; i < connections; i++) {
        try (SocketChannel socket = dial(lab, KernelLab.ECHO)) {
          exchange(socket, BYTES);
        }
      }
      assertThrows(ConnectException.class, () -> dial(lab, PORT));
      if (Namespace.isInstalled("ping")) {
        lab.namespace().run("ping", "-6", "-c", "2", "-i", "0.01", KernelLab.OURS_IPV6);
      }
      lab.assertNothingIsLeft();
    }
    try (var tools = new Namespace()) {
      var tshark = new Tshark(tools, file);
      tshark.assertFaultless("tcp");
      var labels = new TreeMap<Integer, Integer>();
      for (String line :
          tshark.fields(
              "tcp.srcport == " + KernelLab.ECHO + " && ipv6.src == " + KernelLab.OURS_IPV6,
              "tcp.dstport",
              "ipv6.flow")) {
        String[] both = line.split("\t");
        int label = Integer.decode(both[1]);
        Integer before = labels.put(Integer.parseInt(both[0]), label);
        assertTrue(before == null || before == label, "the label changes: " + line);
        assertTrue(label != 0, "no label: " + line);
      }
      assertEquals(connections, labels.size());
      assertEquals(connections, new HashSet<>(labels.values()).size(), labels.toString());
      assertNotCounted(labels);
    }
  }

  /** Ports that follow one another have labels at any distance from one another. */
  private static void assertNotCounted(TreeMap<Integer, Integer> labels) {
    var steps = new HashMap<Integer, Integer>();
    Integer before = null;
    for (int label : labels.values()) {
      if (before != null) {
        steps.merge(label - before, 1, Integer::sum);
      }
      before = label;
    }
    assertTrue(steps.size() > labels.size() / 2, "labels follow a rule: " + labels);
  }

  @Test
  @DisplayName("RFC 2474 §3: the DSCP of a connection is in its SYN, its data and its FIN")
  void whenAConnectionHasADscp_thenAllItsSegmentsHaveIt() throws IOException {
    int expedited = 46;
    Path file = folder.resolve("dscp.pcap");
    var peer = new Peer(BYTES).closesWhenSent();
    try (KernelLab lab = KernelLab.with().dualStack().pcap(file).open();
        var listener = listener(lab)) {
      var profile =
          new ConnectionProfile(
              false,
              ConnectionProfile.DEFAULT.retransmissionLimitNanos(),
              ConnectionProfile.DEFAULT.ttl(),
              expedited);
      lab.call(c -> c.connect(null, KERNEL, profile, peer));
      try (SocketChannel socket = listener.accept()) {
        Stream.receive(socket, BYTES);
        Stream.assertEnds(socket);
      }
      peer.awaitEvent("closed Closed");
      lab.assertNothingIsLeft();
    }
    try (var tools = new Namespace()) {
      var tshark = new Tshark(tools, file);
      String ours = "tcp.dstport == " + KERNEL_PORT;
      String has = " && ipv6.tclass.dscp == " + expedited;
      for (String flag : new String[] {"syn", "fin"}) {
        assertFalse(tshark.matching(ours + has + " && tcp.flags." + flag + " == 1").isEmpty());
      }
      assertEquals("", tshark.matching(ours + " && !(ipv6.tclass.dscp == " + expedited + ")"));
    }
  }
}
