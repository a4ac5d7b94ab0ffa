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
      veth(namespace);
    }

    @Override
    String spec() {
      return "net_af_xdp0,iface=va,busy_budget=0";
    }

    @Override
    protected String kernelsDevice() {
      return "vb";
    }
  }
}
