package wisp.core.memory;

import org.jspecify.annotations.Nullable;
import wisp.core.spi.KeyedHash;

/**
 * What each peer has of what all share: bytes of blocks, half-open connections, and, if that is
 * limited, connections. A peer is an IPv4 address or an IPv6 /64. All of it fits in a few
 * kilobytes, however many peers there are ({@link PeerSums}); the hash is keyed, so nobody can
 * choose whom to be counted with.
 *
 * <p>With a share of one eighth at most eight accounts can be above it. Another peer is taken for
 * one of them when it shares a place with one in both rows: (8 / 512)², one in four thousand.
 */
public final class Peers {
  /** Without a limit. */
  public static final int UNLIMITED = Integer.MAX_VALUE;

  /** Blocks are counted in units of so many bytes: an {@code int} then holds any pool. */
  private static final int UNIT_SHIFT = 6;

  private final KeyedHash hash;
  private final int shareUnits;
  private final int mostHalfOpen;
  private final int mostConnections;
  private final PeerSums units;
  private final PeerSums halfOpen = new PeerSums(UNLIMITED);
  private final @Nullable PeerSums connections;

  /**
   * Nobody has anything yet.
   *
   * @param shareBytes more of the blocks is too much while there are few; {@link Long#MAX_VALUE}:
   *     never
   * @param mostHalfOpen half-open connections of a peer, or {@link #UNLIMITED}
   * @param mostConnections connections of a peer, or {@link #UNLIMITED}: then they aren't counted
   */
  public Peers(KeyedHash hash, long shareBytes, int mostHalfOpen, int mostConnections) {
    this.hash = hash;
    this.shareUnits = (int) Math.min(shareBytes >>> UNIT_SHIFT, UNLIMITED);
    this.units = new PeerSums(shareUnits);
    this.mostHalfOpen = mostHalfOpen;
    this.mostConnections = mostConnections;
    this.connections = mostConnections == UNLIMITED ? null : new PeerSums(UNLIMITED);
  }

  private int account(Payer payer) {
    if (payer.account == Payer.UNKNOWN) {
      payer.account =
          (int) hash.hash(payer.high, payer.low) & PeerSums.PLACES * PeerSums.PLACES - 1;
    }
    return payer.account;
  }

  // ---- Blocks ----------------------------------------------------------------------------------

  void had(Payer payer, int bytes) {
    if (payer != Payer.NOBODY) {
      units.add(account(payer), units(bytes));
    }
  }

  void gaveBack(Payer payer, int bytes) {
    if (payer != Payer.NOBODY) {
      units.add(account(payer), -units(bytes));
    }
  }

  /** Whether a peer has more than its share, or would with so many bytes more. */
  public boolean isAboveShare(Payer payer, int more) {
    return payer != Payer.NOBODY
        && shareUnits != UNLIMITED
        && units.of(account(payer)) + units(more) > shareUnits;
  }

  /** Whether anybody may have more than its share: else there is no need to look for who. */
  public boolean anyAboveShare() {
    return shareUnits != UNLIMITED && units.anyLarge();
  }

  /** Bytes of blocks that a peer has at most. */
  public long bytesOf(Payer payer) {
    return payer == Payer.NOBODY ? 0 : (long) units.of(account(payer)) << UNIT_SHIFT;
  }

  private static int units(int bytes) {
    return bytes + (1 << UNIT_SHIFT) - 1 >>> UNIT_SHIFT;
  }

  // ---- Connections -----------------------------------------------------------------------------

  /** Whether a peer may have one more half-open connection. */
  public boolean mayHaveHalfOpen(Payer payer) {
    return halfOpen.of(account(payer)) < mostHalfOpen;
  }

  /** One of its SYNs is kept, or, with −1, no more. */
  public void halfOpen(Payer payer, int change) {
    halfOpen.add(account(payer), change);
  }

  /** Whether a peer may have one more connection. */
  public boolean mayConnect(Payer payer) {
    return connections == null || connections.of(account(payer)) < mostConnections;
  }

  /** Whether connections are counted at all. */
  public boolean countsConnections() {
    return connections != null;
  }

  /** It has one more record, or, with −1, one fewer. */
  public void connections(Payer payer, int change) {
    if (connections != null) {
      connections.add(account(payer), change);
    }
  }

  // ---- All -------------------------------------------------------------------------------------

  /** Whether all that anybody had has come back, under the same name. */
  public boolean isClear() {
    return units.isClear() && halfOpen.isClear() && (connections == null || connections.isClear());
  }

  /** Bytes that it occupies. */
  public long reservedBytes() {
    return (connections == null ? 2 : 3) * PeerSums.bytes();
  }
}
