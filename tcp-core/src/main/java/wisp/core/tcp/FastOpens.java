package wisp.core.tcp;

import wisp.core.spi.FastOpenCookies;

/**
 * What one listener lets SYNs with data do (RFC 7413): how many such connections may wait for the
 * end of their handshake. One that is reset meanwhile counts on for a while: else an attacker could
 * forge SYNs of a client whose cookie it knows and have the client's own RSTs make room for more
 * (§5.1).
 */
public final class FastOpens {
  private static final long RESETS_COUNT_NANOS = 60_000_000_000L;

  private final int most;
  private final FastOpenCookies cookies;
  private final boolean withoutCookie;
  private int pending;
  private int resets;
  private long resetNanos;

  /**
   * With room for so many; 0: off.
   *
   * @param withoutCookie none has to be brought, whatever {@code cookies} say
   */
  public FastOpens(int most, FastOpenCookies cookies, boolean withoutCookie) {
    this.most = most;
    this.cookies = cookies;
    this.withoutCookie = withoutCookie;
  }

  /** Whether the option is looked at. */
  public boolean isOn() {
    return most > 0;
  }

  /** What is given to clients. */
  public FastOpenCookies cookies() {
    return cookies;
  }

  /** Whether a SYN with text must bring a cookie. */
  public boolean requiresCookie() {
    return !withoutCookie && cookies.areRequired();
  }

  /** Whether another one may begin. */
  public boolean hasRoom(long nowNanos) {
    if (nowNanos - resetNanos >= RESETS_COUNT_NANOS) {
      resets = 0;
    }
    return pending + resets < most;
  }

  void began() {
    pending++;
  }

  void ended() {
    pending--;
    assert pending >= 0 : "ended more often than begun";
  }

  void reset(long nowNanos) {
    resets++;
    resetNanos = nowNanos;
  }

  /** The cookie for a connection's peer. */
  long cookieFor(Tcb tcb, long nowNanos) {
    return cookies.make(tcb.remoteHigh, tcb.remoteLow, tcb.localHigh, tcb.localLow, nowNanos);
  }
}
