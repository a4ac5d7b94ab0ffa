package wisp.drivers.dpdk;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import wisp.core.spi.Link;
import wisp.drivers.KernelStationContract;
import wisp.drivers.Links;
import wisp.drivers.linux.TestNamespace;

/** A device of DPDK with the kernel at its other end. Skips where that is not allowed. */
abstract class DpdkContract extends KernelStationContract {
  /** The device, in the namespace. */
  abstract String spec();

  /** Makes what has to be there before. */
  abstract void prepare();

  /** Skips the test with the reason where DPDK can't be used. */
  @BeforeAll
  static void assumeUsable() {
    String reason = new MemifProvider().unavailable();
    assumeTrue(reason == null, reason);
  }

  /** A pair of interfaces, both up: {@code va} for a link, {@code vb} for the kernel. */
  static void veth(TestNamespace namespace) {
    namespace.veth("va", "vb");
  }

  @Override
  protected final Link openStation() throws Exception {
    prepare();
    Link link = Links.open("dpdk:vdev=" + spec() + ",netns=" + namespace.name());
    String device = kernelsDevice();
    namespace.run("ip", "address", "add", KERNEL + "/16", "dev", device);
    namespace.run("ip", "link", "set", device, "up");
    return link;
  }

  /** All of them are back when nothing is under way. */
  @AfterEach
  void everyBufferCameBack() {
    if (link != null) {
      link.close(); // asserts it
    }
  }
}
