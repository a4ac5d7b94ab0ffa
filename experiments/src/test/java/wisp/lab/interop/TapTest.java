package wisp.lab.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;
import wisp.core.ip.NetworkConfig;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Context;
import wisp.core.stack.Endpoint;

@DisplayName("The kernel as our neighbour on an Ethernet link: ARP, neighbour discovery, routers")
@Tag("interop")
@Timeout(60)
class TapTest {
  private static final long BULK = 32L << 20;
  private static final long SOME = 4L << 20;
  private static final int KERNEL_PORT = 5_000;
  private static final String OTHER_STATION = "02:00:00:00:00:aa";

  private static KernelLab open() {
    KernelLab lab = KernelLab.with().tap().open();
    awaitOurs(lab);
    return lab;
  }

  /** Our IPv6 address can be used once its duplicate detection is over. */
  private static void awaitOurs(KernelLab lab) {
    lab.await("duplicate detection", c -> tryConnect(c, KernelLab.OURS_6) >= 0);
  }

  private static long tryConnect(Context context, String from) {
    long handle =
        context.connect(
            Endpoint.of(from, 0),
            Endpoint.of(KernelLab.KERNEL_6, 1),
            ConnectionProfile.NO_DELAY,
            new Peer(0));
    if (handle >= 0) {
      context.abort(handle);
    }
    return handle;
  }

  private static String ours(String family) {
    return family.equals("IPv4") ? KernelLab.OURS : KernelLab.OURS_6;
  }

  private static String kernel(String family) {
    return family.equals("IPv4") ? KernelLab.KERNEL : KernelLab.KERNEL_6;
  }

  private static SocketChannel dial(KernelLab lab, String address) throws IOException {
    return lab.namespace()
        .with(
            () -> {
              boolean ipv6 = address.contains(":");
              var family = ipv6 ? StandardProtocolFamily.INET6 : StandardProtocolFamily.INET;
              var socket = SocketChannel.open(family);
              socket.connect(new InetSocketAddress(address, KernelLab.ECHO));
              return socket;
            });
  }

  private static void echo(KernelLab lab, String address, long bytes) throws IOException {
    try (SocketChannel socket = dial(lab, address);
        var background = new Background()) {
      background.run(() -> Stream.send(socket, bytes));
      Stream.receive(socket, bytes);
      background.join();
    }
  }

  private static String neighbours(KernelLab lab) {
    return lab.namespace().run("ip", "neigh", "show", "dev", "wisp0");
  }

  @ParameterizedTest(name = "{0}, {1}, offload={2}")
  @CsvSource({
    "tap,IPv4,on", "tap,IPv4,off", "tap,IPv6,on", "tap,IPv6,off",
    "afpacket,IPv4,on", "afpacket,IPv4,off", "afpacket,IPv6,on", "afpacket,IPv6,off"
  })
  @DisplayName("32 MiB come back, each byte in its place; the kernel finds us reachable")
  void echoes(String link, String family, String offload) throws IOException {
    var builder = link.equals("tap") ? KernelLab.with().tap() : KernelLab.with().afpacket();
    try (KernelLab lab = builder.tun("offload=" + offload).open()) {
      awaitOurs(lab);
      echo(lab, ours(family), BULK);
      String line =
          neighbours(lab).lines().filter(l -> l.startsWith(ours(family))).findFirst().orElse("");
      assertTrue(line.contains("REACHABLE") || line.contains("DELAY"), line);
      assertEquals(0, lab.count(Event.DROP_NEIGHBOUR_WAIT));
      lab.assertNothingIsLeft();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"IPv4", "IPv6"})
  @Tag("rfc826-a")
  @Tag("rfc4861-b")
  @DisplayName("the kernel asks for us first: ping, each answered")
  void kernelAsksFirst(String family) {
    assumeTrue(Namespace.isInstalled("ping"), "ping is not installed");
    try (KernelLab lab = open()) {
      String output = lab.namespace().run("ping", "-c", "5", "-i", "0.01", ours(family));
      assertTrue(output.contains("5 received"), output);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"IPv4", "IPv6"})
  @Tag("rfc826-c")
  @DisplayName("we ask for the kernel first: the SYN waits for the answer, nothing is resent")
  void weAskFirst(String family) throws IOException {
    try (KernelLab lab = KernelLab.with().tap().open()) {
      awaitOurAddress(lab);
      try (ServerSocketChannel listener = kernelListener(lab, kernel(family))) {
        var peer = new Peer(SOME).keepsOpen().closesWhenSent();
        long handle = connect(lab, kernel(family), peer);
        assertTrue(handle >= 0);
        try (SocketChannel socket = listener.accept();
            var background = new Background()) {
          background.run(
              () -> {
                Stream.send(socket, SOME);
                socket.shutdownOutput();
              });
          Stream.receive(socket, SOME);
          Stream.assertEnds(socket);
          background.join();
        }
        peer.awaitEvent("closed Closed");
        assertEquals(SOME, peer.received());
      }
      lab.assertNothingWasResent();
    }
  }

  /** Waits for the end of duplicate detection without a word to the kernel. */
  private static void awaitOurAddress(KernelLab lab) {
    lab.await(
        "duplicate detection",
        c -> {
          long handle =
              c.connect(
                  Endpoint.of(KernelLab.OURS_6, 0),
                  Endpoint.of("fd00:9::dead", 1),
                  ConnectionProfile.NO_DELAY,
                  new Peer(0));
          return handle >= 0 && c.abort(handle);
        });
  }

