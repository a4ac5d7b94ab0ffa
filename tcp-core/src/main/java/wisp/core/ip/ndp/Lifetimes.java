package wisp.core.ip.ndp;

import wisp.core.spi.KeyedHash;

/** Times as the protocols tell them, in nanoseconds. */
final class Lifetimes {
  static final long SECOND = 1_000_000_000L;
  static final long MILLI = 1_000_000L;

  /** Never. */
  static final long NEVER = Long.MAX_VALUE;

  private static final long INFINITE_SECONDS = 0xFFFF_FFFFL;

  private final KeyedHash hash;
  private long draws;

  Lifetimes(KeyedHash hash) {
    this.hash = hash;
  }

  /** When a lifetime of a prefix ends; all bits set is for ever (RFC 4861 §4.6.2). */
  static long until(long seconds, long nowNanos) {
    return seconds == INFINITE_SECONDS ? NEVER : nowNanos + seconds * SECOND;
  }

  /** A time below {@code mostNanos}, different each time, so that hosts don't speak in chorus. */
  long random(long mostNanos) {
    return Math.unsignedMultiplyHigh(hash.hash(draws++), mostNanos);
  }
}
