package wisp.drivers.linux;

/**
 * Two network namespaces joined by a pair of virtual Ethernet interfaces: ours, where the link is
 * opened, and the peer's.
 */
public final class TestVeth implements AutoCloseable {
  /** The interface in our namespace. */
  public static final String OURS = "wispa";

  /** The interface in the peer's. */
  public static final String PEERS = "wispb";

  public static final String OUR_HOST = "10.9.0.1";
  public static final String PEER = "10.9.0.2";

  public final TestNamespace ours;
  public final TestNamespace peer;

  /** Makes them, or skips the test with the reason. Neither speaks IPv6, which would chatter. */
  public TestVeth() {
    ours = new TestNamespace();
    peer = new TestNamespace();
    for (TestNamespace namespace : new TestNamespace[] {ours, peer}) {
      namespace.run("sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1");
      namespace.run("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1");
    }
    ours.run("ip", "link", "add", OURS, "type", "veth", "peer", "name", PEERS, "netns", peer.name());
    address(ours, OURS, OUR_HOST);
    address(peer, PEERS, PEER);
  }

  private static void address(TestNamespace namespace, String device, String address) {
    namespace.run("ip", "address", "add", address + "/16", "dev", device);
    namespace.run("ip", "link", "set", device, "up");
  }

  @Override
  public void close() {
    ours.close();
    peer.close();
  }
}