  private static long connect(KernelLab lab, String to, Peer peer) {
    return lab.call(
        c -> c.connect(null, Endpoint.of(to, KERNEL_PORT), ConnectionProfile.NO_DELAY, peer));
  }

  private static ServerSocketChannel kernelListener(KernelLab lab, String at) throws IOException {
    return lab.namespace()
        .with(
            () ->
                ServerSocketChannel.open(
                        at.contains(":")
                            ? StandardProtocolFamily.INET6
                            : StandardProtocolFamily.INET)
                    .bind(new InetSocketAddress(at, KERNEL_PORT)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"IPv4", "IPv6"})
  @DisplayName("the kernel forgets us in the middle, again and again: the transfer goes on")
  void flush(String family) throws IOException {
    try (KernelLab lab = open();
        SocketChannel socket = dial(lab, ours(family));
        var background = new Background()) {
      background.run(() -> Stream.send(socket, BULK));
      background.run(
          () -> {
            for (int i = 0; i < 5; i++) {
              lab.namespace().run("ip", "neigh", "flush", "dev", "wisp0");
              Thread.sleep(20);
            }
          });
      Stream.receive(socket, BULK);
      background.join();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"IPv4", "IPv6"})
  @DisplayName("§7.2.6: the kernel gets another hardware address in the middle and says so")
  void kernelMoves(String family) throws IOException {
    try (KernelLab lab = open();
        SocketChannel socket = dial(lab, ours(family));
        var background = new Background()) {
      lab.namespace().run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/conf/wisp0/arp_notify");
      lab.namespace().run("sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/wisp0/ndisc_notify");
      Stream.send(socket, 0, 1_000);
      Stream.receive(socket, 0, 1_000);
      lab.namespace().run("ip", "link", "set", "wisp0", "address", OTHER_STATION);
      background.run(() -> Stream.send(socket, 1_000, SOME));
      Stream.receive(socket, 1_000, SOME);
      background.join();
    }
  }

  @Test
  @Tag("rfc826-a")
  @DisplayName("RFC 5227 §2.1.1: arping -D, a probe, finds that our address is taken")
  void duplicateProbe() {
    assumeTrue(Namespace.isInstalled("arping"), "arping (iputils-arping) is not installed");
    try (KernelLab lab = open()) {
      String output =
          lab.namespace()
              .run("sh", "-c", "arping -D -c 2 -w 3 -I wisp0 " + KernelLab.OURS + "; echo exit $?");
      assertTrue(output.contains("exit 1"), output);
      output =
          lab.namespace().run("sh", "-c", "arping -D -c 1 -w 1 -I wisp0 10.9.2.2; echo exit $?");
      assertTrue(output.contains("exit 0"), output);
    }
  }

  @Test
  @Tag("rfc4861-b")
  @DisplayName("ndisc6 gets our station for our address, and for another nothing")
  void ndisc() {
    assumeTrue(Namespace.isInstalled("ndisc6"), "ndisc6 is not installed");
    try (KernelLab lab = open()) {
      String output = lab.namespace().run("ndisc6", "-1", KernelLab.OURS_6, "wisp0");
      assertTrue(output.contains("Target link-layer address"), output);
      output = lab.namespace().run("sh", "-c", "ndisc6 -r 1 -w 300 fd00:9::78 wisp0 2>&1; true");
      assertFalse(output.contains("Target link-layer address"), output);
    }
  }

  @Test
  @Tag("rfc4862-b")
  @DisplayName("RFC 4862 §5.4: an address that the kernel has is not used by us")
  void kernelHasIt() {
    try (KernelLab lab = KernelLab.with().tap(KernelLab.OURS_6).open()) {
      lab.await("the duplicate", c -> c.counters().get(Event.ADDRESS_DUPLICATES) == 1);
      assertEquals(Context.NO_ROUTE, lab.call(c -> tryConnect(c, KernelLab.OURS_6)).longValue());
    }
  }

  @Test
  @Tag("rfc4862-c")
  @DisplayName("RFC 4862 §5.5: radvd's prefix gives us an address that answers ping and echo")
  void radvd() throws Exception {
    assumeTrue(Namespace.isInstalled("radvd"), "radvd is not installed");
    try (KernelLab lab =
        KernelLab.with()
            .tap()
            .tun("mac=02:00:00:00:00:42")
            .config(c -> c.withNetwork(NetworkConfig.DEFAULT.withAutoconfiguration(true)))
            .open()) {
      lab.namespace().run("sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/all/forwarding");
      lab.namespace().run("ip", "addr", "add", "2001:db8:42::1/64", "dev", "wisp0", "nodad");
      Path config = Files.createTempFile("radvd", ".conf");
      Files.writeString(
          config,
          "interface wisp0 { AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4;"
              + " AdvLinkMTU 1400; prefix 2001:db8:42::/64 {}; };\n");
      Process radvd =
          lab.namespace()
              .start("radvd", "-n", "-C", config.toString(), "-p", config + ".pid", "-m", "stderr");
      try {
        String address = "2001:db8:42::ff:fe00:42";
        lab.await(
            "an address",
            c -> {
              var heard = new Peer(0);
              long handle =
                  c.connect(
                      Endpoint.of(address, 0),
                      Endpoint.of("2001:db8:42::1", 1),
                      ConnectionProfile.NO_DELAY,
                      heard);
              return handle >= 0 && c.abort(handle);
            });
        String output = lab.namespace().run("ping", "-c", "3", "-i", "0.1", address);
        assertTrue(output.contains("3 received"), output);
        echo(lab, address, SOME);
      } finally {
        radvd.destroy();
        radvd.waitFor();
        Files.delete(config);
      }
    }
  }
}
