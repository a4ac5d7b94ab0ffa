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
  int next(
      long localHigh,
      long localLow,
      int localPort,
      long remoteHigh,
      long remoteLow,
      int remotePort,
      long nowNanos) {
    long ports = (long) localPort << 16 | remotePort;
    long local = hash.hash(localHigh, localLow, ports);
    return (int) (nowNanos / TICK_NANOS) + (int) hash.hash(local, remoteHigh, remoteLow);
  }
}
