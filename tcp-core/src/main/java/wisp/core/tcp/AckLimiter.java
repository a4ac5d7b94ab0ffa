package wisp.core.tcp;

import wisp.core.spi.KeyedHash;

/**
 * How many challenge and other unprovoked ACKs a connection may draw in a second (RFC 5961 §10),
 * without a shared counter that an attacker could read through another connection (CVE-2016-5696)
 * and without a byte in the record: buckets indexed by a keyed hash of identity and second.
 *
 * <pre>
 *   bucket:  second modulo 64 (6 bits) | ACKs sent in it (2 bits)
 * </pre>
 */
public final class AckLimiter {
  private static final int BUCKETS = 1 << 16;
  private static final int MOST_IN_A_SECOND = 3;
  private final KeyedHash hash;
  private final byte[] buckets = new byte[BUCKETS];

  /** All quiet. */
  public AckLimiter(KeyedHash hash) {
    this.hash = hash;
  }

  /** Whether one more may go to this connection now; counts it if so. */
  boolean permits(long key, long nowNanos) {
    long second = nowNanos / 1_000_000_000L;
    int i = (int) hash.hash(key, second) & (BUCKETS - 1);
    int stamp = (int) second & 63;
    int sent = (buckets[i] >>> 2 & 63) == stamp ? buckets[i] & 3 : 0;
    if (sent >= MOST_IN_A_SECOND) {
      return false;
    }
    buckets[i] = (byte) (stamp << 2 | sent + 1);
    return true;
  }

  /** Bytes that it occupies. */
  public long reservedBytes() {
    return BUCKETS;
  }
}
