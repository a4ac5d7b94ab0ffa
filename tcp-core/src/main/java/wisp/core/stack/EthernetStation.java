package wisp.core.stack;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import wisp.core.Counters;
import wisp.core.Counters.Event;
import wisp.core.ip.EthernetNeighbourhood;
import wisp.core.ip.EthernetSender;
import wisp.core.ip.Groups;
import wisp.core.ip.IcmpError;
import wisp.core.ip.IpAddress;
import wisp.core.ip.IpInput;
import wisp.core.ip.IpPacket;
import wisp.core.ip.IpPrefix;
import wisp.core.ip.NeighbourMessages;
import wisp.core.ip.NetworkConfig;
import wisp.core.ip.OwnAddresses;
import wisp.core.ip.Routes;
import wisp.core.ip.Scope;
import wisp.core.ip.TransportErrors;
import wisp.core.ip.ndp.AddressListener;
import wisp.core.memory.Blocks;
import wisp.core.spi.Entropy;
import wisp.core.spi.Link;
import wisp.core.wire.EthernetHeader;
import wisp.core.wire.HardwareAddress;
import wisp.core.wire.IcmpHeader;
import wisp.core.wire.Icmpv6Header;
import wisp.core.wire.Ipv6Header;

/**
 * A context on an Ethernet link: frames, neighbours, the groups it listens to, the addresses it
 * gets. Single IPv6 addresses are tried for duplicates before they are used; blocks are taken as
 * they were given.
 */
final class EthernetStation implements Groups, NeighbourMessages {
  static final int FRAME_BYTES = EthernetHeader.LENGTH;

  private static final int SINGLE = 128;

  /** Leaves room for the link-local address and for those that routers give. */
  private static final int MOST_SINGLE = 8;

  private static final int ROUTER_ALERT = 5;
  private static final int IPV4_DESTINATION = 16;
  private static final int IPV6_DESTINATION = 24;

  private final OwnAddresses own;
  private final boolean autoconfiguration;
  private final boolean speaksIpv6;
  private final IpPrefix[] single;
  private final EthernetNeighbourhood neighbourhood;
  private final EthernetSender sender;
  private final TransportErrors errors;
  private final Counters counters;
  private final Ipv6Header ipv6 = new Ipv6Header();
  private final IcmpError unanswered = new IcmpError();
  private boolean started;
  private long now;

  EthernetStation(
      Link link,
      Blocks blocks,
      Entropy entropy,
      OwnAddresses own,
      NetworkConfig config,
      TransportErrors errors,
      Counters counters) {
    this.own = own;
    this.autoconfiguration = config.autoconfiguration();
    this.speaksIpv6 = autoconfiguration || own.has(/* ipv4= */ false);
    this.errors = errors;
    this.counters = counters;
    this.single = takeSingle(own);
    this.neighbourhood =
        new EthernetNeighbourhood(
            link,
            blocks,
            entropy,
            own::contains,
            config.neighbours(),
            new Addresses(),
            this::unanswered,
            counters);
    this.sender = new EthernetSender(link, neighbourhood, new Routes(config.routes()), counters);
  }

  /** Takes single IPv6 addresses out: they come back when nobody else has them. */
  private static IpPrefix[] takeSingle(OwnAddresses own) {
    var found = new ArrayList<IpPrefix>();
    for (int i = 0; i < own.size(); i++) {
      IpPrefix prefix = own.prefix(i);
      if (!prefix.isIpv4() && prefix.bits() == SINGLE) {
        found.add(prefix);
      }
    }
    if (found.size() > MOST_SINGLE) {
      throw new IllegalArgumentException(
          found.size()
              + " single IPv6 addresses; an Ethernet link tries "
              + MOST_SINGLE
              + " for duplicates: give the others as a block");
    }
    found.forEach(own::remove);
    return found.toArray(IpPrefix[]::new);
  }

  EthernetSender sender() {
    return sender;
  }

  // ---- Frames -----------------------------------------------------------------------------------

  /** A frame from the link; whether it brought a packet for a transport. */
  boolean accept(IpInput input, MemorySegment memory, long start, int length) {
    int type = neighbourhood.receive(memory, start, length, now);
    if (type == EthernetNeighbourhood.NOTHING) {
      return false;
    }
    EthernetHeader frame = neighbourhood.frame();
    long packetStart = frame.payloadStart();
    int bytes = frame.payloadLength();
    boolean isIpv6 = bytes > 0 && memory.get(ValueLayout.JAVA_BYTE, packetStart) >>> 4 == 6;
    if (isIpv6 != (type == EthernetHeader.TYPE_IPV6)) {
      counters.add(Event.DROP_IP_VERSION);
      return false;
    }
    // RFC 1122 §3.3.6: what was sent to all is not for one.
    if (!HardwareAddress.isUnicast(frame.destination())
        && !isToGroup(memory, packetStart, bytes, isIpv6)) {
      counters.add(Event.DROP_IP_DESTINATION);
      return false;
    }
    return input.accept(memory, packetStart, bytes, /* looped= */ false, now);
  }

