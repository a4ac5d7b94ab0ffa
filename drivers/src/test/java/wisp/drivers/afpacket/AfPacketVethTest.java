package wisp.drivers.afpacket;

import wisp.drivers.VethTest;

/** A packet socket on {@code ours}. */
abstract class AfPacketVethTest extends VethTest {
  @Override
  protected final String provider() {
    return "afpacket";
  }
}
