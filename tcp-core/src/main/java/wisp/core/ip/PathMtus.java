package wisp.core.ip;

import wisp.core.spi.KeyedHash;

/**
 * The largest packet that gets through to a destination, where it is less than the link's (RFC
 * 1191, RFC 8201), and the search for a larger one by packets that carry data (RFC 4821, RFC 8899).
 * Bounded: an array in which a newer destination displaces an older one with the same hash; nothing
 * is reserved before the first path turns out to be narrow.
 */
public final class PathMtus {
  /** No IPv4 path is taken to be narrower, whatever is claimed: the smallest plateau in use. */
  public static final int LEAST_IPV4 = 296;

  /** Every IPv6 link carries this (RFC 8200 §5). */
  public static final int LEAST_IPV6 = 1_280;

  /** BASE_PLPMTU (RFC 8899 §5.1.2): gets through nearly everywhere. */
  public static final int BASE_IPV4 = 1_200;

  /**
   * What to fall back to when nobody says why packets are lost, and below where that gets lost too
   * (RFC 4821 §7.7). 576 is what every IPv4 host takes (RFC 791 §3.1).
   */
  private static final int[] BASES = {LEAST_IPV6, BASE_IPV4, 576, LEAST_IPV4};

  /** How long a path that was called narrow is believed to be so (RFC 1191 §6.3). */
  static final long BELIEVED_NANOS = 600_000_000_000L;

  /** RFC 1191 §7: what routers of old, which name no size, may have meant. */
  private static final int[] PLATEAUS = {
    65_535, 32_000, 17_914, 8_166, 4_352, 2_002, 1_492, 1_006, 508, LEAST_IPV4
  };

  /** Sizes worth trying, upwards (RFC 4821 §7.3): the search takes one step at a time. */
  private static final int[] SIZES = {
    508, 1_006, 1_200, 1_280, 1_400, 1_420, 1_440, 1_454, 1_472, 1_480, 1_492, 1_500, 2_002, 4_352,
    8_166, 8_982, 9_000, 16_384, 32_000, 65_535
  };

  /** A path that nobody has searched for so long since it might have been is taken to be wide. */
  private static final long FORGOTTEN_NANOS = 600_000_000_000L;

  private static final int PLACES = 1_024;

  private final KeyedHash hash;
  private final int linkMtu;
  private int ipv6LinkMtu;
  private int known;
  private long nowNanos;
  private long[] high = {};
  private long[] low = {};
  private int[] mtu = {};
  private long[] probeAtNanos = {};
  private long[] fellBackAtNanos = {};

  /**
   * All paths as wide as the link.
   *
   * @param linkMtu bytes of an IP packet
   */
  public PathMtus(KeyedHash hash, int linkMtu) {
    this.hash = hash;
    this.linkMtu = linkMtu;
    this.ipv6LinkMtu = linkMtu;
  }

  /** The time of what is asked from now on. */
  public void advance(long nowNanos) {
    this.nowNanos = nowNanos;
  }

  /** The largest packet for a destination, in bytes, IP header included. */
  public int mtu(long toHigh, long toLow) {
    int i = find(toHigh, toLow);
    return i < 0 ? linkMtu(toHigh, toLow) : Math.min(mtu[i], linkMtu(toHigh, toLow));
  }

  /** The link's own, for the family of this destination. */
  public int linkMtu(long toHigh, long toLow) {
    return IpAddress.isIpv4(toHigh, toLow) ? linkMtu : ipv6LinkMtu;
  }

  /** A router says how large IPv6 packets on the link may be (RFC 4861 §4.6.4). */
  public void ipv6LinkMtu(int bytes) {
    ipv6LinkMtu = bytes;
  }

  /**
   * A router says that a packet was too big; the caller has checked that we sent it.
   *
   * @param claimed the size that would fit; 0: it did not say
   * @param sent size of the packet that did not
   * @return whether the path is narrower now
   */
  public boolean tooBig(long toHigh, long toLow, int claimed, int sent, long nowNanos) {
    int size = claimed == 0 ? plateauBelow(sent) : claimed;
    size = Math.max(size, least(toHigh, toLow));
    if (size >= mtu(toHigh, toLow)) {
      return false;
    }
    int i = take(toHigh, toLow);
    mtu[i] = size;
    probeAtNanos[i] = nowNanos + BELIEVED_NANOS;
    return true;
  }

