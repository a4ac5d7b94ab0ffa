package wisp.core.ip.ndp;

import wisp.core.Counters;
import wisp.core.Counters.Event;
import wisp.core.ip.Scope;
import wisp.core.ip.ndp.AddressTable.State;
import wisp.core.link.NeighbourCache;
import wisp.core.wire.HardwareAddress;

/**
 * Asks whether an address is free before it is used (RFC 4862 §5.4): one solicitation from the
 * unspecified address, after a random delay of up to a second; who has the address, or asks the
 * same, is heard within one retransmission time.
 */
final class DuplicateDetection {
  private static final int TRANSMITS = 1;
  private static final long MAX_DELAY_NANOS = Lifetimes.SECOND;

  private final AddressTable addresses;
  private final NdpOutput output;
  private final MulticastListener groups;
  private final NeighbourCache cache;
  private final Lifetimes times;
  private final AddressListener listener;
  private final Counters counters;

  DuplicateDetection(
      AddressTable addresses,
      NdpOutput output,
      MulticastListener groups,
      NeighbourCache cache,
      Lifetimes times,
      AddressListener listener,
      Counters counters) {
    this.addresses = addresses;
    this.output = output;
    this.groups = groups;
    this.cache = cache;
    this.times = times;
    this.listener = listener;
    this.counters = counters;
  }

  /** Begins for a tentative address. */
  void start(int a, long nowNanos) {
    long group = Scope.solicitedNodeLow(addresses.low[a]);
    groups.join(Scope.LINK_GROUPS_HIGH, group, nowNanos);
    addresses.detectionDue[a] = nowNanos + times.random(MAX_DELAY_NANOS);
  }

  /** Goes on for an address, when that is due. */
  void tick(int a, long nowNanos) {
    if (nowNanos < addresses.detectionDue[a]) {
      return;
    }
    if (addresses.detectionsSent[a] < TRANSMITS) {
      addresses.detectionsSent[a]++;
      addresses.detectionDue[a] = nowNanos + cache.ipv6RetransNanos();
      output.neighbourSolicitation(
          0, 0, addresses.high[a], addresses.low[a], HardwareAddress.UNKNOWN);
    } else {
      addresses.detectionDue[a] = Lifetimes.NEVER;
      addresses.state[a] = State.PREFERRED;
      listener.preferred(addresses.high[a], addresses.low[a], addresses.prefixBits[a]);
    }
  }

  /** Another station has, or wants, a tentative address. */
  void duplicate(int a, long nowNanos) {
    addresses.detectionDue[a] = Lifetimes.NEVER;
    addresses.state[a] = State.DUPLICATE;
    long group = Scope.solicitedNodeLow(addresses.low[a]);
    groups.leave(Scope.LINK_GROUPS_HIGH, group, nowNanos);
    counters.add(Event.ADDRESS_DUPLICATES);
    listener.duplicate(addresses.high[a], addresses.low[a]);
  }
}
