package wisp.core.stack;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
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
  final Link link;
  final OwnAddresses own;
  final PathMtus paths;
  final Loopback loopback;
  final IpOutput output;
  final IpInput input;
  final IcmpInput icmp;
  final UdpPorts udpPorts;
  final UdpInput udp;
  final UdpOutput udpOutput;

  /** What an Ethernet link takes beside; null on a link of kind IP. */
  final @Nullable EthernetStation ethernet;

  private final UdpErrors udpErrors;
  private final Fragments fragments;
  private final DatagramOutput datagrams;
  private final Fragments.Expired onExpired;
  private long now;
  private TransportErrors transportErrors = (error, nowNanos) -> {};

  Network(ContextConfig config, Link link, Blocks blocks, Entropy entropy, Counters counters) {
    NetworkConfig network = config.network();
    this.link = link;
    own = new OwnAddresses(config.ownPrefixes());
    paths = new PathMtus(KeyedHash.random(entropy), link.mtu());
    loopback = new Loopback(counters);
    ethernet =
        link.kind() == Link.Kind.ETHERNET
            ? new EthernetStation(
                link, blocks, entropy, own, network, this::transportError, counters)
            : null;
    output =
        new IpOutput(
            link,
            own,
            loopback,
            ethernet == null ? null : ethernet.sender(),
            KeyedHash.random(entropy),
            counters);
    datagrams = new DatagramOutput(output, paths, KeyedHash.random(entropy));
    fragments =
        new Fragments(
            blocks,
            KeyedHash.random(entropy),
            network.fragmentBytes(),
            network.fragmentDatagrams(),
            counters);
    IcmpErrors errors = new IcmpErrors(own, output, paths, KeyedHash.random(entropy), counters);
    Groups groups = ethernet == null ? Groups.ALL_NODES : ethernet;
    NeighbourMessages neighbours = ethernet == null ? NeighbourMessages.NONE : ethernet;
    input = new IpInput(own, groups, fragments, errors, config.network().sourceRoutes(), counters);
    icmp = new IcmpInput(link, own, datagrams, errors, this::transportError, neighbours, counters);
    udpPorts = new UdpPorts(KeyedHash.random(entropy), KeyedHash.random(entropy));
    udp = new UdpInput(link, udpPorts, errors, counters);
    udpOutput = new UdpOutput(datagrams, own, this::hasRoute, counters);
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

  /** Bytes before the IP header in packets of the link. */
  int frameBytes() {
    return ethernet == null ? 0 : EthernetStation.FRAME_BYTES;
  }

  /**
   * A packet from the link, or looped.
   *
   * @return whether it is one for a transport: {@link IpInput#packet} tells
   */
  boolean accept(MemorySegment memory, long start, int length, boolean looped) {
    return ethernet == null || looped
        ? input.accept(memory, start, length, looped, now)
        : ethernet.accept(input, memory, start, length);
  }

  /** Everything whose time has come. */
  void tick(long nowNanos) {
    now = nowNanos;
    paths.advance(nowNanos);
    fragments.expire(nowNanos, onExpired);
    if (ethernet != null) {
      ethernet.tick(nowNanos);
      paths.ipv6LinkMtu(ethernet.ipv6Mtu());
    }
  }

  long nextDeadlineNanos() {
    long next = fragments.nextDeadlineNanos();
    return ethernet == null ? next : Math.min(next, ethernet.nextDeadlineNanos());
  }

  /** Whether there is a way to an address at present. */
  boolean hasRoute(long high, long low) {
    return ethernet == null || own.contains(high, low) || ethernet.hasRoute(high, low);
  }

  void close() {
    udpPorts.close();
    fragments.release();
    if (ethernet != null) {
      ethernet.close();
    }
  }

  long reservedBytes() {
    return paths.reservedBytes()
        + loopback.reservedBytes()
        + udpPorts.reservedBytes()
        + datagrams.reservedBytes()
        + fragments.reservedBytes()
        + (ethernet == null ? 0 : ethernet.reservedBytes());
  }
}