  /** By the first byte of the destination; a packet that is too short goes on to be refused. */
  private static boolean isToGroup(MemorySegment memory, long start, int bytes, boolean isIpv6) {
    int at = isIpv6 ? IPV6_DESTINATION : IPV4_DESTINATION;
    if (bytes <= at) {
      return true;
    }
    int first = memory.get(ValueLayout.JAVA_BYTE, start + at) & 0xFF;
    return isIpv6 ? first == 0xFF : first >= 0xE0;
  }

  // ---- Groups and their messages ----------------------------------------------------------------

  @Override
  public boolean contains(long high, long low) {
    return speaksIpv6
        && (Scope.isSolicitedNode(high, low) || neighbourhood.ndp().groups().isMember(high, low));
  }

  @Override
  public boolean receive(IpPacket packet, int type, long nowNanos) {
    boolean isNeighbours =
        type >= Icmpv6Header.ROUTER_SOLICITATION && type <= Icmpv6Header.REDIRECT;
    boolean isGroups =
        (type >= Icmpv6Header.MULTICAST_LISTENER_QUERY
                && type <= Icmpv6Header.MULTICAST_LISTENER_DONE)
            || type == Icmpv6Header.MULTICAST_LISTENER_REPORT_V2;
    if (!speaksIpv6
        || !(isNeighbours || isGroups)
        || !ipv6.wrap(packet.memory, packet.start, packet.totalLength)) {
      return false;
    }
    if (isNeighbours) {
      neighbourhood
          .ndp()
          .receive(
              ipv6,
              packet.memory,
              packet.payloadStart,
              packet.payloadLength,
              packet.wasFragmented,
              nowNanos);
    } else {
      neighbourhood
          .ndp()
          .groups()
          .receive(
              ipv6,
              packet.memory,
              packet.payloadStart,
              packet.payloadLength,
              hasRouterAlert(packet),
              nowNanos);
    }
    return true;
  }

  /** Whether the hop-by-hop header begins with a router alert, padding before it or not. */
  private boolean hasRouterAlert(IpPacket packet) {
    long options = packet.start + Ipv6Header.LENGTH + 2;
    if (ipv6.nextHeader() != 0 || options + 4 > packet.payloadStart) {
      return false;
    }
    int first = packet.memory.get(ValueLayout.JAVA_BYTE, options);
    int afterPad = packet.memory.get(ValueLayout.JAVA_BYTE, options + 2);
    return first == ROUTER_ALERT || (first == 1 && afterPad == ROUTER_ALERT);
  }

  // ---- Ways -------------------------------------------------------------------------------------

  boolean hasRoute(long high, long low) {
    return sender.hasRoute(!IpAddress.isIpv4(high, low), high, low);
  }

  /** What was sent there has arrived. */
  void confirm(long high, long low) {
    sender.confirm(!IpAddress.isIpv4(high, low), high, low);
  }

  /** What was sent there does not arrive. */
  void doubt(long high, long low) {
    sender.doubt(!IpAddress.isIpv4(high, low), high, low);
  }

  int ipv6Mtu() {
    return neighbourhood.ndp().mtu();
  }

  /** A packet that waited for a neighbour who does not answer. */
  private void unanswered(boolean isIpv6, MemorySegment memory, long start, int bytes) {
    if (unanswered.quote.wrap(memory, start, bytes)) {
      unanswered.kind = IcmpError.Kind.SOFT;
      unanswered.type =
          isIpv6 ? Icmpv6Header.DESTINATION_UNREACHABLE : IcmpHeader.DESTINATION_UNREACHABLE;
      unanswered.code =
          isIpv6 ? Icmpv6Header.CODE_ADDRESS_UNREACHABLE : IcmpHeader.CODE_HOST_UNREACHABLE;
      unanswered.mtu = 0;
      errors.receive(unanswered, now);
    }
  }

  // ---- Time -------------------------------------------------------------------------------------

  void tick(long nowNanos) {
    now = nowNanos;
    sender.advance(nowNanos);
    if (!started) {
      start();
    }
    neighbourhood.tick(nowNanos);
  }

  private void start() {
    started = true;
    int ipv4Source = 0;
    for (int i = 0; i < own.size() && ipv4Source == 0; i++) {
      ipv4Source = own.prefix(i).isIpv4() ? (int) own.sourceLow(i, 0) : 0;
    }
    neighbourhood.start(ipv4Source, speaksIpv6, autoconfiguration, now);
    for (IpPrefix prefix : single) {
      neighbourhood.ndp().addAddress(prefix.address().high(), prefix.address().low(), SINGLE, now);
    }
  }

  long nextDeadlineNanos() {
    return started ? neighbourhood.nextDeadlineNanos() : now;
  }

  void close() {
    neighbourhood.close();
  }

  long reservedBytes() {
    return neighbourhood.reservedBytes();
  }

  /** Addresses that may be used, and those that may no longer. */
  private final class Addresses implements AddressListener {
    @Override
    public void preferred(long high, long low, int prefixBits) {
      own.add(one(high, low));
    }

    @Override
    public void deprecated(long high, long low) {
      own.deprecate(one(high, low));
    }

    @Override
    public void removed(long high, long low) {
      own.remove(one(high, low));
    }

    @Override
    public void duplicate(long high, long low) {
      own.remove(one(high, low));
    }

    private static IpPrefix one(long high, long low) {
      return IpPrefix.of(new IpAddress(high, low));
    }
  }
}
