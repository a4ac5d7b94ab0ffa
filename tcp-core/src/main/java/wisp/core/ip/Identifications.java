package wisp.core.ip;

import wisp.core.spi.KeyedHash;

/**
 * Identification of datagrams that are sent in fragments: counts up by pair of addresses, from a
 * start that nobody can guess (RFC 6864 §4.3, RFC 7739 §5.1). Pairs that share a counter only make
 * it run faster. Whole packets, which carry DF, have no use for it.
 */
final class Identifications {
  private static final int COUNTERS = 1_024;
  private final KeyedHash hash;
  private int[] counters = {};

  Identifications(KeyedHash hash) {
    this.hash = hash;
  }

  int next(long sourceHigh, long sourceLow, long destinationHigh, long destinationLow) {
    if (counters.length == 0) {
      counters = new int[COUNTERS]; // who never sends a fragment never pays
    }
    long source = sourceHigh ^ Long.rotateLeft(sourceLow, 17);
    long pair = hash.hash(source, destinationHigh, destinationLow);
    return (int) (pair >>> 32) + counters[(int) pair & (COUNTERS - 1)]++;
  }

  long reservedBytes() {
    return counters.length * 4L;
  }
}
