package wisp.core.ip.ndp;

import java.lang.foreign.MemorySegment;
import wisp.core.Counters;
import wisp.core.Counters.Event;
import wisp.core.ip.Scope;
import wisp.core.ip.ndp.AddressTable.State;
import wisp.core.link.EthernetOutput;
import wisp.core.link.NeighbourCache;
import wisp.core.link.OwnAddress;
import wisp.core.spi.KeyedHash;
import wisp.core.wire.HardwareAddress;
import wisp.core.wire.Icmpv6Header;
import wisp.core.wire.Ipv6Header;
import wisp.core.wire.NdpMessage;

/**
 * Neighbour discovery of a host (RFC 4861): answers and sends solicitations, listens to routers,
 * and keeps our addresses on the link by autoconfiguration (RFC 4862). Messages that come from
 * beyond the link, are malformed or came in fragments (RFC 6980 §5) are dropped and counted.
 *
 * <p>Redirects are looked at and counted, not followed: a wrong one takes a neighbour's traffic
 * away, while without them a packet merely passes a router that knows the way.
 */
public final class Ndp {
  private static final int DEFAULT_HOP_LIMIT = 64;

  private final NdpOutput output;
  private final NeighbourCache cache;
  private final OwnAddress blocks;
  private final Counters counters;
  private final AddressTable addresses = new AddressTable();
  private final RouterList routers = new RouterList();
  private final PrefixList prefixes = new PrefixList();
  private final RouterSolicitations solicitations;
  private final MulticastListener groups;
  private final DuplicateDetection detection;
  private final Autoconfiguration autoconfiguration;
  private final Icmpv6Header header = new Icmpv6Header();
  private final NdpMessage message = new NdpMessage();

  private int linkMtu;
  private int hopLimit = DEFAULT_HOP_LIMIT;
  private boolean believesRouters;
  private long nextDeadline = Lifetimes.NEVER;

  /**
   * For one link.
   *
   * @param blocks addresses that are ours beside those which this class knows one by one
   * @param hash with a secret key of its own: spreads what hosts would otherwise do at once
   * @param listener hears of our addresses; may not call back
   */
  public Ndp(
      EthernetOutput ethernet,
      NeighbourCache cache,
      KeyedHash hash,
      OwnAddress blocks,
      AddressListener listener,
      Counters counters) {
    this.output = new NdpOutput(ethernet, counters);
    this.cache = cache;
    this.blocks = blocks;
    this.counters = counters;
    Lifetimes times = new Lifetimes(hash);
    solicitations = new RouterSolicitations(times);
    groups = new MulticastListener(output, times, counters);
    detection = new DuplicateDetection(addresses, output, groups, cache, times, listener, counters);
    autoconfiguration =
        new Autoconfiguration(addresses, detection, groups, listener, output.hardwareAddress());
    linkMtu = output.mtu();
  }

  /**
   * The link is up: makes our link-local address.
   *
   * @param withRouters whether to ask routers for addresses and believe what they say
   */
  public void start(boolean withRouters, long nowNanos) {
    believesRouters = withRouters;
    autoconfiguration.start(nowNanos);
    if (withRouters) {
      solicitations.start(nowNanos);
    }
    schedule();
  }

  /**
   * Adds an address by hand; it may be used when the listener hears of it.
   *
   * @return false: there are too many
   */
  public boolean addAddress(long high, long low, int prefixBits, long nowNanos) {
    boolean added = autoconfiguration.add(high, low, prefixBits, nowNanos);
    schedule();
    return added;
  }

  /** Takes an address away; the listener hears of it. */
  public void removeAddress(long high, long low, long nowNanos) {
    int a = addresses.find(high, low);
    if (a != AddressTable.NONE) {
      autoconfiguration.remove(a, nowNanos);
      schedule();
    }
  }

  /** Whether an address is ours and may be used: neither tentative nor a duplicate. */
  public boolean isOwn(long high, long low) {
    int a = addresses.find(high, low);
    return a != AddressTable.NONE && addresses.isUsable(a);
  }

