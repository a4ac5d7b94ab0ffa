package wisp.drivers.rawip;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.drivers.Links;
import wisp.drivers.Packets;
import wisp.drivers.changes.ChangeFolder;
import wisp.drivers.linux.TestNamespace;

/**
 * Two namespaces joined by a pair of veth for each test: {@code ours}, in which links are opened,
 * and the peer's.
 */
@Timeout(120)
abstract class RawIpTest {
  static final String OUR_HOST = "10.9.0.2";
  static final String PEER = "10.9.0.1";
  static final String OWN = "10.9.1.7";
  static final String PEER_OWN = "10.9.5.5";
  @TempDir Path temporary;
  ChangeFolder changes;
  TestNamespace ours;
  TestNamespace peer;
  final Burst burst = new Burst();

  @BeforeEach
  void makeNamespaces() {
    changes = new ChangeFolder(temporary.resolve("changes"));
    ours = new TestNamespace();
    peer = new TestNamespace();
    ours.veth("wispa", OUR_HOST + "/16", peer, "wispb", PEER + "/16");
  }

  @AfterEach
  void deleteNamespaces() {
    for (TestNamespace namespace : new TestNamespace[] {ours, peer}) {
      if (namespace != null) {
        namespace.close();
      }
    }
  }

  RawIpLink open(String parameters) throws LinkException {
    String spec = "rawip:" + parameters + ",netns=" + ours.name();
    return RawIpLink.open(RawIpConfig.of(Links.parse(spec).parameters()), changes);
  }

  /** One with the address {@link #PEER_OWN}, to send packets as they are. */
  RawIpLink openAtPeer() throws LinkException {
    String spec = "rawip:wispb,own=" + PEER_OWN + ",netns=" + peer.name();
    return RawIpLink.open(RawIpConfig.of(Links.parse(spec).parameters()), changes);
  }

  /** All that comes until nothing has for some milliseconds. */
  List<byte[]> drain(Link link) {
    var packets = new ArrayList<byte[]>();
    long quietSince = System.nanoTime();
    while (System.nanoTime() - quietSince < 50_000_000) {
      burst.clear();
      link.receive(burst);
      for (int i = 0; i < burst.size(); i++) {
        packets.add(Packets.copy(burst, i));
        quietSince = System.nanoTime();
      }
    }
    return packets;
  }

  /** What a link changes, as the kernel shows it. */
  String system() {
    return ours.run("ip", "rule")
        + ours.run("ip", "route", "show", "table", "local")
        + ours.run("sh", "-c", "grep . /proc/sys/net/ipv4/conf/*/rp_filter");
  }

  /** Files of changes. */
  long notes() throws IOException {
    if (!Files.exists(changes.path())) {
      return 0;
    }
    try (var files = Files.list(changes.path())) {
      return files.count();
    }
  }
}
