package wisp.core.tcp;

import java.util.function.BooleanSupplier;

/**
 * What one listener has half open (RFC 4987 §3.2): how many at most, how many now, and whether SYNs
 * have come lately for which there was no room. For a while after that half-open connections are
 * given up sooner, and acknowledgments of SYN cookies are believed; at other times an ACK out of
 * nowhere is not worth a look.
 */
public final class Backlog {
  private final int most;
  private final FastOpens fastOpens;
  private final BooleanSupplier mayOpen;
  private final long cookiePeriodNanos;
  private int halfOpen;
  private long pressedUntilNanos = Long.MIN_VALUE;
  private long believingUntilNanos = Long.MIN_VALUE;

  /**
   * With room for so many half-open connections, and for others that have opened fast.
   *
   * @param mayOpen whether the application has room for one that is open
   * @param cookiePeriodNanos a SYN cookie holds for so long, and at most twice as long
   */
  public Backlog(int most, FastOpens fastOpens, BooleanSupplier mayOpen, long cookiePeriodNanos) {
    this.most = most;
    this.fastOpens = fastOpens;
    this.mayOpen = mayOpen;
    this.cookiePeriodNanos = cookiePeriodNanos;
  }

  /** Connections that are open before their handshake is over. */
  public FastOpens fastOpens() {
    return fastOpens;
  }

  /** Whether the application would take another one now. */
  public boolean mayOpen() {
    return mayOpen.getAsBoolean();
  }

  /** Whether there is no room for another one. */
  public boolean isFull() {
    return halfOpen >= most;
  }

  /** A SYN came for which there was no room. */
  public void overflowed(long nowNanos) {
    pressedUntilNanos = nowNanos + SynCookies.HOLDS * cookiePeriodNanos;
  }

  /**
   * A former process may have sent SYN cookies, under the key that is ours now: they come back to
   * us, whether or not SYNs do.
   */
  public void mayHaveSentCookies(long nowNanos) {
    believingUntilNanos = nowNanos + SynCookies.HOLDS * cookiePeriodNanos;
  }

  /** For how long SYN cookies hold at least. */
  long cookiePeriodNanos() {
    return cookiePeriodNanos;
  }

  /** Whether SYNs have come lately for which there was no room. */
  public boolean isPressed(long nowNanos) {
    return nowNanos < pressedUntilNanos;
  }

  /** Whether a cookie that was sent may still be on its way back. */
  public boolean believesCookies(long nowNanos) {
    return isPressed(nowNanos) || nowNanos < believingUntilNanos;
  }

  void enter(TcpEnvironment env) {
    halfOpen++;
    env.halfOpen++;
  }

  void leave(TcpEnvironment env) {
    halfOpen--;
    env.halfOpen--;
    assert halfOpen >= 0 : "left more often than entered";
  }
}