  /** Whether an address is ours and good for new connections (RFC 6724 rule 3). */
  public boolean isPreferred(long high, long low) {
    int a = addresses.find(high, low);
    return a != AddressTable.NONE && addresses.state[a] == State.PREFERRED;
  }

  /** The groups that we listen to; their messages go to its {@code receive}. */
  public MulticastListener groups() {
    return groups;
  }

  /** Whether an address is on the link: link-local, or under a prefix that a router says is. */
  public boolean isOnLink(long high, long low) {
    return Scope.isLinkLocal(high) || prefixes.contains(high, low);
  }

  /**
   * The default router to use, one that is reachable if possible.
   *
   * @return for {@link #routerHigh} and {@link #routerLow}, until the next call of this class; −1
   *     when there is none
   */
  public int defaultRouter(long nowNanos) {
    return routers.choose(cache, nowNanos);
  }

  /** First half of a default router's address. */
  public long routerHigh(int router) {
    return routers.high(router);
  }

  /** Second half. */
  public long routerLow(int router) {
    return routers.low(router);
  }

  /** The MTU for IPv6 on this link in bytes: the link's, or less when a router says so. */
  public int mtu() {
    return linkMtu;
  }

  /** The hop limit for packets of ours, 1 … 255. */
  public int hopLimit() {
    return hopLimit;
  }

  /**
   * Asks for a neighbour's station, as the cache wants; from our link-local address or another that
   * may be used. While there is none, nothing is sent.
   *
   * @param hardware the station to ask whether it is still there, or UNKNOWN to ask its group
   */
  public void solicit(long high, long low, long hardware) {
    int a = autoconfiguration.linkLocal();
    for (int i = 0; a == AddressTable.NONE && i < addresses.size(); i++) {
      a = addresses.isUsable(i) ? i : a;
    }
    if (a != AddressTable.NONE) {
      output.neighbourSolicitation(addresses.high[a], addresses.low[a], high, low, hardware);
    }
  }

  /** As {@link #solicit}, from an address of ours that may be used. */
  public void solicitFrom(long sourceHigh, long sourceLow, long high, long low, long hardware) {
    output.neighbourSolicitation(sourceHigh, sourceLow, high, low, hardware);
  }

  /**
   * A message of type 133 … 137, for us or a group of ours.
   *
   * @param ip the header of its packet
   * @param start where the ICMPv6 header begins; {@code memory} is borrowed until this returns
   * @param fragmented whether there was a fragment header, even of an atomic fragment
   */
  public void receive(
      Ipv6Header ip,
      MemorySegment memory,
      long start,
      int length,
      boolean fragmented,
      long nowNanos) {
    if (!isSound(ip, memory, start, length, fragmented) || !handle(ip, nowNanos)) {
      counters.add(Event.DROP_NDP);
    }
    schedule();
  }

  /** What all five messages must be (§6.1, §7.1, §8.1). */
  private boolean isSound(
      Ipv6Header ip, MemorySegment memory, long start, int length, boolean fragmented) {
    return !fragmented
        && ip.hopLimit() == NdpMessage.HOP_LIMIT
        && header.wrap(memory, start, length)
        && header.code() == 0
        && header.checksumOk(
            ip.sourceHigh(), ip.sourceLow(), ip.destinationHigh(), ip.destinationLow())
        && message.wrap(memory, start, length);
  }

  /** Whether the message is valid by the rules of its type. */
  private boolean handle(Ipv6Header ip, long nowNanos) {
    return switch (message.type()) {
      case Icmpv6Header.NEIGHBOUR_SOLICITATION -> neighbourSolicitation(ip, nowNanos);
      case Icmpv6Header.NEIGHBOUR_ADVERTISEMENT -> neighbourAdvertisement(ip, nowNanos);
      case Icmpv6Header.ROUTER_ADVERTISEMENT -> routerAdvertisement(ip, nowNanos);
      case Icmpv6Header.REDIRECT -> redirect(ip);
      default -> true; // a solicitation for routers: hosts leave it alone
    };
  }

