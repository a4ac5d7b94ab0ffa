package wisp.core.memory;

/**
 * Who pays for blocks: the peer of a connection, known by its address. Part of whatever borrows; a
 * block is given back under the payer that it was had for.
 */
public final class Payer {
  /** The stack itself, which has no share to keep to. */
  public static final Payer NOBODY = new Payer();

  static final int UNKNOWN = -1;

  long high;
  long low;

  /** Its place in {@link Peers}, found when it is first asked for. */
  int account = UNKNOWN;

  /**
   * It is this peer's from now on.
   *
   * @param high upper half of the address
   * @param low lower half; 0 for IPv6, where who has one address of a /64 has all of them
   */
  public void is(long high, long low) {
    if (this.high != high || this.low != low) {
      this.high = high;
      this.low = low;
      account = UNKNOWN;
    }
  }
}
