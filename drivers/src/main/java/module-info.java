/**
 * Links: how packets move. The one module that calls the kernel, through {@code java.lang.foreign}.
 */
module wisp.drivers {
  requires static org.jspecify;
  requires transitive wisp.core;

  exports wisp.drivers;
  exports wisp.drivers.afpacket;
  exports wisp.drivers.afxdp;
  exports wisp.drivers.faults;
  exports wisp.drivers.inmemory;
  exports wisp.drivers.pcap;
  exports wisp.drivers.sockets;
  exports wisp.drivers.tun;
  exports wisp.drivers.wire;

  uses wisp.core.spi.LinkProvider;

  provides wisp.core.spi.LinkProvider with
      wisp.drivers.afpacket.AfPacketProvider,
      wisp.drivers.afxdp.AfXdpProvider,
      wisp.drivers.inmemory.InMemoryLinkProvider,
      wisp.drivers.tun.TapProvider,
      wisp.drivers.tun.TunProvider;
}
