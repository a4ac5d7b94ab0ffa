package wisp.core.stack;

import wisp.core.Counters;
import wisp.core.ip.DatagramOutput;
import wisp.core.ip.Fragments;
import wisp.core.ip.Groups;
import wisp.core.ip.IcmpError;
import wisp.core.ip.IcmpErrors;
import wisp.core.ip.IcmpInput;
import wisp.core.ip.IpInput;
import wisp.core.ip.IpOutput;
import wisp.core.ip.Loopback;
import wisp.core.ip.NeighbourMessages;
import wisp.core.ip.NetworkConfig;
import wisp.core.ip.OwnAddresses;
import wisp.core.ip.PathMtus;
import wisp.core.ip.TransportErrors;
import wisp.core.memory.Blocks;
import wisp.core.spi.Entropy;
import wisp.core.spi.KeyedHash;
import wisp.core.spi.Link;
import wisp.core.udp.UdpErrors;
import wisp.core.udp.UdpInput;
import wisp.core.udp.UdpOutput;
import wisp.core.udp.UdpPorts;
import wisp.core.wire.Ipv4Header;

/** A context's parts below TCP, made and joined here. */
final class Network {
  final OwnAddresses own;
  final PathMtus paths;
  final Loopback loopback;
  final IpOutput output;
  final IpInput input;
  final IcmpInput icmp;
  final UdpPorts udpPorts;
  final UdpInput udp;
  final UdpOutput udpOutput;

  private final UdpErrors udpErrors;
  private final Fragments fragments;
  private final DatagramOutput datagrams;
  private final Fragments.Expired onExpired;
  private long now;
  private TransportErrors transportErrors = (error, nowNanos) -> {};

  Network(ContextConfig config, Link link, Blocks blocks, Entropy entropy, Counters counters) {
    NetworkConfig network = config.network();
    own = new OwnAddresses(config.ownPrefixes());
    paths = new PathMtus(KeyedHash.random(entropy), link.mtu());
    loopback = new Loopback(counters);
    output = new IpOutput(link, own, loopback, KeyedHash.random(entropy), counters);
    datagrams = new DatagramOutput(output, paths, KeyedHash.random(entropy));
    fragments =
        new Fragments(
            blocks,
            KeyedHash.random(entropy),
            network.fragmentBytes(),
            network.fragmentDatagrams(),
            counters);
    IcmpErrors errors = new IcmpErrors(output, counters);
    input = new IpInput(own, Groups.ALL_NODES, fragments, errors, counters);
    icmp =
        new IcmpInput(
            own, datagrams, errors, this::transportError, NeighbourMessages.NONE, counters);
    udpPorts = new UdpPorts(KeyedHash.random(entropy), KeyedHash.random(entropy));
    udp = new UdpInput(udpPorts, errors, counters);
    udpOutput = new UdpOutput(datagrams, own, counters);
    udpErrors = new UdpErrors(udpPorts, paths, counters);
    onExpired = (ipv6, memory, start, length) -> input.expired(ipv6, memory, start, length, now);
  }

  private void transportError(IcmpError error, long nowNanos) {
    boolean isUdp = error.quote.protocol() == Ipv4Header.PROTOCOL_UDP;
    (isUdp ? udpErrors : transportErrors).receive(error, nowNanos);
  }

  /** Who owns the segments that errors are about: made after this. UDP has its own. */
  void errorsGoTo(TransportErrors receiver) {
    transportErrors = receiver;
  }

  /** Everything whose time has come. */
  void tick(long nowNanos) {
    now = nowNanos;
    fragments.expire(nowNanos, onExpired);
  }

  long nextDeadlineNanos() {
    return fragments.nextDeadlineNanos();
  }

  void close() {
    udpPorts.close();
    fragments.release();
  }

  long reservedBytes() {
    return paths.reservedBytes()
        + loopback.reservedBytes()
        + udpPorts.reservedBytes()
        + datagrams.reservedBytes()
        + fragments.reservedBytes();
  }
}
