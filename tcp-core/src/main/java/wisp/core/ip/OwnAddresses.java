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

  /** How many there are. */
  public long count() {
    long sum = 0;
    for (int m : mask) {
      sum += (~m & 0xFFFF_FFFFL) + 1;
    }
    return sum;
  }

  /** The {@code i}-th own address, 0 ≤ i &lt; {@link #count}. */
  public int get(long i) {
    long rest = i;
    for (int k = 0; k < first.length; k++) {
      long size = (~mask[k] & 0xFFFF_FFFFL) + 1;
      if (rest < size) {
        return first[k] + (int) rest;
      }
      rest -= size;
    }
    throw new IllegalArgumentException("own address " + i + " of " + count());
  }

  /**
   * Whether an address can name one other host: not 0/8, 127/8, multicast, reserved or broadcast.
   */
  public static boolean isUnicast(int address) {
    int top = address >>> 24;
    return top != 0 && top != 127 && top < 224;
  }
}
