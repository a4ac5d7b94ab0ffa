package wisp.core.spi;

/**
 * What a server of TCP Fast Open gives a client to show that it can receive at its address (RFC
 * 7413 §4.1.2): 8 bytes, as a number whose first byte goes first. Called once a SYN.
 */
public interface FastOpenCookies {
  /** What a cookie is worth. */
  enum Verdict {
    /** Not one of ours. */
    INVALID,
    /** Ours. */
    VALID,
    /** Ours, and about to be worth nothing: a new one is given with the answer. */
    OLD
  }

  /**
   * The cookie of a client.
   *
   * @param clientHigh its address in 128 bits, IPv4 in mapped form; upper half
   * @param serverHigh ours
   */
  long make(long clientHigh, long clientLow, long serverHigh, long serverLow, long nowNanos);

  /**
   * Whether a SYN must bring one. Where not, anybody who writes somebody else's address into a SYN
   * has the application work and answer: for closed networks only.
   */
  default boolean areRequired() {
    return true;
  }

  /** Judges a cookie that a SYN brings. */
  Verdict check(
      long clientHigh, long clientLow, long serverHigh, long serverLow, long cookie, long nowNanos);
}
