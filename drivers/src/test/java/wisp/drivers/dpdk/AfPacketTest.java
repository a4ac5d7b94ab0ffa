package wisp.drivers.dpdk;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Timeout;

/** DPDK's net_af_packet on a veth pair against the kernel. */
@Timeout(120)
class AfPacketTest {
  @Nested
  class Contract extends DpdkContract {
    @Override
    void prepare() {
      veth(namespace);
    }

    @Override
    String spec() {
      return "net_af_packet0,iface=va";
    }

    @Override
    protected String kernelsDevice() {
      return "vb";
    }
  }

  /** Slots and buffers are larger then. */
  @Nested
  class Large extends DpdkContract {
    @Override
    void prepare() {
      namespace.run("ip", "link", "add", "va", "mtu", "9000", "type", "veth", "peer", "name", "vb");
      namespace.run("ip", "link", "set", "va", "up");
      namespace.run("ip", "link", "set", "vb", "mtu", "9000", "up");
    }

    @Override
    String spec() {
      return "net_af_packet0,iface=va,mtu=9000,mbufs=1023";
    }

    @Override
    protected String kernelsDevice() {
      return "vb";
    }
  }
}
