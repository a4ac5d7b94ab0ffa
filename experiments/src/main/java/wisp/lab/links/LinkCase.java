package wisp.lab.links;

import java.util.List;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.LinkProvider;
import wisp.drivers.Links;

/**
 * A link in one of its modes.
 *
 * @param name as rows and charts call it
 * @param spec as {@code --link} takes it
 * @param path what is at its other end
 * @param c what the C reflector calls its own way; {@code null}: there is none
 * @param noC why there is none
 */
record LinkCase(String name, String spec, Path path, @Nullable String c, String noC) {
  /** What is at the other end of a link. */
  enum Path {
    /** A second end in the same thread. */
    MEMORY,
    /** The kernel of our own namespace, behind a device that the link makes. */
    DEVICE,
    /** As DEVICE, but the link gives it neither address nor flag. */
    BARE_DEVICE,
    /** The kernel of another namespace, at the other end of a veth pair. */
    VETH,
    /** Another process of ours. */
    PROCESS
  }

  /** The interface of the peer, where it is a kernel. */
  static final String PEER_DEVICE = "wisp0";

  /** Ours of a veth pair. */
  static final String OUR_DEVICE = "ours";

  /** All that there are, in the order in which they are measured. */
  static final List<LinkCase> ALL =
      List.of(
          new LinkCase("inmemory", "inmemory", Path.MEMORY, null, "no ring or call to measure"),
          device("tun"),
          device("tap"),
          veth("rawip", "rawip:ours,own=10.9.1.0/24", "rawip", ""),
          veth("afpacket", "afpacket:ours", "afpacket", ""),
          veth("afxdp-native", "afxdp:ours,own=10.9.1.0/24,mode=native", "afxdp-native", ""),
          veth("afxdp-skb", "afxdp:ours,own=10.9.1.0/24,mode=skb", "afxdp-skb", ""),
          dpdk("dpdk-af_packet", "net_af_packet0,iface=ours", Path.VETH),
          dpdk("dpdk-af_xdp", "net_af_xdp0,iface=ours,busy_budget=0", Path.VETH),
          dpdk("dpdk-tap", "net_tap0,iface=wisp0", Path.BARE_DEVICE),
          new LinkCase(
              "memif",
              "memif",
              Path.PROCESS,
              null,
              "dpdk-testpmd would be the reference, and is not run by this suite"));

  private static LinkCase device(String provider) {
    return new LinkCase(provider, provider + ":wisp0,host=10.9.0.1/16", Path.DEVICE, provider, "");
  }

  private static LinkCase veth(String name, String spec, @Nullable String c, String noC) {
    return new LinkCase(name, spec, Path.VETH, c, noC);
  }

  private static LinkCase dpdk(String name, String device, Path path) {
    return new LinkCase(
        name,
        "dpdk:vdev=" + device,
        path,
        null,
        "dpdk-testpmd would be the reference, and is not run by this suite");
  }

  /** Why it can't run here, in one line; {@code null} when it can. */
  @Nullable String unavailable() {
    LinkProvider provider = Links.provider(Links.parse(spec).provider());
    return provider.unavailable();
  }

  /** Whether a kernel is at the other end. */
  boolean hasKernel() {
    return path == Path.DEVICE || path == Path.BARE_DEVICE || path == Path.VETH;
  }
}
