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
  private long[] high;
  private long[] low;
  private long[] maskHigh;
  private long[] maskLow;

  /** The mapped addresses lie in a short IPv6 block too, and don't belong to it. */
  private boolean[] isIpv4;

  private int size;

  /** From prefixes; none is possible where the link's routers give addresses. */
  public OwnAddresses(List<IpPrefix> given) {
    int room = Math.max(given.size(), 4);
    prefixes = new IpPrefix[room];
    deprecated = new boolean[room];
    high = new long[room];
    low = new long[room];
    maskHigh = new long[room];
    maskLow = new long[room];
    isIpv4 = new boolean[room];
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
      grow();
    }
    prefixes[size] = prefix;
    deprecated[size] = false;
    high[size] = prefix.address().high();
    low[size] = prefix.address().low();
    maskHigh[size] = IpPrefix.maskHigh(prefix.wholeBits());
    maskLow[size] = IpPrefix.maskLow(prefix.wholeBits());
    isIpv4[size] = prefix.isIpv4();
    size++;
  }

  private void grow() {
    int room = size * 2;
    prefixes = Arrays.copyOf(prefixes, room);
    deprecated = Arrays.copyOf(deprecated, room);
    high = Arrays.copyOf(high, room);
    low = Arrays.copyOf(low, room);
    maskHigh = Arrays.copyOf(maskHigh, room);
    maskLow = Arrays.copyOf(maskLow, room);
    isIpv4 = Arrays.copyOf(isIpv4, room);
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
    if (i < 0) {
      return;
    }
    size--;
    prefixes[i] = prefixes[size];
    deprecated[i] = deprecated[size];
    high[i] = high[size];
    low[i] = low[size];
    maskHigh[i] = maskHigh[size];
    maskLow[i] = maskLow[size];
    isIpv4[i] = isIpv4[size];
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
    for (int i = 0; i < size; i++) {
      if ((addressLow & maskLow[i]) == low[i]
          && (addressHigh & maskHigh[i]) == high[i]
          && isIpv4[i] == IpAddress.isIpv4(addressHigh, addressLow)) {
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
    return low[i] + k + (hasReserved(prefixes[i]) ? 1 : 0);
  }

  /** Upper half of all source addresses of block {@code i}. */
  public long sourceHigh(int i) {
    return high[i];
  }

  /** All but /31 (RFC 3021), /127 (RFC 6164) and single addresses. */
  private static boolean hasReserved(IpPrefix prefix) {
    return prefix.wholeBits() < 127;
  }
}