  /** What {@link #tooBig} would make of a claim. */
  public int believable(long toHigh, long toLow, int claimed, int sent) {
    return Math.max(claimed == 0 ? plateauBelow(sent) : claimed, least(toHigh, toLow));
  }

  /**
   * Packets get lost and nobody says why: falls back to a smaller size, which gets through nearly
   * everywhere, then to smaller ones still, and searches upwards from there (RFC 4821 §7.7).
   *
   * @param sent size of the packets that are lost: none that is larger would help
   * @param sentNanos when the last of them was sent: it says nothing about a size that was found
   *     later, by another connection
   * @return whether the path is narrower now
   */
  public boolean blackHole(long toHigh, long toLow, int sent, long sentNanos, long nowNanos) {
    int place = find(toHigh, toLow);
    if (place >= 0 && sentNanos < fellBackAtNanos[place]) {
      return false;
    }
    boolean isIpv4 = IpAddress.isIpv4(toHigh, toLow);
    int now = Math.min(sent, mtu(toHigh, toLow));
    for (int base : BASES) {
      if (base < now && (isIpv4 ? base != LEAST_IPV6 : base >= LEAST_IPV6)) {
        int i = take(toHigh, toLow);
        mtu[i] = base;
        probeAtNanos[i] = nowNanos;
        fellBackAtNanos[i] = nowNanos;
        return true;
      }
    }
    return false;
  }

  /** Size of packet to try next on this path; 0: there is nothing to find out now. */
  public int probe(long toHigh, long toLow, long nowNanos) {
    int i = find(toHigh, toLow);
    if (i < 0 || nowNanos < probeAtNanos[i]) {
      return 0;
    }
    for (int size : SIZES) {
      if (size > mtu[i]) {
        return Math.min(size, linkMtu(toHigh, toLow));
      }
    }
    return 0;
  }

  /** A packet of this size got through: more may. */
  public void probeArrived(long toHigh, long toLow, int size) {
    int i = find(toHigh, toLow);
    if (i < 0 || size <= mtu[i]) {
      return;
    }
    mtu[i] = size;
    if (size >= linkMtu(toHigh, toLow)) {
      forget(i);
    }
  }

  /** A packet of this size was lost and those around it were not: that was too big. */
  public void probeLost(long toHigh, long toLow, int size, long nowNanos) {
    int i = find(toHigh, toLow);
    if (i >= 0 && size > mtu[i]) {
      probeAtNanos[i] = nowNanos + BELIEVED_NANOS;
    }
  }

  private static int plateauBelow(int sent) {
    for (int plateau : PLATEAUS) {
      if (plateau < sent) {
        return plateau;
      }
    }
    return LEAST_IPV4;
  }

  private static int least(long toHigh, long toLow) {
    return IpAddress.isIpv4(toHigh, toLow) ? LEAST_IPV4 : LEAST_IPV6;
  }

  private int find(long toHigh, long toLow) {
    if (known == 0) {
      return -1;
    }
    int i = place(toHigh, toLow);
    if (mtu[i] == 0 || high[i] != toHigh || low[i] != toLow) {
      return -1;
    }
    if (nowNanos - probeAtNanos[i] >= FORGOTTEN_NANOS) {
      forget(i);
      return -1;
    }
    return i;
  }

  private int take(long toHigh, long toLow) {
    if (mtu.length == 0) {
      high = new long[PLACES];
      low = new long[PLACES];
      mtu = new int[PLACES];
      probeAtNanos = new long[PLACES];
      fellBackAtNanos = new long[PLACES];
    }
    int i = place(toHigh, toLow);
    known += mtu[i] == 0 ? 1 : 0;
    high[i] = toHigh;
    low[i] = toLow;
    fellBackAtNanos[i] = Long.MIN_VALUE;
    return i;
  }

  private void forget(int i) {
    mtu[i] = 0;
    known--;
  }

  private int place(long toHigh, long toLow) {
    return (int) hash.hash(toHigh, toLow) & (PLACES - 1);
  }

  /** Paths known to be narrower than the link. */
  public int known() {
    return known;
  }

  /** Bytes that it occupies. */
  public long reservedBytes() {
    return mtu.length * 36L;
  }
}
