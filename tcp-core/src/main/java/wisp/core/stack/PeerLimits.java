package wisp.core.stack;

import wisp.core.memory.Peers;

/**
 * How much of what all share one peer may have, so that one host can't take it all. A peer is an
 * IPv4 address or an IPv6 /64. Behind a proxy or an address translator many come from one address:
 * there the share wants to be larger, or 1.
 *
 * @param share of the pool of blocks, above 0. A peer that has more gets no further blocks for new
 *     work and new connections while less than three quarters of the pool are free, none for text
 *     beyond a hole while less than half is, and has to give way first. So a peer alone can have a
 *     quarter of the pool for what is in flight; 1: no peer ever has too much. Without effect where
 *     the pool is unbounded
 * @param halfOpen connections in SYN-RECEIVED; further SYNs are taken as those beyond the backlog
 *     ({@link ListenConfig.Cookies})
 * @param connections records of a peer, which those in TIME-WAIT have not; further SYNs are
 *     dropped, opens of our own only count. {@link #UNLIMITED}: they aren't counted
 */
public record PeerLimits(double share, int halfOpen, int connections) {
  /** As a number of connections. */
  public static final int UNLIMITED = Peers.UNLIMITED;

  /** An eighth of the pool, 4,096 half-open, any number of connections. */
  public static final PeerLimits DEFAULT = new PeerLimits(0.125, 4_096, UNLIMITED);

  /** Whoever comes first. */
  public static final PeerLimits NONE = new PeerLimits(1, UNLIMITED, UNLIMITED);

  /** Checks ranges. */
  public PeerLimits {
    if (!(share > 0 && share <= 1)) {
      throw new IllegalArgumentException("a share of " + share + " is outside 0 … 1");
    }
    if (halfOpen < 1 || connections < 1) {
      throw new IllegalArgumentException("a peer's limit is below 1");
    }
  }
}
