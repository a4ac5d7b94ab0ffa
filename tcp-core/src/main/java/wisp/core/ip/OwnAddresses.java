package wisp.core.ip;

import java.util.Arrays;
import java.util.List;

/**
 * The addresses that the stack answers for: blocks given at the start, and those that the link's
 * routers and duplicate detection have brought since.
 */
public final class OwnAddresses {
  private IpPrefix[] prefixes;
  private boolean[] deprecated;
  private int size;

  // The same for the packet path, each family by itself.
  private int[] ipv4First = {};
  private int[] ipv4Mask = {};
  private long[] ipv6First = {};
  private long[] ipv6Mask = {};

  /** From prefixes; none is possible where the link's routers give addresses. */
  public OwnAddresses(List<IpPrefix> given) {
    int room = Math.max(given.size(), 4);
    prefixes = new IpPrefix[room];
    deprecated = new boolean[room];
    given.forEach(this::add);
  }

  /** Answers for a block from now on; one that is there already is no longer deprecated. */
  public void add(IpPrefix prefix) {
    int i = indexOf(prefix);
    if (i >= 0) {
      deprecated[i] = false;
      return;
    }
    if (size == prefixes.length) {
      prefixes = Arrays.copyOf(prefixes, size * 2);
      deprecated = Arrays.copyOf(deprecated, size * 2);
    }
    prefixes[size] = prefix;
    deprecated[size] = false;
    size++;
    derive();
  }

  private void derive() {
    int families = 0;
    for (int i = 0; i < size; i++) {
      families += prefixes[i].isIpv4() ? 1 : 0;
    }
    ipv4First = new int[families];
    ipv4Mask = new int[families];
    ipv6First = new long[2 * (size - families)];
    ipv6Mask = new long[2 * (size - families)];
    int four = 0;
    int six = 0;
    for (int i = 0; i < size; i++) {
      IpPrefix prefix = prefixes[i];
      if (prefix.isIpv4()) {
        ipv4First[four] = prefix.address().ipv4();
        ipv4Mask[four++] = (int) IpPrefix.maskLow(prefix.wholeBits());
      } else {
        ipv6First[six] = prefix.address().high();
        ipv6Mask[six++] = IpPrefix.maskHigh(prefix.bits());
        ipv6First[six] = prefix.address().low();
        ipv6Mask[six++] = IpPrefix.maskLow(prefix.bits());
      }
    }
  }

  /** New connections don't choose it any more (RFC 4862 §5.5.4). */
  public void deprecate(IpPrefix prefix) {
    int i = indexOf(prefix);
    if (i >= 0) {
      deprecated[i] = true;
    }
  }

  /** Answers for it no longer. */
  public void remove(IpPrefix prefix) {
    int i = indexOf(prefix);
    if (i >= 0) {
      size--;
      prefixes[i] = prefixes[size];
      deprecated[i] = deprecated[size];
      derive();
    }
  }

  private int indexOf(IpPrefix prefix) {
    for (int i = 0; i < size; i++) {
      if (prefixes[i].equals(prefix)) {
        return i;
      }
    }
    return -1;
  }

  /** Whether an address is ours. */
  public boolean contains(long addressHigh, long addressLow) {
    return IpAddress.isIpv4(addressHigh, addressLow)
        ? containsIpv4((int) addressLow)
        : containsIpv6(addressHigh, addressLow);
  }

  private boolean containsIpv4(int address) {
    for (int i = 0; i < ipv4First.length; i++) {
      if ((address & ipv4Mask[i]) == ipv4First[i]) {
        return true;
      }
    }
    return false;
  }

  private boolean containsIpv6(long addressHigh, long addressLow) {
    for (int i = 0; i < ipv6First.length; i += 2) {
      if ((addressLow & ipv6Mask[i + 1]) == ipv6First[i + 1]
          && (addressHigh & ipv6Mask[i]) == ipv6First[i]) {
        return true;
      }
    }
    return false;
  }

  /** Whether an address of ours is of this family. */
  public boolean has(boolean ipv4) {
    for (int i = 0; i < size; i++) {
      if (prefixes[i].isIpv4() == ipv4) {
        return true;
      }
    }
    return false;
  }

  /** Blocks that are ours at present. */
  public int size() {
    return size;
  }

  /** Block {@code i}, 0 ≤ i &lt; {@link #size}. */
  public IpPrefix prefix(int i) {
    return prefixes[i];
  }

  /** Whether block {@code i} is kept for connections that exist only. */
  public boolean isDeprecated(int i) {
    return deprecated[i];
  }

  /** How many addresses of block {@code i} may stand as source of a connection of ours. */
  public long sources(int i) {
    return prefixes[i].size() - (hasReserved(prefixes[i]) ? 2 : 0);
  }

  /**
   * The {@code k}-th of them: not the first and last address of a block, which neighbours may take
   * for a broadcast or for any router (RFC 4291 §2.6.1).
   */
  public long sourceLow(int i, long k) {
    return prefixes[i].address().low() + k + (hasReserved(prefixes[i]) ? 1 : 0);
  }

  /** Upper half of all source addresses of block {@code i}. */
  public long sourceHigh(int i) {
    return prefixes[i].address().high();
  }

  /** All but /31 (RFC 3021), /127 (RFC 6164) and single addresses. */
  private static boolean hasReserved(IpPrefix prefix) {
    return prefix.wholeBits() < 127;
  }
}
