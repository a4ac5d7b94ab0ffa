/**
 * Links: how packets move. The one module that calls the kernel, through {@code java.lang.foreign}.
 */
module wisp.drivers {
  requires static org.jspecify;
  requires transitive wisp.core;

  exports wisp.drivers;
  exports wisp.drivers.afpacket;
  exports wisp.drivers.afxdp;
  exports wisp.drivers.changes;
  exports wisp.drivers.dpdk;
  exports wisp.drivers.faults;
  exports wisp.drivers.inmemory;
  exports wisp.drivers.pcap;
  exports wisp.drivers.rawip;
  exports wisp.drivers.run;
  exports wisp.drivers.sockets;
  exports wisp.drivers.steering;
  exports wisp.drivers.tun;
  exports wisp.drivers.wire;

  uses wisp.core.spi.LinkProvider;
  uses wisp.drivers.LinkWrapperProvider;

  provides wisp.core.spi.LinkProvider with
      wisp.drivers.afpacket.AfPacketProvider,
      wisp.drivers.afxdp.AfXdpProvider,
      wisp.drivers.dpdk.DpdkProvider,
      wisp.drivers.dpdk.MemifProvider,
      wisp.drivers.inmemory.InMemoryLinkProvider,
      wisp.drivers.rawip.RawIpProvider,
      wisp.drivers.pcap.ReplayProvider,
      wisp.drivers.tun.TapProvider,
      wisp.drivers.tun.TunProvider;
  provides wisp.drivers.LinkWrapperProvider with
      wisp.drivers.faults.FaultsProvider,
      wisp.drivers.faults.ShapedProvider,
      wisp.drivers.pcap.PcapWrapperProvider;
}
