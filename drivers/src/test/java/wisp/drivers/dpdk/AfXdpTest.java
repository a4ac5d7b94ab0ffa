package wisp.drivers.dpdk;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Timeout;

/** DPDK's net_af_xdp on a veth pair against the kernel. */
@Timeout(120)
class AfXdpTest {
  @Nested
  class Contract extends DpdkContract {
    @Override
    void prepare() {
      namespace.run("ip", "link", "add", "va", "type", "veth", "peer", "name", "vb");
      namespace.run("ip", "link", "set", "va", "up");
      namespace.run("ip", "link", "set", "vb", "up");
    }

    @Override
    String spec() {
      return "net_af_xdp0,iface=va,busy_budget=0";
    }

    @Override
    String kernelInterface() {
      return "vb";
    }
  }
}