  /** §7.1.1, §7.2.3. */
  private boolean neighbourSolicitation(Ipv6Header ip, long nowNanos) {
    boolean detecting = WellKnown.isUnspecified(ip.sourceHigh(), ip.sourceLow());
    boolean hasLink = message.hasOption(NdpMessage.OPTION_SOURCE_LINK_ADDRESS);
    boolean toGroup = Scope.isSolicitedNode(ip.destinationHigh(), ip.destinationLow());
    if (Scope.isMulticastIpv6(message.targetHigh()) || detecting && (hasLink || !toGroup)) {
      return false;
    }
    int a = addresses.find(message.targetHigh(), message.targetLow());
    boolean isOfBlock = blocks.isOwn(message.targetHigh(), message.targetLow());
    if (a == AddressTable.NONE && !isOfBlock) {
      return true;
    }
    if (a == AddressTable.NONE || addresses.isUsable(a)) {
      advertise(ip, detecting, nowNanos);
    } else if (detecting && addresses.state[a] == State.TENTATIVE) {
      detection.duplicate(a, nowNanos);
    }
    return true;
  }

  /** §7.2.4. Who asks without naming its station and is not known is asked first; it repeats. */
  private void advertise(Ipv6Header ip, boolean detecting, long nowNanos) {
    if (detecting) {
      output.neighbourAdvertisement(
          message.targetHigh(),
          message.targetLow(),
          Scope.LINK_GROUPS_HIGH,
          WellKnown.ALL_NODES_LOW,
          HardwareAddress.UNKNOWN,
          NdpMessage.FLAG_OVERRIDE);
      return;
    }
    long targetHigh = message.targetHigh();
    long targetLow = message.targetLow();
    long hardware = message.linkAddress(NdpMessage.OPTION_SOURCE_LINK_ADDRESS);
    if (hardware == HardwareAddress.UNKNOWN) {
      hardware = cache.resolve(ip.sourceHigh(), ip.sourceLow(), nowNanos);
    } else {
      cache.solicited(ip.sourceHigh(), ip.sourceLow(), hardware, nowNanos);
    }
    if (hardware != HardwareAddress.UNKNOWN) {
      output.neighbourAdvertisement(
          targetHigh,
          targetLow,
          ip.sourceHigh(),
          ip.sourceLow(),
          hardware,
          NdpMessage.FLAG_SOLICITED | NdpMessage.FLAG_OVERRIDE);
    }
  }

  /** §7.1.2, §7.2.5; RFC 4862 §5.4.4. */
  private boolean neighbourAdvertisement(Ipv6Header ip, long nowNanos) {
    boolean solicited = message.has(NdpMessage.FLAG_SOLICITED);
    if (Scope.isMulticastIpv6(message.targetHigh())
        || solicited && Scope.isMulticastIpv6(ip.destinationHigh())) {
      return false;
    }
    long high = message.targetHigh();
    long low = message.targetLow();
    int a = addresses.find(high, low);
    if (a == AddressTable.NONE) {
      heardNeighbour(high, low, solicited, nowNanos);
    } else if (addresses.state[a] == State.TENTATIVE) {
      detection.duplicate(a, nowNanos);
    } else if (addresses.isUsable(a)) {
      counters.add(Event.ADDRESS_CONFLICTS);
    }
    return true;
  }

  private void heardNeighbour(long high, long low, boolean solicited, long nowNanos) {
    boolean router = message.has(NdpMessage.FLAG_ROUTER);
    boolean known =
        cache.advertised(
            high,
            low,
            message.linkAddress(NdpMessage.OPTION_TARGET_LINK_ADDRESS),
            solicited,
            message.has(NdpMessage.FLAG_OVERRIDE),
            nowNanos);
    if (known && !router) {
      routers.remove(high, low);
    }
  }

