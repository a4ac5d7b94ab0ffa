package wisp.core.stack;

import wisp.core.spi.KeyedHash;

/**
 * Local ports for our own connects: double-hash selection (RFC 6056 §3.3.4), not predictable and
 * not the same sequence for any two peers.
 */
final class EphemeralPorts {
  static final int FIRST = 1_024;
  static final int COUNT = 65_536 - FIRST;
  private static final int COUNTERS = 1_024;

  /** Whether a local port is free for the pair in question. */
  @FunctionalInterface
  interface Free {
    boolean test(int port);
  }

  private final KeyedHash offsets;
  private final KeyedHash counterIndex;
  private final int[] counters = new int[COUNTERS];

  EphemeralPorts(KeyedHash offsets, KeyedHash counterIndex) {
    this.offsets = offsets;
    this.counterIndex = counterIndex;
  }

  /** A free port, or −1 when all of this pair are taken. */
  int choose(
      long localHigh, long localLow, long remoteHigh, long remoteLow, int remotePort, Free free) {
    long local = localHigh ^ Long.rotateLeft(localLow, 32) ^ remotePort;
    int offset = (int) (offsets.hash(local, remoteHigh, remoteLow) >>> 33);
    int counter = (int) counterIndex.hash(local, remoteHigh, remoteLow) & (COUNTERS - 1);
    for (int tries = 0; tries < COUNT; tries++) {
      int port = FIRST + Integer.remainderUnsigned(offset + counters[counter]++, COUNT);
      if (free.test(port)) {
        return port;
      }
    }
    return -1;
  }

  long reservedBytes() {
    return COUNTERS * 4L;
  }
}
