package wisp.core.stack;

import wisp.core.spi.KeyedHash;
import wisp.core.tcp.SeqNum;

/** ISN = M + F(identity, secret): a 4 µs clock plus a keyed hash (RFC 6528, RFC 9293 §3.4.1). */
final class InitialSequenceNumbers {
  private static final long TICK_NANOS = 4_000;
  private final KeyedHash hash;

  InitialSequenceNumbers(KeyedHash hash) {
    this.hash = hash;
  }

  @SeqNum
  int next(int localAddress, int localPort, int remoteAddress, int remotePort, long nowNanos) {
    long addresses = (long) localAddress << 32 | (remoteAddress & 0xFFFF_FFFFL);
    return (int) (nowNanos / TICK_NANOS)
        + (int) hash.hash(addresses, (long) localPort << 16 | remotePort);
  }
}
