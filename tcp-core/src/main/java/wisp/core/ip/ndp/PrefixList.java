package wisp.core.ip.ndp;

import wisp.core.ip.IpPrefix;
import wisp.core.ip.Scope;

/**
 * Prefixes whose addresses are on the link (RFC 4861 §5.1), as long as routers say. Bounded: while
 * it is full of living ones, others are ignored, and packets to them go through a router.
 */
final class PrefixList {
  private static final int CAPACITY = 8;
  static final long BYTES = CAPACITY * (3L * Long.BYTES + Integer.BYTES);

  private final long[] high = new long[CAPACITY];
  private final long[] low = new long[CAPACITY];
  private final int[] bits = new int[CAPACITY];
  private final long[] until = new long[CAPACITY];
  private int size;

  /** A prefix information option with the on-link flag; 0 seconds ends it (§6.3.4). */
  void heard(long high, long low, int bits, long validSeconds, long nowNanos) {
    if (bits > 128 || Scope.isLinkLocal(high) || Scope.isMulticastIpv6(high)) {
      return;
    }
    long maskedHigh = high & IpPrefix.maskHigh(bits);
    long maskedLow = low & IpPrefix.maskLow(bits);
    int p = 0;
    while (p < size
        && (this.high[p] != maskedHigh || this.low[p] != maskedLow || this.bits[p] != bits)) {
      p++;
    }
    if (validSeconds == 0) {
      if (p < size) {
        remove(p);
      }
    } else if (p < CAPACITY) {
      this.high[p] = maskedHigh;
      this.low[p] = maskedLow;
      this.bits[p] = bits;
      until[p] = Lifetimes.until(validSeconds, nowNanos);
      size = Math.max(size, p + 1);
    }
  }

  private void remove(int p) {
    int last = --size;
    high[p] = high[last];
    low[p] = low[last];
    bits[p] = bits[last];
    until[p] = until[last];
  }

  /** Whether an address needs no router. */
  boolean contains(long high, long low) {
    for (int p = 0; p < size; p++) {
      if ((high & IpPrefix.maskHigh(bits[p])) == this.high[p]
          && (low & IpPrefix.maskLow(bits[p])) == this.low[p]) {
        return true;
      }
    }
    return false;
  }

  void tick(long nowNanos) {
    for (int p = size - 1; p >= 0; p--) {
      if (nowNanos >= until[p]) {
        remove(p);
      }
    }
  }

  long nextDeadlineNanos() {
    long next = Lifetimes.NEVER;
    for (int p = 0; p < size; p++) {
      next = Math.min(next, until[p]);
    }
    return next;
  }
}
