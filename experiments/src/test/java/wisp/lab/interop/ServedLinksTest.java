package wisp.lab.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.spi.LinkProvider;
import wisp.drivers.Links;

@DisplayName("wisp serve http, in a process of its own, answers curl over every link")
@Tag("interop")
@Timeout(120)
class ServedLinksTest {
  private static final int BODY = 10 << 20;
  private static final String DEVICE = "10.9.0.1/16";
  private static final String VETH = "veth";
  private static final String HERE = "here";

  @TempDir Path folder;

  @BeforeEach
  void tools() {
    assumeTrue(Namespace.isInstalled("curl"), "curl is not installed");
  }

  /**
   * @param link what follows {@code --link}, in its own quotes where it has spaces
   * @param peer where curl sits: {@code veth}: at the other end of a pair; {@code here}: at ours of
   *     a device that has its address; else that device's name
   */
  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "'tun:wa,host=10.9.0.1/16', here",
    "'tap:wa,host=10.9.0.1/16', here",
    "rawip:ours, veth",
    "afpacket:ours, veth",
    "'afxdp:ours,mode=native', veth",
    "'afxdp:ours,mode=skb', veth",
    "'dpdk --vdev net_af_packet0,iface=ours', veth",
    "'dpdk --vdev net_af_xdp0,iface=ours,busy_budget=0', veth",
    "'dpdk --vdev net_tap0,iface=wt', wt",
  })
  void isServed(String link, String peer) throws Exception {
    LinkProvider provider = Links.provider(link.split("[: ]")[0]);
    assumeTrue(provider.unavailable() == null, provider.unavailable());
    try (var ours = new Namespace();
        var far = new Namespace()) {
      boolean veth = VETH.equals(peer);
      if (veth) {
        far.vethTo(ours, "wisp0", DEVICE, "ours", "10.8.0.1/32");
        ours.run("ip", "address", "flush", "dev", "ours");
        if (link.startsWith("rawip")) { // the kernel itself speaks ARP there
          ours.run("ip", "address", "add", "10.9.0.2/16", "dev", "ours");
        }
        if (link.contains("net_af_packet")) { // whose slots hold 2048 bytes: no super-frames
          far.run("ip", "link", "set", "wisp0", "gso_max_segs", "1");
        }
      }
      Set<String> before = state(ours);
      try (var server = serve(ours, link)) {
        assertTrue(server.awaitReady().startsWith("ready http=80 link="));
        assertNotEquals(before, state(ours), "what a link changes is not seen by this test");
        if (!veth && !HERE.equals(peer)) {
          ours.run("ip", "address", "add", DEVICE, "dev", peer);
          ours.run("ip", "link", "set", peer, "up");
        }
        Namespace client = veth ? far : ours;
        assertTrue(curl(client, "/").startsWith("Hello"));
        assertEquals(
            String.valueOf(BODY),
            curl(client, "/bytes/" + BODY, "-o", "/dev/null", "-w", "%{size_download}"));
        server.end();
        assertEquals(before, state(ours));
        try (var left = Files.list(folder)) {
          assertEquals(List.of(), left.toList());
        }
      }
    }
  }

  /** Statistics and the capture are there all the same, and one line says why it ended. */
  @ParameterizedTest
  @ValueSource(strings = {"tun:gone,host=10.9.0.1/16", "afpacket:gone"})
  void isTakenAway(String link) throws Exception {
    Path capture = folder.resolve("a.pcap");
    try (var ours = new Namespace()) {
      if (link.startsWith("afpacket")) {
        ours.run("ip", "link", "add", "gone", "type", "veth", "peer", "name", "wisp0");
        ours.run("ip", "link", "set", "gone", "up");
        ours.run("ip", "link", "set", "wisp0", "up");
        ours.run("ip", "address", "add", DEVICE, "dev", "wisp0");
      }
      try (var server = serve(ours, link + "+pcap:" + capture)) {
        server.awaitReady();
        assertTrue(curl(ours, "/").startsWith("Hello"));
        ours.run("ip", "link", "delete", "gone");
        String said = server.fail(1);
        assertTrue(said.contains("\"packets_received\""), said);
        assertEquals(1, said.lines().filter(line -> line.contains("is gone")).count(), said);
        assertEquals(2, said.lines().count(), said);
      }
    }
    assertTrue(Files.size(capture) > 24 + 10 * 16, Files.size(capture) + " bytes of capture");
  }

  private WispProcess serve(Namespace ours, String link) throws Exception {
    var arguments =
        new ArrayList<>(List.of("serve", "http", "--port", "80", "--own", "10.9.1.0/24", "--link"));
    arguments.addAll(Arrays.asList(link.split(" ")));
    return WispProcess.start(
        ours, List.of("-Dwisp.run=" + folder), arguments.toArray(String[]::new));
  }

  private static String curl(Namespace client, String path, String... options) {
    var command = new ArrayList<>(List.of("curl", "-sS", "-m", "30", "http://10.9.1.1" + path));
    command.addAll(List.of(options));
    return client.run(command.toArray(String[]::new));
  }

  /** Interfaces, XDP programs, rules, routes, who listens below IP: what links change. */
  private static Set<String> state(Namespace ours) {
    var lines = new TreeSet<String>();
    lines.addAll(ours.run("ip", "-o", "link").lines().map(ServedLinksTest::steady).toList());
    lines.addAll(ours.run("ip", "rule").lines().toList());
    lines.addAll(ours.run("ip", "route", "show", "table", "local").lines().toList());
    ours.run("cat", "/proc/net/packet")
        .lines()
        .skip(1)
        .map(l -> "packet socket")
        .forEach(lines::add);
    return lines;
  }

  /** Without what changes by itself. */
  private static String steady(String interfaceLine) {
    return interfaceLine.replaceAll("prog/xdp id \\d+.*", "prog/xdp");
  }
}
