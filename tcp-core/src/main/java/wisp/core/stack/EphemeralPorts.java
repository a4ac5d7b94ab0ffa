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

  /** Whether a port is free for this pair. */
  @FunctionalInterface
  interface Free {
    boolean test(int localAddress, int port, int remoteAddress, int remotePort);
  }

  private final KeyedHash offsets;
  private final KeyedHash counterIndex;
  private final int[] counters = new int[COUNTERS];

  EphemeralPorts(KeyedHash offsets, KeyedHash counterIndex) {
    this.offsets = offsets;
    this.counterIndex = counterIndex;
  }

  /** A free port, or −1 when all of this pair are taken. */
  int choose(int localAddress, int remoteAddress, int remotePort, Free free) {
    long addresses = (long) localAddress << 32 | (remoteAddress & 0xFFFF_FFFFL);
    int offset = (int) (offsets.hash(addresses, remotePort) >>> 33);
    int counter = (int) counterIndex.hash(addresses, remotePort) & (COUNTERS - 1);
    for (int tries = 0; tries < COUNT; tries++) {
      int port = FIRST + Integer.remainderUnsigned(offset + counters[counter]++, COUNT);
      if (free.test(localAddress, port, remoteAddress, remotePort)) {
        return port;
      }
    }
    return -1;
  }

  long reservedBytes() {
    return COUNTERS * 4L;
  }
}
