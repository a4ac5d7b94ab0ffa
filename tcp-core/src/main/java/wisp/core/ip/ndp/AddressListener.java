package wisp.core.ip.ndp;

/** Hears which IPv6 addresses are ours. */
public interface AddressListener {
  /**
   * An address may be used from now on, also for new connections: nobody else has it. Called again
   * when one that was deprecated is preferred again.
   */
  void preferred(long high, long low, int prefixBits);

  /** An address is still ours but not for new connections (RFC 4862 §5.5.4). */
  void deprecated(long high, long low);

  /** An address that was ours is no longer. */
  void removed(long high, long low);

  /** Another station has an address that was to become ours; it is not used (RFC 4862 §5.4.5). */
  void duplicate(long high, long low);
}
