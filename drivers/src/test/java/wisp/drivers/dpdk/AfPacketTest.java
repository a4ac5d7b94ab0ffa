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
}
