package wisp.core.ip;

import java.util.List;

/**
 * The addresses that the stack answers for, and which others make sense in a packet (RFC 1122
 * §3.2.1.3). IPv4.
 */
public final class OwnAddresses {
  private final int[] first;
  private final int[] mask;

  /** From prefixes; at least one. */
  public OwnAddresses(List<IpPrefix> prefixes) {
    if (prefixes.isEmpty()) {
      throw new IllegalArgumentException("a context needs at least one address of its own");
    }
    first = new int[prefixes.size()];
    mask = new int[prefixes.size()];
    for (int i = 0; i < first.length; i++) {
      first[i] = prefixes.get(i).address().ipv4();
      mask[i] = prefixes.get(i).bits() == 0 ? 0 : -1 << (32 - prefixes.get(i).bits());
    }
  }

  /** Whether an address is ours. */
  public boolean contains(int address) {
    for (int i = 0; i < first.length; i++) {
      if ((address & mask[i]) == first[i]) {
        return true;
      }
    }
    return false;
  }

  /** How many may stand as source of a connection of ours. */
  public long sources() {
    long sum = 0;
    for (int m : mask) {
      sum += sources(m);
    }
    return sum;
  }

  /**
   * The {@code i}-th of them, 0 ≤ i &lt; {@link #sources}: no prefix's first and last address,
   * which neighbours may take for a broadcast.
   */
  public int source(long i) {
    long rest = i;
    for (int k = 0; k < first.length; k++) {
      long here = sources(mask[k]);
      if (rest < here) {
        return first[k] + (int) rest + (hasBroadcasts(mask[k]) ? 1 : 0);
      }
      rest -= here;
    }
    throw new IllegalArgumentException("source address " + i + " of " + sources());
  }

  private static long sources(int mask) {
    return (~mask & 0xFFFF_FFFFL) + 1 - (hasBroadcasts(mask) ? 2 : 0);
  }

  /** All but /31 (RFC 3021) and /32. */
  private static boolean hasBroadcasts(int mask) {
    return mask << 30 == 0;
  }

  /**
   * Whether an address can name one other host: not 0/8, 127/8, multicast, reserved or broadcast.
   */
  public static boolean isUnicast(int address) {
    int top = address >>> 24;
    return top != 0 && top != 127 && top < 224;
  }
}