  /** §6.1.2, §6.3.4. */
  private boolean routerAdvertisement(Ipv6Header ip, long nowNanos) {
    long high = ip.sourceHigh();
    long low = ip.sourceLow();
    if (!Scope.isLinkLocal(high)) {
      return false;
    }
    if (!believesRouters) {
      return true;
    }
    if (message.hopLimit() != 0) {
      hopLimit = message.hopLimit();
    }
    cache.timers(message.reachableMillis(), message.retransMillis());
    routers.heard(high, low, message.routerLifetimeSeconds(), nowNanos);
    if (message.routerLifetimeSeconds() > 0) {
      solicitations.answered();
    }
    long hardware = message.linkAddress(NdpMessage.OPTION_SOURCE_LINK_ADDRESS);
    if (hardware != HardwareAddress.UNKNOWN) {
      cache.solicited(high, low, hardware, nowNanos);
    }
    long mtu = message.mtu();
    if (mtu >= Ipv6Header.MINIMUM_MTU && mtu <= output.mtu()) {
      linkMtu = (int) mtu;
    }
    prefixes(nowNanos);
    return true;
  }

  private void prefixes(long nowNanos) {
    int option = message.firstOption();
    for (; option != NdpMessage.NONE; option = message.next(option)) {
      if (!message.isPrefix(option)) {
        continue;
      }
      if (message.prefixOnLink(option)) {
        prefixes.heard(
            message.prefixHigh(option),
            message.prefixLow(option),
            message.prefixBits(option),
            message.validSeconds(option),
            nowNanos);
      }
      if (message.prefixAutonomous(option)) {
        autoconfiguration.prefix(message, option, nowNanos);
      }
    }
  }

  /** §8.1, as far as the form goes. */
  private boolean redirect(Ipv6Header ip) {
    boolean toDestination =
        message.targetHigh() == message.destinationHigh()
            && message.targetLow() == message.destinationLow();
    if (!Scope.isLinkLocal(ip.sourceHigh())
        || Scope.isMulticastIpv6(message.destinationHigh())
        || !toDestination && !Scope.isLinkLocal(message.targetHigh())) {
      return false;
    }
    counters.add(Event.REDIRECTS_IGNORED);
    return true;
  }

  /** Does what is due. The cache has a {@code tick} of its own. */
  public void tick(long nowNanos) {
    if (nowNanos < nextDeadlineNanos()) {
      return;
    }
    // Backwards: an address that goes is replaced by the last one.
    for (int a = addresses.size() - 1; a >= 0; a--) {
      detection.tick(a, nowNanos);
      autoconfiguration.tick(a, nowNanos);
    }
    routers.tick(nowNanos);
    prefixes.tick(nowNanos);
    int a = autoconfiguration.linkLocal();
    long sourceHigh = a == AddressTable.NONE ? 0 : addresses.high[a];
    long sourceLow = a == AddressTable.NONE ? 0 : addresses.low[a];
    if (solicitations.isDue(nowNanos)) {
      output.routerSolicitation(sourceHigh, sourceLow);
    }
    groups.source(sourceHigh, sourceLow);
    groups.tick(nowNanos);
    schedule();
  }

  /** Everything but the groups', which are joined by others too. */
  private void schedule() {
    nextDeadline =
        Math.min(
            Math.min(addresses.nextDeadlineNanos(), solicitations.nextDeadlineNanos()),
            Math.min(routers.nextDeadlineNanos(), prefixes.nextDeadlineNanos()));
  }

  /** When {@link #tick} has something to do, at the earliest; {@link Long#MAX_VALUE}: never. */
  public long nextDeadlineNanos() {
    return Math.min(nextDeadline, groups.nextDeadlineNanos());
  }

  /** Bytes that the tables occupy. */
  public long reservedBytes() {
    return AddressTable.BYTES + MulticastListener.BYTES + RouterList.BYTES + PrefixList.BYTES;
  }
}
