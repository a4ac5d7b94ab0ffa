package wisp.core.ip;

/**
 * Which of our address blocks a new connection should come from (RFC 6724 §5): same family, the
 * address itself, a scope that reaches far enough and not farther, not deprecated, then the longest
 * prefix shared with the destination. Rules about homes, interfaces and temporary addresses have
 * nothing to say here: a context has one link.
 */
public final class SourceChoice {
  private final OwnAddresses own;

  /** Among these. */
  public SourceChoice(OwnAddresses own) {
    this.own = own;
  }

  /**
   * The best block after those of {@code tried}, or −1.
   *
   * @param tried bit i is set when block i need not be looked at; blocks from 64 on are not tried
   */
  public int best(long high, long low, long tried) {
    int best = -1;
    for (int i = 0; i < Math.min(own.size(), Long.SIZE); i++) {
      boolean fits =
          (tried >>> i & 1) == 0
              && own.prefix(i).isIpv4() == IpAddress.isIpv4(high, low)
              && own.sources(i) > 0;
      if (fits && (best < 0 || isBetter(i, best, high, low))) {
        best = i;
      }
    }
    return best;
  }

  private boolean isBetter(int a, int b, long high, long low) {
    boolean sameA = own.prefix(a).contains(high, low);
    boolean sameB = own.prefix(b).contains(high, low);
    if (sameA != sameB) {
      return sameA; // rule 1: prefer the same address
    }
    int scopeA = scope(a);
    int scopeB = scope(b);
    if (scopeA != scopeB) {
      int wanted = Scope.of(high, low);
      return scopeA < scopeB ? scopeA >= wanted : scopeB < wanted; // rule 2: appropriate scope
    }
    if (own.isDeprecated(a) != own.isDeprecated(b)) {
      return own.isDeprecated(b); // rule 3
    }
    return commonBits(a, high, low) > commonBits(b, high, low); // rule 8
  }

  private int scope(int i) {
    return Scope.of(own.sourceHigh(i), own.sourceLow(i, 0));
  }

  /** CommonPrefixLen: no more than the block's own length counts (RFC 6724 §2.2). */
  private int commonBits(int i, long high, long low) {
    long differentHigh = own.sourceHigh(i) ^ high;
    int common =
        differentHigh != 0
            ? Long.numberOfLeadingZeros(differentHigh)
            : 64 + Long.numberOfLeadingZeros(own.prefix(i).address().low() ^ low);
    return Math.min(common, own.prefix(i).wholeBits());
  }
}
