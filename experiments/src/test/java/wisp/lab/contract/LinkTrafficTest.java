package wisp.lab.contract;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import wisp.core.spi.LinkProvider;
import wisp.drivers.Links;
import wisp.lab.kernel.KernelHost;

/** The links, each with a kernel at its other end; memif with another process of ours. */
@DisplayName("What every link must stand")
@Tag("interop")
class LinkTrafficTest {
  /** What the kernel's side has. */
  private static final String HOST = LinkTraffic.KERNEL + "/16+" + LinkTraffic.KERNEL_6 + "/64";

  abstract static class OnKernel extends LinkTraffic {
    abstract String provider();

    @Override
    @Nullable String unavailable() {
      String reason = KernelHost.unavailable();
      LinkProvider provider = Links.provider(provider());
      return reason == null ? provider.unavailable() : reason;
    }

    /** A namespace with a pair of interfaces: the kernel's is wisp0, ours is for the link. */
    final KernelHost veth() {
      KernelHost host = host();
      host.veth("ours", "wisp0", HOST.split("\\+"));
      return host;
    }
  }

  @Nested
  class Tun extends OnKernel {
    @Override
    String provider() {
      return "tun";
    }

    @Override
    String prepare() {
      return "tun:wisp0,host=" + HOST + ",netns=" + host().name();
    }
  }

  @Nested
  class Tap extends OnKernel {
    @Override
    String provider() {
      return "tap";
    }

    @Override
    String prepare() {
      return "tap:wisp0,host=" + HOST + ",netns=" + host().name();
    }
  }

  /** IPv4 alone; the kernel of our own namespace looks on. */
  @Nested
  class RawIp extends OnKernel {
    @Override
    String provider() {
      return "rawip";
    }

    @Override
    String prepare() {
      KernelHost peer = host();
      KernelHost ours = host();
      peer.vethTo(ours, "wisp0", KERNEL + "/16", "ours", "10.9.0.2/16");
      return "rawip:ours,own=10.9.1.0/24,netns=" + ours.name();
    }

    @Override
    boolean carriesIpv6() {
      return false;
    }
  }

  @Nested
  class AfPacket extends OnKernel {
    @Override
    String provider() {
      return "afpacket";
    }

    @Override
    String prepare() {
      return "afpacket:ours,netns=" + veth().name();
    }
  }

  abstract static class AfXdp extends OnKernel {
    abstract String mode();

    @Override
    String provider() {
      return "afxdp";
    }

    @Override
    String prepare() {
      return "afxdp:ours,own=10.9.1.0/24+" + OURS_6 + ",mode=" + mode() + ",netns=" + veth().name();
    }
  }

  @Nested
  class AfXdpInTheDriver extends AfXdp {
    @Override
    String mode() {
      return "native";
    }
  }

  @Nested
  class AfXdpInTheStack extends AfXdp {
    @Override
    String mode() {
      return "skb";
    }

    /** Packets of 64 KiB take several chunks; where the ring begins anew one is put together. */
    @Override
    long copiesAllowed(long calls) {
      return calls / 100;
    }
  }

  abstract static class Dpdk extends OnKernel {
    abstract String device();

    @Override
    String provider() {
      return "dpdk";
    }

    @Override
    String prepare() {
      KernelHost host = veth();
      // What is longer than a frame of theirs gets lost: no super-frames.
      host.run("ip", "link", "set", "wisp0", "gso_max_segs", "1");
      return "dpdk:" + device() + ",netns=" + host.name();
    }
  }

  @Nested
  class DpdkAfPacket extends Dpdk {
    @Override
    String device() {
      return "net_af_packet0,iface=ours";
    }
  }

  @Nested
  class DpdkAfXdp extends Dpdk {
    @Override
    String device() {
      return "net_af_xdp0,iface=ours,busy_budget=0";
    }

    /** DPDK 22.11's net_af_xdp never closes its socket, and so the queue stays taken. */
    @Override
    boolean opensAgain() {
      return false;
    }

    /** What has left it fetches from the completion ring when it needs it. */
    @Override
    long framesKept() {
      return 2_048;
    }
  }

  /** The device is DPDK's, so that the kernel's end of it gets its addresses when it is there. */
  @Nested
  class DpdkTap extends Dpdk {
    private KernelHost host;

    @Override
    String device() {
      return "net_tap0,iface=wisp0";
    }

    @Override
    String prepare() {
      host = host();
      return "dpdk:" + device() + ",netns=" + host.name();
    }

    @Override
    void opened() {
      host.run("ip", "address", "add", KERNEL + "/16", "dev", "wisp0");
      host.run("ip", "address", "add", KERNEL_6 + "/64", "dev", "wisp0", "nodad");
      host.run("ip", "link", "set", "wisp0", "up");
    }
  }

  /** Shared memory: no kernel can be at the other end, so that is another process of ours. */
  @Nested
  class Memif extends LinkTraffic {
    private String link = "";

    @Override
    @Nullable String unavailable() {
      return Links.provider("memif").unavailable();
    }

    @Override
    String prepare() {
      link = "memif:" + folder().resolve("memif");
      return link;
    }

    /** DPDK 22.11's net_memif does not close the socket on which it listens. */
    @Override
    Map<String, Long> forgotten() {
      return Map.of("fd:socket:[#]", 1L);
    }

    @Override
    FarSide farSide() {
      return new WispSide(folder(), link, List.of(KERNEL + "/32", KERNEL_6 + "/128"));
    }
  }
}
