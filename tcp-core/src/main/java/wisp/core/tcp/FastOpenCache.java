package wisp.core.tcp;

import wisp.core.spi.FastOpenMode;
import wisp.core.spi.KeyedHash;
import wisp.core.wire.TcpOptions;

/**
 * What a client of Fast Open knows (RFC 7413 §4.1.3), by its own address and the server's: the
 * cookie, the MSS, and how often in a row a SYN that spoke Fast Open has come to nothing. Twice,
 * and it is not spoken there for a while: something on the way drops such SYNs, and each costs a
 * time-out. Bounded as {@link DestinationCache} is.
 */
public final class FastOpenCache {
  private static final int SIZE = 256;
  private static final int FAILURES_BEARABLE = 1;
  private static final int MOST_FAILURES = FAILURES_BEARABLE + 10;
  private static final long FIRST_PAUSE_NANOS = 60_000_000_000L;

  private final KeyedHash hash;
  private final long[] localHigh = new long[SIZE];
  private final long[] localLow = new long[SIZE];
  private final long[] remoteHigh = new long[SIZE];
  private final long[] remoteLow = new long[SIZE];
  private final long[] cookieHigh = new long[SIZE];
  private final long[] cookieLow = new long[SIZE];
  private final long[] pauseEndNanos = new long[SIZE];
  private final char[] mss = new char[SIZE];
  private final byte[] cookieBytes = new byte[SIZE];
  private final byte[] failures = new byte[SIZE];
  private final boolean[] experimental = new boolean[SIZE];

  /** Empty. */
  public FastOpenCache(KeyedHash hash) {
    this.hash = hash;
  }

  /** The entry for a connection's path, or −1. */
  int find(Tcb tcb) {
    int i = place(tcb);
    return isOf(tcb, i) ? i : -1;
  }

  private boolean isOf(Tcb tcb, int i) {
    return mss[i] != 0
        && remoteLow[i] == tcb.remoteLow
        && remoteHigh[i] == tcb.remoteHigh
        && localLow[i] == tcb.localLow
        && localHigh[i] == tcb.localHigh;
  }

  /** Whether Fast Open may be spoken there now; {@code entry} may be −1, here and below. */
  boolean mayAsk(int entry, long nowNanos) {
    return entry < 0 || nowNanos >= pauseEndNanos[entry];
  }

  /** Bytes of the cookie; 0: none. */
  int cookieBytes(int entry) {
    return entry < 0 ? 0 : cookieBytes[entry];
  }

  long cookieHigh(int entry) {
    return entry < 0 ? 0 : cookieHigh[entry];
  }

  long cookieLow(int entry) {
    return entry < 0 ? 0 : cookieLow[entry];
  }

  /** Whether the server gave it by the option of the time before RFC 7413. */
  boolean isExperimental(int entry) {
    return entry >= 0 && experimental[entry];
  }

  /** The MSS that the server announced last; 65,535: nothing is known. */
  int mss(int entry) {
    return entry < 0 ? 65_535 : mss[entry];
  }

  /** The SYN-ACK came: MSS and cookie as it says. */
  void answered(Tcb tcb, TcpOptions options, boolean isTextConfirmed) {
    boolean hasCookie = options.fastOpenBytes() > 0 && tcb.fastOpenMode == FastOpenMode.ON;
    int i = make(tcb);
    mss[i] = (char) Math.max(1, tcb.peerMss);
    if (hasCookie) {
      cookieHigh[i] = options.fastOpenHigh();
      cookieLow[i] = options.fastOpenLow();
      cookieBytes[i] = (byte) options.fastOpenBytes();
      experimental[i] = options.fastOpenExperimental();
    }
    if (hasCookie || isTextConfirmed) {
      failures[i] = 0;
    }
  }

  /** A SYN that spoke Fast Open came to nothing: the plain one was answered, or none was. */
  void failed(Tcb tcb, long nowNanos) {
    int i = make(tcb);
    failures[i] = (byte) Math.min(failures[i] + 1, MOST_FAILURES);
    int beyond = failures[i] - FAILURES_BEARABLE - 1;
    if (beyond >= 0) {
      pauseEndNanos[i] = nowNanos + (FIRST_PAUSE_NANOS << beyond);
    }
  }

  private int make(Tcb tcb) {
    int i = place(tcb);
    if (!isOf(tcb, i)) {
      localHigh[i] = tcb.localHigh;
      localLow[i] = tcb.localLow;
      remoteHigh[i] = tcb.remoteHigh;
      remoteLow[i] = tcb.remoteLow;
      mss[i] = (char) TcpConfig.defaultMss(tcb.isIpv6());
      cookieBytes[i] = 0;
      failures[i] = 0;
      pauseEndNanos[i] = Long.MIN_VALUE;
      experimental[i] = false;
    }
    return i;
  }

  /** Bytes that it occupies. */
  public long reservedBytes() {
    return (7L * Long.BYTES + 5) * SIZE;
  }

  private int place(Tcb tcb) {
    long local = hash.hash(tcb.localHigh, tcb.localLow);
    return (int) hash.hash(tcb.remoteHigh, tcb.remoteLow, local) & (SIZE - 1);
  }
}
