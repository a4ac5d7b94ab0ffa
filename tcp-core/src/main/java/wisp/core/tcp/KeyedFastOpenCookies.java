package wisp.core.tcp;

import wisp.core.spi.FastOpenCookies;
import wisp.core.spi.KeyedHash;

/** Keyed hash of both addresses and the hour: a cookie holds for the hour and the next. */
public final class KeyedFastOpenCookies implements FastOpenCookies {
  private static final long HOUR_NANOS = 3_600_000_000_000L;
  private final KeyedHash hash;

  /** With a secret of its own. */
  public KeyedFastOpenCookies(KeyedHash hash) {
    this.hash = hash;
  }

  @Override
  public long make(
      long clientHigh, long clientLow, long serverHigh, long serverLow, long nowNanos) {
    return ofHour(clientHigh, clientLow, serverHigh, serverLow, nowNanos / HOUR_NANOS);
  }

  private long ofHour(long clientHigh, long clientLow, long serverHigh, long serverLow, long hour) {
    return hash.hash(hash.hash(clientHigh, clientLow, hour), serverHigh, serverLow);
  }

  @Override
  public Verdict check(
      long clientHigh,
      long clientLow,
      long serverHigh,
      long serverLow,
      long cookie,
      long nowNanos) {
    long hour = nowNanos / HOUR_NANOS;
    if (cookie == ofHour(clientHigh, clientLow, serverHigh, serverLow, hour)) {
      return Verdict.VALID;
    }
    boolean isOld = cookie == ofHour(clientHigh, clientLow, serverHigh, serverLow, hour - 1);
    return isOld ? Verdict.OLD : Verdict.INVALID;
  }
}
