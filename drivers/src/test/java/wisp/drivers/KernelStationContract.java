package wisp.drivers;

import wisp.core.spi.Link;

/** The same on Ethernet: two stations that need not ask for each other's hardware address. */
public abstract class KernelStationContract extends KernelLinkContract {
  private long peerMac;

  /** A new link in {@link #namespace}, at whose other end {@link #kernelsDevice} is. */
  protected abstract Link openStation() throws Exception;

  /** The kernel's interface; it has its address when the link is open. */
  protected abstract String kernelsDevice();

  @Override
  protected final Link openInNamespace() throws Exception {
    Link station = openStation();
    namespace.introduce(OWN, station, kernelsDevice());
    peerMac = namespace.hardwareAddress(kernelsDevice());
    return station;
  }

  @Override
  protected final Link.Kind kind() {
    return Link.Kind.ETHERNET;
  }

  @Override
  protected final long peerHardwareAddress() {
    return peerMac;
  }
}
