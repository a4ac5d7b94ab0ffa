package wisp.core.ip.ndp;

import wisp.core.ip.Scope;
import wisp.core.ip.ndp.AddressTable.State;
import wisp.core.wire.HardwareAddress;
import wisp.core.wire.NdpMessage;

/**
 * Makes addresses of prefixes that routers advertise, and ends them (RFC 4862 §5.3–5.5). The
 * interface identifier is that of our station (RFC 4291 appendix A), so the link-local address can
 * be told before it is there.
 */
final class Autoconfiguration {
  private static final long TWO_HOURS_NANOS = 7_200 * Lifetimes.SECOND;
  private static final int PREFIX_BITS = 64;

  private final AddressTable addresses;
  private final DuplicateDetection detection;
  private final MulticastListener groups;
  private final AddressListener listener;
  private final long identifier;

  Autoconfiguration(
      AddressTable addresses,
      DuplicateDetection detection,
      MulticastListener groups,
      AddressListener listener,
      long hardwareAddress) {
    this.addresses = addresses;
    this.detection = detection;
    this.groups = groups;
    this.listener = listener;
    identifier = HardwareAddress.interfaceIdentifier(hardwareAddress);
  }

  /** Begins with the link-local address. */
  void start(long nowNanos) {
    add(WellKnown.LINK_LOCAL_HIGH, identifier, PREFIX_BITS, nowNanos);
  }

  /** Our link-local address by its place in the table; NONE when it may not be used. */
  int linkLocal() {
    int a = addresses.find(WellKnown.LINK_LOCAL_HIGH, identifier);
    return a != AddressTable.NONE && addresses.isUsable(a) ? a : AddressTable.NONE;
  }

  /**
   * Another station has our link-local address, and so very likely our hardware address: whatever
   * we formed from it would be a duplicate too (RFC 4862 §5.4.5).
   */
  private boolean isDisabled() {
    int a = addresses.find(WellKnown.LINK_LOCAL_HIGH, identifier);
    return a != AddressTable.NONE && addresses.state[a] == State.DUPLICATE;
  }

  /** Adds an address that stays for ever; false when the table is full. */
  boolean add(long high, long low, int prefixBits, long nowNanos) {
    if (addresses.find(high, low) != AddressTable.NONE) {
      return true;
    }
    int a =
        addresses.add(
            high, low, prefixBits, /* autonomous= */ false, Lifetimes.NEVER, Lifetimes.NEVER);
    return begin(a, nowNanos);
  }

  private boolean begin(int a, long nowNanos) {
    if (a == AddressTable.NONE) {
      return false;
    }
    detection.start(a, nowNanos);
    return true;
  }

  /** A prefix information option with the autonomous flag, one step after another (§5.5.3). */
  void prefix(NdpMessage message, int option, long nowNanos) {
    long high = message.prefixHigh(option);
    long validSeconds = message.validSeconds(option);
    long preferredSeconds = message.preferredSeconds(option);
    if (!mayBePrefix(high)
        || preferredSeconds > validSeconds
        || message.prefixBits(option) != PREFIX_BITS
        || isDisabled()) {
      return;
    }
    long preferredUntil = Lifetimes.until(preferredSeconds, nowNanos);
    long validUntil = Lifetimes.until(validSeconds, nowNanos);
    int a = addresses.find(high, identifier);
    if (a != AddressTable.NONE) {
      renew(a, preferredUntil, validUntil, nowNanos);
    } else if (validSeconds != 0) {
      begin(
          addresses.add(
              high, identifier, PREFIX_BITS, /* autonomous= */ true, preferredUntil, validUntil),
          nowNanos);
    }
  }

  /** Neither link-local, nor multicast, nor of zeros, as loopback and mapped addresses begin. */
  private static boolean mayBePrefix(long high) {
    return !Scope.isLinkLocal(high) && !Scope.isMulticastIpv6(high) && high != 0;
  }

  /**
   * Step e: the preferred lifetime is as told; the valid lifetime may be prolonged, and shortened
   * to two hours but not below, so that a forged advertisement can't take an address away.
   */
  private void renew(int a, long preferredUntil, long validUntil, long nowNanos) {
    if (!addresses.autonomous[a]) {
      return;
    }
    addresses.preferredUntil[a] = preferredUntil;
    long twoHours = nowNanos + TWO_HOURS_NANOS;
    if (validUntil > twoHours || validUntil > addresses.validUntil[a]) {
      addresses.validUntil[a] = validUntil;
    } else if (addresses.validUntil[a] > twoHours) {
      addresses.validUntil[a] = twoHours;
    }
    if (addresses.state[a] == State.DEPRECATED && nowNanos < preferredUntil) {
      addresses.state[a] = State.PREFERRED;
      listener.preferred(addresses.high[a], addresses.low[a], addresses.prefixBits[a]);
    }
  }

  /** Ends what is over for an address; whether the address is gone. */
  boolean tick(int a, long nowNanos) {
    if (nowNanos >= addresses.validUntil[a]) {
      remove(a, nowNanos);
      return true;
    }
    if (nowNanos >= addresses.preferredUntil[a] && addresses.state[a] == State.PREFERRED) {
      addresses.state[a] = State.DEPRECATED;
      listener.deprecated(addresses.high[a], addresses.low[a]);
    }
    return false;
  }

  /** Takes an address away. */
  void remove(int a, long nowNanos) {
    long high = addresses.high[a];
    long low = addresses.low[a];
    State was = addresses.state[a];
    addresses.remove(a);
    if (was != State.DUPLICATE) {
      groups.leave(Scope.LINK_GROUPS_HIGH, Scope.solicitedNodeLow(low), nowNanos);
    }
    if (was == State.PREFERRED || was == State.DEPRECATED) {
      listener.removed(high, low);
    }
  }
}
