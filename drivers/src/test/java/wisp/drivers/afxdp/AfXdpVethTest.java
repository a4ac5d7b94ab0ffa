package wisp.drivers.afxdp;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.BeforeAll;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.drivers.Links;
import wisp.drivers.VethTest;

/** XDP on {@code ours}; frames of any kind come from a packet socket on {@code kernels}. */
abstract class AfXdpVethTest extends VethTest {
  static final String OURS = "ours,own=10.9.1.0/24";

  @BeforeAll
  static void demandXdp() {
    String reason = new AfXdpProvider().unavailable();
    assumeTrue(reason == null, reason);
  }

  @Override
  protected final String provider() {
    return "afxdp";
  }

  /** The station at the other end. */
  Link other() throws LinkException {
    return Links.open("afpacket:kernels,mac=interface,netns=" + namespace.name());
  }

  /** What {@code ip link} says of our end. */
  String device() {
    return namespace.run("ip", "link", "show", "ours");
  }
}
